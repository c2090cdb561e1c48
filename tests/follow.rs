//! `follow` as a program: beside a writer, killed at any moment, ended by Ctrl-C.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

#[path = "../detector/tests/growing/plan.rs"]
mod plan;

use plan::{EXCLUSIONS, Random, Writer, plan};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

struct Place {
    folder: tempfile::TempDir,
    rule: &'static [&'static str],
}

/// The rule's own bins, and windows that move, of a size that makes rows of these logs.
const RULES: [&[&str]; 3] = [
    &["--threshold", "8"],
    &["--window", "sliding", "--bin", "100s", "--threshold", "5"],
    &["--window", "session", "--gap", "50s", "--threshold", "6"],
];

impl Place {
    fn new() -> Self {
        Self::with(RULES[0])
    }

    fn with(rule: &'static [&'static str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("logs")).unwrap();
        fs::write(folder.path().join("exclusions.toml"), EXCLUSIONS).unwrap();
        Self { folder, rule }
    }

    fn logs(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    fn command(&self, name: &str, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scanbench"));
        command
            .current_dir(self.folder.path())
            .args([name, "logs", "--set-limit", "20"])
            .args(self.rule)
            .args(["--exclusions", "exclusions.toml"])
            .args(more);
        command
    }

    fn follow(&self, more: &[&str], out: &Path) -> Child {
        self.command("follow", &["--from-start", "--poll", "5ms"])
            .args(more)
            .stdout(File::create(out).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// The rows of all logs at once, by what tells them apart.
    fn batch(&self) -> BTreeMap<String, Value> {
        let output = self
            .command("detect", &["--format", "ndjson", "--unsorted"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let rows = text.lines().map(|line| serde_json::from_str(line).unwrap());
        rows.map(|row| (key(&row), row)).collect()
    }

    /// Writes the logs of a seed, bit by bit.
    fn write(&self, seed: u64, pause: Duration) -> std::thread::JoinHandle<()> {
        let logs = self.logs();
        std::thread::spawn(move || {
            let mut random = Random(seed);
            let lines = plan(&mut random);
            let mut writer = Writer::new(&logs, &lines);
            while writer.write(&mut random) {
                std::thread::sleep(pause);
            }
        })
    }
}

fn key(row: &Value) -> String {
    ["TimeGenerated", "cIP", "Computer", "sIP"]
        .map(|column| row[column].as_str().unwrap())
        .join(" ")
}

/// Whole lines: the last one may be cut by a kill.
fn printed(out: &Path) -> Vec<String> {
    let text = fs::read_to_string(out).unwrap();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(str::to_owned).collect()
}

/// Rows of one id are one; each row is told open, then closed as in the whole logs. A row of a window that moves may
/// have begun later when it was told.
fn check(printed: &[String], expected: &BTreeMap<String, Value>) {
    let mut by_id: BTreeMap<String, &String> = BTreeMap::new();
    let mut states: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut closed = BTreeMap::new();
    for line in printed {
        let mut row: Value = serde_json::from_str(line).unwrap();
        let id = row["id"].as_str().unwrap().to_owned();
        if let Some(before) = by_id.insert(id, line) {
            assert_eq!(before, line, "one id, two rows");
            continue;
        }
        let key = key(&row);
        let state = row["state"].as_str().unwrap().to_owned();
        if state == "closed" {
            for extra in ["id", "state"] {
                row.as_object_mut().unwrap().remove(extra);
            }
            closed.insert(key.clone(), row);
        }
        states.entry(key).or_default().push(state);
    }
    let keys = |rows: &BTreeMap<String, Value>| rows.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&closed), keys(expected));
    assert_eq!(&closed, expected);
    for (key, states) in states {
        let moves = expected.values().any(|row| !row["WindowEnd"].is_null());
        let is_right = match states.as_slice() {
            [open, closed] => open == "open" && closed == "closed",
            _ => moves,
        };
        assert!(is_right, "{key}: {states:?}");
    }
}

#[test]
fn beside_a_writer() {
    for (seed, rule) in (1..).zip(RULES) {
        let place = Place::with(rule);
        let out = place.folder.path().join("out");
        let writer = place.write(seed, Duration::from_millis(3));
        let mut child = place.follow(&["--until-idle", "1s"], &out);
        writer.join().unwrap();
        assert!(child.wait().unwrap().success());
        let expected = place.batch();
        assert!(!expected.is_empty());
        check(&printed(&out), &expected);
    }
}

#[test]
fn killed_at_any_moment() {
    for (seed, rule) in (10..).zip(RULES) {
        let place = Place::with(rule);
        let out = |run: u32| place.folder.path().join(format!("out{run}"));
        let more = ["--checkpoint", "state.json", "--checkpoint-every", "40ms"];
        let mut random = Random(seed);
        let writer = place.write(seed, Duration::from_millis(12));
        let mut runs = 0;
        while !writer.is_finished() || runs < 12 {
            let mut child = place.follow(&more, &out(runs));
            std::thread::sleep(Duration::from_millis(10 + random.below(120)));
            child.kill().unwrap();
            child.wait().unwrap();
            runs += 1;
        }
        let mut last = place.follow(&[more[0], more[1], "--until-idle", "1s"], &out(runs));
        assert!(last.wait().unwrap().success());
        let all: Vec<String> = (0..=runs).flat_map(|run| printed(&out(run))).collect();
        check(&all, &place.batch());
        assert!(runs >= 12);
        // Nothing of the dead is left.
        let entries = fs::read_dir(place.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name());
        let hidden: Vec<_> = names
            .filter(|name| name.as_encoded_bytes().starts_with(b"."))
            .collect();
        assert!(hidden.is_empty(), "{hidden:?}");
    }
}

const LOG: &str = "#Fields: date time s-ip s-port c-ip\n";

fn lines(ports: std::ops::Range<u32>) -> String {
    let line = |port| format!("2026-11-02 10:00:00 10.0.0.1 {port} 192.0.2.7\n");
    ports.map(line).collect()
}

/// Starts, waits for a row, and ends by Ctrl-C.
#[cfg(unix)]
fn interrupted(place: &Place, more: &[&str]) -> Output {
    fs::write(
        place.logs().join("a.log"),
        LOG.to_owned() + &lines(8000..8010) + "bad\n",
    )
    .unwrap();
    let mut child = place
        .command("follow", &["--from-start", "--poll", "5ms"])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let mut output = child.wait_with_output().unwrap();
    output.stdout = first.into_bytes();
    std::io::copy(&mut out, &mut output.stdout).unwrap();
    output
}

#[cfg(unix)]
#[test]
fn ctrl_c_is_a_good_end() {
    let place = Place::new();
    let output = interrupted(&place, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let rows = String::from_utf8(output.stdout).unwrap();
    let states: Vec<Value> = rows
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["state"].clone())
        .collect();
    assert_eq!(states, ["open", "closed"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("a.log:12:4: expected 5 values"), "{told}");
    assert!(
        told.contains("followed 1 log: 10 lines, 1 bad line, 1 alert, 1 row closed; latency "),
        "{told}"
    );
    let rows: Value =
        serde_json::from_slice(&interrupted(&place, &["--format", "json"]).stdout).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 2);
    let table = String::from_utf8(interrupted(&place, &["--format", "table"]).stdout).unwrap();
    assert!(table.starts_with("TimeGenerated"), "{table}");
}

#[cfg(unix)]
#[test]
fn with_a_checkpoint_windows_stay_open_for_the_next_start() {
    let place = Place::new();
    let output = interrupted(&place, &["--checkpoint", "state.json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("1 window left open for the next start"),
        "{told}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1);
    let more = lines(9000..9003);
    let path = place.logs().join("a.log");
    let before = fs::read_to_string(&path).unwrap();
    fs::write(&path, before + &more).unwrap();
    let out = place.folder.path().join("out");
    let mut child = place.follow(
        &["--checkpoint", "state.json", "--until-idle", "100ms"],
        &out,
    );
    assert!(child.wait().unwrap().success());
    let rows = printed(&out);
    assert_eq!(rows.len(), 1, "{rows:?}");
    let row: Value = serde_json::from_str(&rows[0]).unwrap();
    assert_eq!(
        (&row["state"], &row["portCount"]),
        (&"closed".into(), &13.into())
    );
}

#[test]
fn two_cannot_follow_with_one_checkpoint_and_a_kill_leaves_no_lock() {
    let place = Place::new();
    fs::write(place.logs().join("a.log"), LOG.to_owned() + &lines(1..9)).unwrap();
    let more = ["--checkpoint", "state.json"];
    let out = place.folder.path().join("out");
    let mut first = place.follow(&more, &out);
    while printed(&out).is_empty() {
        assert!(first.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(5));
    }
    let second = place
        .command("follow", &more)
        .args(["--until-idle", "10ms"])
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(2));
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(
        told.contains("error: checkpoint state.json is in use"),
        "{told}"
    );
    first.kill().unwrap();
    first.wait().unwrap();
    let mut third = place.follow(&[more[0], more[1], "--until-idle", "10ms"], &out);
    assert!(third.wait().unwrap().success());
}

/// Half a checkpoint of a dead run, and a link in its place.
#[cfg(unix)]
#[test]
fn what_a_dead_run_left_goes_away() {
    let place = Place::new();
    let (left, other) = (".state.json.partial", place.folder.path().join("other"));
    let left = place.folder.path().join(left);
    fs::write(&other, "kept").unwrap();
    for linked in [false, true] {
        if linked {
            std::os::unix::fs::symlink(&other, &left).unwrap();
        } else {
            fs::write(&left, "{\"format\":").unwrap();
        }
        let run = place
            .command("follow", &["--checkpoint", "state.json"])
            .args(["--until-idle", "10ms"])
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
        assert!(fs::symlink_metadata(&left).is_err(), "linked: {linked}");
        assert_eq!(fs::read_to_string(&other).unwrap(), "kept");
        let state = fs::read_to_string(place.folder.path().join("state.json")).unwrap();
        assert!(state.starts_with('{') && state.contains("scanbench-follow"));
    }
}

#[test]
fn checkpoints_that_cannot_be_used_are_refused() {
    let place = Place::new();
    let run = |more: &[&str]| {
        let output = place
            .command(
                "follow",
                &["--checkpoint", "state.json", "--until-idle", "10ms"],
            )
            .args(more)
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    assert_eq!(run(&[]).0, Some(0));
    let (code, told) = run(&["--bin", "5m"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("written under another rule"), "{told}");
    fs::write(place.folder.path().join("state.json"), "hello\n").unwrap();
    let (code, told) = run(&[]);
    assert_eq!(code, Some(2));
    assert!(
        told.contains("error: checkpoint state.json, line 1: no checkpoint of scanbench"),
        "{told}"
    );
}
