//! `[exclusion.match]`, key by key.

use super::hours::times;
use super::values::{addresses, numbers, ports, text_tests};
use crate::exclusion::codes::{NO_CONDITION, NOT_IN_IIS_LOGS, UNKNOWN_FIELD, WRONG_VALUE};
use crate::exclusion::condition::{Condition, Test};
use crate::exclusion::subject::{Kind, NoSubject, Subject};
use scanbench_spec::{Finding, Key, Node, TableReader};

pub(super) fn conditions(node: Node, findings: &mut Vec<Finding>) -> Vec<Condition> {
    let Some(table) = TableReader::new(node, &WRONG_VALUE, findings) else {
        return Vec::new();
    };
    let span = table.span();
    let entries = table.rest();
    if entries.is_empty() {
        findings.push(
            Finding::new("an exclusion without conditions would match every line")
                .at(span)
                .help("say what it matches, such as c-ip = [\"10.0.0.10\"]")
                .code(&NO_CONDITION),
        );
    }
    let mut conditions: Vec<Condition> = entries
        .into_iter()
        .filter_map(|(key, value)| condition(&key, value, findings))
        .collect();
    conditions.sort_by_key(Condition::cost);
    conditions
}

fn condition(key: &Key, value: Node, findings: &mut Vec<Finding>) -> Option<Condition> {
    let (negated, bare) = match key.name.strip_prefix("not-") {
        Some(bare) => (true, bare),
        None => (false, key.name.as_str()),
    };
    let subject = match Subject::of(bare) {
        Ok(subject) => subject,
        Err(why) => {
            findings.push(no_subject(bare, key, &why));
            return None;
        }
    };
    let span = key.span.start.min(value.span.start)..value.span.end;
    let value_span = value.span.clone();
    let before = findings.len();
    let test = match subject.kind() {
        Kind::Addresses => Test::Addresses(addresses(value, findings)),
        Kind::Ports => Test::Ports(ports(value, findings)),
        Kind::Numbers => Test::Numbers(numbers(value, findings)),
        Kind::Texts => Test::Texts(text_tests(value, &subject, findings)),
        Kind::Times => Test::Times(times(value, findings)),
    };
    let is_empty = match &test {
        Test::Addresses(list) => list.is_empty(),
        Test::Ports(list) => list.is_empty(),
        Test::Numbers(list) => list.is_empty(),
        Test::Texts(list) => list.is_empty(),
        Test::Times(list) => list.is_empty(),
    };
    if is_empty {
        if findings.len() == before {
            let never = if negated { "always" } else { "never" };
            let message = format!("{bare} has no values, so it would {never} match");
            findings.push(Finding::new(message).at(value_span).code(&NO_CONDITION));
        }
        return None;
    }
    Some(Condition {
        subject,
        negated,
        test,
        span,
    })
}

fn no_subject(name: &str, key: &Key, why: &NoSubject) -> Finding {
    let finding = Finding::new(format!("a match on `{name}` is not possible")).at(key.span.clone());
    match why {
        NoSubject::NotInIisLogs(instead) => finding
            .help(format!("no IIS log has it; {instead}"))
            .code(&NOT_IN_IIS_LOGS),
        NoSubject::Near(near) => finding
            .help(format!(
                "did you mean `{near}`? The names of #Fields and of the columns of W3CIISLog can stand here, each \
                 also with not- before it"
            ))
            .code(&UNKNOWN_FIELD),
        NoSubject::Nameless => finding
            .help("the name of a field, as in #Fields, has no blanks")
            .code(&UNKNOWN_FIELD),
    }
}
