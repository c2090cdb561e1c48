//! Hostile logs under a limit of memory: rows are those without it, and the peak is what was allowed.
//!
//! Each reading is in a process of its own, whose peak Linux tells (`VmHWM`): this test run again as its own child.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]
#![expect(
    clippy::print_stdout,
    reason = "how the child tells, and figures for whoever asks with --nocapture"
)]

use flate2::Compression;
use flate2::write::GzEncoder;
use scanbench_detector::{
    Count, Exclusions, FollowOptions, FollowTotals, Follower, Notice, Rule, ScanOptions, Selection,
    Window, find_logs, scan,
};
use scanbench_w3c::Field;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A million lines would take minutes without optimisation; fewer stand to a smaller limit as they would.
const IS_SLOW: bool = cfg!(debug_assertions);
const LIMIT: u64 = if IS_SLOW { 16 << 20 } else { 32 << 20 };
/// The program itself, its buffers, and what the allocator keeps.
const CONSTANT: u64 = 32 << 20;

const FILE: &str = "SCANBENCH_MEMORY_FILE";
const MAX: &str = "SCANBENCH_MEMORY_MAX";
const RULE: &str = "SCANBENCH_MEMORY_RULE";

fn rule(name: &str) -> Rule {
    let minutes = Duration::from_mins;
    match name {
        "hosts" => Rule {
            count: Count::Host,
            ..Rule::default()
        },
        "session" => Rule {
            window: Window::Session { gap: minutes(2) },
            ..Rule::default()
        },
        "sliding" => Rule {
            window: Window::Sliding { width: minutes(5) },
            ..Rule::default()
        },
        _ => Rule::default(),
    }
}

/// The child: reads, and prints its peak, its parts and its rows. Without a file it has nothing to do.
#[test]
fn child() {
    let Ok(file) = std::env::var(FILE) else {
        return;
    };
    let cancelled = AtomicBool::new(false);
    let mut options = ScanOptions::new(&cancelled);
    options.threads = NonZeroUsize::new(2).unwrap();
    options.max_memory = std::env::var(MAX).ok().map(|max| max.parse().unwrap());
    let (logs, _) = find_logs(&[file.into()]);
    let name = std::env::var(RULE).unwrap();
    if name == "follow" {
        let totals = follow(&logs[0].path.clone().unwrap(), options.max_memory);
        println!(
            "\npeak {}\nparts {}\nrow {totals:?}",
            peak(),
            totals.dropped_groups
        );
        return;
    }
    let rule = rule(&name);
    let (detection, totals) =
        scan(&logs, &rule, &Exclusions::default(), &options, &mut |_| {}).unwrap();
    println!("\npeak {}", peak());
    println!("parts {}", totals.parts);
    for alert in detection.alerts(&Selection::All) {
        println!("row {alert:?}");
    }
}

/// Kilobytes that this process had at the most.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    peak.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

fn follow(log: &Path, max_memory: Option<u64>) -> FollowTotals {
    let options = FollowOptions {
        paths: vec![log.to_owned()],
        computer: None,
        lateness: Duration::from_mins(1),
        from_start: true,
        max_memory,
    };
    let rule = Rule::default();
    let mut follower =
        Follower::new(rule, Exclusions::default(), options, None, &mut |_| {}).unwrap();
    while follower.totals().lines < u64::from(LINES) {
        follower.round(&mut |_| {});
    }
    follower.close_all();
    follower.totals()
}

struct Seen {
    peak: u64,
    parts: u64,
    rows: Vec<String>,
}

fn read(file: &Path, rule: &str, limit: Option<u64>) -> Seen {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture"]);
    command.env(FILE, file).env(RULE, rule);
    if let Some(limit) = limit {
        command.env(MAX, limit.to_string());
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let number = |name| {
        text.lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    Seen {
        peak: number("peak ") << 10,
        parts: number("parts "),
        rows: text
            .lines()
            .filter(|line| line.starts_with("row "))
            .map(str::to_owned)
            .collect(),
    }
}

const LINES: u32 = if IS_SLOW { 100_000 } else { 1_000_000 };

/// A million lines within a minute (100,000 without optimisation), and a scan of 40 ports and hosts among them.
fn write_log(out: &mut impl Write, line: impl Fn(u32, &mut String)) {
    out.write_all(b"#Fields: date time s-ip s-port c-ip cs-host cs(User-Agent)\n")
        .unwrap();
    let mut text = String::new();
    for number in 0..LINES {
        text.clear();
        let second = number / (LINES / 60 + 1);
        write!(text, "2026-11-02 10:03:{second:02} ").unwrap();
        if number % (LINES / 40) == 7 {
            let scanned = number / (LINES / 40);
            writeln!(
                text,
                "10.0.0.1 {} 192.0.2.7 h{scanned} scanner",
                9000 + scanned
            )
            .unwrap();
        } else {
            line(number, &mut text);
        }
        out.write_all(text.as_bytes()).unwrap();
    }
    out.flush().unwrap();
}

fn address(number: u32) -> std::net::Ipv4Addr {
    std::net::Ipv4Addr::from(0x0b00_0000 + number)
}

fn client(number: u32, text: &mut String) {
    writeln!(text, "10.0.0.1 443 {} www curl", address(number)).unwrap();
}

/// Reads a log of these lines without a limit and with it.
fn check(
    name: &str,
    rule: &str,
    packed: bool,
    rows: usize,
    is_split: bool,
    line: impl Fn(u32, &mut String),
) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder
        .path()
        .join(if packed { "a.log.gz" } else { "a.log" });
    let file = BufWriter::new(File::create(&path).unwrap());
    if packed {
        write_log(&mut GzEncoder::new(file, Compression::fast()), line);
    } else {
        write_log(&mut { file }, line);
    }
    compare(name, rule, &path, rows, is_split);
}

fn compare(name: &str, rule: &str, path: &Path, rows: usize, is_split: bool) {
    let free = read(path, rule, None);
    let bound = read(path, rule, Some(LIMIT));
    println!(
        "{name}: peak {} MiB without a limit, {} MiB with {} MiB, in {} parts",
        free.peak >> 20,
        bound.peak >> 20,
        LIMIT >> 20,
        bound.parts
    );
    assert_eq!(free.rows.len(), rows);
    assert_eq!(free.rows, bound.rows);
    assert_eq!((free.parts, bound.parts > 1), (1, is_split));
    assert!(
        bound.peak <= LIMIT + CONSTANT,
        "{name}: {} bytes",
        bound.peak
    );
}

#[test]
fn a_million_clients_a_minute() {
    check("clients", "", false, 1, true, client);
}

#[test]
fn a_million_clients_a_minute_in_a_packed_log() {
    check("packed clients", "", true, 1, true, client);
}

#[test]
fn a_million_clients_a_minute_in_sliding_windows() {
    check("sliding clients", "sliding", false, 1, true, client);
}

#[test]
fn a_million_clients_a_minute_in_sessions_of_a_packed_log() {
    check(
        "sessions of packed clients",
        "session",
        true,
        1,
        true,
        client,
    );
}

/// Fifteen clients of all ports: who has 30 has enough, so their sets end there.
#[test]
fn all_ports_of_a_client() {
    let full = LINES as usize / 65_535 + usize::from(LINES % 65_535 >= 31) + 1;
    check("ports", "", false, full, false, |number, text| {
        let port = number % 65_535 + 1;
        writeln!(
            text,
            "10.0.0.1 {port} {} www curl",
            address(number / 65_535)
        )
        .unwrap();
    });
}

/// Of a client that makes a row, so that its agents are looked at: sets of a row end at 128.
#[test]
fn a_million_agents() {
    check("agents", "", false, 1, false, |number, text| {
        writeln!(text, "10.0.0.1 443 192.0.2.7 www agent-{number}").unwrap();
    });
}

#[test]
fn a_million_sites() {
    check("sites", "", false, 1, true, |number, text| {
        writeln!(text, "{} 443 192.0.2.9 www curl", address(number)).unwrap();
    });
}

/// Each of another client, counted as ports are.
#[test]
fn a_million_hosts() {
    check("hosts", "hosts", false, 1, true, |number, text| {
        writeln!(text, "10.0.0.1 443 {} host-{number} curl", address(number)).unwrap();
    });
}

/// Lines that are followed come once, so groups are dropped, and counted.
#[test]
fn a_million_clients_a_minute_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    write_log(&mut BufWriter::new(File::create(&path).unwrap()), client);
    let bound = read(&path, "follow", Some(LIMIT));
    println!(
        "followed: peak {} MiB with {} MiB, {} groups dropped",
        bound.peak >> 20,
        LIMIT >> 20,
        bound.parts
    );
    assert!(bound.peak <= LIMIT + CONSTANT, "{} bytes", bound.peak);
    // What is left is less than half of what may be, and a group takes more than 300 bytes.
    assert!(
        bound.parts > u64::from(LINES) - LIMIT / 2 / 300,
        "{}",
        bound.parts
    );
}

/// Of a table everybody's lines go to the collector, so ten thousand clients take what a million do elsewhere. What is
/// wrong with it is told once, however often it is read.
#[test]
fn many_clients_in_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let mut text = "TimeGenerated,cIP,sPort\n".to_owned();
    for number in 0..10_000 {
        writeln!(text, "2026-11-02T13:05:09Z,{},443", address(number)).unwrap();
    }
    for port in 9000..9040 {
        writeln!(text, "2026-11-02T13:05:09Z,192.0.2.7,{port}").unwrap();
    }
    std::fs::write(&path, text).unwrap();
    compare("table", "", &path, 1, true);
    let cancelled = AtomicBool::new(false);
    let mut options = ScanOptions::new(&cancelled);
    options.max_memory = Some(LIMIT);
    let (logs, _) = find_logs(&[path]);
    let mut missing = Vec::new();
    let (_, totals) = scan(
        &logs,
        &Rule::default(),
        &Exclusions::default(),
        &options,
        &mut |notice| {
            if let Notice::NoColumn(_, field) = notice {
                missing.push(field);
            }
        },
    )
    .unwrap();
    assert!(totals.parts > 1);
    assert_eq!(missing, [Field::SIp]);
}
