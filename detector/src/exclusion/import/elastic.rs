//! Elastic exception items. All entries of an item must hold; `excluded` negates one.

use super::Draft;
use super::draft::{impossible, quoted_list, subject};
use crate::exclusion::codes::{SYNTAX, WRONG_VALUE};
use crate::exclusion::quoted::quoted;
use crate::exclusion::subject::{Kind, Subject};
use scanbench_spec::{Finding, Node, Severity, Source, TableReader, Value, parse};
use std::ops::Range;

/// Fields of the Elastic Common Schema, and those of the IIS integration, by the field of the log that fills them.
const FIELDS: [(&str, &str); 28] = [
    ("source.ip", "c-ip"),
    ("source.address", "c-ip"),
    ("client.ip", "c-ip"),
    ("client.address", "c-ip"),
    ("destination.ip", "s-ip"),
    ("destination.address", "s-ip"),
    ("server.ip", "s-ip"),
    ("host.ip", "s-ip"),
    ("destination.port", "s-port"),
    ("server.port", "s-port"),
    ("url.port", "s-port"),
    ("host.name", "s-computername"),
    ("host.hostname", "s-computername"),
    ("iis.access.server_name", "s-computername"),
    ("iis.access.site_name", "s-sitename"),
    ("iis.access.sub_status", "sc-substatus"),
    ("iis.access.win32_status", "sc-win32-status"),
    ("iis.access.cookie", "cs-cookie"),
    ("user_agent.original", "cs-user-agent"),
    ("url.path", "cs-uri-stem"),
    ("url.query", "cs-uri-query"),
    ("url.domain", "cs-host"),
    ("http.request.method", "cs-method"),
    ("http.request.referrer", "cs-referer"),
    ("http.response.status_code", "sc-status"),
    ("http.response.bytes", "sc-bytes"),
    ("http.request.bytes", "cs-bytes"),
    ("user.name", "cs-username"),
];

pub(super) fn drafts(source: &Source, findings: &mut Vec<Finding>) -> Vec<Draft> {
    let text = source.text();
    let items = if text.trim_start().starts_with('{') {
        lines(text, findings)
    } else {
        match parse(&Source::new("exceptions.toml", text)) {
            Ok(file) => of_file(file),
            Err(errors) => {
                findings.extend(errors.into_iter().map(|error| error.code(&SYNTAX)));
                return Vec::new();
            }
        }
    };
    let drafts = items.into_iter().filter_map(|item| draft(item, findings));
    drafts.collect()
}

/// The items of NDJSON: lines that have entries. The container and the summary of the export have none.
fn lines(text: &str, findings: &mut Vec<Finding>) -> Vec<Node> {
    let mut items = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if !line.trim().is_empty() {
            match parse(&Source::new("line.json", line)) {
                Ok(mut node) => {
                    shift(&mut node, start);
                    if get(&node, "entries").is_some() {
                        items.push(node);
                    }
                }
                Err(errors) => findings.extend(errors.into_iter().map(|mut error| {
                    error.span = error.span.map(|span| span.start + start..span.end + start);
                    error.code(&SYNTAX)
                })),
            }
        }
        start += line.len();
    }
    items
}

/// Moves a value that was read from the middle of a file to its place there.
pub(super) fn shift(node: &mut Node, by: usize) {
    let moved = |span: &Range<usize>| span.start + by..span.end + by;
    node.span = moved(&node.span);
    match &mut node.value {
        Value::List(list) => list.iter_mut().for_each(|one| shift(one, by)),
        Value::Table(entries) => {
            for (key, value) in entries {
                key.span = moved(&key.span);
                shift(value, by);
            }
        }
        _ => {}
    }
}

fn get<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    match &node.value {
        Value::Table(entries) => entries
            .iter()
            .find(|(key, _)| key.name == name)
            .map(|(_, value)| value),
        _ => None,
    }
}

/// The items of `[[exceptions]]` and `[[exceptions.items]]`.
fn of_file(file: Node) -> Vec<Node> {
    let list = |node: Option<Node>| match node.map(|node| node.value) {
        Some(Value::List(list)) => list,
        _ => Vec::new(),
    };
    let take = |node: Node, name: &str| match node.value {
        Value::Table(entries) => entries
            .into_iter()
            .find(|(key, _)| key.name == name)
            .map(|(_, value)| value),
        _ => None,
    };
    list(take(file, "exceptions"))
        .into_iter()
        .flat_map(|container| list(take(container, "items")))
        .collect()
}

fn draft(item: Node, findings: &mut Vec<Finding>) -> Option<Draft> {
    let mut table = TableReader::new(item, &WRONG_VALUE, findings)?;
    let mut text = |name: &str| match table.take(name).map(|node| node.value) {
        Some(Value::Text(text) | Value::Moment(text)) => Some(text),
        _ => None,
    };
    let (item_id, name) = (text("item_id"), text("name"));
    let mut draft = Draft {
        id: item_id.or_else(|| name.clone()).unwrap_or_default(),
        reason: text("description"),
        owner: text("created_by"),
        expires: text("expire_time"),
        name,
        span: table.span(),
        ..Draft::default()
    };
    // A table of TOML is as long as its keys; its first line is enough.
    let entries = table.take("entries")?;
    draft.span = draft.span.start
        ..draft
            .span
            .start
            .max(draft.span.end.min(draft.span.start + 1));
    let Value::List(list) = entries.value else {
        findings.push(impossible("entries are no list", "", &entries.span));
        return None;
    };
    let before = errors(findings);
    for one in list {
        entry(one, "", &mut draft, findings);
    }
    (errors(findings) == before).then_some(draft)
}

fn errors(findings: &[Finding]) -> usize {
    let errors = findings.iter();
    errors.filter(|one| one.severity == Severity::Error).count()
}

fn entry(node: Node, prefix: &str, draft: &mut Draft, findings: &mut Vec<Finding>) {
    let Some(mut table) = TableReader::new(node, &WRONG_VALUE, findings) else {
        return;
    };
    let mut text = |name: &str| {
        table
            .text(name, &WRONG_VALUE, findings)
            .map(|(text, _)| text)
            .unwrap_or_default()
    };
    let (field, kind, operator) = (text("field"), text("type"), text("operator"));
    let field = if prefix.is_empty() {
        field
    } else {
        format!("{prefix}.{field}")
    };
    let span = table.span();
    if kind == "nested" {
        let entries = table.take("entries").map(|node| node.value);
        if let Some(Value::List(list)) = entries {
            for one in list {
                entry(one, &field, draft, findings);
            }
        }
        return;
    }
    let Some(subject) = subject(&field, &FIELDS, &span, findings) else {
        return;
    };
    let not = match operator.as_str() {
        "included" => "",
        "excluded" => "not-",
        other => {
            let message = format!("\"{other}\" is no operator of an exception");
            findings.push(impossible(message, "included or excluded", &span));
            return;
        }
    };
    let values = values(table.take("value"));
    let written = match kind.as_str() {
        "match" | "match_any" if !values.is_empty() => Ok(quoted_list(&values)),
        "wildcard" if subject.kind() == Kind::Texts && !values.is_empty() => {
            let patterns: Vec<String> = values.iter().map(|value| wildcards(value)).collect();
            Ok(format!("{{ regex = {} }}", quoted_list(&patterns)))
        }
        "wildcard" => Err("wildcards are for texts"),
        "exists" => Ok(exists(&subject)),
        "list" => Err("it names a value list, which is kept in Kibana and not in this file"),
        _ => Err("this type of entry is not known, or has no value"),
    };
    match written {
        Ok(_)
            if draft
                .matches
                .iter()
                .any(|(key, _)| *key == format!("{not}{subject}")) =>
        {
            findings.push(impossible(
                format!("two entries are on {subject}"),
                "join them to one there: an item can say a field once in each direction",
                &span,
            ));
        }
        Ok(value) => draft.matches.push((format!("{not}{subject}"), value)),
        Err(why) => {
            let message = format!("the entry on {field} cannot be taken over: {why}");
            findings.push(impossible(message, "write it by hand", &span));
        }
    }
}

fn values(node: Option<Node>) -> Vec<String> {
    let list = match node {
        None => Vec::new(),
        Some(Node {
            value: Value::List(list),
            ..
        }) => list,
        Some(node) => vec![node],
    };
    list.into_iter()
        .filter_map(|node| match node.value {
            Value::Text(text) => Some(text),
            Value::Integer(number) => Some(number.to_string()),
            _ => None,
        })
        .collect()
}

/// `*` for anything and `?` for one character, as a regular expression on the whole value, in any case as Kibana's
/// "matches" does. Blanks are logged as `+`.
fn wildcards(value: &str) -> String {
    let mut pattern = "(?is)^".to_owned();
    for char in value.replace(' ', "+").chars() {
        match char {
            '*' => pattern.push_str(".*"),
            '?' => pattern.push('.'),
            char => pattern.push_str(&regex::escape(char.encode_utf8(&mut [0; 4]))),
        }
    }
    pattern.push('$');
    pattern
}

/// Any value at all: a field that was not sent is logged as `-`, and one that is not logged is empty.
fn exists(subject: &Subject) -> String {
    match subject.kind() {
        Kind::Addresses => "[\"0.0.0.0/0\", \"::/0\"]".to_owned(),
        Kind::Ports => quoted("0-65535"),
        Kind::Numbers => quoted("0-"),
        Kind::Texts | Kind::Times => "{ regex = \"^([^-]|-.)\" }".to_owned(),
    }
}
