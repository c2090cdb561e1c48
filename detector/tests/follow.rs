//! Followed logs against the same logs read at once, over chunks of any size, rollovers, new sites and crashes.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod growing {
    pub(crate) mod plan;
}

use growing::plan::{EXCLUSIONS, Random, Writer, plan};
use proptest::prelude::*;
use scanbench_detector::{
    Checkpoint, Exclusions, FollowNotice, FollowOptions, FollowedRow, Follower, LogFile, Round,
    Rule, ScanOptions, Schedule, Selection, Window, find_logs, scan,
};
use scanbench_spec::Source;
use scanbench_w3c::{Reader, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

fn exclusions() -> Exclusions {
    Exclusions::from_source(&Source::new("exclusions.toml", EXCLUSIONS)).unwrap()
}

fn options(folder: &Path) -> FollowOptions {
    FollowOptions {
        paths: vec![folder.to_owned()],
        computer: None,
        lateness: Duration::from_mins(1),
        from_start: true,
        max_memory: None,
    }
}

fn rule(random: &mut Random) -> Rule {
    let width = Duration::from_mins(10);
    // Of windows that move, few lines make a row: else one would go on from the first line to the last.
    let (window, threshold) = match random.below(6) {
        0 => (
            Window::Hopping {
                width,
                step: Duration::from_mins(4),
            },
            8,
        ),
        1 => (Window::Tumbling { width }, 8),
        2 | 3 => (
            Window::Sliding {
                width: Duration::from_secs(60 + random.below(120)),
            },
            3 + random.below(4),
        ),
        _ => (
            Window::Session {
                gap: Duration::from_secs(20 + random.below(80)),
            },
            2 + random.below(8),
        ),
    };
    // Runs that overlap, leave gaps, or do neither.
    let schedule = Schedule {
        start: Timestamp::from_millis(1_793_572_260_000 + 1000 * random.below(7200).cast_signed()),
        every: Duration::from_secs(300 + random.below(1800)),
        period: Duration::from_secs(300 + random.below(3600)),
    };
    let is_fixed = matches!(window, Window::Hopping { .. } | Window::Tumbling { .. });
    let is_scheduled = is_fixed && random.below(2) == 0;
    Rule {
        schedule: is_scheduled.then_some(schedule),
        window,
        threshold,
        set_limit: std::num::NonZeroUsize::new(20),
        ..Rule::default()
    }
}

fn is_fixed(rule: &Rule) -> bool {
    matches!(
        rule.window,
        Window::Tumbling { .. } | Window::Hopping { .. }
    )
}

/// The rows of all logs at once, as JSON, by what tells them apart.
fn batch(folder: &Path, rule: &Rule) -> BTreeMap<String, Value> {
    static CANCELLED: AtomicBool = AtomicBool::new(false);
    let (logs, errors) = find_logs(&[folder.to_owned()]);
    assert!(errors.is_empty());
    let mut options = ScanOptions::new(&CANCELLED);
    options.unsorted = true;
    let (detection, _) = scan(&logs, rule, &exclusions(), &options, &mut |_| {}).unwrap();
    detection
        .alerts(&Selection::All)
        .iter()
        .map(|alert| serde_json::to_value(alert).unwrap())
        .map(|row| (key(&row), row))
        .collect()
}

/// Bad lines of all logs, by the careful reader.
fn bad_lines(folder: &Path) -> u64 {
    let (logs, _) = find_logs(&[folder.to_owned()]);
    let of = |log: &LogFile| {
        let file = fs::File::open(log.path.as_ref().unwrap()).unwrap();
        let mut reader = Reader::new(file).unwrap();
        while reader.next_item().unwrap().is_some() {}
        reader.counts().bad
    };
    logs.iter().map(of).sum()
}

fn key(row: &Value) -> String {
    ["TimeGenerated", "cIP", "Computer", "sIP", "Run"]
        .map(|column| row[column].as_str().unwrap_or_default())
        .join(" ")
}

/// Whether a row that was told is of the stretch of one that closed, or of the same fixed window.
fn is_of(open: &Value, closed: &Value, rule: &Rule) -> bool {
    let same = |columns: &[&str]| columns.iter().all(|column| open[column] == closed[column]);
    let time = |row: &Value, column: &str| row[column].as_str().unwrap().to_owned();
    let inside = || {
        time(open, "TimeGenerated") >= time(closed, "TimeGenerated")
            && time(open, "WindowEnd") <= time(closed, "WindowEnd")
    };
    same(&["cIP", "Computer", "sIP"])
        && if is_fixed(rule) {
            same(&["TimeGenerated"])
        } else {
            inside()
        }
}

/// Checks rows as printed, repeats and all, against those of the whole logs: each was told once before it closed.
fn check(printed: &[String], expected: &BTreeMap<String, Value>, rule: &Rule) {
    let mut by_id: BTreeMap<String, &String> = BTreeMap::new();
    let mut open: Vec<Value> = Vec::new();
    let mut closed: BTreeMap<String, Value> = BTreeMap::new();
    for text in printed {
        let mut row: Value = serde_json::from_str(text).unwrap();
        let id = row["id"].as_str().unwrap().to_owned();
        if let Some(before) = by_id.insert(id.clone(), text) {
            assert_eq!(before, text, "one id, two rows");
            continue;
        }
        let state = row["state"].as_str().unwrap().to_owned();
        assert!(id.ends_with(&state));
        let shown = row.as_object_mut().unwrap();
        for extra in ["id", "state", "latency_ms", "log_latency_ms"] {
            let there = shown.remove(extra).is_some();
            assert_eq!(there, state == "open" || !extra.ends_with("_ms"), "{extra}");
        }
        if state == "open" {
            let is_late = closed.values().any(|closed| is_of(&row, closed, rule));
            assert!(!is_late, "told when its window had closed: {rule:?} {row}");
            let is_again = !is_fixed(rule) && open.iter().any(|open| is_of(open, &row, rule));
            assert!(!is_again, "told again: {rule:?} {row}");
            open.push(row);
        } else {
            let before = open.iter().filter(|open| is_of(open, &row, rule)).count();
            // Where a log is found late, its lines may join stretches that were told apart.
            // Of a run nothing is told before it is due.
            let is_right =
                before == usize::from(rule.schedule.is_none()) || (before > 1 && !is_fixed(rule));
            assert!(is_right, "told {before} times: {rule:?} {row}");
            assert!(closed.insert(key(&row), row).is_none(), "closed twice");
        }
    }
    let missing: Vec<&String> = expected
        .keys()
        .filter(|key| !closed.contains_key(*key))
        .collect();
    let surplus: Vec<&String> = closed
        .keys()
        .filter(|key| !expected.contains_key(*key))
        .collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "missing {missing:?}, surplus {surplus:?}, {rule:?}"
    );
    for (key, row) in &closed {
        assert_eq!(row, &expected[key], "{rule:?}");
    }
    for open in &open {
        let closed = closed
            .values()
            .find(|closed| is_of(open, closed, rule))
            .unwrap();
        assert!(open["portCount"].as_u64() <= closed["portCount"].as_u64());
    }
}

/// How many searches found nothing.
fn quiet_for(before: u32, round: &Round, writing: bool) -> u32 {
    if writing || round.more || round.bytes > 0 {
        return 0;
    }
    before + u32::from(round.searched)
}

/// Reads until nothing is left.
fn drain(follower: &mut Follower, out: &mut Vec<FollowedRow>) {
    let mut quiet = 0;
    while quiet < 3 {
        let round = follower.round(&mut |_| {});
        quiet = quiet_for(quiet, &round, false);
        out.extend(round.rows);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// forall seeds: however the logs come, the closed rows are those of the whole logs, and each was told before.
    #[test]
    fn closed_rows_are_those_of_the_whole_logs(seed: u64) {
        let folder = tempfile::tempdir().unwrap();
        let mut random = Random(seed);
        let rule = rule(&mut random);
        let lines = plan(&mut random);
        let mut writer = Writer::new(folder.path(), &lines);
        let mut follower =
            Follower::new(rule.clone(), exclusions(), options(folder.path()), None, &mut |_| {}).unwrap();
        let mut rows = Vec::new();
        while writer.write(&mut random) {
            let round = follower.round(&mut |notice| {
                assert!(!matches!(notice, FollowNotice::Late(..) | FollowNotice::Replaced(_)));
            });
            rows.extend(round.rows);
        }
        drain(&mut follower, &mut rows);
        let before_end = rows.len();
        rows.extend(follower.close_all());
        let printed: Vec<String> = rows.iter().map(|row| row.json.clone()).collect();
        let expected = batch(folder.path(), &rule);
        if is_fixed(&rule) {
            // Most windows closed on the way; of runs, which may miss all, there are no open rows.
            prop_assert!(rule.schedule.is_some() || !expected.is_empty());
            prop_assert!(rule.schedule.is_some() || before_end > expected.len());
        }
        check(&printed, &expected, &rule);
        let totals = follower.totals();
        prop_assert_eq!(totals.late, 0);
        prop_assert!(totals.lines > 0 && totals.suppressed_lines > 0);
        prop_assert_eq!(totals.bad, bad_lines(folder.path()));
    }

    /// forall seeds: the same over crashes at any moment, with a checkpoint.
    #[test]
    fn crashes_lose_nothing(seed: u64) {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        let file = folder.path().join("checkpoint.json");
        fs::create_dir(&logs).unwrap();
        let mut random = Random(seed);
        let rule = rule(&mut random);
        let lines = plan(&mut random);
        let mut writer = Writer::new(&logs, &lines);
        let mut printed = Vec::new();
        let mut is_over = false;
        while !is_over {
            let (mut checkpoint, resume) = Checkpoint::open(&file).unwrap();
            if let Some(resume) = &resume {
                printed.extend(resume.untold.iter().cloned());
            }
            let mut follower =
                Follower::new(rule.clone(), exclusions(), options(&logs), resume, &mut |_| {}).unwrap();
            follower.save(&mut checkpoint).unwrap();
            let mut quiet = 0;
            is_over = loop {
                let writing = writer.write(&mut random);
                let round = follower.round(&mut |notice| assert!(!matches!(notice, FollowNotice::Replaced(_))));
                quiet = quiet_for(quiet, &round, writing);
                let rows = if quiet > 3 { follower.close_all() } else { round.rows };
                // Where the run is cut: before, between and behind the steps of telling.
                let is_cut = random.below(20) == 0 && (writing || !rows.is_empty());
                let cut = if is_cut { random.below(4) } else { 9 };
                if cut == 0 {
                    break false;
                }
                if !rows.is_empty() {
                    checkpoint.write(&rows).unwrap();
                    if cut == 1 {
                        break false;
                    }
                    printed.extend(rows.iter().map(|row| row.json.clone()));
                    if cut == 2 {
                        break false;
                    }
                    checkpoint.mark(rows.len()).unwrap();
                }
                if random.below(10) == 0 || quiet > 3 {
                    follower.save(&mut checkpoint).unwrap();
                }
                if cut == 3 {
                    break false;
                }
                if quiet > 3 {
                    break true;
                }
            };
            prop_assert_eq!(follower.totals().late, 0);
        }
        check(&printed, &batch(&logs, &rule), &rule);
    }
}
