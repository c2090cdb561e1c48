//! Measured background: what its tables say is what the logs hold, and tables that cannot be are refused where they stand.

use super::support::{Dataset, Entry, scenario};
use scanbench_generator::Scenario;
use scanbench_spec::Source;
use std::collections::{BTreeMap, BTreeSet};

const HEAD: &str = r#"
version = 1
name = "measured"
title = "Tables"
seed = 3
start = 2026-11-02T00:00:00Z
duration = "2d"

[[server]]
name = "SITE01"
address = "10.255.0.1"
iis = "10"
fields = ["date", "time", "s-ip", "cs-method", "cs-uri-stem", "s-port", "c-ip", "cs(User-Agent)", "cs(Referer)", "sc-status",
  "sc-substatus", "sc-win32-status", "sc-bytes", "time-taken"]

[[server.site]]
id = 1
ports = [80]
"#;

const VISITS: &str = r#"
[[actor]]
id = "visits"
kind = "measured"
sessions-per-day = 1200
clients = 100000
hourly = [0, 0, 0, 0, 0, 0, 0, 0, 3, 3, 3, 3, 3, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0]
weekly = [1.5, 0.5, 1, 1, 1, 1, 1]
session-requests = [2, 2]
session-gaps = [7, 7]
ranks = [1, 1, 2]
fresh = 0.25
posts = 0.1
referers = 0.5

[[actor.agent]]
family = "chrome"
share = 0.75

[[actor.agent]]
family = "none"
share = 0.25

[[actor.answer]]
status = 200
share = 0.6
bytes = [100, 100]
time-taken = [15, 15]

[[actor.answer]]
status = 404
win32 = 2
share = 0.4
bytes = [1245, 1245]
"#;

const BEATS: &str = r#"
[[actor]]
id = "beat"
kind = "measured"
every = "60s"
start = "30m"
lasts = "2h"
"#;

fn share(entries: &[Entry], of: impl Fn(&Entry) -> bool) -> f64 {
    let count = |number: usize| f64::from(u32::try_from(number).unwrap());
    count(entries.iter().filter(|entry| of(entry)).count()) / count(entries.len())
}

/// Two days of 1,200 visits, of which Monday has three quarters, from 8 to 16 only, of two requests seven seconds apart. The
/// number of visits has a deviation of 49, shares of 4,800 lines one of 0.007; visits share an agent, which makes it 0.009.
#[test]
fn tables_are_what_logs_hold() {
    let entries = Dataset::make(&format!("{HEAD}{VISITS}"), 2).entries();
    let near = |found: f64, expected: f64, room: f64| {
        assert!((found - expected).abs() < room, "{found} is not {expected}");
    };
    near(
        f64::from(u32::try_from(entries.len()).unwrap()),
        4_800.0,
        400.0,
    );
    near(
        share(&entries, |entry| entry.get("date") == "2026-11-02"),
        0.75,
        0.04,
    );
    // The last visits of the day end a little after 16.
    near(
        share(&entries, |entry| {
            ("08:00:00".."16:01:00").contains(&entry.get("time"))
        }),
        1.0,
        1e-9,
    );
    near(
        share(&entries, |entry| entry.get("sc-status") == "200"),
        0.6,
        0.03,
    );
    near(
        share(&entries, |entry| entry.get("cs(User-Agent)") == "-"),
        0.25,
        0.04,
    );
    near(
        share(&entries, |entry| entry.get("cs-method") == "POST"),
        0.1,
        0.02,
    );
    near(
        share(&entries, |entry| entry.get("cs(Referer)") == "-"),
        0.5,
        0.03,
    );
    for entry in &entries {
        let triple = [
            "sc-status",
            "sc-substatus",
            "sc-win32-status",
            "sc-bytes",
            "time-taken",
        ]
        .map(|field| entry.get(field));
        assert!(
            [
                ["200", "0", "0", "100", "15"],
                ["404", "0", "2", "1245", "0"]
            ]
            .contains(&triple),
            "{triple:?}"
        );
    }
    // A quarter of requests asks for what nobody else asks for, and the others for two paths.
    let mut paths: BTreeMap<&str, u32> = BTreeMap::new();
    for entry in &entries {
        *paths.entry(entry.get("cs-uri-stem")).or_default() += 1;
    }
    assert_eq!(paths.values().filter(|lines| **lines > 1).count(), 2);
    near(
        share(&entries, |entry| paths[entry.get("cs-uri-stem")] == 1),
        0.25,
        0.03,
    );
    let mut visits: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in &entries {
        visits
            .entry(entry.get("c-ip"))
            .or_default()
            .push(entry.get("time"));
    }
    let second = |time: &str| {
        time.split(':')
            .fold(0, |all, part| all * 60 + part.parse::<i32>().unwrap())
    };
    let pairs: Vec<_> = visits.values().filter(|times| times.len() == 2).collect();
    assert!(pairs.len() > 2_000);
    assert!(
        pairs
            .iter()
            .all(|times| second(times[1]) - second(times[0]) == 7)
    );
}

/// From 00:30 on, for two hours, each minute to the second, by one client: 120 requests.
#[test]
fn beats_are_on_time() {
    let entries = Dataset::make(&format!("{HEAD}{BEATS}"), 1).entries();
    assert_eq!(entries.len(), 120);
    assert_eq!(
        (entries[0].get("time"), entries[119].get("time")),
        ("00:30:00", "02:29:00")
    );
    assert!(
        entries
            .iter()
            .all(|entry| entry.get("time").ends_with(":00"))
    );
    for field in ["c-ip", "cs-uri-stem"] {
        assert_eq!(
            entries
                .iter()
                .map(|entry| entry.get(field))
                .collect::<BTreeSet<_>>()
                .len(),
            1
        );
    }
}

/// forall numbers of threads: the same bytes. And another actor beside changes no line.
#[test]
fn threads_and_neighbours_change_nothing() {
    let both = format!("{HEAD}{VISITS}{BEATS}");
    let (one, four) = (Dataset::make(&both, 1), Dataset::make(&both, 4));
    let logs = |set: &Dataset| -> Vec<(String, Vec<u8>)> {
        set.files()
            .into_iter()
            .filter(|(path, _)| path.starts_with("logs/"))
            .collect()
    };
    assert_eq!(logs(&one), logs(&four));
    let alone = Dataset::make(&format!("{HEAD}{BEATS}"), 1).entries();
    assert_eq!(
        one.entries().len(),
        alone.len() + Dataset::make(&format!("{HEAD}{VISITS}"), 1).entries().len()
    );
}

#[test]
fn tables_that_cannot_be_are_refused() {
    let whole = format!("{HEAD}{VISITS}");
    let _ = scenario(&whole);
    for (old, new, expected) in [
        (
            "sessions-per-day = 1200\n",
            "",
            "needs `sessions-per-day` or `every`",
        ),
        ("clients = 100000", "every = \"60s\"", "found both"),
        (
            "session-gaps = [7, 7]",
            "session-gaps = [7, 3]",
            "quantiles in ascending order",
        ),
        (
            "session-gaps = [7, 7]",
            "session-gaps = [7]",
            "2 to 1001 quantiles",
        ),
        (
            "session-gaps = [7, 7]",
            "session-gaps = [-1, nan]",
            "quantiles",
        ),
        ("weekly = [1.5, ", "weekly = [", "expected 7 numbers"),
        (
            "family = \"none\"",
            "family = \"nobody\"",
            "unknown variant `nobody`",
        ),
        ("status = 404", "status = 4040", "from 100 to 999"),
        ("share = 0.4", "share = 4", "a share from 0.0 to 1.0"),
    ] {
        assert!(whole.contains(old), "{old}");
        let text = whole.replacen(old, new, 1);
        match Scenario::from_source(&Source::new("a.toml", text.as_str())) {
            Ok(_) => panic!("not refused: {new}"),
            Err(findings) => {
                let message = findings.to_string();
                assert!(
                    message.contains(expected) && message.contains("a.toml:"),
                    "{expected} not in:\n{message}"
                );
            }
        }
    }
}
