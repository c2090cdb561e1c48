//! Packed logs that one thread unpacks while another looks: what comes of them is what one thread makes of them.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use flate2::Compression;
use flate2::write::GzEncoder;
use scanbench_detector::{
    Exclusions, Notice, Rule, ScanOptions, Selection, Stopped, find_logs, scan,
};
use std::fmt::Write as _;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};

const LINES: u32 = 60_000;

/// A day in which one client is on forty ports at its very beginning, with the text `odd` as line `at`.
fn log(at: u32, odd: &str) -> String {
    let mut log = String::from("#Fields: date time s-ip cs-uri-stem s-port c-ip\n");
    for line in 0..LINES {
        if line == at {
            writeln!(log, "{odd}").unwrap();
        }
        let (port, client) = if line < 40 {
            (8000 + line, 1)
        } else {
            (80, 2 + line.wrapping_mul(2_654_435_761) % 200)
        };
        let (hour, minute, second) = (line / 3600, line / 60 % 60, line % 60);
        writeln!(
            log,
            "2026-11-02 {hour:02}:{minute:02}:{second:02} 10.0.0.1 /{line} {port} 192.0.2.{client}"
        )
        .unwrap();
    }
    log
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &str) -> Vec<u8> {
    zstd::encode_all(text.as_bytes(), 3).unwrap()
}

/// Overwritten from the middle on, so far.
fn overwritten(mut packed: Vec<u8>, bytes: usize) -> Vec<u8> {
    let middle = packed.len() / 2;
    let end = packed.len().min(middle.saturating_add(bytes));
    packed[middle..end].fill(0xff);
    packed
}

/// Rows, lines, and what was said of files that break off.
#[derive(Debug, PartialEq)]
struct Outcome {
    rows: Vec<String>,
    entries: u64,
    broken: Vec<String>,
}

fn run(
    packed: &[u8],
    threads: usize,
    max_bad_lines: Option<u64>,
    cancelled: &AtomicBool,
) -> Result<Outcome, Stopped> {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("a.log");
    std::fs::write(&path, packed).unwrap();
    let (files, errors) = find_logs(&[path]);
    assert!(errors.is_empty());
    let mut broken = Vec::new();
    let options = ScanOptions {
        threads: NonZeroUsize::new(threads).unwrap(),
        max_bad_lines,
        computer: Some("WEB01"),
        // Small, so that a thread without work is found early.
        block_bytes: 4 << 10,
        piece_bytes: 16 << 10,
        ..ScanOptions::new(cancelled)
    };
    let none = Exclusions::default();
    let (detection, totals) = scan(&files, &Rule::default(), &none, &options, &mut |notice| {
        if let Notice::Broken(_, error) = notice {
            broken.push(error.to_string());
        }
    })?;
    let rows = detection.alerts(&Selection::All);
    Ok(Outcome {
        rows: rows.iter().map(|row| format!("{row:?}")).collect(),
        entries: totals.counts.entries,
        broken,
    })
}

/// forall threads: a packed log that is whole, cut or overwritten gives the rows, lines and message of one thread.
#[test]
fn damage_in_the_middle() {
    let text = log(LINES, "");
    for (name, packed, says) in [
        ("gzip", gzip(&text), None),
        ("zstd", zstd(&text), None),
        ("gzip", overwritten(gzip(&text), 64), Some("damaged")),
        // To its end: it has no sum, and a few wrong bytes might be taken as text.
        (
            "zstd",
            overwritten(zstd(&text), usize::MAX),
            Some("damaged"),
        ),
        ("gzip", cut(gzip(&text)), Some("cut off")),
        ("zstd", cut(zstd(&text)), Some("cut off")),
    ] {
        let never = AtomicBool::new(false);
        let one = run(&packed, 1, None, &never).unwrap();
        assert_eq!(one.rows.len(), 1, "{name}, {says:?}");
        match says {
            None => assert_eq!((one.entries, one.broken.len()), (u64::from(LINES), 0)),
            Some(says) => {
                let some = 5_000..u64::from(LINES);
                assert!(
                    some.contains(&one.entries),
                    "{name}, {says}: {}",
                    one.entries
                );
                assert_eq!(one.broken.len(), 1);
                let told = &one.broken[0];
                assert!(
                    told.contains(&format!("the {name} data is {says}")),
                    "{says}: {told}"
                );
            }
        }
        for threads in [2, 3, 8] {
            let more = run(&packed, threads, None, &never).unwrap();
            assert_eq!(more, one, "{name}, {says:?}, {threads} threads");
        }
    }
}

fn cut(mut packed: Vec<u8>) -> Vec<u8> {
    packed.truncate(packed.len() / 2);
    packed
}

/// The first bad line stops a strict scan, with any number of threads.
#[test]
fn strict_stops() {
    for packed in [gzip(&log(20_000, "junk")), zstd(&log(20_000, "junk"))] {
        for threads in [1, 2, 3] {
            let stopped = run(&packed, threads, Some(0), &AtomicBool::new(false)).unwrap_err();
            let is_first = matches!(
                stopped,
                Stopped::BadLines {
                    count: 1,
                    allowed: 0
                }
            );
            assert!(is_first, "{stopped:?}");
        }
    }
}

#[test]
fn cancelled() {
    let packed = gzip(&log(LINES, ""));
    let now = AtomicBool::new(false);
    now.store(true, Ordering::Relaxed);
    for threads in [1, 2, 3] {
        let stopped = run(&packed, threads, None, &now).unwrap_err();
        assert!(matches!(stopped, Stopped::Cancelled), "{stopped:?}");
    }
}
