//! An exclusion file into checked exclusions. All findings are collected, and what is right is kept beside them.

mod hours;
mod matches;
mod values;

use super::codes::{
    DUPLICATE_ID, MISSING_KEY, NEVER_IN_FORCE, NO_CONDITION, SYNTAX, UNKNOWN_KEY, UNKNOWN_VERSION,
    WRONG_VALUE,
};
use super::{Exclusion, Exclusions, Expectation, Policy, Stage};
use scanbench_spec::{Finding, Node, Source, TableReader, Value, expected, parse, parse_duration};
use scanbench_w3c::Timestamp;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// The keys of a file.
pub(super) const FILE_KEYS: [&str; 3] = ["version", "defaults", "exclusion"];
/// The keys of `[defaults]`.
pub(super) const DEFAULTS_KEYS: [&str; 2] = ["require", "max-lifetime"];
/// What `require` can ask for.
pub(super) const REQUIRABLE: [&str; 6] = ["owner", "reason", "ticket", "name", "starts", "expires"];
/// The keys of an exclusion.
pub(super) const EXCLUSION_KEYS: [&str; 11] = [
    "id", "name", "reason", "owner", "ticket", "enabled", "starts", "expires", "stage", "match",
    "expect",
];
/// The keys of `[exclusion.expect]`.
pub(super) const EXPECT_KEYS: [&str; 4] = [
    "max-hidden-campaigns",
    "max-hidden-rows",
    "max-hidden-authorised",
    "min-removed-alerts",
];

const STAGE_HELP: &str = "stage = \"event\" takes lines out before counting, stage = \"alert\" hides rows all of \
                          whose lines match";

/// What a file says, and what is wrong with it. Where there are findings, `exclusions` are those that could be read
/// all the same.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The exclusions.
    pub exclusions: Exclusions,
    /// What keeps the file from being used.
    pub findings: Vec<Finding>,
}

impl Reading {
    /// Reads a file.
    #[must_use]
    pub fn of(source: &Source) -> Self {
        let mut reading = Self::default();
        match parse(source) {
            Ok(node) => reading.file(node),
            Err(findings) => {
                let coded = findings.into_iter().map(|finding| finding.code(&SYNTAX));
                reading.findings.extend(coded);
            }
        }
        reading
    }

    fn file(&mut self, node: Node) {
        let findings = &mut self.findings;
        let Some(mut file) = TableReader::new(node, &WRONG_VALUE, findings) else {
            return;
        };
        version(file.take("version"), findings);
        if let Some(node) = file.take("defaults") {
            self.exclusions.policy = policy(node, findings);
        }
        let list = match file.take("exclusion") {
            None => Vec::new(),
            Some(Node {
                value: Value::List(list),
                ..
            }) => list,
            Some(other) => {
                let finding = expected(
                    "a list of exclusions",
                    &other.value,
                    other.span,
                    &WRONG_VALUE,
                );
                findings.push(finding.help("in TOML each begins with [[exclusion]]"));
                Vec::new()
            }
        };
        file.finish(&FILE_KEYS, &UNKNOWN_KEY, findings);
        let mut ids = HashSet::with_capacity(list.len());
        let mut kept = Vec::with_capacity(list.len());
        for node in list {
            let before = findings.len();
            let (id, exclusion) = exclusion(node, findings);
            for finding in &mut findings[before..] {
                finding.about.clone_from(&id);
            }
            let Some(exclusion) = exclusion else {
                continue;
            };
            if ids.insert(exclusion.id.clone()) {
                kept.push(exclusion);
            } else {
                findings.push(
                    Finding::new(format!("the id \"{}\" stands twice", exclusion.id))
                        .at(exclusion.span.clone())
                        .help("reports speak of exclusions by their id")
                        .code(&DUPLICATE_ID)
                        .about(exclusion.id),
                );
            }
        }
        self.exclusions.list = Arc::new(kept);
    }
}

fn version(node: Option<Node>, findings: &mut Vec<Finding>) {
    const HELP: &str = "this program reads version = 1";
    let finding = match node {
        Some(Node {
            value: Value::Integer(1),
            ..
        }) => return,
        Some(node) => Finding::new(format!("version {} is not known", node.value.describe()))
            .at(node.span)
            .code(&UNKNOWN_VERSION),
        None => Finding::new("a list must say its version").code(&MISSING_KEY),
    };
    findings.push(finding.help(HELP));
}

fn policy(node: Node, findings: &mut Vec<Finding>) -> Policy {
    let mut policy = Policy::default();
    let Some(mut table) = TableReader::new(node, &WRONG_VALUE, findings) else {
        return policy;
    };
    if let Some(node) = table.take("require") {
        for (name, span) in values::texts(node, findings) {
            if REQUIRABLE.contains(&name.as_str()) {
                policy.require.push(name);
            } else {
                findings.push(
                    Finding::new(format!("\"{name}\" cannot be required"))
                        .at(span)
                        .help(format!("what can be: {}", REQUIRABLE.join(", ")))
                        .code(&WRONG_VALUE),
                );
            }
        }
    }
    if let Some((text, span)) = table.text("max-lifetime", &WRONG_VALUE, findings) {
        match parse_duration(&text) {
            Ok(span) => policy.max_lifetime = Some(span),
            Err(message) => findings.push(
                Finding::new(message)
                    .at(span)
                    .help("such as \"90d\"")
                    .code(&WRONG_VALUE),
            ),
        }
    }
    if let Some((key, _)) = table.take_entry("stage") {
        findings.push(
            Finding::new("the stage has no default; each exclusion must say its own")
                .at(key.span)
                .help(STAGE_HELP)
                .code(&UNKNOWN_KEY),
        );
    }
    table.finish(&DEFAULTS_KEYS, &UNKNOWN_KEY, findings);
    policy
}

/// An exclusion and its id; it is `None` where there is no id to speak of it by, or no stage to act at.
fn exclusion(node: Node, findings: &mut Vec<Finding>) -> (Option<String>, Option<Exclusion>) {
    let Some(mut table) = TableReader::new(node, &WRONG_VALUE, findings) else {
        return (None, None);
    };
    let before = findings.len();
    let id = table.text("id", &WRONG_VALUE, findings);
    if id.is_none() && findings.len() == before {
        findings.push(
            Finding::new("an exclusion must have an id")
                .at(first_line(&table))
                .help("reports speak of exclusions by their id")
                .code(&MISSING_KEY),
        );
    }
    if let Some((text, span)) = &id
        && text.trim().is_empty()
    {
        findings.push(
            Finding::new("an id must not be empty")
                .at(span.clone())
                .code(&WRONG_VALUE),
        );
    }
    let place = id
        .as_ref()
        .map_or_else(|| first_line(&table), |(_, span)| span.clone());
    let mut text = |name: &str| {
        let text = table.text(name, &WRONG_VALUE, findings)?.0;
        (!text.trim().is_empty()).then_some(text)
    };
    let (name, reason, owner, ticket) =
        (text("name"), text("reason"), text("owner"), text("ticket"));
    let enabled = table
        .bool("enabled", &WRONG_VALUE, findings)
        .unwrap_or(true);
    let starts = table
        .take("starts")
        .and_then(|node| timestamp(&node, findings));
    let expires_node = table.take("expires");
    let expires = expires_node
        .as_ref()
        .and_then(|node| timestamp(node, findings));
    if let (Some(starts), Some(expires), Some(node)) = (starts, expires, &expires_node)
        && starts >= expires
    {
        findings.push(
            Finding::new("expires is not after starts, so the exclusion never holds")
                .at(node.span.clone())
                .code(&NEVER_IN_FORCE),
        );
    }
    let stage = stage(table.take("stage"), &place, findings);
    let conditions = if let Some(node) = table.take("match") {
        matches::conditions(node, findings)
    } else {
        findings.push(
            Finding::new("an exclusion without conditions would match every line")
                .at(place.clone())
                .help("say what it matches, such as match.c-ip = [\"10.0.0.10\"]")
                .code(&NO_CONDITION),
        );
        Vec::new()
    };
    let expect = table
        .take("expect")
        .map(|node| expectation(node, findings))
        .unwrap_or_default();
    table.finish(&EXCLUSION_KEYS, &UNKNOWN_KEY, findings);
    let id = id.map(|(id, _)| id);
    let exclusion = id.clone().zip(stage).map(|(id, stage)| Exclusion {
        id,
        name,
        reason,
        owner,
        ticket,
        enabled,
        stage,
        starts,
        expires,
        conditions,
        expect,
        span: place,
    });
    (id, exclusion)
}

/// Where a table begins: of a long one the first byte is enough.
fn first_line(table: &TableReader) -> Range<usize> {
    let start = table.span().start;
    start..start
}

fn stage(node: Option<Node>, place: &Range<usize>, findings: &mut Vec<Finding>) -> Option<Stage> {
    let Some(node) = node else {
        findings.push(
            Finding::new("an exclusion must say its stage; there is no default")
                .at(place.clone())
                .help(STAGE_HELP)
                .code(&MISSING_KEY),
        );
        return None;
    };
    match &node.value {
        Value::Text(text) if text == "event" => Some(Stage::Event),
        Value::Text(text) if text == "alert" => Some(Stage::Alert),
        other => {
            let finding = expected("\"event\" or \"alert\"", other, node.span, &WRONG_VALUE);
            findings.push(finding.help(STAGE_HELP));
            None
        }
    }
}

fn timestamp(node: &Node, findings: &mut Vec<Finding>) -> Option<Timestamp> {
    let time = match &node.value {
        Value::Moment(text) | Value::Text(text) => text.parse().ok(),
        _ => None,
    };
    if time.is_none() {
        let wanted = "a date and time with its offset from UTC";
        let finding = expected(wanted, &node.value, node.span.clone(), &WRONG_VALUE);
        findings.push(finding.help("such as 2026-11-02T00:00:00Z"));
    }
    time
}

fn expectation(node: Node, findings: &mut Vec<Finding>) -> Expectation {
    let Some(mut table) = TableReader::new(node, &WRONG_VALUE, findings) else {
        return Expectation::default();
    };
    let mut count = |name: &str| table.count(name, &WRONG_VALUE, findings);
    let expect = Expectation {
        max_hidden_campaigns: count("max-hidden-campaigns"),
        max_hidden_rows: count("max-hidden-rows"),
        max_hidden_authorised: count("max-hidden-authorised"),
        min_removed_alerts: count("min-removed-alerts"),
    };
    table.finish(&EXPECT_KEYS, &UNKNOWN_KEY, findings);
    expect
}

#[cfg(test)]
mod tests;
