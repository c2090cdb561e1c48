//! The main job: generate, detect, evaluate.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

#[path = "support/folder.rs"]
mod folder;
#[path = "support/json.rs"]
mod json;
#[path = "support/program.rs"]
mod program;

use folder::files;
use json::json_lines;
use program::{scanbench, succeed};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

/// For every built-in scenario: the bytes do not depend on threads, and the detector's rows are the windows on
/// which the truth says that the rule must fire, although neither knows the other.
#[test]
fn rows_are_the_windows_that_must_fire_on_any_number_of_threads() {
    let scratch = tempfile::tempdir().unwrap();
    let names = succeed(&["scenarios"]);
    let mut rows_seen = 0;
    for name in names.lines().map(|line| line.split(' ').next().unwrap()) {
        let folder = |threads: &str| scratch.path().join(format!("{name}-{threads}"));
        for threads in ["1", "2"] {
            let output = folder(threads).display().to_string();
            succeed(&["generate", name, "-o", &output, "--threads", threads]);
        }
        let one = files(&folder("1"));
        assert_eq!(one, files(&folder("2")), "{name}");

        let windows = String::from_utf8(one["truth/windows.jsonl"].clone()).unwrap();
        let expected: BTreeMap<String, (u64, u64)> = json_lines(&windows)
            .iter()
            .filter(|window| window["must_fire"] == true)
            .map(|window| {
                let key =
                    ["bin", "c_ip", "computer", "s_ip"].map(|key| window[key].as_str().unwrap());
                let number = |key: &str| window[key].as_u64().unwrap();
                (key.join(" "), (number("ports").min(128), number("lines")))
            })
            .collect();
        let folder = folder("1").display().to_string();
        let rows: BTreeMap<String, (u64, u64)> =
            json_lines(&succeed(&["detect", &folder, "--format", "ndjson"]))
                .iter()
                .map(|row| {
                    let key = ["TimeGenerated", "cIP", "Computer", "sIP"]
                        .map(|key| row[key].as_str().unwrap());
                    let number = |key: &str| row[key].as_u64().unwrap();
                    (
                        key.join(" "),
                        (number("portCount"), number("ConnectionsCount")),
                    )
                })
                .collect();
        assert_eq!(rows, expected, "{name}");
        rows_seen += rows.len();
    }
    assert!(rows_seen > 0);
}

/// The story of the default scenario: one scan caught, one that the rule cannot see, one that a documented
/// exclusion hides, and all four documented look-alikes.
#[test]
fn the_default_run_tells_its_story() {
    let scratch = tempfile::tempdir().unwrap();
    let output = scratch.path().display().to_string();
    let text = succeed(&["run", "-o", &output]);
    let report: Value =
        serde_json::from_slice(&fs::read(scratch.path().join("report.json")).unwrap()).unwrap();
    let lines = report["datasets"][0]["lines"].as_u64().unwrap();
    assert!((150_000..250_000).contains(&lines), "{lines} lines");
    assert_eq!(report["agreement"]["missing_rows"], serde_json::json!([]));
    assert_eq!(
        report["agreement"]["unexpected_rows"],
        serde_json::json!([])
    );
    let campaigns = report["campaigns"].as_array().unwrap();
    let rows = |id: &str, which: &str| -> u64 {
        let one = campaigns.iter().find(|one| one["id"] == id).unwrap();
        one[which].as_u64().unwrap()
    };
    let (alone, with) = ("rows_without_exclusions", "rows_with_exclusions");
    assert!(rows("scan-fast", alone) > 0 && rows("scan-fast", with) > 0);
    assert_eq!(rows("scan-ordinary", alone), 0);
    assert!(rows("scan-inside", alone) > 0);
    assert_eq!(rows("scan-inside", with), 0);
    assert!(text.contains("internal-range HIDES it"), "{text}");
    let kinds: BTreeSet<&str> = campaigns
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        ["backend", "discovery", "maintenance", "proxy", "scan"]
    );
    let markdown = fs::read_to_string(scratch.path().join("report.md")).unwrap();
    assert!(
        markdown.starts_with("# scanbench: default (seed "),
        "{markdown}"
    );

    // The dataset that was kept gives the same report again.
    let dataset = scratch.path().join("dataset").display().to_string();
    let again = scratch.path().join("again").display().to_string();
    succeed(&[
        "evaluate",
        &dataset,
        "--exclusions",
        "scenarios/exclusions/documented.toml",
        "-o",
        &again,
    ]);
    for name in ["report.json", "report.md", "report.html", "junit.xml"] {
        assert_eq!(
            fs::read(scratch.path().join(name)).unwrap(),
            fs::read(scratch.path().join("again").join(name)).unwrap()
        );
    }
}

/// Labels point at lines of the campaign's clients, and the manifest's checksums are those of another program.
#[test]
fn labels_and_checksums_hold() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("set");
    succeed(&["generate", "minimal", "-o", &folder.display().to_string()]);
    let files = files(&folder);
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    let clients: BTreeMap<String, Vec<String>> = json_lines(&text("truth/campaigns.jsonl"))
        .iter()
        .map(|one| {
            let addresses = one["clients"].as_array().unwrap().iter();
            let addresses = addresses.map(|address| address.as_str().unwrap().to_owned());
            (one["id"].as_str().unwrap().to_owned(), addresses.collect())
        })
        .collect();
    let mut labelled = 0;
    for (name, _) in files.iter().filter(|(name, _)| name.starts_with("labels/")) {
        let log = text(&name.replace("labels/", "logs/").replace(".jsonl", ".log"));
        let lines: Vec<&str> = log.lines().collect();
        for label in json_lines(&text(name)) {
            let line = lines[usize::try_from(label["line"].as_u64().unwrap()).unwrap() - 1];
            let client = line.split(' ').nth(8).unwrap();
            let allowed = &clients[label["campaign"].as_str().unwrap()];
            assert!(allowed.iter().any(|one| one == client), "{line}: {label}");
            labelled += 1;
        }
    }
    assert!(labelled >= 30, "{labelled}");

    let manifest: Value = serde_json::from_str(&text("manifest.json")).unwrap();
    for file in manifest["files"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        let sum = Command::new("sha256sum")
            .arg(folder.join(path))
            .output()
            .unwrap();
        let sum = String::from_utf8(sum.stdout).unwrap();
        assert!(
            sum.contains(file["sha256"].as_str().unwrap()),
            "{path}: {sum}"
        );
    }
    let named = manifest["files"].as_array().unwrap().len();
    assert_eq!(
        named + 1,
        files.len(),
        "every file but the manifest is in it"
    );
}

/// An `[exclusion.expect]` that does not hold fails with exit code 1 and says so.
#[test]
fn promises_of_exclusions_are_held() {
    let scratch = tempfile::tempdir().unwrap();
    let list = scratch.path().join("exclusions.toml");
    let file = |max: u64, min: u64| {
        format!(
            "version = 1\n[[exclusion]]\nid = \"all\"\nstage = \"event\"\nmatch.s-port = [\"1-65535\"]\n\
             [exclusion.expect]\nmax-hidden-campaigns = {max}\nmin-removed-alerts = {min}\n"
        )
    };
    for (max, min, code) in [(1, 1, 0), (0, 0, 1), (1, 99, 1)] {
        fs::write(&list, file(max, min)).unwrap();
        let output = scanbench(&[
            "run",
            "minimal",
            "--exclusions",
            &list.display().to_string(),
        ]);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.contains("BROKEN PROMISE"), code == 1, "{text}");
    }
}
