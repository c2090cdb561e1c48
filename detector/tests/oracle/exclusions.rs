//! Exclusions as files, and the same as plain conditions.

use super::lines::Line;
use scanbench_detector::Exclusions;
use scanbench_spec::Source;
use std::fmt::Write as _;

/// Whether it acts at stage "alert", and whether a line matches.
pub(crate) type Oracle = (bool, fn(&Line) -> bool);

pub(crate) const EXCLUSIONS: [(&str, Oracle); 6] = [
    (
        "stage = \"event\"\nmatch.c-ip = [\"10.0.0.0/24\"]",
        (false, |line| line.client == "10.0.0.10"),
    ),
    (
        "stage = \"event\"\nmatch.s-port = [8000, \"8003-8004\"]",
        (false, |line| matches!(line.port, Some(8000 | 8003 | 8004))),
    ),
    (
        "stage = \"alert\"\nmatch.cs-user-agent = { starts-with = \"Nessus 1\", regex = \"^curl\" }",
        (true, |line| line.agent != "-"),
    ),
    (
        "stage = \"alert\"\nmatch.c-ip = [\"192.168.0.0/16\", \"2001:db8::/32\"]\nmatch.s-computername = \"WEB01\"",
        (true, |line| {
            (line.client.starts_with("192.168.") || line.client.starts_with("2001:db8:"))
                && line.computer == "WEB01"
        }),
    ),
    (
        "stage = \"event\"\nstarts = 2026-11-02T00:01:00Z\nexpires = 2026-11-02T01:02:00+01:00\nmatch.not-s-port = [\"8000-8006\"]",
        (false, |line| {
            (60..120).contains(&line.second) && line.port.is_none_or(|port| port > 8006)
        }),
    ),
    (
        "stage = \"alert\"\nmatch.s-port = [\"8000-8009\"]\nmatch.not-c-ip = \"10.0.0.10\"",
        (true, |line| {
            line.port.is_some() && line.client != "10.0.0.10"
        }),
    ),
];

pub(crate) fn exclusions(chosen: &[usize]) -> Exclusions {
    let mut file = "version = 1\n".to_owned();
    for index in chosen {
        let _ = writeln!(
            file,
            "[[exclusion]]\nid = \"x{index}\"\n{}",
            EXCLUSIONS[*index].0
        );
    }
    Exclusions::from_source(&Source::new("exclusions.toml", file)).unwrap()
}
