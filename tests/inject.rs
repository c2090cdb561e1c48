//! `inject` from outside: into a generated set, and into real logs, where these are named.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use scanbench_generator::truth::InjectedFile;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn run(arguments: &[&str]) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, told) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {told}");
    (out, told)
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

/// Evaluates a dataset.
fn report(scratch: &Path, dataset: &str) -> Value {
    let folder = path(scratch, "report");
    let (out, _) = run(&["evaluate", dataset, "-o", &folder]);
    let report: Value =
        serde_json::from_slice(&fs::read(Path::new(&folder).join("report.json")).unwrap()).unwrap();
    let agreement = &report["agreement"];
    assert_eq!(agreement["missing_rows"], Value::Array(Vec::new()), "{out}");
    assert_eq!(
        agreement["unexpected_rows"],
        Value::Array(Vec::new()),
        "{out}"
    );
    report
}

/// Every log without its new lines is what it was.
fn assert_restored(dataset: &Path, original: impl Fn(&str) -> PathBuf) {
    let list = fs::read_to_string(dataset.join("truth/injected.jsonl")).unwrap();
    for line in list.lines() {
        let file: InjectedFile = serde_json::from_str(line).unwrap();
        let text = fs::read(dataset.join(&file.path)).unwrap();
        let is_new = |number: u64| {
            file.added
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&number))
        };
        let mut left: Vec<u8> = (1..)
            .zip(text.split_inclusive(|byte| *byte == b'\n'))
            .filter(|(number, _)| !is_new(*number))
            .flat_map(|(_, line)| line.to_vec())
            .collect();
        if file.unterminated {
            left.truncate(left.trim_ascii_end().len());
        }
        let old = match &file.original {
            Some(_) => fs::read(original(&file.path)).unwrap(),
            None => Vec::new(),
        };
        assert!(left == old, "{}", file.path);
    }
}

/// A generated set's own lines are as unknown as anybody's: the rows that the rule finds on them alone are neither right
/// nor false.
#[test]
fn rows_on_recorded_lines_alone_are_told_apart() {
    let scratch = tempfile::tempdir().unwrap();
    let (old, new) = (path(scratch.path(), "old"), path(scratch.path(), "new"));
    run(&["generate", "minimal", "-o", &old]);
    let (rows, _) = run(&["detect", &old, "--format", "ndjson"]);
    let before = rows.lines().count() as u64;
    assert!(before > 0);
    let logs = format!("{old}/logs");
    let (_, told) = run(&[
        "inject",
        &logs,
        "--scenario",
        "default",
        "--add-bindings",
        "-o",
        &new,
    ]);
    assert!(told.contains(" between "), "{told}");
    assert_restored(Path::new(&new), |path| {
        // The folder that was named keeps its name in the dataset.
        Path::new(&old).join(path.strip_prefix("logs/").unwrap())
    });
    let report = report(scratch.path(), &new);
    let rows = &report["without_exclusions"]["rows"];
    assert_eq!(rows["unknown"].as_u64(), Some(before), "{rows}");
    assert_eq!(rows["background"].as_u64(), Some(0), "{rows}");
    assert!(rows["malicious"].as_u64() > Some(0), "{rows}");
    // Nobody knows how many of the keys are benign.
    assert_eq!(report["without_exclusions"]["bins"], Value::Null);
}

#[test]
fn what_is_no_log_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let text = path(scratch.path(), "notes.txt");
    fs::write(&text, "no log\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(["inject", &text, "--scenario", "suite", "-o"])
        .arg(scratch.path().join("out"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("date, time, s-ip, s-port and c-ip"), "{told}");
    assert!(!scratch.path().join("out").exists());
}

/// Lines are put between lines as they are, so a packed log is named, with what to do.
#[test]
fn packed_logs_are_told() {
    let scratch = tempfile::tempdir().unwrap();
    let set = path(scratch.path(), "set");
    run(&["generate", "minimal", "--compress", "gz", "-o", &set]);
    let (logs, out) = (format!("{set}/logs"), path(scratch.path(), "out"));
    for arguments in [
        &["inject", &logs, "--scenario", "suite", "-o", &out][..],
        &["anonymise", &logs, "-o", &out],
        &["replay", &set, "--to", &out],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(
            told.contains("u_ex261102.log.gz: packed") && told.contains("unpack it first"),
            "{arguments:?}: {told}"
        );
        assert!(!Path::new(&out).exists(), "{arguments:?}");
    }
}

/// The sets of the README's table: those of the samples with a web log that says where a request came in.
const SETS: [&str; 16] = [
    "Analogy-LogViewer+Analogy.LogViewer.IISLogsProvider",
    "bherila+waikolai",
    "brianary+scripts",
    "daolavi+IISLogParser",
    "dhcgn+PowerShell-Convert-IIS-Logs-W3C",
    "khemani+Australia-magstore",
    "know-it-peru+WebKnowIT",
    "krasninja+querycat",
    "log2timeline+plaso",
    "matomo-org+matomo-log-analytics",
    "microsoft+Tx",
    "mrpinkzh+iis-log-analyzer",
    "theodorejb+iis-log-parser",
    "tstack+lnav",
    "viniciuSquare+IIS-log-formatter",
    "zx90316+IIS-LogReader",
];

/// Sets that cannot take lines: no `s-ip`, and the error log of HTTP.sys.
const REFUSED: [&str; 2] = ["jsakamoto+OpenW3CLogWithExcel", "koytze+learn_python"];

/// Files of the samples that belong to no set.
const NO_SET: [&str; 2] = ["_excerpts", "README.md"];

fn samples() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("SCANBENCH_SAMPLES")?);
    assert!(folder.is_dir(), "{} is no folder", folder.display());
    Some(folder)
}

/// The README's table "In real traffic" is what comes of it, and every log can be had back.
#[test]
fn the_suite_in_real_traffic() {
    let Some(samples) = samples() else { return };
    let readme = include_str!("../README.md");
    for set in SETS {
        let scratch = tempfile::tempdir().unwrap();
        let logs = path(&samples, set);
        let mut cells = Vec::new();
        for arguments in [&[][..], &["--add-bindings"]] {
            let out = path(scratch.path(), &format!("out{}", arguments.len()));
            let all = [
                &["inject", &logs, "--scenario", "suite", "-o", &out],
                arguments,
            ]
            .concat();
            run(&all);
            assert_restored(Path::new(&out), |path| {
                samples.join(path.strip_prefix("logs/").unwrap())
            });
            let injection: Value =
                serde_json::from_slice(&fs::read(Path::new(&out).join("injection.json")).unwrap())
                    .unwrap();
            if cells.is_empty() {
                cells.push(set.replacen('+', "/", 1));
                cells.push(injection["original_lines"].to_string());
                let servers = injection["servers"].as_array().unwrap();
                let most = servers
                    .iter()
                    .map(|one| one["seen_ports"].as_array().unwrap().len())
                    .max();
                cells.push(most.unwrap().to_string());
            }
            let report = report(scratch.path(), &out);
            let score = &report["without_exclusions"];
            let recall = &score["campaign_recall"];
            cells.push(format!("{} of {}", recall["hits"], recall["of"]));
            let rows = &score["rows"];
            let false_rows: u64 = rows["look_alike"]
                .as_object()
                .unwrap()
                .values()
                .filter_map(Value::as_u64)
                .sum();
            cells.push(format!("{false_rows}"));
            cells.push(rows["unknown"].to_string());
        }
        let row = format!("| {} |", cells.join(" | "));
        assert!(readme.contains(&row), "README lacks: {row}");
    }
}

/// Every set is in the README's table or refused with the reason; none is left out.
#[test]
fn sets_that_cannot_take_lines_are_refused() {
    let Some(samples) = samples() else { return };
    for entry in fs::read_dir(&samples).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = SETS.iter().chain(&REFUSED).chain(&NO_SET);
        assert!(known.into_iter().any(|one| *one == name), "{name}");
    }
    for set in REFUSED {
        let scratch = tempfile::tempdir().unwrap();
        let out = path(scratch.path(), "out");
        let logs = path(&samples, set);
        let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
            .args(["inject", &logs, "--scenario", "suite", "-o", &out])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{set}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("date, time, s-ip, s-port and c-ip"), "{told}");
    }
}
