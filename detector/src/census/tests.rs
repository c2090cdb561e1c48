//! The census against counts by hand, and against a slow count.

use super::*;
use crate::find_logs;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const MINUTE: Duration = Duration::from_mins(1);

fn counted(logs: &[(&str, &str)], widths: &[Duration], least: u64, watched: &[&str]) -> Census {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in logs {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let (files, errors) = find_logs(&[folder.path().to_owned()]);
    assert!(errors.is_empty());
    let options = CensusOptions {
        widths,
        least,
        watched: &watched.iter().map(|text| (*text).to_owned()).collect(),
        computer: None,
        cancelled: &AtomicBool::new(false),
    };
    census(&files, &Rule::default(), &options).unwrap()
}

fn at(time: &str) -> Timestamp {
    Timestamp::parse_log(b"2026-11-02", time.as_bytes()).unwrap()
}

/// Two sites of one server: their lines of one client stand in one bin. Counted by hand.
#[test]
fn a_small_log() {
    let fields = "#Fields: date time s-ip s-port c-ip sc-status\n";
    let one = format!(
        "{fields}2026-11-02 10:00:00 10.0.0.1 80 192.0.2.1 404\n\
         2026-11-02 10:00:59 10.0.0.1 80 192.0.2.1 200\n\
         2026-11-02 10:01:00 10.0.0.1 80 192.0.2.2 404\n"
    );
    let two = format!(
        "{fields}2026-11-02 10:00:30 10.0.0.1 81 192.0.2.1 404\n\
         2026-11-02 10:04:00 10.0.0.1 81 192.0.2.1 404\nno line\n"
    );
    let logs = [
        ("WEB01/W3SVC1/u_ex261102.log", one.as_str()),
        ("WEB01/W3SVC2/u_ex261102.log", &two),
    ];
    let census = counted(&logs, &[MINUTE, 5 * MINUTE], 2, &["192.0.2.2"]);
    assert_eq!(census.first, Some(at("10:00:00")));
    assert_eq!(census.last, Some(at("10:04:00")));
    let clients: Vec<&str> = census.keys.iter().map(|key| key.c_ip.as_str()).collect();
    assert_eq!(clients, ["192.0.2.1", "192.0.2.2"]);
    let bin = |start, key, requests, not_found, first, last| CensusBin {
        start: at(start),
        key,
        requests,
        not_found,
        first: at(first),
        last: at(last),
    };
    let minutes = CensusWidth {
        busy: vec![
            (at("10:00:00"), 1),
            (at("10:01:00"), 1),
            (at("10:04:00"), 1),
        ],
        listed: vec![
            bin("10:00:00", 0, 3, 2, "10:00:00", "10:00:59"),
            bin("10:01:00", 1, 1, 1, "10:01:00", "10:01:00"),
        ],
    };
    let fives = CensusWidth {
        busy: vec![(at("10:00:00"), 2)],
        listed: vec![
            bin("10:00:00", 0, 4, 3, "10:00:00", "10:04:00"),
            bin("10:00:00", 1, 1, 1, "10:01:00", "10:01:00"),
        ],
    };
    assert_eq!(census.widths, [minutes, fives]);
}

/// Nobody writes to the pipe, so that to open it would be to wait for ever.
#[cfg(unix)]
#[test]
fn a_pipe_in_a_folder_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let log = "#Fields: date time s-ip c-ip\n2026-11-02 10:00:00 10.0.0.1 192.0.2.1\n";
    std::fs::write(folder.path().join("a.log"), log).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path().join("pipe.log"))
        .status();
    assert!(made.unwrap().success());
    let (files, _) = find_logs(&[folder.path().to_owned()]);
    assert_eq!(files.len(), 2);
    let options = CensusOptions {
        widths: &[MINUTE],
        least: 1,
        watched: &HashSet::new(),
        computer: None,
        cancelled: &AtomicBool::new(false),
    };
    let census = census(&files, &Rule::default(), &options).unwrap();
    assert_eq!(census.widths[0].bins(), 1);
}

/// What was found and is gone is no log without lines: a count of a part is none of the whole.
#[test]
fn a_log_that_vanished_ends_the_count() {
    let folder = tempfile::tempdir().unwrap();
    let log = "#Fields: date time s-ip c-ip\n2026-11-02 10:00:00 10.0.0.1 192.0.2.1\n";
    for name in ["a.log", "b.log"] {
        std::fs::write(folder.path().join(name), log).unwrap();
    }
    let (files, _) = find_logs(&[folder.path().to_owned()]);
    std::fs::remove_file(folder.path().join("b.log")).unwrap();
    let options = CensusOptions {
        widths: &[MINUTE],
        least: 1,
        watched: &HashSet::new(),
        computer: None,
        cancelled: &AtomicBool::new(false),
    };
    match census(&files, &Rule::default(), &options) {
        Err(Stopped::Changed { log, .. }) => assert!(log.ends_with("b.log"), "{log}"),
        other => panic!("{other:?}"),
    }
}

proptest! {
    /// forall lines, dealt to logs in any order of time: bins and counts are those of a map from bin and client.
    #[test]
    fn bins_are_those_of_a_slow_count(
        lines in prop::collection::vec((0_usize..3, 0_u32..14_400, 0_u8..3, any::<bool>()), 0..80),
        least in 1_u64..4,
    ) {
        let mut logs = vec!["#Fields: date time s-ip s-port c-ip sc-status\n".to_owned(); 3];
        for (log, second, client, is_missing) in &lines {
            let (hour, minute) = (second / 3600, second / 60 % 60);
            let status = if *is_missing { 404 } else { 200 };
            writeln!(
                logs[*log],
                "2026-11-02 {hour:02}:{minute:02}:{:02} 10.0.0.1 80 192.0.2.{client} {status}",
                second % 60
            ).unwrap();
        }
        let names = ["WEB01/W3SVC1/a.log", "WEB01/W3SVC2/b.log", "WEB01/W3SVC3/c.log"];
        let logs: Vec<(&str, &str)> = names.into_iter().zip(logs.iter().map(String::as_str)).collect();
        let widths = [MINUTE, 10 * MINUTE, 60 * MINUTE];
        let census = counted(&logs, &widths, least, &["192.0.2.2"]);
        for (width, found) in widths.iter().zip(&census.widths) {
            let width = u32::try_from(width.as_secs()).unwrap();
            let mut slow: BTreeMap<(u32, u8), (u64, u64)> = BTreeMap::new();
            for (_, second, client, is_missing) in &lines {
                let counts = slow.entry((second / width, *client)).or_default();
                counts.0 += 1;
                counts.1 += u64::from(*is_missing);
            }
            prop_assert_eq!(found.bins(), slow.len() as u64);
            let mut busy: BTreeMap<Timestamp, u64> = BTreeMap::new();
            for (number, _) in slow.keys() {
                let start = at("00:00:00").plus(Duration::from_secs(u64::from(number * width)));
                *busy.entry(start).or_default() += 1;
            }
            prop_assert_eq!(&found.busy, &busy.into_iter().collect::<Vec<_>>());
            let expected: BTreeSet<(Timestamp, String, u64, u64)> = slow
                .iter()
                .filter(|((_, client), (requests, _))| *requests >= least || *client == 2)
                .map(|((number, client), (requests, not_found))| {
                    let start = at("00:00:00").plus(Duration::from_secs(u64::from(number * width)));
                    (start, format!("192.0.2.{client}"), *requests, *not_found)
                })
                .collect();
            let listed: Vec<_> = found
                .listed
                .iter()
                .map(|bin| (bin.start, census.keys[bin.key].c_ip.clone(), bin.requests, bin.not_found))
                .collect();
            prop_assert_eq!(listed.len(), expected.len());
            prop_assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), expected);
        }
    }
}
