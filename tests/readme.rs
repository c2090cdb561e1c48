//! The README tells the truth: what it shows as output is the output.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use scanbench::bench::leaderboard;
use scanbench::bench::report::BenchReport;
use serde_json::Value;
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

/// The table of exclusions: the first two cells of a row say which, the others what was measured.
#[test]
fn the_exclusions_in_the_readme_are_measured() {
    const BEFORE: &str = "tests/readme.rs fails where they are not so. -->\n| list | exclusion | false episodes \
        removed | authorised removed | attacks hidden |\n|---|---|---|---|---|\n";

    let scratch = tempfile::tempdir().unwrap();
    let folders = ["default", "suite"].map(|name| {
        let folder = scratch.path().join(name).display().to_string();
        scanbench(&["generate", name, "-o", &folder]);
        folder
    });
    let measured = ["documented", "narrow"].map(|list| -> Value {
        let [first, second] = &folders;
        let arguments = [
            "exclusions",
            "measure",
            list,
            "--against",
            first,
            second,
            "--format",
            "json",
        ];
        serde_json::from_str(&scanbench(&arguments)).unwrap()
    });
    let share = |share: &Value| {
        let percent = |value: &Value| format!("{:.0}", value.as_f64().unwrap() * 100.0);
        format!(
            "{} of {} ({} %; {} to {})",
            share["hits"],
            share["of"],
            percent(&share["value"]),
            percent(&share["interval"]["low"]),
            percent(&share["interval"]["high"])
        )
    };
    hold(BEFORE, "\n\n", &|rows| {
        let written = rows.lines().map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let list = &measured[usize::from(cells[1] == "narrow")];
            let all = list["exclusions"].as_array().unwrap();
            let one = all.iter().find(|one| one["id"] == cells[2]);
            let effect = one.unwrap_or(&list["exclusions_together"]);
            assert!(one.is_some() || cells[2] == "all together", "{row}");
            format!(
                "| {} | {} | {} | {} | {} |",
                cells[1],
                cells[2],
                share(&effect["false_episodes_removed"]),
                effect["episodes_removed"]["authorised"],
                share(&effect["true_campaigns_hidden"])
            )
        });
        written.collect::<Vec<_>>().join("\n")
    });
}

/// The newest run of a kind that is kept, and the name of its folder: the date comes first in it, and a number last where
/// a day has several. `None` where there is none yet.
fn newest(kind: &str) -> Option<(String, BenchReport)> {
    let runs = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/runs");
    let place = |name: &str| -> Option<(String, u32)> {
        let (date, rest) = name.split_at_checked(10)?;
        let number = rest.strip_prefix('-')?.strip_prefix(kind)?;
        let number = match number {
            "" => 1,
            more => more.strip_prefix('-')?.parse().ok()?,
        };
        Some((date.to_owned(), number))
    };
    let names = std::fs::read_dir(&runs)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let name = names
        .filter(|name| place(name).is_some())
        .max_by_key(|name| place(name))?;
    let text = std::fs::read(runs.join(&name).join("bench.json")).unwrap();
    Some((name, serde_json::from_slice(&text).unwrap()))
}

/// How a table of a run stands in the README: where it was measured, the table, how to measure it again.
fn of_newest(kind: &str, table: fn(&BenchReport) -> String) -> String {
    let Some((name, report)) = newest(kind) else {
        return format!("Not measured yet: `benches/measure {kind}` does.\n");
    };
    format!(
        "{}\n\n{}\n\n`{}`\n\nAll runs: [benches/runs/{name}](benches/runs/{name}).\n",
        leaderboard::conditions(&report),
        table(&report),
        report.command.join(" "),
    )
}

/// `benches/leaderboard` writes it anew.
#[test]
fn the_leaderboard_is_that_of_the_newest_run() {
    hold(
        "<!-- leaderboard: tests/readme.rs fails where it is not that of the newest run. -->\n",
        "<!-- end of leaderboard -->",
        &|_| of_newest("leaderboard", leaderboard::leaderboard),
    );
}

/// `benches/leaderboard` writes it anew.
#[test]
fn the_growth_is_that_of_the_newest_run() {
    hold(
        "<!-- growth: tests/readme.rs fails where it is not that of the newest run. -->\n",
        "<!-- end of growth -->",
        &|_| of_newest("growth", leaderboard::growth),
    );
}
