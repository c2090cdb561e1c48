//! The fast engine against the careful detector, over arbitrary logs cut in arbitrary ways.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod oracle {
    pub(crate) mod exclusions;
    pub(crate) mod lines;
    pub(crate) mod rules;
}

#[path = "findings/engine.rs"]
mod found;

use flate2::Compression;
use flate2::write::GzEncoder;
use oracle::exclusions::{EXCLUSIONS, exclusions};
use oracle::lines::{Line, line, write_log};
use oracle::rules::rule;
use proptest::prelude::*;
use scanbench_detector::{
    Bad, Detection, Detector, Exclusions, LogFile, Notice, Rule, ScanOptions, Selection, Stopped,
    Totals, find_logs, scan,
};
use scanbench_w3c::{Field, Item, Reader};
use std::fmt::Write as _;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Lines that are no entries, and directives, to be strewn among those that are.
fn oddity() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "junk",
        "# a remark",
        "#Date: 2026-11-02 00:00:00",
        "2026-11-02 00:00:00 WEB01 10.0.0.1 / - 99999 10.0.0.10 - 200 0 0",
        "2026-11-02  00:00:30 WEB01 10.0.0.1 /  - 8003 10.0.0.10 -\t200 0 0",
        "#Fields: date time s-computername s-ip cs-uri-stem cs-uri-query s-port c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status",
        "#Fields: s-port c-ip time date s-ip\n8004 10.0.0.10 00:01:00 2026-11-02 10.0.0.1\n#Fields: date time s-computername s-ip cs-uri-stem cs-uri-query s-port c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status",
        "#Date: 2026-11-02 00:00:00\n#Fields: time s-port c-ip s-ip\n00:01:00 8005 10.0.0.10 10.0.0.1\n#Fields: date time s-computername s-ip cs-uri-stem cs-uri-query s-port c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status",
    ])
}

fn strewn(
    lines: &[Line],
    oddities: &[(prop::sample::Index, &'static str)],
    newline: &str,
) -> String {
    let log = write_log(lines);
    let mut all: Vec<&str> = log.lines().collect();
    for (place, oddity) in oddities {
        let place = place.index(all.len() + 1).max(1);
        all.insert(place, oddity);
    }
    let lines = all.iter().flat_map(|line| line.split('\n'));
    lines.flat_map(|line| [line, newline]).collect()
}

fn slow(logs: &[String], rule: &Rule, chosen: &[usize]) -> Detection {
    let mut detector = Detector::new(rule.clone(), exclusions(chosen));
    for log in logs {
        let mut reader = Reader::new(log.as_bytes()).unwrap();
        while let Some(item) = reader.next_item().unwrap() {
            if let Item::Entry(entry) = item {
                let named = entry.get(Field::SComputername).unwrap_or(b"set");
                detector.push(&entry, named);
            }
        }
    }
    detector.finish()
}

struct Fast {
    detection: Detection,
    totals: Totals,
    bad: Vec<String>,
}

fn fast(
    files: &[LogFile],
    rule: &Rule,
    exclusions: &Exclusions,
    options: &ScanOptions<'_>,
) -> Fast {
    let (mut bad, mut failures) = (Vec::new(), Vec::new());
    let (detection, totals) = scan(
        files,
        rule,
        exclusions,
        options,
        &mut |notice| match notice {
            Notice::Bad(_, Bad::Line(line)) => bad.push(line.to_string()),
            Notice::Broken(..) | Notice::Unreadable(..) | Notice::Refused(..) => {
                failures.push(format!("{notice:?}"));
            }
            _ => {}
        },
    )
    .unwrap();
    assert!(failures.is_empty(), "{failures:?}");
    bad.sort();
    Fast {
        detection,
        totals,
        bad,
    }
}

fn write_set(logs: &[String], packed: bool) -> (tempfile::TempDir, Vec<LogFile>) {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("set");
    std::fs::create_dir(&folder).unwrap();
    let mut paths: Vec<PathBuf> = Vec::new();
    for (index, log) in logs.iter().enumerate() {
        let path = folder.join(format!("{index}.log"));
        if packed {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(log.as_bytes()).unwrap();
            std::fs::write(&path, encoder.finish().unwrap()).unwrap();
        } else {
            std::fs::write(&path, log).unwrap();
        }
        paths.push(path);
    }
    let (files, errors) = find_logs(&paths);
    assert!(errors.is_empty());
    (scratch, files)
}

/// Clients of one port each, so that those who make rows are few among many.
const CROWD: [&str; 8] = [
    "198.51.100.1",
    "198.51.100.2",
    "198.51.100.3",
    "198.51.100.4",
    "198.51.100.5",
    "198.51.100.6",
    "198.51.100.7",
    "198.51.100.8",
];

fn of_the_crowd(second: u32, client: &'static str) -> Line {
    Line {
        second,
        client,
        computer: "WEB01",
        server: "10.0.0.1",
        port: Some(443),
        agent: "curl/8.0",
        stem: "/a/rather/long/path/that/many/ask/for",
        query: "-",
        status: "200 0",
        win32: "0",
    }
}

proptest! {
    /// forall logs with oddities, cuts into files, pieces and blocks, numbers of threads, instructions, rules and
    /// exclusions: rows, counts and bad lines are those of the careful detector.
    #[test]
    fn rows_are_those_of_the_careful_detector(
        mut lines in prop::collection::vec(line(), 1..120),
        is_sorted in prop::bool::weighted(0.7),
        cut in any::<prop::sample::Index>(),
        oddities in prop::collection::vec((any::<prop::sample::Index>(), oddity()), 0..6),
        newline in prop::sample::select(vec!["\n", "\r\n"]),
        rule in rule(),
        chosen in prop::sample::subsequence((0..EXCLUSIONS.len()).collect::<Vec<_>>(), 0..=3),
        (threads, block_bytes, piece_bytes) in (1_usize..4, 1_usize..400, 1_usize..2000),
        (packed, portable, unsorted) in (prop::bool::weighted(0.2), any::<bool>(), prop::bool::weighted(0.2)),
        // A log that is being written may end within a line.
        is_ended in any::<bool>(),
        lateness in prop::option::weighted(0.2, 0_u64..100),
        crowd in prop::collection::vec((0_u32..240, prop::sample::select(CROWD.to_vec())), 0..300),
    ) {
        lines.extend(crowd.into_iter().map(|(second, client)| of_the_crowd(second, client)));
        if is_sorted {
            lines.sort_by_key(|line| line.second);
        }
        let cut = cut.index(lines.len());
        let mut logs = [
            strewn(&lines[..cut], &oddities, newline),
            strewn(&lines[cut..], &[], newline),
        ];
        if !is_ended {
            for log in &mut logs {
                log.truncate(log.len() - newline.len());
            }
        }
        let (_scratch, files) = write_set(&logs, packed);
        let cancelled = AtomicBool::new(false);
        let options = ScanOptions {
            threads: NonZeroUsize::new(threads).unwrap(),
            block_bytes,
            piece_bytes,
            portable,
            unsorted,
            lateness: Duration::from_secs(lateness.unwrap_or(0)),
            ..ScanOptions::new(&cancelled)
        };
        let slow = slow(&logs, &rule, &chosen);
        let fast = fast(&files, &rule, &exclusions(&chosen), &options);
        for selection in [Selection::None, Selection::All, Selection::Only(0), Selection::Without(0)] {
            prop_assert_eq!(slow.alerts(&selection), fast.detection.alerts(&selection));
        }
        let options = ScanOptions { counts_matches: false, ..options };
        let uncounted = self::fast(&files, &rule, &exclusions(&chosen), &options).detection;
        for selection in [Selection::None, Selection::All, Selection::Only(0), Selection::Without(0)] {
            prop_assert_eq!(slow.alerts(&selection), uncounted.alerts(&selection));
        }
        let taken = |detection: &Detection| -> Vec<_> {
            let suppressed = detection.suppressed().into_iter();
            suppressed.map(|row| (row.alert, row.matched_by, row.removed_alone_by)).collect()
        };
        prop_assert_eq!(taken(&slow), taken(&uncounted));
        if !chosen.is_empty() {
            prop_assert_eq!(slow.span(), uncounted.span());
        }
        prop_assert_eq!(slow.lines(), fast.detection.lines());
        prop_assert_eq!(slow.suppressed_lines(), fast.detection.suppressed_lines());
        for index in 0..chosen.len() {
            prop_assert_eq!(slow.matched_lines(index), fast.detection.matched_lines(index));
        }
        // Every line is told as what the careful reader says it is, at the same place.
        let mut bad = Vec::new();
        let mut counts = scanbench_w3c::Counts::default();
        for log in &logs {
            let mut reader = Reader::new(log.as_bytes()).unwrap();
            while let Some(item) = reader.next_item().unwrap() {
                if let Item::Bad(line) = item {
                    bad.push(line.to_string());
                }
            }
            counts.add(&reader.counts());
        }
        bad.sort();
        prop_assert_eq!(fast.bad, bad);
        prop_assert_eq!(fast.totals.counts, counts);
        prop_assert_eq!(fast.totals.failed, 0);
    }
}

proptest! {
    /// forall logs that overlap in any way, each in order of time, cuts into pieces and numbers of threads: no line
    /// comes after its bin was final, so all are read once; and rows are those of the careful detector.
    #[test]
    fn logs_in_order_of_time_are_read_once(
        mut logs in prop::collection::vec(prop::collection::vec(line(), 1..60), 1..8),
        rule in rule(),
        (threads, block_bytes) in (1_usize..4, 1_usize..400),
        // Whether each is taken alone, or many together, depends on how large a piece is.
        piece_bytes in prop_oneof![1_usize..2000, Just(64 << 10), Just(8 << 20)],
        packed in prop::bool::weighted(0.2),
    ) {
        for lines in &mut logs {
            lines.sort_by_key(|line| line.second);
        }
        let logs: Vec<String> = logs.iter().map(|lines| write_log(lines)).collect();
        let (_scratch, files) = write_set(&logs, packed);
        let cancelled = AtomicBool::new(false);
        let options = ScanOptions {
            threads: NonZeroUsize::new(threads).unwrap(),
            block_bytes,
            piece_bytes,
            ..ScanOptions::new(&cancelled)
        };
        let slow = slow(&logs, &rule, &[]);
        let fast = fast(&files, &rule, &exclusions(&[]), &options);
        prop_assert_eq!(fast.totals.readings, 1);
        prop_assert_eq!(slow.alerts(&Selection::All), fast.detection.alerts(&Selection::All));
        prop_assert_eq!(slow.lines(), fast.detection.lines());
    }
}

proptest! {
    /// forall logs, rules, limits of memory and numbers of threads: rows and counts within a limit are those of the
    /// careful detector, unless the rows alone are over it.
    #[test]
    fn a_limit_of_memory_changes_no_row(
        mut lines in prop::collection::vec(line(), 1..120),
        is_sorted in prop::bool::weighted(0.7),
        rule in rule(),
        chosen in prop::sample::subsequence((0..EXCLUSIONS.len()).collect::<Vec<_>>(), 0..=3),
        (threads, limit) in (1_usize..4, 8_000_u64..300_000),
        packed in any::<bool>(),
        crowd in prop::collection::vec((0_u32..240, prop::sample::select(CROWD.to_vec())), 0..300),
    ) {
        lines.extend(crowd.into_iter().map(|(second, client)| of_the_crowd(second, client)));
        if is_sorted {
            lines.sort_by_key(|line| line.second);
        }
        let logs = [write_log(&lines)];
        let (_scratch, files) = write_set(&logs, packed);
        let cancelled = AtomicBool::new(false);
        let options = ScanOptions {
            threads: NonZeroUsize::new(threads).unwrap(),
            max_memory: Some(limit),
            ..ScanOptions::new(&cancelled)
        };
        let slow = slow(&logs, &rule, &chosen);
        let found = scan(&files, &rule, &exclusions(&chosen), &options, &mut |_| {});
        prop_assume!(!matches!(found, Err(Stopped::Memory { .. })));
        let (fast, totals) = found.unwrap();
        for selection in [Selection::None, Selection::All, Selection::Only(0), Selection::Without(0)] {
            prop_assert_eq!(slow.alerts(&selection), fast.alerts(&selection));
        }
        prop_assert_eq!(slow.lines(), fast.lines());
        prop_assert_eq!(slow.suppressed_lines(), fast.suppressed_lines());
        for index in 0..chosen.len() {
            prop_assert_eq!(slow.matched_lines(index), fast.matched_lines(index));
        }
        prop_assert_eq!(totals.counts.entries, lines.len() as u64);
    }
}

/// More logs than are looked at by one thread, and than are taken together; the last ones begin first.
#[test]
fn many_small_logs() {
    let logs: Vec<String> = (0..300)
        .map(|log| {
            let second = (300 - log) * 7;
            let mut line = of_the_crowd(second, "192.0.2.1");
            line.port = Some(u16::try_from(log).unwrap());
            write_log(&[of_the_crowd(second, "192.0.2.2"), line])
        })
        .collect();
    let (_scratch, files) = write_set(&logs, false);
    let cancelled = AtomicBool::new(false);
    for threads in [1, 2, 5] {
        let options = ScanOptions {
            threads: NonZeroUsize::new(threads).unwrap(),
            ..ScanOptions::new(&cancelled)
        };
        let found = fast(&files, &Rule::default(), &Exclusions::default(), &options);
        assert_eq!((found.totals.logs, found.totals.readings), (300, 1));
        assert_eq!(found.totals.counts.entries, 600);
        // A port each seven seconds, from second 7 to 2100: 85 before second 600, then 86, 86 and 43. Rows with more
        // come first.
        let alerts = found.detection.alerts(&Selection::All);
        let ports: Vec<u64> = alerts.iter().map(|alert| alert.port_count).collect();
        assert_eq!(ports, [86, 86, 85, 43]);
    }
}

/// Text of a packed log is taken in lots of 4 MiB; the second bad line lies in a later one than the first.
#[test]
fn a_packed_log_is_left_at_the_first_bad_line_too_many() {
    let good = "2026-11-02 10:00:00 10.0.0.1 80 192.0.2.1\n".repeat((5 << 20) / 40);
    let log = format!("#Fields: date time s-ip s-port c-ip\nbad\n{good}bad\n{good}");
    let (_scratch, files) = write_set(&[log], true);
    let cancelled = AtomicBool::new(false);
    let options = ScanOptions {
        threads: NonZeroUsize::MIN,
        max_bad_lines: Some(0),
        ..ScanOptions::new(&cancelled)
    };
    let mut told = 0;
    let stopped = scan(
        &files,
        &Rule::default(),
        &Exclusions::default(),
        &options,
        &mut |notice| told += u32::from(matches!(notice, Notice::Bad(..))),
    );
    let (count, allowed) = (1, 0);
    assert_eq!(stopped.unwrap_err(), Stopped::BadLines { count, allowed });
    assert_eq!(told, 1);
}

/// The log of a server that got other fields in mid-file: as many of them, in another order. Who went on with the old
/// ones would take the one status for the port.
#[test]
fn as_many_fields_in_another_order() {
    let mut log = "#Fields: date time s-ip s-port c-ip sc-status\n\
                   2026-11-02 10:00:00 10.0.0.1 80 192.0.2.9 200\n\
                   #Fields: date time s-ip sc-status c-ip s-port\n"
        .to_owned();
    for port in 8000..8030 {
        writeln!(log, "2026-11-02 10:00:01 10.0.0.1 200 192.0.2.7 {port}").unwrap();
    }
    let (_scratch, files) = write_set(&[log], false);
    let cancelled = AtomicBool::new(false);
    let options = ScanOptions::new(&cancelled);
    let found = fast(&files, &Rule::default(), &Exclusions::default(), &options);
    let alerts = found.detection.alerts(&Selection::All);
    let rows: Vec<_> = alerts.iter().map(|alert| alert.port_count).collect();
    assert_eq!(rows, [30]);
}

/// A line without a port counts as none: twenty ports and such a line are twenty, the least that nearly makes a row.
#[test]
fn a_hyphen_is_no_port() {
    for (ports, near_misses) in [(19, 0), (20, 1)] {
        let mut log = "#Fields: date time s-ip s-port c-ip\n".to_owned();
        for port in 0..ports {
            writeln!(
                log,
                "2026-11-02 10:00:00 10.0.0.1 {} 192.0.2.7",
                8000 + port
            )
            .unwrap();
        }
        log += "2026-11-02 10:00:00 10.0.0.1 - 192.0.2.7\n";
        let (_scratch, files) = write_set(&[log], false);
        let cancelled = AtomicBool::new(false);
        let options = ScanOptions::new(&cancelled);
        let found = fast(&files, &Rule::default(), &Exclusions::default(), &options);
        let stats = found.totals.stats.unwrap();
        assert_eq!((stats.most, stats.near_misses), (ports, near_misses));
    }
}
