//! What the first version wrote is still read. `first_version/` was written by that version (schema 1 of manifest, truth
//! and report) and is never made again: `generate scenario.toml`, `evaluate dataset --exclusions exclusions.toml`,
//! `detect dataset`. By the scenario it has two scans: one of 40 ports that are bound, one of 20.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

#[path = "support/program.rs"]
mod program;

use program::{scanbench, succeed};

const SET: &str = "tests/first_version/dataset";
const LIST: &str = "tests/first_version/exclusions.toml";
const REPORT: &str = "tests/first_version/report.json";

fn evaluated(arguments: &[&str]) -> serde_json::Value {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().to_str().unwrap();
    succeed(&[&["evaluate", SET, "-o", folder], arguments].concat());
    serde_json::from_slice(&std::fs::read(scratch.path().join("report.json")).unwrap()).unwrap()
}

/// Manifest, checksums, labels and truth: 104 lines, and one of the two scans reaches 30 ports.
#[test]
fn a_dataset_is_checked_and_scored() {
    let report = evaluated(&[]);
    assert_eq!(report["datasets"][0]["lines"], 104);
    let campaigns = report["campaigns"].as_array().unwrap();
    let rows: Vec<_> = campaigns
        .iter()
        .map(|one| {
            (
                one["id"].as_str().unwrap(),
                one["rows_without_exclusions"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(rows, [("scan", 1), ("sweeper", 0)]);
}

/// Its report says: one campaign of two without the list, none with it.
#[test]
fn a_report_is_a_baseline() {
    let same = scanbench(&["evaluate", SET, "--exclusions", LIST, "--baseline", REPORT]);
    assert!(same.status.success(), "{same:?}");
    let report = evaluated(&["--exclusions", LIST, "--baseline", REPORT]);
    let comparison = &report["comparisons"][0];
    assert_eq!(comparison["attacks"]["neither"], 2, "{comparison:#}");
    let report = evaluated(&["--baseline", REPORT]);
    let comparison = &report["comparisons"][0];
    assert_eq!(
        comparison["attacks"]["only_here"][0], "scan",
        "{comparison:#}"
    );
}

#[test]
fn a_report_of_a_later_version_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let later = scratch.path().join("report.json");
    let text = std::fs::read_to_string(REPORT).unwrap();
    std::fs::write(
        &later,
        text.replacen("\"schema_version\": 1", "\"schema_version\": 99", 1),
    )
    .unwrap();
    let refused = scanbench(&["evaluate", SET, "--baseline", later.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("schema_version is 99"), "{told}");
}

#[test]
fn rows_are_alerts_of_an_engine() {
    for rows in ["rows.ndjson", "rows.csv"] {
        let report = evaluated(&["--alerts", &format!("tests/first_version/{rows}")]);
        assert_eq!(report["differences"], serde_json::Value::Null, "{rows}");
        let attacks = &report["comparisons"][0]["attacks"];
        assert_eq!(
            (&attacks["both"], &attacks["neither"]),
            (&1.into(), &1.into()),
            "{rows}"
        );
    }
}

/// Scenario files stay valid; other versions of the program may make other bytes of them.
#[test]
fn a_scenario_and_a_list_are_read() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("set");
    succeed(&[
        "generate",
        "tests/first_version/scenario.toml",
        "-o",
        folder.to_str().unwrap(),
    ]);
    let checked = succeed(&["exclusions", "check", LIST]);
    assert!(checked.contains("0 errors"), "{checked}");
}
