//! `time`: days, hours and zone.

use super::values::texts;
use crate::exclusion::codes::{NO_CONDITION, UNKNOWN_KEY, WRONG_VALUE};
use crate::exclusion::hours::{DAY, DAYS, Hours};
use scanbench_spec::{Finding, Node, TableReader, Value, expected};
use scanbench_w3c::Zone;
use std::ops::Range;

/// The keys of `time`.
pub(in crate::exclusion) const TIME_KEYS: [&str; 4] = ["days", "from", "to", "zone"];

/// One table of hours or a list of them.
pub(super) fn times(node: Node, findings: &mut Vec<Finding>) -> Vec<Hours> {
    let list = match node.value {
        Value::List(list) => list,
        value => vec![Node {
            span: node.span,
            value,
        }],
    };
    list.into_iter()
        .filter_map(|node| hours(node, findings))
        .collect()
}

fn hours(node: Node, findings: &mut Vec<Finding>) -> Option<Hours> {
    const HELP: &str =
        "such as { days = [\"sat\"], from = \"22:00\", to = \"02:00\", zone = \"Europe/Berlin\" }";
    let Value::Table(_) = node.value else {
        findings
            .push(expected("a table of hours", &node.value, node.span, &WRONG_VALUE).help(HELP));
        return None;
    };
    let mut table = TableReader::new(node, &WRONG_VALUE, findings)?;
    let span = table.span();
    let before = findings.len();
    let days = match table.take("days") {
        None => 0x7f,
        Some(node) => days(node, findings),
    };
    let mut second = |name: &str, default: u32| match table.text(name, &WRONG_VALUE, findings) {
        None => default,
        Some((text, span)) => second(&text, name == "to").unwrap_or_else(|| {
            findings.push(
                Finding::new(format!("expected an hour of the day, found \"{text}\""))
                    .at(span)
                    .help("such as \"22:00\"; the end of a day is to = \"24:00\"")
                    .code(&WRONG_VALUE),
            );
            default
        }),
    };
    let (from, to) = (second("from", 0), second("to", DAY));
    let zone = match table.text("zone", &WRONG_VALUE, findings) {
        None => Zone::Utc,
        Some((text, span)) => text
            .parse()
            .unwrap_or_else(|error: scanbench_w3c::ZoneError| {
                findings.push(Finding::new(error.to_string()).at(span).code(&WRONG_VALUE));
                Zone::Utc
            }),
    };
    table.finish(&TIME_KEYS, &UNKNOWN_KEY, findings);
    let hours = Hours::new(days, from, to, zone);
    if findings.len() > before {
        return None;
    }
    let is_whole_week = days == 0x7f && from == 0 && to == DAY;
    if is_whole_week || hours.is_none() {
        let message = if is_whole_week {
            "these hours are the whole week, so they say nothing"
        } else {
            "hours that end when they begin are none"
        };
        findings.push(
            Finding::new(message)
                .at(span)
                .help(HELP)
                .code(&NO_CONDITION),
        );
        return None;
    }
    hours
}

/// One bit for each day, from names and ranges of names.
fn days(node: Node, findings: &mut Vec<Finding>) -> u8 {
    let mut bits = 0;
    for (text, span) in texts(node, findings) {
        let (first, last) = text.split_once('-').unwrap_or((&text, &text));
        let Some((first, last)) = day(first).zip(day(last)) else {
            findings.push(no_day(&text, span));
            continue;
        };
        let mut at = first;
        bits |= 1 << at;
        // A range may go over the end of the week: "sat-mon".
        while at != last {
            at = (at + 1) % 7;
            bits |= 1 << at;
        }
    }
    bits
}

fn day(text: &str) -> Option<usize> {
    let text = text.trim().to_ascii_lowercase();
    DAYS.iter()
        .position(|(short, long)| *short == text || *long == text)
}

fn no_day(text: &str, span: Range<usize>) -> Finding {
    Finding::new(format!("expected a day of the week, found \"{text}\""))
        .at(span)
        .help("mon, tue, wed, thu, fri, sat, sun, or a range such as \"mon-fri\"")
        .code(&WRONG_VALUE)
}

/// The second of the day of `HH:MM` or `HH:MM:SS`; `24:00` where a day may end.
fn second(text: &str, is_end: bool) -> Option<u32> {
    let mut parts = text.split(':').map(|part| {
        let is_number = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u32>().ok().filter(|_| is_number)
    });
    let (hours, minutes) = (parts.next()??, parts.next()??);
    let seconds = match parts.next() {
        None => 0,
        Some(seconds) => seconds?,
    };
    let second = hours * 3600 + minutes * 60 + seconds;
    let is_clock = minutes < 60 && seconds < 60 && parts.next().is_none();
    (is_clock && (second < DAY || (is_end && second == DAY))).then_some(second)
}
