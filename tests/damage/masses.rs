//! Very many of one thing: memory follows what may make a row, not the log.

use super::case::{Outcome, detect};
use super::samples::HEADER;
use std::fmt::Write as _;
use std::fs;

const MILLION: u64 = 1_000_000;

/// Runs over a log of these lines.
fn run(header: &str, count: u64, line: impl Fn(&mut String, u64)) -> Outcome {
    run_with(header, count, line, &["a.log"])
}

fn run_with(
    header: &str,
    count: u64,
    line: impl Fn(&mut String, u64),
    arguments: &[&str],
) -> Outcome {
    let scratch = tempfile::tempdir().unwrap();
    let mut log = header.to_owned();
    for number in 0..count {
        line(&mut log, number);
        log.push('\n');
    }
    fs::write(scratch.path().join("a.log"), log).unwrap();
    detect(scratch.path(), arguments, None)
}

/// Each bin has a row, so each is looked at again; but not the whole log for each.
#[test]
fn six_thousand_bins_with_a_scan_each() {
    let line = |log: &mut String, number: u64| {
        let (second, port) = (number / 30, 8000 + number % 30);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(
            log,
            "2026-11-02 {hour:02}:{minute:02}:{second:02} 10.0.0.1 {port} 192.0.2.7"
        )
        .unwrap();
    };
    let arguments = ["a.log", "--bin", "1s"];
    let outcome = run_with(HEADER, 180_000, line, &arguments);
    outcome.check(0, &["0 bad lines, 6,000 rows"], Some(180_000));
}

#[test]
fn six_thousand_bins_by_turns_with_a_scan_each() {
    // Line by line another bin: far from the order of time.
    let line = |log: &mut String, number: u64| {
        let (second, port) = (number % 6000, 8000 + number / 6000);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(
            log,
            "2026-11-02 {hour:02}:{minute:02}:{second:02} 10.0.0.1 {port} 192.0.2.7"
        )
        .unwrap();
    };
    let arguments = ["a.log", "--bin", "1s"];
    let outcome = run_with(HEADER, 180_000, line, &arguments);
    outcome.check(
        0,
        &["0 bad lines, 6,000 rows", "not in order of time"],
        Some(180_000),
    );
}

#[test]
fn a_million_clients_in_one_bin() {
    let outcome = run(HEADER, MILLION, |log, number| {
        let [_, a, b, c] = u32::try_from(number).unwrap().to_be_bytes();
        write!(log, "2026-11-02 10:00:00 10.0.0.1 80 10.{a}.{b}.{c}").unwrap();
    });
    outcome.check(0, &["0 bad lines, 0 rows"], Some(MILLION));
}

#[test]
fn a_million_ipv6_clients_in_one_bin() {
    let outcome = run(HEADER, MILLION, |log, number| {
        let (a, b) = (number >> 8, number & 0xff);
        write!(
            log,
            "2026-11-02 10:00:00 10.0.0.1 80 2001:db8:85a3:{a:x}:{b:x}:8a2e:370:7334"
        )
        .unwrap();
    });
    outcome.check(0, &["0 bad lines, 0 rows"], Some(MILLION));
}

#[test]
fn a_million_clients_that_are_no_addresses() {
    let outcome = run(HEADER, MILLION, |log, number| {
        write!(log, "2026-11-02 10:00:00 10.0.0.1 80 {number:0>60}").unwrap();
    });
    outcome.check(0, &["0 bad lines, 0 rows"], Some(MILLION));
}

#[test]
fn a_million_queries_of_one_scanner() {
    let header = HEADER.replace('\n', " cs-uri-query cs(User-Agent)\n");
    let outcome = run(&header, MILLION, |log, number| {
        let port = number % 65_536;
        write!(
            log,
            "2026-11-02 10:00:00 10.0.0.1 {port} 192.0.2.7 q={number:0>40} agent/{number}"
        )
        .unwrap();
    });
    outcome.check(0, &["0 bad lines, 1 row"], Some(MILLION));
}

#[test]
fn ten_thousand_scanners_in_one_bin() {
    let outcome = run(HEADER, 300_000, |log, number| {
        let (client, port) = (number / 30, 8000 + number % 30);
        write!(
            log,
            "2026-11-02 10:00:00 10.0.0.1 {port} 10.0.{}.{}",
            client / 256,
            client % 256
        )
        .unwrap();
    });
    outcome.check(0, &["0 bad lines, 10,000 rows"], Some(300_000));
}

#[test]
fn three_hundred_thousand_bins() {
    let outcome = run(HEADER, 300_000, |log, number| {
        let (day, minute) = (number / 144, number % 144 * 10);
        let (year, month, day) = (2000 + day / 336, 1 + day % 336 / 28, 1 + day % 28);
        let (hour, minute) = (minute / 60, minute % 60);
        write!(
            log,
            "{year}-{month:02}-{day:02} {hour:02}:{minute:02}:00 10.0.0.1 80 192.0.2.7"
        )
        .unwrap();
    });
    // A piece of a log is taken whole, and each bin in it takes 1.3 KiB: 406 MiB were measured.
    outcome.check_within(0, &["0 bad lines, 0 rows"], Some(300_000), 440);
}

#[test]
fn a_hundred_thousand_servers() {
    let outcome = run(HEADER, 100_000, |log, number| {
        write!(log, "2026-11-02 10:00:00 server-{number} 80 192.0.2.7").unwrap();
    });
    outcome.check(0, &["0 bad lines, 0 rows"], Some(100_000));
}

#[test]
fn sixteen_million_bad_lines() {
    let scratch = tempfile::tempdir().unwrap();
    let log = format!("{HEADER}{}", "x\n".repeat(16_000_000));
    fs::write(scratch.path().join("a.log"), log).unwrap();
    let outcome = detect(scratch.path(), &["a.log"], None);
    outcome.check(
        0,
        &[
            "2:2: expected 5 values",
            "16,000,000 bad lines",
            "more bad lines",
        ],
        Some(0),
    );
}
