//! Windows, keys and schedules on the hand-made log, counted by hand where they differ from the rule's own bins.
//!
//! In `tests/hand_counted/` (see `hand_counted.rs`), one port a second:
//! - 192.0.2.4 takes 40 ports from 11:09:40 to 11:10:19, 20 on each side of the edge at 11:10;
//! - 192.0.2.5 takes 40 ports from 11:19:25 to 11:20:04, 35 and 5;
//! - 192.0.2.6 takes 20 ports on WEB01 from 12:00:00 and 20 others on WEB02 from 12:00:20;
//! - 192.0.2.7 takes 20 ports of 10.0.0.1 from 12:10:00 and 20 others of 10.0.0.2 from 12:10:20;
//! - 192.0.2.11 takes 40 ports from 23:59:20 to 23:59:50 and, after a pause, from 00:00:05 to 00:00:13;
//! - 192.0.2.1 takes 29 ports, and is never found.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use std::fs::File;
use std::io::Write as _;
use std::process::Command;

fn detect(arguments: &[&str]) -> (Vec<Value>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(["detect", "tests/hand_counted", "--format", "json"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    (
        serde_json::from_slice(&output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// Start, end and ports of a client's rows, in order of time.
fn rows_of(client: &str, arguments: &[&str]) -> Vec<(String, String, u64)> {
    let mut rows: Vec<(String, String, u64)> = detect(arguments)
        .0
        .iter()
        .filter(|row| row["cIP"] == client)
        .map(|row| {
            let clock = |name: &str| {
                row[name]
                    .as_str()
                    .map_or_else(String::new, |time| time[11..19].to_owned())
            };
            (
                clock("TimeGenerated"),
                clock("WindowEnd"),
                row["portCount"].as_u64().unwrap(),
            )
        })
        .collect();
    rows.sort();
    rows
}

fn row(start: &str, end: &str, ports: u64) -> (String, String, u64) {
    (start.to_owned(), end.to_owned(), ports)
}

#[test]
fn hopping_windows_catch_what_an_edge_parts() {
    let hopping = ["--window", "hopping", "--step", "5m"];
    assert_eq!(rows_of("192.0.2.4", &[]), []);
    assert_eq!(
        rows_of("192.0.2.4", &hopping),
        [row("11:05:00", "11:15:00", 40)]
    );
    // 11:10 to 11:20 holds 35 of them, and 11:15 to 11:25 all 40.
    assert_eq!(
        rows_of("192.0.2.5", &hopping),
        [
            row("11:10:00", "11:20:00", 35),
            row("11:15:00", "11:25:00", 40)
        ]
    );
    assert_eq!(rows_of("192.0.2.1", &hopping), []);
}

#[test]
fn sliding_windows_catch_what_any_edge_parts() {
    let sliding = ["--window", "sliding"];
    assert_eq!(
        rows_of("192.0.2.4", &sliding),
        [row("11:09:40", "11:10:19", 40)]
    );
    assert_eq!(
        rows_of("192.0.2.5", &sliding),
        [row("11:19:25", "11:20:04", 40)]
    );
    assert_eq!(
        rows_of("192.0.2.11", &sliding),
        [row("23:59:20", "00:00:13", 40)]
    );
    assert_eq!(rows_of("192.0.2.1", &sliding), []);
    // 30 ports, one a second, take 29 seconds from the first to the last.
    let narrow = |width| rows_of("192.0.2.4", &["--window", "sliding", "--bin", width]);
    assert_eq!(narrow("29s"), [row("11:09:40", "11:10:19", 30)]);
    assert_eq!(narrow("28s"), []);
}

#[test]
fn sessions_end_at_a_gap() {
    let session = |gap| rows_of("192.0.2.11", &["--window", "session", "--gap", gap]);
    // From 23:59:50 to 00:00:05 are 15 seconds.
    assert_eq!(session("15s"), [row("23:59:20", "00:00:13", 40)]);
    assert_eq!(session("14s"), [row("23:59:20", "23:59:50", 31)]);
    assert_eq!(
        rows_of("192.0.2.4", &["--window", "session", "--gap", "1s"]),
        [row("11:09:40", "11:10:19", 40)]
    );
    assert_eq!(
        rows_of("192.0.2.1", &["--window", "session", "--gap", "1h"]),
        []
    );
}

#[test]
fn keys_that_are_left_out_join_what_they_part() {
    assert_eq!(rows_of("192.0.2.6", &[]), []);
    assert_eq!(rows_of("192.0.2.7", &[]), []);
    assert_eq!(
        rows_of("192.0.2.7", &["--group-by", "c-ip,computer"]),
        [row("12:10:00", "", 40)]
    );
    assert_eq!(rows_of("192.0.2.6", &["--group-by", "c-ip,computer"]), []);
    assert_eq!(
        rows_of("192.0.2.6", &["--group-by", "c-ip"]),
        [row("12:00:00", "", 40)]
    );
}

#[test]
fn a_schedule_cuts_the_bin_at_its_edge() {
    // The run at 11:19:40 sees 15 ports of 192.0.2.5's bin and the next one 20: neither is enough.
    let cut = ["--schedule", "1d", "--start", "2026-11-02T11:19:40Z"];
    let (rows, told) = detect(&cut);
    assert_eq!(rows.len(), 8);
    assert_eq!(rows_of("192.0.2.5", &cut), []);
    assert!(
        told.contains(
            "of 9 rows in all data at once, no run returns 1, and more than one returns 0"
        ),
        "{told}"
    );
    assert_eq!(rows[0]["Run"], "2026-11-02T11:19:40Z");
    // Runs that look back twice as far as they are apart return each row twice.
    let (rows, told) = detect(&[
        "--schedule",
        "1d",
        "--period",
        "2d",
        "--start",
        "2026-11-03T00:00:00Z",
    ]);
    assert_eq!(rows.len(), 18);
    assert!(
        told.contains("no run returns 0, and more than one returns 9"),
        "{told}"
    );
}

#[test]
fn a_followed_schedule_has_the_rows_of_its_runs() {
    let cut = ["--schedule", "1d", "--start", "2026-11-02T11:19:40Z"];
    let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args([
            "follow",
            "tests/hand_counted",
            "--from-start",
            "--until-idle",
            "100ms",
        ])
        .args(cut)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut rows: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for row in &mut rows {
        let row = row.as_object_mut().unwrap();
        assert_eq!(row.remove("state").unwrap(), "closed");
        row.remove("id").unwrap();
    }
    let texts = |rows: &[Value]| {
        let mut texts: Vec<String> = rows.iter().map(Value::to_string).collect();
        texts.sort();
        texts
    };
    assert_eq!(rows.len(), 8);
    assert_eq!(texts(&rows), texts(&detect(&cut).0));
}

#[test]
fn a_limit_of_memory_is_a_size_and_changes_no_row() {
    assert_eq!(detect(&["--max-memory", "16M"]).0, detect(&[]).0);
    for (size, why) in [
        ("1M", "expected at least 16M"),
        ("much", "expected a size such as \"512M\" or \"2G\""),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
            .args(["detect", "tests/hand_counted", "--max-memory", size])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{size}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn rows_of_neighbouring_windows_are_one_episode() {
    let (episodes, _) = detect(&["--window", "hopping", "--step", "1m", "--episodes"]);
    let one: Vec<&Value> = episodes
        .iter()
        .filter(|one| one["cIP"] == "192.0.2.4")
        .collect();
    assert_eq!(one.len(), 1, "{one:?}");
    // Windows of ten minutes that begin each minute and hold 30 of the ports: from 11:01 (to 11:11) to 11:09.
    assert_eq!(one[0]["rows"], 9);
    assert_eq!(one[0]["Start"], "2026-11-02T11:01:00Z");
    assert_eq!(one[0]["End"], "2026-11-02T11:19:00Z");
    assert_eq!(one[0]["most"], 40);
}

#[test]
fn rows_are_the_same_on_any_number_of_threads() {
    let rows = detect(&[]).0;
    for threads in ["1", "2", "3", "16"] {
        assert_eq!(detect(&["--threads", threads]).0, rows);
    }
    assert_eq!(detect(&["--portable"]).0, rows);
    assert_eq!(detect(&["--unsorted"]).0, rows);
}

#[test]
fn what_is_not_measured_is_not_told_as_zero() {
    let session = ["--stats", "--window", "session", "--gap", "5m"];
    for arguments in [&["--stats"][..], &session] {
        let (_, told) = detect(arguments);
        assert!(told.contains("near misses"), "{told}");
    }
    let scratch = tempfile::tempdir().unwrap();
    let told_of = |name: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
            .arg("detect")
            .arg(scratch.path().join(name))
            .args(session)
            .output()
            .unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    // Packed logs are unpacked twice for sessions, and measured as others are.
    let file = File::create(scratch.path().join("u_ex.log.gz")).unwrap();
    let mut packed = GzEncoder::new(file, Compression::fast());
    packed
        .write_all(
            b"#Fields: date time s-ip s-port c-ip\n2026-11-02 10:00:00 10.0.0.1 80 192.0.2.1\n",
        )
        .unwrap();
    packed.finish().unwrap();
    let told = told_of("u_ex.log.gz");
    assert!(told.contains("near misses"), "{told}");
    // Rows of a table are counted one by one.
    let table = "TimeGenerated,cIP,sIP,sPort\n2026-11-02T10:00:00Z,192.0.2.1,10.0.0.1,80\n";
    std::fs::write(scratch.path().join("rows.csv"), table).unwrap();
    let told = told_of("rows.csv");
    assert!(
        told.contains("not measured: tables, and sessions of"),
        "{told}"
    );
    assert!(!told.contains("near misses"), "{told}");
}
