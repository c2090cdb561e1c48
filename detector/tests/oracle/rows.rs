//! The rule as its documentation puts it, the slow way: for each run and window, group, collect, cut, compare.

use super::exclusions::Oracle;
use super::lines::Line;
use super::rules::MIDNIGHT;
use scanbench_detector::{Alert, Count, Rule, Window};
use scanbench_w3c::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::time::Duration;

/// Distinct values that were compared, lines, and the sets: ports, stems, queries, statuses, codes.
pub(crate) type Row = (
    u64,
    u64,
    Vec<u16>,
    Vec<String>,
    Vec<String>,
    Vec<String>,
    Vec<String>,
);

/// Rows in order, each under a text of its run, window and keys.
pub(crate) fn expected(lines: &[Line], rule: &Rule, chosen: &[Oracle]) -> Vec<(String, Row)> {
    let counted: Vec<&Line> = lines
        .iter()
        .filter(|line| {
            !chosen
                .iter()
                .any(|(alert, matches)| !alert && matches(line))
        })
        .collect();
    let mut rows = Vec::new();
    for (run, from, to) in runs(rule) {
        let mut groups: BTreeMap<[&str; 3], Vec<&Line>> = BTreeMap::new();
        for line in counted
            .iter()
            .filter(|line| from <= i64::from(line.second) && i64::from(line.second) < to)
        {
            let by = rule.group_by;
            let pick = |wanted: bool, text: &'static str| if wanted { text } else { "" };
            let keys = [
                pick(by.client, line.client),
                pick(by.computer, line.computer),
                pick(by.server, line.server),
            ];
            groups.entry(keys).or_default().push(line);
        }
        for (keys, mut lines) in groups {
            lines.sort_by_key(|line| line.second);
            for (start, end, lines, peak) in windows(rule, &lines) {
                let hidden = chosen
                    .iter()
                    .any(|(alert, matches)| *alert && lines.iter().all(|line| matches(line)));
                if !hidden && peak >= rule.threshold {
                    let key = key(run, start, end, &keys.join(" "));
                    rows.push((key, row(rule, &lines, peak)));
                }
            }
        }
    }
    // Most values first, then run, start and keys.
    rows.sort_by(|(a_key, a), (b_key, b)| {
        b.0.cmp(&a.0).then_with(|| order(a_key).cmp(&order(b_key)))
    });
    rows
}

/// The order is run, start, keys: the end of a window does not count.
fn order(key: &str) -> (String, String, String) {
    let mut parts = key.splitn(4, ' ').map(str::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    let (run, start, _, keys) = (next(), next(), next(), next());
    (run, start, keys)
}

/// A text that sorts as its parts do.
fn key(run: Option<i64>, start: i64, end: Option<i64>, keys: &str) -> String {
    let run = run.map_or_else(|| "-".to_owned(), |run| format!("{run:06}"));
    let end = end.map_or_else(|| "-".to_owned(), clock);
    format!("{run} {} {end} {keys}", clock(start))
}

fn clock(second: i64) -> String {
    let second = second + 3600;
    format!(
        "{:02}:{:02}:{:02}",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// Each run with the seconds that it sees; without a schedule, one that sees all.
fn runs(rule: &Rule) -> Vec<(Option<i64>, i64, i64)> {
    let Some(schedule) = rule.schedule else {
        return vec![(None, i64::MIN, i64::MAX)];
    };
    let start = schedule.start.millis() / 1000 - MIDNIGHT;
    let every = schedule.every.as_secs().cast_signed();
    let period = schedule.period.as_secs().cast_signed();
    (0..500)
        .map(|n| start + n * every)
        .map(|run| (Some(run), run - period, run))
        .collect()
}

type Found<'l> = (i64, Option<i64>, Vec<&'l Line>, u64);

/// Start, end where it is shown, lines, and the count that is compared.
fn windows<'l>(rule: &Rule, lines: &[&'l Line]) -> Vec<Found<'l>> {
    let second = |line: &Line| i64::from(line.second);
    match rule.window {
        Window::Tumbling { width } => fixed(rule, lines, width, width, false),
        Window::Hopping { width, step } => fixed(rule, lines, width, step, true),
        Window::Sliding { width } => {
            let width = width.as_secs().cast_signed();
            let mut found: Vec<Found<'l>> = Vec::new();
            let times: BTreeSet<i64> = lines.iter().map(|line| second(line)).collect();
            for time in times {
                let inside: Vec<&Line> = lines
                    .iter()
                    .copied()
                    .filter(|line| time - width <= second(line) && second(line) <= time)
                    .collect();
                let peak = compared(rule, &inside);
                if peak < rule.threshold {
                    continue;
                }
                match found.last_mut() {
                    Some((start, end, joined, most))
                        if end.is_some_and(|end| end >= time - width) =>
                    {
                        *end = Some(time);
                        *most = peak.max(*most);
                        *joined = lines
                            .iter()
                            .copied()
                            .filter(|line| *start <= second(line) && second(line) <= time)
                            .collect();
                    }
                    _ => found.push((second(inside[0]), Some(time), inside, peak)),
                }
            }
            found
        }
        Window::Session { gap } => {
            let gap = gap.as_secs().cast_signed();
            let mut sessions: Vec<Vec<&Line>> = Vec::new();
            for line in lines.iter().copied() {
                match sessions.last_mut() {
                    Some(session) if second(line) - second(session[session.len() - 1]) <= gap => {
                        session.push(line);
                    }
                    _ => sessions.push(vec![line]),
                }
            }
            sessions
                .into_iter()
                .map(|session| {
                    let peak = compared(rule, &session);
                    (
                        second(session[0]),
                        Some(second(session[session.len() - 1])),
                        session,
                        peak,
                    )
                })
                .collect()
        }
    }
}

fn fixed<'l>(
    rule: &Rule,
    lines: &[&'l Line],
    width: Duration,
    step: Duration,
    shown: bool,
) -> Vec<Found<'l>> {
    let (width, step) = (width.as_secs().cast_signed(), step.as_secs().cast_signed());
    // Midnight is a multiple of every width and step in use, so seconds of the day will do.
    (-100..100)
        .map(|n| n * step)
        .map(|start| {
            let inside: Vec<&Line> = lines
                .iter()
                .copied()
                .filter(|line| {
                    start <= i64::from(line.second) && i64::from(line.second) < start + width
                })
                .collect();
            let peak = compared(rule, &inside);
            (start, shown.then_some(start + width), inside, peak)
        })
        .collect()
}

fn compared(rule: &Rule, lines: &[&Line]) -> u64 {
    let limit = rule.set_limit.map_or(usize::MAX, NonZeroUsize::get);
    let values: BTreeSet<String> = match rule.count {
        Count::Port => lines
            .iter()
            .filter_map(|line| line.port)
            .map(|port| port.to_string())
            .collect(),
        _ => lines.iter().map(|line| line.stem.to_owned()).collect(),
    };
    values.len().min(limit) as u64
}

fn row(rule: &Rule, lines: &[&Line], peak: u64) -> Row {
    let limit = rule.set_limit.map_or(usize::MAX, NonZeroUsize::get);
    let ports: BTreeSet<u16> = lines.iter().filter_map(|line| line.port).collect();
    let texts = |value: fn(&Line) -> String| -> Vec<String> {
        let all: BTreeSet<String> = lines.iter().map(|line| value(line)).collect();
        all.into_iter().take(limit).collect()
    };
    (
        peak,
        lines.len() as u64,
        ports.into_iter().take(limit).collect(),
        if rule.count == Count::Port {
            Vec::new()
        } else {
            texts(|line| line.stem.to_owned())
        },
        texts(|line| line.query.replace("%31", "1")),
        texts(|line| line.status.replace(' ', ".")),
        texts(|line| match line.win32 {
            "2148074254" => "8009030e".to_owned(),
            "-" => String::new(),
            other => other.to_owned(),
        }),
    )
}

/// A row of the detector in the oracle's form.
pub(crate) fn as_row(alert: &Alert) -> (String, Row) {
    let second = |time: Timestamp| time.millis() / 1000 - MIDNIGHT;
    let keys = [alert.c_ip.as_str(), &alert.computer, &alert.s_ip].join(" ");
    (
        key(
            alert.run.map(second),
            second(alert.time_generated),
            alert.window_end.map(second),
            &keys,
        ),
        (
            alert.distinct(),
            alert.connections_count,
            alert.set_s_port.clone(),
            alert
                .counted
                .as_ref()
                .map(|counted| counted.values.clone())
                .unwrap_or_default(),
            alert.set_decoded_uri_query.clone(),
            alert.set_sc_status_full.clone(),
            alert.set_sc_win32_status_hex.clone(),
        ),
    )
}
