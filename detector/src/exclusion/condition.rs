//! One key of `[exclusion.match]` and its values, checked into a condition.

use super::matcher::{Condition, Test, TextTest};
use super::values::{Tests, Texts, Value, Values};
use ipnet::IpNet;
use regex::bytes::RegexBuilder;
use scanbench_spec::{Finding, Spanned, closest};
use scanbench_w3c::Field;
use std::net::IpAddr;
use std::ops::{Range, RangeInclusive};

/// The fields that can stand in `[exclusion.match]`.
#[derive(Clone, Copy)]
enum Key {
    Client,
    Port,
    UserAgent,
    Computer,
}

/// Their names: as in `#Fields`, in the Sentinel table, and in the rule's documentation.
const KEYS: [(&str, Key); 11] = [
    ("c-ip", Key::Client),
    ("cIP", Key::Client),
    ("src_ip", Key::Client),
    ("s-port", Key::Port),
    ("sPort", Key::Port),
    ("dest_port", Key::Port),
    ("cs-user-agent", Key::UserAgent),
    ("cs(User-Agent)", Key::UserAgent),
    ("csUserAgent", Key::UserAgent),
    ("s-computername", Key::Computer),
    ("Computer", Key::Computer),
];

pub(super) fn condition(
    key: &Spanned<String>,
    values: Spanned<Values>,
    findings: &mut Vec<Finding>,
) -> Option<Condition> {
    let name = key.get_ref().as_str();
    let (negated, bare) = match name.strip_prefix("not-") {
        Some(bare) => (true, bare),
        None => (false, name),
    };
    let Some((_, field)) = KEYS.iter().find(|(known, _)| *known == bare) else {
        findings.push(unknown_key(bare, key.span()));
        return None;
    };
    let span = values.span();
    let before = findings.len();
    let test = match field {
        Key::Client => Test::Client(addresses(plain(values, bare, findings)?, findings)),
        Key::Port => Test::Port(ports(plain(values, bare, findings)?, findings)),
        Key::UserAgent => Test::UserAgent(text_tests(values, findings)),
        Key::Computer => Test::Computer(text_tests(values, findings)),
    };
    let is_empty = match &test {
        Test::Client(list) => list.is_empty(),
        Test::Port(list) => list.is_empty(),
        Test::UserAgent(list) | Test::Computer(list) => list.is_empty(),
    };
    if is_empty && findings.len() == before {
        let message = format!("{bare} has no values, so it would never match");
        findings.push(Finding::new(message).at(span));
    }
    Some(Condition { test, negated })
}

fn unknown_key(name: &str, span: Range<usize>) -> Finding {
    const KNOWN: &str =
        "known fields: c-ip, s-port, cs-user-agent, s-computername, each also with not- before it";
    let message = format!("a match on `{name}` is not possible");
    if matches!(name, "process_name" | "process-name" | "ProcessName") {
        return Finding::new(message).at(span).help(
            "no IIS log has the name of the client's process; match on where it runs (c-ip) or on the \
             agent that it sends (cs-user-agent), which the client chooses itself",
        );
    }
    let is_field = Field::from_name(name).is_some() || name == "time";
    let finding = Finding::new(message).at(span);
    match closest(name, KEYS.iter().map(|(known, _)| *known)) {
        Some(known) if !is_field => finding.help(format!("did you mean `{known}`? {KNOWN}")),
        _ => finding.help(KNOWN),
    }
}

/// Values that are not a table of text tests.
fn plain(
    values: Spanned<Values>,
    field: &str,
    findings: &mut Vec<Finding>,
) -> Option<Vec<Spanned<Value>>> {
    let span = values.span();
    match values.into_inner() {
        Values::One(value) => Some(vec![Spanned::new(span, value)]),
        Values::Many(list) => Some(list),
        Values::Tests(_) => {
            let message = format!("{field} takes a list of values, not a table of text tests");
            findings.push(Finding::new(message).at(span));
            None
        }
    }
}

fn addresses(values: Vec<Spanned<Value>>, findings: &mut Vec<Finding>) -> Vec<IpNet> {
    let mut nets = Vec::new();
    for value in values {
        let net = match value.get_ref() {
            Value::Text(text) => text
                .parse::<IpNet>()
                .or_else(|_| {
                    text.parse::<IpAddr>()
                        .map(|one| IpNet::from(one.to_canonical()))
                })
                .map_err(|_| format!("found \"{text}\"")),
            Value::Number(number) => Err(format!("found the number {number}")),
        };
        match net {
            Ok(net) if net.trunc() != net => {
                let message = format!("{net} has bits set behind its prefix");
                findings.push(
                    Finding::new(message)
                        .at(value.span())
                        .help(format!("write {} for the whole network", net.trunc())),
                );
            }
            Ok(net) => nets.push(net),
            Err(found) => {
                let message = format!("expected an address or a network, {found}");
                findings.push(
                    Finding::new(message)
                        .at(value.span())
                        .help("such as \"10.0.0.10\", \"192.168.7.0/24\" or \"2001:db8::/48\""),
                );
            }
        }
    }
    nets
}

fn ports(values: Vec<Spanned<Value>>, findings: &mut Vec<Finding>) -> Vec<RangeInclusive<u16>> {
    let mut ranges = Vec::new();
    for value in values {
        let range = match value.get_ref() {
            Value::Number(number) => u16::try_from(*number)
                .map(|port| port..=port)
                .map_err(|_| format!("found {number}")),
            Value::Text(text) => port_range(text).ok_or_else(|| format!("found \"{text}\"")),
        };
        match range {
            Ok(range) => ranges.push(range),
            Err(found) => {
                let message =
                    format!("expected a port from 0 to 65535 or a range of them, {found}");
                findings.push(
                    Finding::new(message)
                        .at(value.span())
                        .help("such as 8080 or \"8081-8089\""),
                );
            }
        }
    }
    ranges
}

fn port_range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let port = |text: &str| text.trim().parse::<u16>().ok();
    let (first, last) = (port(first)?, port(last)?);
    (first <= last).then_some(first..=last)
}

fn text_tests(values: Spanned<Values>, findings: &mut Vec<Finding>) -> Vec<TextTest> {
    let span = values.span();
    let tests = match values.into_inner() {
        Values::Tests(tests) => *tests,
        Values::One(value) => equal(Texts::Many(vec![Spanned::new(span.clone(), value)]), span),
        Values::Many(list) => equal(Texts::Many(list), span),
    };
    let mut list = Vec::new();
    let mut add = |texts: Option<Spanned<Texts>>,
                   test: &dyn Fn(&str) -> Result<TextTest, String>| {
        for value in Texts::spread(texts) {
            let outcome = match value.get_ref() {
                Value::Text(text) if text.is_empty() => {
                    Err("expected a text, found an empty one".to_owned())
                }
                Value::Text(text) => test(text),
                Value::Number(number) => Err(format!("expected a text, found {number}")),
            };
            match outcome {
                Ok(test) => list.push(test),
                Err(message) => findings.push(Finding::new(message).at(value.span())),
            }
        }
    };
    // No value in a log has a space: IIS writes "+". So "Mozilla/5.0 (X11)" is looked for as it was logged.
    let logged = |text: &str| text.replace(' ', "+").into_bytes();
    add(tests.equals, &|text| Ok(TextTest::Equals(logged(text))));
    add(tests.contains, &|text| Ok(TextTest::Contains(logged(text))));
    add(tests.starts_with, &|text| {
        Ok(TextTest::StartsWith(logged(text)))
    });
    add(tests.ends_with, &|text| {
        Ok(TextTest::EndsWith(logged(text)))
    });
    add(tests.regex, &|text| {
        RegexBuilder::new(text)
            .build()
            .map(TextTest::Regex)
            .map_err(|error| format!("not a regular expression: {error}"))
    });
    list
}

/// Values that stand without a test are compared as a whole.
fn equal(texts: Texts, span: Range<usize>) -> Tests {
    Tests {
        equals: Some(Spanned::new(span, texts)),
        ..Tests::default()
    }
}
