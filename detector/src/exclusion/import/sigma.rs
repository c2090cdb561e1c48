//! Sigma filters. A condition is taken apart into exclusions: what the filter lets go, one for each alternative.
//!
//! The polarity trap: a filter's condition is joined to the rule's by "and", so `condition: selection`, as the
//! specification's own example has it, keeps just what was meant to go. Such a filter is read as what was meant, and
//! that is said.

use super::Draft;
use super::draft::{impossible, quoted_list, subject};
use super::elastic::shift;
use super::sigma_condition::{Expression, Literal, product};
use crate::exclusion::codes::{SYNTAX, WRONG_VALUE};
use crate::exclusion::subject::{Kind, Subject};
use scanbench_spec::{Finding, Node, Severity, Source, TableReader, Value, parse};
use std::collections::BTreeMap;
use std::ops::Range;

/// Names of other log sources of Sigma that stand for fields of IIS.
const FIELDS: [(&str, &str); 9] = [
    ("src_ip", "c-ip"),
    ("SourceIp", "c-ip"),
    ("dst_ip", "s-ip"),
    ("DestinationIp", "s-ip"),
    ("dst_port", "s-port"),
    ("DestinationPort", "s-port"),
    ("c-useragent", "cs-user-agent"),
    ("c-uri-query", "cs-uri-query"),
    ("cs-referrer", "cs-referer"),
];

/// What a literal says of a key of `[exclusion.match]`: a value in TOML, or addresses or ranges of numbers, of which
/// several can be made one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Leaf {
    Written(String, String),
    Addresses(String, Vec<String>),
    Numbers(String, Vec<(u64, u64)>),
}

type Alternatives = Vec<Vec<Literal<Leaf>>>;

pub(super) fn drafts(source: &Source, findings: &mut Vec<Finding>) -> Vec<Draft> {
    let text = source.text();
    let mut drafts = Vec::new();
    let mut start = 0;
    let mut document = 0..0;
    // Documents stand apart by a line of three hyphens.
    for line in text.split_inclusive('\n').chain(["---"]) {
        if line.trim_end() == "---" {
            filter(text, document, &mut drafts, findings);
            document = start + line.len()..start + line.len();
        } else {
            document.end = start + line.len();
        }
        start += line.len();
    }
    drafts
}

fn filter(
    text: &str,
    document: Range<usize>,
    drafts: &mut Vec<Draft>,
    findings: &mut Vec<Finding>,
) {
    let Some(body) = text.get(document.clone()) else {
        return;
    };
    let has_content = |line: &str| !line.trim().is_empty() && !line.trim().starts_with('#');
    if !body.lines().any(has_content) {
        return;
    }
    let mut node = match parse(&Source::new("filter.yaml", body)) {
        Ok(node) => node,
        Err(errors) => {
            findings.extend(errors.into_iter().map(|mut error| {
                let moved =
                    |span: Range<usize>| span.start + document.start..span.end + document.start;
                error.span = error.span.map(moved);
                error.code(&SYNTAX)
            }));
            return;
        }
    };
    shift(&mut node, document.start);
    let span = node.span.start..node.span.start;
    let Some(mut table) = TableReader::new(node, &WRONG_VALUE, findings) else {
        return;
    };
    let mut word = |name: &str| match table.take(name).map(|node| node.value) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    };
    let (title, id) = (word("title"), word("id"));
    let (reason, owner) = (word("description"), word("author"));
    let Some(filter) = table.take("filter") else {
        findings.push(impossible(
            "this document is no Sigma filter",
            "a filter has the key `filter`; rules cannot be taken over",
            &span,
        ));
        return;
    };
    let Some(alternatives) = taken_out(filter, findings) else {
        return;
    };
    let count = alternatives.len();
    for (number, literals) in alternatives.into_iter().enumerate() {
        let base = title.clone().or_else(|| id.clone()).unwrap_or_default();
        let mut draft = Draft {
            id: if count == 1 {
                base
            } else {
                format!("{base} {}", number + 1)
            },
            name: title.clone(),
            reason: reason.clone(),
            owner: owner.clone(),
            span: span.clone(),
            ..Draft::default()
        };
        match merged(literals) {
            Ok(matches) => {
                draft.matches = matches;
                drafts.push(draft);
            }
            Err(why) => findings.push(impossible(
                format!("this filter cannot be taken over: {why}"),
                "write it by hand",
                &span,
            )),
        }
    }
}

/// The alternatives of what a filter takes out; `None`, with a finding, where that cannot be said.
fn taken_out(filter: Node, findings: &mut Vec<Finding>) -> Option<Alternatives> {
    let mut table = TableReader::new(filter, &WRONG_VALUE, findings)?;
    let (condition, span) = table
        .text("condition", &WRONG_VALUE, findings)
        .or_else(|| {
            findings.push(impossible(
                "a filter without a condition",
                "such as not selection",
                &table.span(),
            ));
            None
        })?;
    table.take("rules");
    let before = findings.len();
    let mut selections: BTreeMap<String, Alternatives> = BTreeMap::new();
    for (key, value) in table.rest() {
        if let Some(alternatives) = selection(value, findings) {
            selections.insert(key.name, alternatives);
        }
    }
    if findings[before..]
        .iter()
        .any(|finding| finding.severity == Severity::Error)
    {
        return None;
    }
    let names: Vec<String> = selections.keys().cloned().collect();
    let outcome = Expression::parse(&condition, &names).and_then(|expression| {
        let leaf = |name: &str, is_positive: bool| {
            let alternatives = selections.get(name).cloned().unwrap_or_default();
            if is_positive {
                Ok(alternatives)
            } else {
                opposite(&alternatives)
            }
        };
        if !expression.has_not() {
            findings.push(
                Finding::new("this condition keeps what it selects, in the engines that join it to the rule's by \"and\"")
                    .at(span.clone())
                    .help("here it is read as what was meant: what it selects goes. In Sigma write `not` before it")
                    .severity(Severity::Warning),
            );
            return expression.alternatives(true, &leaf);
        }
        expression.alternatives(false, &leaf)
    });
    match outcome {
        Ok(alternatives) => Some(alternatives),
        Err(why) => {
            findings.push(impossible(why, "write it by hand", &span));
            None
        }
    }
}

/// Alternatives that hold where none of these does: one literal of each, turned around.
fn opposite(alternatives: &Alternatives) -> Result<Alternatives, String> {
    let parts: Vec<Alternatives> = alternatives
        .iter()
        .map(|together| {
            together
                .iter()
                .map(|(leaf, is_negated)| vec![(leaf.clone(), !is_negated)])
                .collect()
        })
        .collect();
    product(&parts)
}

/// A selection: a map whose keys must all hold, or a list of maps of which one must.
fn selection(node: Node, findings: &mut Vec<Finding>) -> Option<Alternatives> {
    let maps = match node.value {
        Value::List(list) => list,
        Value::Table(_) => vec![node],
        other => {
            let message = format!("a selection of {} cannot be taken over", other.describe());
            findings.push(impossible(message, "name fields and values", &node.span));
            return None;
        }
    };
    let mut alternatives = Vec::new();
    for map in maps {
        let table = TableReader::new(map, &WRONG_VALUE, findings)?;
        let mut literals = Vec::new();
        for (key, value) in table.rest() {
            let span = key.span.clone();
            let (name, modifiers) = match key.name.split_once('|') {
                Some((name, modifiers)) => (name, modifiers.split('|').collect()),
                None => (key.name.as_str(), Vec::new()),
            };
            let subject = subject(name, &FIELDS, &span, findings)?;
            match leaf(&subject, &modifiers, value) {
                Ok(leaf) => literals.push((leaf, false)),
                Err(why) => {
                    let message = format!("{} cannot be taken over: {why}", key.name);
                    findings.push(impossible(message, "write it by hand", &span));
                    return None;
                }
            }
        }
        alternatives.push(literals);
    }
    Some(alternatives)
}

fn leaf(subject: &Subject, modifiers: &[&str], value: Node) -> Result<Leaf, String> {
    let values = match value.value {
        Value::List(list) => list,
        value => vec![Node {
            span: value_span(&value),
            value,
        }],
    };
    let texts: Vec<String> = values
        .into_iter()
        .map(|node| match node.value {
            Value::Text(text) => Ok(text),
            Value::Integer(number) => Ok(number.to_string()),
            Value::Null => Ok("-".to_owned()),
            other => Err(format!("{} is no value", other.describe())),
        })
        .collect::<Result<_, _>>()?;
    let key = subject.to_string();
    match subject.kind() {
        Kind::Addresses => match modifiers {
            [] | ["cidr"] => Ok(Leaf::Addresses(key, texts)),
            _ => Err("an address takes |cidr or nothing".to_owned()),
        },
        Kind::Ports => numbers(key, modifiers, &texts, u64::from(u16::MAX)),
        Kind::Numbers => numbers(key, modifiers, &texts, u64::MAX),
        Kind::Texts => Ok(Leaf::Written(key, text(modifiers, &texts)?)),
        Kind::Times => Err("it is no field".to_owned()),
    }
}

fn value_span(_: &Value) -> Range<usize> {
    0..0
}

fn numbers(key: String, modifiers: &[&str], texts: &[String], max: u64) -> Result<Leaf, String> {
    let ranges = texts
        .iter()
        .map(|text| {
            let number: u64 = text
                .parse()
                .map_err(|_| format!("\"{text}\" is no number"))?;
            Ok(match modifiers {
                [] => (number, number),
                ["gte"] => (number, max),
                ["gt"] => (number.saturating_add(1), max),
                ["lte"] => (0, number),
                ["lt"] => (0, number.checked_sub(1).ok_or("nothing is less than 0")?),
                _ => return Err("a number takes |gt, |gte, |lt, |lte or nothing".to_owned()),
            })
        })
        .collect::<Result<_, String>>()?;
    Ok(Leaf::Numbers(key, ranges))
}

/// A text test in TOML. Sigma compares in any case, and `*` and `?` are wildcards, unless a modifier says otherwise.
fn text(modifiers: &[&str], texts: &[String]) -> Result<String, String> {
    let mut kind = "equals";
    let mut any_case = true;
    for modifier in modifiers {
        match *modifier {
            "contains" | "re" => kind = modifier,
            "startswith" => kind = "starts-with",
            "endswith" => kind = "ends-with",
            "cased" => any_case = false,
            // Only regular expressions have it, and are with regard to case without it.
            "i" => {}
            other => return Err(format!("the modifier |{other} is not known here")),
        }
    }
    if kind == "re" {
        let any_case = modifiers.contains(&"i");
        return Ok(format!(
            "{{ regex = {}, ignore-case = {any_case} }}",
            quoted_list(texts)
        ));
    }
    let plain: Option<Vec<String>> = texts.iter().map(|text| without_wildcards(text)).collect();
    let (kind, values) = plain.map_or_else(
        || {
            let patterns = texts.iter().map(|text| pattern(kind, text));
            ("regex", patterns.collect())
        },
        |plain| (kind, plain),
    );
    Ok(format!(
        "{{ {kind} = {}, ignore-case = {any_case} }}",
        quoted_list(&values)
    ))
}

/// A value with its escapes taken away; `None` where it has wildcards.
fn without_wildcards(text: &str) -> Option<String> {
    let mut out = String::new();
    for (char, is_escaped) in unescaped(text) {
        if matches!(char, '*' | '?') && !is_escaped {
            return None;
        }
        out.push(char);
    }
    Some(out)
}

fn pattern(kind: &str, text: &str) -> String {
    let mut out = String::from("(?s)");
    if matches!(kind, "equals" | "starts-with") {
        out.push('^');
    }
    for (char, is_escaped) in unescaped(text) {
        match char {
            '*' if !is_escaped => out.push_str(".*"),
            '?' if !is_escaped => out.push('.'),
            ' ' => out.push_str("\\+"),
            char => out.push_str(&regex::escape(char.encode_utf8(&mut [0; 4]))),
        }
    }
    if matches!(kind, "equals" | "ends-with") {
        out.push('$');
    }
    out
}

/// Characters, and whether a backslash stood before one that it can stand before.
fn unescaped(text: &str) -> Vec<(char, bool)> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match chars.peek() {
            Some(next @ ('*' | '?' | '\\')) if char == '\\' => {
                out.push((*next, true));
                chars.next();
            }
            _ => out.push((char, false)),
        }
    }
    out
}

/// Literals that must hold together, as keys of one table.
fn merged(literals: Vec<Literal<Leaf>>) -> Result<Vec<(String, String)>, String> {
    let mut written: Vec<(String, String)> = Vec::new();
    let mut ranges: BTreeMap<String, Vec<(u64, u64)>> = BTreeMap::new();
    let mut not_ranges: BTreeMap<String, Vec<(u64, u64)>> = BTreeMap::new();
    let mut not_addresses: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut add = |key: String, value: String| {
        if written.iter().any(|(known, _)| *known == key) {
            return Err(format!("it says two things of {key} that must both hold"));
        }
        written.push((key, value));
        Ok(())
    };
    for (leaf, is_negated) in literals {
        match leaf {
            Leaf::Written(key, value) if is_negated => add(format!("not-{key}"), value)?,
            Leaf::Written(key, value) => add(key, value)?,
            // Neither of two is none of both.
            Leaf::Addresses(key, list) if is_negated => {
                not_addresses.entry(key).or_default().extend(list);
            }
            Leaf::Addresses(key, list) => add(key, quoted_list(&list))?,
            Leaf::Numbers(key, list) if is_negated => {
                not_ranges.entry(key).or_default().extend(list);
            }
            Leaf::Numbers(key, list) => {
                let both = match ranges.get(&key) {
                    None => list,
                    Some(known) => intersect(known, &list),
                };
                ranges.insert(key, both);
            }
        }
    }
    for (key, list) in not_addresses {
        add(format!("not-{key}"), quoted_list(&list))?;
    }
    for (key, list) in not_ranges {
        add(format!("not-{key}"), shown(&list))?;
    }
    for (key, list) in ranges {
        if list.is_empty() {
            return Err(format!("no value of {key} can pass it"));
        }
        add(key, shown(&list))?;
    }
    Ok(written)
}

fn shown(list: &[(u64, u64)]) -> String {
    let texts: Vec<String> = list
        .iter()
        .map(|(first, last)| match *last {
            u64::MAX => format!("{first}-"),
            _ => format!("{first}-{last}"),
        })
        .collect();
    quoted_list(&texts)
}

fn intersect(mine: &[(u64, u64)], theirs: &[(u64, u64)]) -> Vec<(u64, u64)> {
    mine.iter()
        .flat_map(|(a, b)| theirs.iter().map(move |(c, d)| (*a.max(c), *b.min(d))))
        .filter(|(first, last)| first <= last)
        .collect()
}
