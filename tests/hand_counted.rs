//! The rule's traps, on a log made by hand, with rows counted by hand.
//!
//! `tests/hand_counted/` holds two servers. What each client does, and the row that must come of it:
//!
//! | client | what | row |
//! |---|---|---|
//! | 192.0.2.1 | 29 ports | none |
//! | 192.0.2.2 | 30 ports, the last at 09:09:59 | 30 |
//! | 192.0.2.3 | 200 ports | 128, the cap; 200 connections |
//! | 192.0.2.4 | 20 ports before 11:10:00 and 20 after | none |
//! | 192.0.2.5 | 35 ports before 11:20:00 and 5 after: 11:19:25 to 11:19:59 | 35 |
//! | 192.0.2.6 | 20 ports on each of two servers | none |
//! | 192.0.2.7 | 20 ports on each of two addresses of one server | none |
//! | 192.0.2.8 | 30 ports and 2 lines without a port | 30; 32 connections |
//! | 192.0.2.9 | 30 ports with 150 distinct queries | 30; 150 connections; queries capped |
//! | 192.0.2.10 | 30 ports with odd codes, queries and users | 30; the sets below |
//! | 192.0.2.11 | 31 ports before midnight and 9 after | 31 |
//! | 2001:db8::12 | 30 ports on each of two servers at the same time | two rows of 30 |

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use serde_json::{Value, json};
use std::process::Command;

fn rows(arguments: &[&str]) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(["detect", "tests/hand_counted", "--format", "json"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Bin, client, server, ports and connections of each row.
fn counts(rows: &[Value]) -> Vec<(&str, &str, &str, u64, u64)> {
    rows.iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap();
            let number = |name: &str| row[name].as_u64().unwrap();
            (
                text("TimeGenerated"),
                text("cIP"),
                text("Computer"),
                number("portCount"),
                number("ConnectionsCount"),
            )
        })
        .collect()
}

#[test]
fn rows_are_those_counted_by_hand() {
    let rows = rows(&[]);
    assert_eq!(
        counts(&rows),
        [
            ("2026-11-02T10:00:00Z", "192.0.2.3", "WEB01", 128, 200),
            ("2026-11-02T11:10:00Z", "192.0.2.5", "WEB01", 35, 35),
            ("2026-11-02T23:50:00Z", "192.0.2.11", "WEB01", 31, 31),
            ("2026-11-02T09:00:00Z", "192.0.2.2", "WEB01", 30, 30),
            ("2026-11-02T12:20:00Z", "192.0.2.8", "WEB01", 30, 32),
            ("2026-11-02T12:30:00Z", "192.0.2.9", "WEB01", 30, 150),
            ("2026-11-02T12:40:00Z", "192.0.2.10", "WEB01", 30, 30),
            ("2026-11-02T14:00:00Z", "2001:db8::12", "WEB01", 30, 30),
            ("2026-11-02T14:00:00Z", "2001:db8::12", "WEB02", 30, 30),
        ]
    );
    let capped: Vec<&Value> = rows.iter().map(|row| &row["capped"]).collect();
    assert_eq!(*capped[0], json!(["set_sPort"]));
    assert_eq!(*capped[5], json!(["set_decodedUriQuery"]));
    assert!(
        capped
            .iter()
            .enumerate()
            .all(|(row, sets)| row == 0 || row == 5 || **sets == json!([]))
    );
    let length = |row: usize, name: &str| rows[row][name].as_array().unwrap().len();
    assert_eq!(length(0, "set_sPort"), 128);
    assert_eq!(length(5, "set_decodedUriQuery"), 128);
    assert_eq!(rows[8]["sIP"], "10.0.0.3");
}

#[test]
fn without_the_cap_all_ports_count() {
    let rows = rows(&["--set-limit", "0"]);
    assert_eq!(
        counts(&rows)[0],
        ("2026-11-02T10:00:00Z", "192.0.2.3", "WEB01", 200, 200)
    );
    assert_eq!(
        rows[5]["set_decodedUriQuery"].as_array().unwrap().len(),
        150
    );
    assert!(rows.iter().all(|row| row["capped"] == json!([])));
}

#[test]
fn a_row_has_the_columns_of_the_query_in_its_order() {
    const STATUS: &str = "See - https://support.microsoft.com/help/943891/the-http-status-code-in-iis-7-0-iis-7-5-and-iis-8-0";
    const WIN32: &str = "See - https://msdn.microsoft.com/library/cc231199.aspx";

    let rows = rows(&[]);
    let expected = json!({
        "TimeGenerated": "2026-11-02T12:40:00Z",
        "cIP": "192.0.2.10",
        "set_sPort": (8000..8030).collect::<Vec<u16>>(),
        "set_csUserName": ["-", "1,2", "CORP\\ann"],
        "set_decodedUriQuery": ["%20", "%zz%4", "-", "a b", "a+b", "n=é"],
        "Computer": "WEB01",
        "set_sSiteName": ["W3SVC1", "W3SVC2"],
        "sIP": "10.0.0.1",
        "set_csUserAgent": ["-", "Mozilla/5.0+(X11)"],
        "set_csMethod": ["GET", "POST"],
        "set_scStatusFull": ["-.-", "401.1", "401.2", "403.4", "404.0"],
        "set_scStatusFull_Friendly": ["Logon failed due to server configuration.", "Logon failed.", "SSL required.", STATUS],
        "set_scWin32Status_Hex": ["", "307", "40", "52e", "8009030e", "ffffffff8009030e"],
        "set_scWin32Status_Friendly": ["Logon failure: Unknown user name or bad password.", "SEC_E_NO_CREDENTIALS", WIN32],
        "ConnectionsCount": 30,
        "portCount": 30,
        "capped": [],
    });
    assert_eq!(rows[6], expected);
}

#[test]
fn csv_has_the_same_columns() {
    let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(["detect", "tests/hand_counted", "--format", "csv"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let mut csv = csv::Reader::from_reader(output.stdout.as_slice());
    let header: Vec<String> = csv.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(
        header.join(", "),
        "TimeGenerated, cIP, set_sPort, set_csUserName, set_decodedUriQuery, Computer, set_sSiteName, sIP, \
         set_csUserAgent, set_csMethod, set_scStatusFull, set_scStatusFull_Friendly, set_scWin32Status_Hex, \
         set_scWin32Status_Friendly, ConnectionsCount, portCount, capped"
    );
    let rows = rows(&[]);
    let records: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), rows.len());
    for (record, row) in records.iter().zip(&rows) {
        for (name, cell) in header.iter().zip(record) {
            let expected = match &row[name] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(cell, expected, "{name}");
        }
    }
}

/// What a scan with these exclusions prints and says: 200 lines of 192.0.2.3 are taken out, and the row of 192.0.2.5 is
/// hidden, all of whose lines match.
fn excluded(arguments: &[&str]) -> (String, String) {
    const LIST: &str = "version = 1\n\
        [[exclusion]]\nid = \"scanner\"\nstage = \"event\"\nmatch.c-ip = [\"192.0.2.3\"]\n\
        [[exclusion]]\nid = \"backup\"\nstage = \"alert\"\nmatch.c-ip = [\"192.0.2.5\"]\n\
        [[exclusion]]\nid = \"nobody\"\nstage = \"event\"\nmatch.cs-user-agent = { contains = \"nobody\" }\n";
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.toml");
    std::fs::write(&list, LIST).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(["detect", "tests/hand_counted", "--exclusions"])
        .arg(list)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn without_line_counts_rows_and_episodes_are_the_same() {
    for arguments in [
        &["--format", "json"][..],
        &["--format", "csv"],
        &["--format", "json", "--episodes"],
        &["--format", "json", "--window", "sliding"],
        &["--format", "json", "--threads", "2"],
    ] {
        let counted = excluded(arguments);
        let quick = excluded(&[arguments, &["--no-line-counts"]].concat());
        assert_eq!(quick.0, counted.0, "{arguments:?}");
        assert!(counted.0.contains("192.0.2.9"), "{arguments:?}");
        for hidden in ["192.0.2.3\"", "192.0.2.3,", "192.0.2.5\"", "192.0.2.5,"] {
            assert!(!quick.0.contains(hidden), "{arguments:?}: {hidden}");
        }
    }
    let says = |text: &str, lines: &[&str]| {
        let tail: Vec<&str> = text
            .lines()
            .skip_while(|line| !line.starts_with("exclusions took out"))
            .collect();
        assert_eq!(tail, lines, "{text}");
    };
    says(
        &excluded(&[]).1,
        &[
            "exclusions took out 200 lines and 2 rows",
            "  scanner: 200 lines matched, 1 row taken out by it alone",
            "  backup: 40 lines matched, 1 row taken out by it alone",
            "  nobody: 0 lines matched, 0 rows taken out by it alone",
        ],
    );
    // What was not counted is not told as nothing.
    says(
        &excluded(&["--no-line-counts"]).1,
        &[
            "exclusions took out 2 rows",
            "  scanner: 1 row taken out by it alone",
            "  backup: 1 row taken out by it alone",
            "  nobody: 0 rows taken out by it alone",
        ],
    );
}
