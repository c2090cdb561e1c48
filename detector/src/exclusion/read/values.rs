//! Values behind the keys of `[exclusion.match]`.

use crate::exclusion::address::{AddressRange, parse_addresses};
use crate::exclusion::codes::{NO_CONDITION, UNKNOWN_KEY, WRONG_VALUE};
use crate::exclusion::subject::Subject;
use crate::exclusion::text::{TextKind, TextTest};
use scanbench_spec::{Finding, Node, TableReader, Value, expected};
use std::borrow::Cow;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;

/// The keys of a table of text tests.
pub(in crate::exclusion) const TEXT_KEYS: [&str; 7] = [
    "equals",
    "contains",
    "starts-with",
    "ends-with",
    "has",
    "regex",
    "ignore-case",
];

/// One value or a list of them.
fn spread(node: Node) -> Vec<Node> {
    match node.value {
        Value::List(list) => list,
        value => vec![Node {
            span: node.span,
            value,
        }],
    }
}

/// Texts with their places.
pub(super) fn texts(node: Node, findings: &mut Vec<Finding>) -> Vec<(String, Range<usize>)> {
    let mut texts = Vec::new();
    for Node { span, value } in spread(node) {
        match value {
            Value::Text(text) => texts.push((text, span)),
            other => findings.push(expected("a text", &other, span, &WRONG_VALUE)),
        }
    }
    texts
}

pub(super) fn addresses(node: Node, findings: &mut Vec<Finding>) -> Vec<AddressRange> {
    let mut ranges = Vec::new();
    for Node { span, value } in spread(node) {
        let (message, help) = match value {
            Value::Text(text) => match parse_addresses(&text) {
                Ok(range) => {
                    ranges.push(range);
                    continue;
                }
                Err(why) => why,
            },
            other => (
                format!(
                    "expected an address, a network or a range of addresses, found {}",
                    other.describe()
                ),
                "such as \"10.0.0.10\" or \"192.168.7.0/24\"".to_owned(),
            ),
        };
        findings.push(Finding::new(message).at(span).help(help).code(&WRONG_VALUE));
    }
    ranges
}

pub(super) fn ports(node: Node, findings: &mut Vec<Finding>) -> Vec<RangeInclusive<u16>> {
    ranges(
        node,
        "a port from 0 to 65535 or a range of them",
        "such as 8080 or \"8081-8089\"",
        |number| u16::try_from(number).ok(),
        |text| range(text, None),
        findings,
    )
}

pub(super) fn numbers(node: Node, findings: &mut Vec<Finding>) -> Vec<RangeInclusive<u64>> {
    ranges(
        node,
        "a whole number that is not negative, or a range of them",
        "such as 404, \"400-499\" or \"1000-\"",
        |number| u64::try_from(number).ok(),
        |text| range(text, Some(u64::MAX)),
        findings,
    )
}

fn ranges<T: Copy>(
    node: Node,
    what: &str,
    help: &str,
    from_number: impl Fn(i64) -> Option<T>,
    from_text: impl Fn(&str) -> Option<RangeInclusive<T>>,
    findings: &mut Vec<Finding>,
) -> Vec<RangeInclusive<T>> {
    let mut ranges = Vec::new();
    for Node { span, value } in spread(node) {
        let range = match &value {
            Value::Integer(number) => from_number(*number).map(|number| number..=number),
            Value::Text(text) => from_text(text),
            _ => None,
        };
        match range {
            Some(range) => ranges.push(range),
            None => findings.push(expected(what, &value, span, &WRONG_VALUE).help(help)),
        }
    }
    ranges
}

/// `5`, `5-9` or, where there is an end for it, `5-`.
fn range<T: FromStr + PartialOrd + Copy>(text: &str, end: Option<T>) -> Option<RangeInclusive<T>> {
    let number = |text: &str| {
        let text = text.trim();
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<T>().ok().filter(|_| is_number)
    };
    let (first, last) = match text.split_once('-') {
        None => (number(text)?, number(text)?),
        Some((first, last)) if last.trim().is_empty() => (number(first)?, end?),
        Some((first, last)) => (number(first)?, number(last)?),
    };
    (first <= last).then_some(first..=last)
}

/// Texts that are compared as a whole, or a table of tests; of either any may hold. Only custom fields take numbers as
/// texts.
pub(super) fn text_tests(
    node: Node,
    subject: &Subject,
    findings: &mut Vec<Finding>,
) -> Vec<TextTest> {
    let mut tests = Vec::new();
    if !matches!(node.value, Value::Table(_)) {
        add(&mut tests, node, TextKind::Equals, false, subject, findings);
        return tests;
    }
    let Some(mut table) = TableReader::new(node, &WRONG_VALUE, findings) else {
        return tests;
    };
    let ignores_case = table
        .bool("ignore-case", &WRONG_VALUE, findings)
        .unwrap_or(false);
    for kind in TextKind::ALL {
        if let Some(node) = table.take(kind.key()) {
            add(&mut tests, node, kind, ignores_case, subject, findings);
        }
    }
    table.finish(&TEXT_KEYS, &UNKNOWN_KEY, findings);
    tests
}

fn add(
    tests: &mut Vec<TextTest>,
    node: Node,
    kind: TextKind,
    ignores_case: bool,
    subject: &Subject,
    findings: &mut Vec<Finding>,
) {
    for Node { span, value } in spread(node) {
        let text = match value {
            Value::Text(text) => text,
            Value::Integer(number) if matches!(subject, Subject::Custom(_)) => number.to_string(),
            other => {
                let finding = expected("a text", &other, span, &WRONG_VALUE);
                findings.push(
                    finding.help(
                        "a text, a list of texts, or a table such as { contains = \"Nessus\" }",
                    ),
                );
                continue;
            }
        };
        if text.is_empty() {
            findings.push(
                Finding::new("expected a text, found an empty one, which would match every value")
                    .at(span)
                    .help("a value that was not sent is logged as \"-\"")
                    .code(&NO_CONDITION),
            );
            continue;
        }
        // A computer's name comes from the folder or the command line too, as it is there.
        let text = match subject {
            Subject::Computer => Cow::Borrowed(text.as_str()),
            _ => TextTest::as_logged(kind, &text),
        };
        match TextTest::new(kind, &text, ignores_case) {
            Ok(checked) => tests.push(checked),
            Err(message) => {
                findings.push(Finding::new(message).at(span).code(&WRONG_VALUE));
            }
        }
    }
}
