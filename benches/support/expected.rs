//! How many rows a log must give, counted from what its lines were made of, with sets and by no code of the detector's.

use crate::log::{Line, Log};
use scanbench_detector::Window;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The rule's own.
const THRESHOLD: usize = 30;

/// The windows that are measured.
pub(crate) fn windows() -> [(&'static str, Window); 4] {
    let width = Duration::from_mins(10);
    let step = Duration::from_mins(5);
    let gap = Duration::from_mins(2);
    [
        ("tumbling", Window::Tumbling { width }),
        ("hopping", Window::Hopping { width, step }),
        ("sliding", Window::Sliding { width }),
        ("session", Window::Session { gap }),
    ]
}

/// Rows of the lines that `keeps` keeps. A row is of one client on one server.
pub(crate) fn rows(log: &Log, window: &Window, keeps: impl Fn(&Line) -> bool) -> usize {
    let mut groups: BTreeMap<(&str, u64), Vec<(u64, u16)>> = BTreeMap::new();
    for line in log.lines.iter().filter(|line| keeps(line)) {
        let group = groups.entry((&line.client, line.server)).or_default();
        group.push((line.second, line.port));
    }
    let of = |lines: &Vec<(u64, u16)>| match window {
        Window::Tumbling { width } => fixed(lines, width.as_secs(), width.as_secs()),
        Window::Hopping { width, step } => fixed(lines, width.as_secs(), step.as_secs()),
        Window::Sliding { width } => sliding(lines, width.as_secs()),
        Window::Session { gap } => sessions(lines, gap.as_secs()),
    };
    groups.values().map(of).sum()
}

/// Windows from each `step` on; that before midnight is one too where it reaches over it.
fn fixed(lines: &[(u64, u16)], width: u64, step: u64) -> usize {
    let mut ports: BTreeMap<u64, BTreeSet<u16>> = BTreeMap::new();
    for (second, port) in lines {
        // By their ends, since starts may be before second 0.
        let first_end = (second / step + 1) * step;
        for end in (first_end..=second + width).step_by(usize::try_from(step).unwrap_or(1)) {
            ports.entry(end).or_default().insert(*port);
        }
    }
    ports
        .values()
        .filter(|ports| ports.len() >= THRESHOLD)
        .count()
}

/// Windows that end at a line, both ends in them; those that touch make one row.
fn sliding(lines: &[(u64, u16)], width: u64) -> usize {
    let mut inside: BTreeMap<u16, u32> = BTreeMap::new();
    let (mut left, mut rows) = (0, 0);
    let mut last_found: Option<u64> = None;
    for (index, (second, port)) in lines.iter().enumerate() {
        *inside.entry(*port).or_default() += 1;
        while lines[left].0 + width < *second {
            let count = inside.entry(lines[left].1).or_default();
            *count -= 1;
            if *count == 0 {
                inside.remove(&lines[left].1);
            }
            left += 1;
        }
        let is_last_of_second = lines.get(index + 1).is_none_or(|next| next.0 > *second);
        if is_last_of_second && inside.len() >= THRESHOLD {
            rows += usize::from(last_found.is_none_or(|found| found + width < *second));
            last_found = Some(*second);
        }
    }
    rows
}

fn sessions(lines: &[(u64, u16)], gap: u64) -> usize {
    lines
        .chunk_by(|a, b| b.0 - a.0 <= gap)
        .filter(|session| {
            let ports: BTreeSet<u16> = session.iter().map(|(_, port)| *port).collect();
            ports.len() >= THRESHOLD
        })
        .count()
}
