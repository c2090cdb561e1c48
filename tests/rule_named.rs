//! Who a rule says it is goes wherever its rows go: as JSON, as CSV, and in the reports.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

#[path = "support/program.rs"]
mod program;

use program::succeed;
use serde_json::Value;
use std::fs;

const RULE: &str = r"id: 44a555d8-ecee-4a25-95ce-055879b4b14b
name: =High count
severity: Medium
queryFrequency: 1d
queryPeriod: 1d
tactics:
  - InitialAccess
relevantTechniques:
  - T1190
query: |
  W3CIISLog
  | summarize set_sPort = make_set(sPort), portCount = dcount(sPort) by bin(TimeGenerated, 10m), cIP, Computer, sIP
  | where portCount >= 30
";

#[test]
fn rows_and_reports_say_whose_they_are() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).to_str().unwrap().to_owned();
    let (rule, set) = (path("rule.yaml"), path("set"));
    fs::write(&rule, RULE).unwrap();
    succeed(&["generate", "minimal", "-o", &set]);

    let csv = succeed(&["detect", &set, "--rule", &rule, "--format", "csv"]);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    let cell = |name: &str| &row[header.iter().position(|one| one == name).unwrap()];
    assert_eq!(cell("rule_id"), "44a555d8-ecee-4a25-95ce-055879b4b14b");
    // What a rule's author writes is no formula either.
    assert_eq!(cell("rule_name"), "'=High count");
    assert_eq!(cell("rule_severity"), "Medium");
    assert_eq!(cell("rule_tactics"), r#"["InitialAccess"]"#);
    assert_eq!(cell("rule_techniques"), r#"["T1190"]"#);
    let plain = succeed(&["detect", &set, "--format", "csv"]);
    assert!(!plain.contains("rule_id"), "{plain}");

    let out = path("out");
    succeed(&["evaluate", &set, "--rule", &rule, "-o", &out]);
    let read = |name: &str| fs::read_to_string(format!("{out}/{name}")).unwrap();
    let report: Value = serde_json::from_str(&read("report.json")).unwrap();
    assert_eq!(report["rule"]["techniques"][0], "T1190");
    for name in ["report.md", "report.html"] {
        let text = read(name);
        assert!(
            text.contains("T1190") && text.contains("InitialAccess") && text.contains("Medium"),
            "{name}"
        );
    }
}
