//! Sigma filters (Sigma Filters Specification 2.0.0), one YAML document each.
//!
//! A filter's condition is joined to the rule's by "and": so it must say `not`, and `condition: selection`, as the
//! specification's own example has it, would keep just what should go. Sigma compares without regard to case unless a
//! value says `|cased`.

use super::{each, impossible, impossible_whole};
use crate::exclusion::quoted::quoted;
use crate::exclusion::{
    AddressRange, Condition, Exclusion, Stage, Subject, Test, TextKind, TextTest,
};
use scanbench_spec::Finding;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

pub(super) fn write(list: &[&Exclusion]) -> Result<String, Vec<Finding>> {
    Ok(each(list, document)?.join("---\n"))
}

/// What no exclusion in Sigma can say.
fn check_whole(exclusion: &Exclusion, findings: &mut Vec<Finding>) {
    if exclusion.stage() == Stage::Alert {
        findings.push(impossible_whole(
            exclusion,
            "a Sigma filter acts on lines, and stage \"alert\" on rows",
            "make it stage = \"event\", or export it with --to kql-query",
        ));
    }
    if exclusion.starts().or(exclusion.expires()).is_some() {
        findings.push(impossible_whole(
            exclusion,
            "a Sigma filter cannot begin or expire",
            "leave starts and expires out and keep the date elsewhere, or export it with --to kql",
        ));
    }
}

fn document(exclusion: &Exclusion, findings: &mut Vec<Finding>) -> String {
    check_whole(exclusion, findings);
    let (selections, terms) = said(exclusion, "selection", findings);
    let condition = match terms.as_slice() {
        [only] if !only.starts_with("not ") => format!("not {only}"),
        _ => format!("not ({})", terms.join(" and ")),
    };
    let mut out = format!(
        "title: {}\nid: {}\n",
        quoted(exclusion.name().unwrap_or(exclusion.id())),
        quoted(exclusion.id())
    );
    // Writing to a String cannot fail.
    if let Some(reason) = exclusion.reason() {
        let _ = writeln!(out, "description: {}", quoted(reason));
    }
    if let Some(owner) = exclusion.owner() {
        let _ = writeln!(out, "author: {}", quoted(owner));
    }
    let _ = write!(
        out,
        "logsource:\n    category: webserver\n    product: windows\n    service: iis\nfilter:\n    rules: any\n\
         {selections}    condition: {condition}\n"
    );
    out
}

/// Selections of one exclusion, and what must hold of each.
fn said(exclusion: &Exclusion, lead: &str, findings: &mut Vec<Finding>) -> (String, Vec<String>) {
    let mut selections = String::new();
    let mut terms = Vec::new();
    for (number, condition) in exclusion.conditions().iter().enumerate() {
        match alternatives(condition) {
            Ok(maps) => {
                let name = format!("{lead}{number}");
                let _ = writeln!(selections, "    {name}:");
                for map in maps {
                    for (index, line) in map.iter().enumerate() {
                        let lead = if index == 0 { "-" } else { " " };
                        let _ = writeln!(selections, "        {lead} {line}");
                    }
                }
                terms.push(if condition.is_negated() {
                    format!("not {name}")
                } else {
                    name
                });
            }
            Err(why) => findings.push(impossible(
                exclusion,
                condition,
                why,
                "export it with --to kql, or leave it out",
            )),
        }
    }
    (selections, terms)
}

/// Selections of all exclusions for a rule's own detection, and a term of each that keeps what it does not match.
pub(crate) fn selections(list: &[&Exclusion]) -> Result<(String, Vec<String>), Vec<Finding>> {
    let mut all = String::new();
    let terms = each(list, |exclusion, findings| {
        check_whole(exclusion, findings);
        // Names are made of the place in what was said, since ids may hold anything.
        let lead = format!("exclusion{}_", all.matches("\n    exclusion").count());
        let (selections, terms) = said(exclusion, &lead, findings);
        all += "\n";
        all += &selections;
        format!("not ({})", terms.join(" and "))
    })?;
    Ok((
        all.replace("\n\n", "\n")
            .trim_start_matches('\n')
            .to_owned(),
        terms,
    ))
}

/// The lines of maps of which one must hold.
fn alternatives(condition: &Condition) -> Result<Vec<Vec<String>>, &'static str> {
    let field = match condition.subject() {
        Subject::Time => return Err("Sigma has no hours of the week"),
        Subject::Custom(name) => {
            plain_key(name).ok_or("its name cannot stand in a Sigma filter")?
        }
        other => other.to_string(),
    };
    Ok(match condition.test() {
        Test::Addresses(list) => {
            let networks = list.iter().flat_map(AddressRange::networks);
            let networks = networks.map(|net| quoted(&net.to_string()));
            vec![listed(&format!("{field}|cidr"), networks)]
        }
        Test::Ports(list) => ranges(&field, list, u16::MAX),
        Test::Numbers(list) => ranges(&field, list, u64::MAX),
        Test::Texts(list) => list
            .iter()
            .map(|test| Ok(vec![text(&field, test)?]))
            .collect::<Result<_, &'static str>>()?,
        Test::Times(_) => return Err("Sigma has no hours of the week"),
    })
}

fn plain_key(name: &str) -> Option<String> {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_.()".contains(char);
    name.chars().all(is_plain).then(|| name.to_owned())
}

fn listed(key: &str, values: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines = vec![format!("{key}:")];
    lines.extend(values.map(|value| format!("    - {value}")));
    lines
}

fn ranges<T: Copy + PartialEq + std::fmt::Display>(
    field: &str,
    list: &[RangeInclusive<T>],
    max: T,
) -> Vec<Vec<String>> {
    list.iter()
        .map(|range| {
            if range.start() == range.end() {
                vec![format!("{field}: {}", range.start())]
            } else if *range.end() == max {
                vec![format!("{field}|gte: {}", range.start())]
            } else {
                vec![
                    format!("{field}|gte: {}", range.start()),
                    format!("{field}|lte: {}", range.end()),
                ]
            }
        })
        .collect()
}

fn text(field: &str, test: &TextTest) -> Result<String, &'static str> {
    let cased = if test.ignores_case() { "" } else { "|cased" };
    // Wildcards stand for themselves.
    let literal = || {
        let escaped: String = test
            .text()
            .chars()
            .flat_map(|char| {
                let needs = matches!(char, '*' | '?' | '\\');
                needs.then_some('\\').into_iter().chain([char])
            })
            .collect();
        quoted(&escaped)
    };
    Ok(match test.kind() {
        TextKind::Equals => format!("{field}{cased}: {}", literal()),
        TextKind::Contains => format!("{field}|contains{cased}: {}", literal()),
        TextKind::StartsWith => format!("{field}|startswith{cased}: {}", literal()),
        TextKind::EndsWith => format!("{field}|endswith{cased}: {}", literal()),
        TextKind::Regex if test.ignores_case() => {
            format!("{field}|re|i: {}", quoted(test.text()))
        }
        TextKind::Regex => format!("{field}|re: {}", quoted(test.text())),
        TextKind::Has => return Err("Sigma has no test for a term"),
    })
}
