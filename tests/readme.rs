//! The README tells the truth: what it shows as output is the output.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// Who changes the README holds it.
static README: Mutex<()> = Mutex::new(());

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

/// Holds the text between two marks of the README against what it must be. After a change that is meant,
/// `UPDATE_README=1 cargo test --test readme` writes that into the README.
fn hold(before: &str, behind: &str, expected: &dyn Fn(&str) -> String) {
    let text = std::fs::read_to_string(readme()).unwrap();
    let start = text.find(before).unwrap() + before.len();
    let end = start + text[start..].find(behind).unwrap();
    let expected = expected(&text[start..end]);
    if std::env::var_os("UPDATE_README").is_none() {
        assert_eq!(&text[start..end], expected);
        return;
    }
    let _held = README.lock().unwrap_or_else(PoisonError::into_inner);
    // Read again: another test may have written meanwhile.
    let text = std::fs::read_to_string(readme()).unwrap();
    let start = text.find(before).unwrap() + before.len();
    let end = start + text[start..].find(behind).unwrap();
    let text = format!("{}{expected}{}", &text[..start], &text[end..]);
    std::fs::write(readme(), text).unwrap();
}

fn scanbench(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(arguments)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_run_in_the_readme_is_the_run() {
    const BEFORE: &str = "tests/readme.rs fails where it is not. -->\n```text\n";

    hold(BEFORE, "```", &|_| scanbench(&["run"]));
}

/// The table of settings: the first three cells of a row say which, the others what was measured.
#[test]
fn the_settings_in_the_readme_are_measured() {
    const BEFORE: &str = "tests/readme.rs fails where it is not so. -->\n| window | bin | ports | attacks caught | \
         rows with no attack | as episodes |\n|---|---|---|---|---|---|\n";

    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().to_str().unwrap();
    let mut sweep = vec!["sweep", "suite", "--seeds", "4", "-o", folder];
    sweep.extend(["--bin", "1m,10m,30m", "--threshold", "15,30,45"]);
    scanbench(&sweep);
    let mut table = csv::Reader::from_path(scratch.path().join("sweep.csv")).unwrap();
    let points: Vec<BTreeMap<String, String>> = table.deserialize().map(Result::unwrap).collect();
    hold(BEFORE, "\n\n", &|rows| {
        let measured = rows.lines().map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let minutes: u64 = cells[2].trim_end_matches('m').parse().unwrap();
            let is = |point: &&BTreeMap<String, String>| {
                point["by"] == "ports"
                    && point["part"] == "whole"
                    && point["window"] == cells[1]
                    && point["bin_seconds"] == (minutes * 60).to_string()
                    && point["threshold"] == cells[3]
            };
            let point = points.iter().find(is).unwrap();
            let count = |column: &str| point[column].parse::<u64>().unwrap();
            format!(
                "| {} | {} | {} | {} of {} | {} | {} |",
                cells[1],
                cells[2],
                cells[3],
                count("campaigns_caught"),
                count("campaigns"),
                count("rows_benign") + count("rows_authorised"),
                count("episodes_benign") + count("episodes_authorised"),
            )
        });
        measured.collect::<Vec<_>>().join("\n")
    });
}
