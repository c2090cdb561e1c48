//! `rule import` and `rule export`, as a person calls them: what an analytics rule says is what stands in it.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const RULE: &str = r#"id: 0a555d89-ecee-4a25-95ce-055879b4b14b
name: Many ports
severity: Low
queryFrequency: 2h
queryPeriod: 3h
triggerOperator: gt
triggerThreshold: 0
tactics:
  - Discovery
relevantTechniques:
  - T1046
query: |
  W3CIISLog
  | where cIP != "192.0.2.7"
  | summarize makeset(sPort, 64) by bin(TimeGenerated, 5m), cIP, Computer
  | extend portCount = arraylength(set_sPort)
  | where portCount >= 25
"#;

fn scanbench(folder: &Path, arguments: &[&str]) -> (Output, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    (output, said)
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rule.yaml"), RULE).unwrap();
    folder
}

#[test]
fn an_imported_rule_is_told_in_words_and_as_options() {
    let folder = folder();
    let (output, text) = scanbench(folder.path(), &["rule", "import", "rule.yaml"]);
    assert!(output.status.success(), "{output:?}");
    for line in [
        "rule        Many ports",
        "severity    Low",
        "tactics     Discovery",
        "techniques  T1046",
        "fires       at 25 ports or more in 5m, by c-ip, computer; sets keep 64",
        "runs        every 2h over the last 3h",
        "as options  --bin 5m --threshold 25 --set-limit 64 --group-by c-ip,computer --count s-port",
    ] {
        assert!(
            text.lines().any(|found| found.trim_end() == line),
            "{line}\n{text}"
        );
    }
}

#[test]
fn an_imported_rule_is_told_in_json_and_its_wheres_are_a_list() {
    let folder = folder();
    let import = ["rule", "import", "rule.yaml", "--format"];
    let (_, text) = scanbench(folder.path(), &[&import[..], &["json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["rule"]["name"], "Many ports");
    assert_eq!(json["rule"]["techniques"][0], "T1046");
    assert_eq!(json["bin_seconds"], 300);
    assert_eq!(json["frequency_seconds"], 7_200);
    assert_eq!(json["period_seconds"], 10_800);
    assert_eq!(json["threshold"], 25);
    assert_eq!(json["set_limit"], 64);

    let (output, list) = scanbench(folder.path(), &[&import[..], &["exclusions"]].concat());
    assert!(output.status.success());
    assert!(list.contains("192.0.2.7"), "{list}");
    fs::write(folder.path().join("list.toml"), list).unwrap();
    let (output, _) = scanbench(folder.path(), &["exclusions", "check", "list.toml"]);
    assert_ne!(output.status.code(), Some(3), "{output:?}");
}

#[test]
fn a_rule_is_exported_for_every_engine_and_read_again() {
    let folder = folder();
    for target in [
        "kql",
        "sentinel-yaml",
        "spark-sql",
        "duckdb-sql",
        "clickhouse-sql",
    ] {
        let export = ["rule", "export", "--rule", "rule.yaml", "--to", target];
        let (output, text) = scanbench(folder.path(), &export);
        assert!(output.status.success(), "{target}: {output:?}");
        assert!(
            text.contains("192.0.2.7") && text.contains("25"),
            "{target}: {text}"
        );
        let name = match target {
            "kql" => "again.kql",
            "sentinel-yaml" => "again.yaml",
            _ => continue,
        };
        fs::write(folder.path().join(name), &text).unwrap();
        let (_, again) = scanbench(folder.path(), &["rule", "import", name]);
        assert!(
            again.contains("at 25 ports or more in 5m, by c-ip, computer; sets keep 64"),
            "{again}"
        );
    }
}

#[test]
fn a_query_that_is_not_understood_is_refused_at_its_place() {
    let folder = folder();
    fs::write(folder.path().join("bad.kql"), "W3CIISLog\n| frobnicate").unwrap();
    let (output, said) = scanbench(folder.path(), &["rule", "import", "bad.kql"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(said.is_empty(), "{said}");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("`frobnicate`") && told.contains("bad.kql:2:3"),
        "{told}"
    );
}
