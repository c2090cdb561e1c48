//! Two exclusion lists, and two detectors, on the same campaigns.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

#[path = "support/program.rs"]
mod program;

use program::{scanbench, succeed};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn report(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("report.json")).unwrap()).unwrap()
}

/// Whether each campaign of a class has a row, by a column of the report.
fn fired(report: &Value, class: &str, column: &str) -> BTreeMap<String, bool> {
    let all = report["campaigns"].as_array().unwrap().iter();
    all.filter(|one| one["class"] == class)
        .map(|one| {
            let id = one["id"].as_str().unwrap().to_owned();
            (id, one[column].as_u64().unwrap() > 0)
        })
        .collect()
}

/// The rule with no list beside the rule with the documented list: what the list takes away is what only one has, and a
/// list never adds a row.
#[test]
fn two_exclusion_lists() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).display().to_string();
    let dataset = path("set");
    succeed(&["generate", "excluded-address", "-o", &dataset]);
    succeed(&[
        "evaluate",
        &dataset,
        "--exclusions",
        "documented",
        "-o",
        &path("list"),
    ]);
    let (baseline, none) = (path("list/report.json"), path("none"));
    let arguments = ["evaluate", &dataset, "--baseline", &baseline, "-o", &none];
    let told = succeed(&arguments);
    let (with, without) = (
        report(&scratch.path().join("list")),
        report(&scratch.path().join("none")),
    );
    let [comparison] = &without["comparisons"].as_array().unwrap()[..] else {
        panic!("{}", without["comparisons"]);
    };
    assert_eq!(comparison["beside"], "earlier-report");
    let mut changed = 0;
    for (class, part) in [("malicious", "attacks"), ("look-alike", "look_alikes")] {
        let here = fired(&without, class, "rows_without_exclusions");
        let there = fired(&with, class, "rows_with_exclusions");
        let only: Vec<&String> = here.keys().filter(|id| here[*id] && !there[*id]).collect();
        let both = here.keys().filter(|id| there[*id]).count();
        let paired = &comparison[part];
        assert_eq!(paired["only_here"], json!(only), "{class}");
        assert_eq!(paired["only_there"], json!([]), "{class}");
        assert_eq!(paired["both"], json!(both), "{class}");
        assert_eq!(
            paired["neither"],
            json!(here.len() - both - only.len()),
            "{class}"
        );
        changed += only.len();
    }
    assert!(changed > 0, "the list changes nothing: {comparison}");
    let sentence = "Beside the earlier report, rows on ";
    assert!(told.contains(sentence), "{told}");
    for (file, words) in [
        (
            "report.md",
            "## Campaign by campaign beside the earlier report",
        ),
        ("report.html", sentence),
        ("junit.xml", "no worse than the baseline"),
    ] {
        let text = fs::read_to_string(scratch.path().join("none").join(file)).unwrap();
        assert!(text.contains(words), "{file}");
    }
}

/// Our own rows but those of one attack, as those of another engine.
#[test]
fn two_detectors() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).display().to_string();
    let dataset = path("set");
    succeed(&["generate", "default", "-o", &dataset, "--scale", "0.1"]);
    let rows = succeed(&["detect", &dataset, "--format", "ndjson"]);
    succeed(&["evaluate", &dataset, "-o", &path("ours")]);
    let ours = fired(
        &report(&scratch.path().join("ours")),
        "malicious",
        "rows_without_exclusions",
    );
    let truth = fs::read_to_string(scratch.path().join("set/truth/campaigns.jsonl")).unwrap();
    let lost = truth
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|one| ours.get(one["id"].as_str().unwrap()) == Some(&true))
        .unwrap();
    let of_lost = |row: &str| {
        let row: Value = serde_json::from_str(row).unwrap();
        lost["clients"].as_array().unwrap().contains(&row["cIP"])
    };
    let left: Vec<&str> = rows.lines().filter(|row| !of_lost(row)).collect();
    assert!(!left.is_empty() && left.len() < rows.lines().count());
    fs::write(path("alerts.ndjson"), left.join("\n")).unwrap();
    let alerts = path("alerts.ndjson");
    let told = succeed(&[
        "evaluate",
        &dataset,
        "--alerts",
        &alerts,
        "-o",
        &path("out"),
    ]);
    let comparison = &report(&scratch.path().join("out"))["comparisons"][0];
    assert_eq!(comparison["beside"], "our-detector");
    let attacks = &comparison["attacks"];
    assert_eq!(attacks["only_here"], json!([]));
    assert_eq!(attacks["only_there"], json!([lost["id"]]));
    // One campaign of all, and one heads of one throw, two-sided.
    let share = -1.0 / f64::from(u32::try_from(ours.len()).unwrap());
    assert!((attacks["difference"].as_f64().unwrap() - share).abs() < 1e-12);
    assert_eq!(attacks["chance"], 1.0);
    let low = attacks["interval"]["low"].as_f64().unwrap();
    assert!(
        low < share && attacks["interval"]["high"] == 0.0,
        "{attacks}"
    );
    let name = lost["id"].as_str().unwrap();
    assert!(told.contains(&format!("Lost: {name}.")), "{told}");
}

/// A report of other campaigns cannot be compared, and says so before anything is told.
#[test]
fn other_campaigns_are_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).display().to_string();
    let dataset = path("set");
    succeed(&["generate", "excluded-address", "-o", &dataset]);
    succeed(&["evaluate", &dataset, "-o", &path("out")]);
    let mut wrong = report(&scratch.path().join("out"));
    let campaigns = wrong["campaigns"].as_array_mut().unwrap();
    let mut more = campaigns[0].clone();
    more["id"] = "one-more".into();
    campaigns.push(more);
    fs::write(path("wrong.json"), wrong.to_string()).unwrap();
    let output = scanbench(&["evaluate", &dataset, "--baseline", &path("wrong.json")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("the baseline has "), "{error}");
}
