//! `generate --resume` after SIGKILL: whatever moment the process dies at, the run that goes on ends with the bytes of one
//! that was never disturbed.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic too: that is the report"
)]

#[path = "support/folder.rs"]
mod folder;

use folder::files;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Logs of an hour, so that some are finished early, on two servers, with a scan.
const SCENARIO: &str = r#"
version = 1
name = "killed"
title = "killed"
seed = 12
start = 2026-11-02T20:00:00Z
duration = "9h"
[[server]]
name = "ONE"
address = "10.1.0.1"
iis = "10"
rollover = "hourly"
[[server.site]]
id = 1
ports = ["8001-8040"]
[[server]]
name = "TWO"
address = "10.1.0.2"
iis = "8.5"
rollover = "hourly"
[[server.site]]
id = 1
ports = [80, 443]
[[actor]]
id = "people"
kind = "visitors"
sessions-per-day = 4000
hours = "flat"
[[actor]]
id = "scan"
kind = "scan"
servers = ["ONE"]
client = "random"
ports = "bound"
start = "3h"
rate = 6
requests-per-port = 4
"#;

fn generate(scenario: &Path, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scanbench"));
    command
        .args(["generate", "--resume", "--threads", "2", "--httperr", "-o"])
        .args([folder, scenario])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Runs it and kills it after so long; how it ended.
fn killed(mut command: Command, after: Duration) -> ExitStatus {
    let mut child = command.spawn().unwrap();
    std::thread::sleep(after);
    // It may have ended already.
    let _ = child.kill();
    child.wait().unwrap()
}

/// forall moments: 20 kills, five on each of four folders, spread over the time that a whole run takes.
#[test]
fn twenty_kills_change_no_byte() {
    let parent = tempfile::tempdir().unwrap();
    let scenario = parent.path().join("killed.toml");
    fs::write(&scenario, SCENARIO).unwrap();
    let whole = parent.path().join("whole");
    let begun = Instant::now();
    assert!(generate(&scenario, &whole).status().unwrap().success());
    let takes = begun.elapsed();
    let expected = files(&whole);
    assert!(expected.len() > 20, "{} files", expected.len());
    // No clock may decide what a test does, but moments of death should differ: a sequence that fills the span evenly.
    let mut moment = 0.37_f64;
    let (mut kills, mut finished_first) = (0, 0);
    for round in 0..4 {
        let folder = parent.path().join(format!("round-{round}"));
        for _ in 0..5 {
            moment = (moment + 0.618_034).fract();
            if folder.exists() {
                // The run before was faster than its killer.
                fs::remove_dir_all(&folder).unwrap();
            }
            let ended = killed(generate(&scenario, &folder), takes.mul_f64(moment));
            kills += 1;
            if ended.success() {
                finished_first += 1;
                assert!(files(&folder) == expected, "not killed, round {round}");
            } else {
                assert!(!folder.exists(), "a dataset that is not whole");
            }
        }
        if !folder.exists() {
            assert!(generate(&scenario, &folder).status().unwrap().success());
        }
        assert!(files(&folder) == expected, "round {round}");
    }
    assert_eq!(kills, 20);
    assert!(finished_first < 20, "nothing was ever killed");
    // Nothing of the dead is left.
    let left = fs::read_dir(parent.path()).unwrap().count();
    assert_eq!(left, 6);
}

/// A kill between making the journal and writing its first line: nothing was finished, so all is made.
#[test]
fn a_journal_without_a_first_line() {
    let parent = tempfile::tempdir().unwrap();
    let scenario = parent.path().join("killed.toml");
    fs::write(&scenario, SCENARIO).unwrap();
    let whole = parent.path().join("whole");
    assert!(generate(&scenario, &whole).status().unwrap().success());
    for begun in ["", "{\"scenario"] {
        let folder = parent.path().join("set");
        let partial = parent.path().join(".set.partial");
        fs::create_dir_all(partial.join("logs")).unwrap();
        fs::write(partial.join(".journal"), begun).unwrap();
        assert!(generate(&scenario, &folder).status().unwrap().success());
        assert!(files(&folder) == files(&whole), "{begun:?}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
