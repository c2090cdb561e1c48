//! `replay` as a program: whatever takes the lines, each arrives once and as it was.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

struct Set {
    folder: tempfile::TempDir,
}

/// Two sites that end their logs at each hour, and one server more.
const SCENARIO: &str = r#"
version = 1
name = "hours"
title = "Hours"
seed = 3
start = 2026-11-02T00:00:00Z
duration = "4h"
[[server]]
name = "HOST01"
address = "10.1.0.20"
iis = "10"
rollover = "hourly"
[[server.site]]
id = 1
ports = [80]
[[server.site]]
id = 2
ports = ["8001-8040"]
[[server]]
name = "WEB02"
address = "10.1.0.21"
iis = "7.5"
[[server.site]]
id = 1
ports = [80]
[[actor]]
id = "people"
kind = "visitors"
sessions-per-day = 600
hours = "flat"
[[actor]]
id = "walk"
kind = "scan"
servers = ["HOST01"]
client = "192.0.2.7"
ports = "bound"
start = "1h"
rate = 60
"#;

impl Set {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("hours.toml"), SCENARIO).unwrap();
        let set = Self { folder };
        let made = set
            .command(&["generate", "hours.toml", "-o", "set"])
            .status()
            .unwrap();
        assert!(made.success());
        set
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scanbench"));
        command.current_dir(self.folder.path()).args(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn replay(&self, arguments: &[&str]) -> Command {
        self.command(&[&["replay", "set"], arguments].concat())
    }

    /// Every log below a folder, by the end of its path that the set gives it.
    fn logs(&self, below: &str) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.folder.path().join(below)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "log") {
                    let parts: Vec<_> = path.iter().rev().take(3).collect();
                    let name: PathBuf = parts.into_iter().rev().collect();
                    found.insert(name.display().to_string(), fs::read(&path).unwrap());
                }
            }
        }
        found
    }

    /// All entries of the set, sorted.
    fn entries(&self) -> Vec<Vec<u8>> {
        entries(
            &self
                .logs("set/logs")
                .into_values()
                .collect::<Vec<_>>()
                .concat(),
        )
    }
}

fn entries(text: &[u8]) -> Vec<Vec<u8>> {
    let lines = text.split(|byte| *byte == b'\n');
    let mut entries: Vec<Vec<u8>> = lines
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
        .map(<[u8]>::to_vec)
        .collect();
    entries.sort();
    entries
}

fn succeed(mut command: Command) {
    assert!(command.status().unwrap().success());
}

/// The stamps of entries, in the order in which they came.
fn assert_in_order(text: &[u8]) {
    let stamps: Vec<&[u8]> = text
        .split(|byte| *byte == b'\n')
        .filter(|line| line.len() > 19 && line[0] != b'#')
        .map(|line| &line[..19])
        .collect();
    assert!(stamps.is_sorted());
}

#[test]
fn live_files_are_those_of_the_set() {
    let set = Set::new();
    succeed(set.replay(&["--to", "live", "--speed", "100000"]));
    let logs = set.logs("live");
    // A day of one site, and of two others each hour in which anybody came.
    assert!((6..=9).contains(&logs.len()), "{}", logs.len());
    assert_eq!(logs, set.logs("set/logs"));
    // What is there is not written over.
    assert_eq!(
        set.replay(&["--to", "live", "--speed", "100000"])
            .status()
            .unwrap()
            .code(),
        Some(2)
    );
}

#[test]
fn one_stream_has_every_line_once_and_in_order() {
    let set = Set::new();
    let output = set
        .replay(&["--rate", "1000000"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    assert_eq!(entries(&output.stdout), set.entries());
    assert_in_order(&output.stdout);
    // The reader of logs agrees with the columns as they change.
    let mut reader = scanbench_w3c::Reader::new(output.stdout.as_slice()).unwrap();
    while reader.next_item().unwrap().is_some() {}
    assert_eq!(
        (reader.counts().entries, reader.counts().bad),
        (set.entries().len() as u64, 0)
    );
}

/// Takes what comes, and dawdles at first.
fn listen(listener: TcpListener) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        std::thread::sleep(Duration::from_millis(700));
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        all
    })
}

#[test]
fn a_slow_receiver_loses_nothing() {
    let set = Set::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("tcp://{}", listener.local_addr().unwrap());
    let taken = listen(listener);
    succeed(set.replay(&["--to", &to, "--rate", "10000000"]));
    assert_eq!(entries(&taken.join().unwrap()), set.entries());
}

/// Messages by RFC 6587: a length, a blank, and so many bytes.
fn messages(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let blank = bytes.iter().position(|byte| *byte == b' ').unwrap();
        let length: usize = std::str::from_utf8(&bytes[..blank])
            .unwrap()
            .parse()
            .unwrap();
        let (message, rest) = bytes[blank + 1..].split_at(length);
        found.push(message);
        bytes = rest;
    }
    found
}

#[test]
fn syslog_messages_hold_the_lines() {
    let set = Set::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("syslog://{}", listener.local_addr().unwrap());
    let taken = listen(listener);
    succeed(set.replay(&["--to", &to, "--rate", "10000000"]));
    let bytes = taken.join().unwrap();
    let mut lines = Vec::new();
    for message in messages(&bytes) {
        let parts: Vec<&[u8]> = message.splitn(8, |byte| *byte == b' ').collect();
        let text = |part: &[u8]| String::from_utf8(part.to_vec()).unwrap();
        // Local0, informational; version 1; no process, no structured data.
        assert_eq!(text(parts[0]), "<134>1");
        assert_eq!(
            (text(parts[3]), text(parts[4]), text(parts[6])),
            ("iis".into(), "-".into(), "-".into())
        );
        assert!(["HOST01", "WEB02"].contains(&text(parts[2]).as_str()));
        assert!(text(parts[5]).starts_with("W3SVC"));
        let line = parts[7];
        if !line.starts_with(b"#") {
            assert_eq!(text(parts[1]), text(&line[..19]).replace(' ', "T") + "Z");
        }
        lines.extend_from_slice(line);
        lines.push(b'\n');
    }
    assert_eq!(entries(&lines), set.entries());
}

/// Interrupts a child as Ctrl-C does.
#[cfg(unix)]
fn interrupt(child: &Child) {
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
}

/// Stopped at some line and continued from there, in files and on a stream: every line once.
#[cfg(unix)]
#[test]
fn stopped_and_continued() {
    let set = Set::new();
    let all = set.entries();
    let mut child = set
        .replay(&["--to", "live", "--rate", "2000"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    assert!(line.starts_with("replaying "), "{line}");
    std::thread::sleep(Duration::from_millis(400));
    interrupt(&child);
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    assert!(child.wait().unwrap().success(), "{rest}");
    let from = rest
        .split("--from ")
        .nth(1)
        .unwrap_or_else(|| panic!("{rest}"))
        .trim()
        .to_owned();
    let number: usize = from.parse().unwrap();
    assert!((2..all.len()).contains(&number), "{number}");
    let half: usize = set
        .logs("live")
        .values()
        .map(|log| entries(log).len())
        .sum();
    assert_eq!(half, number - 1);
    succeed(set.replay(&["--to", "live", "--rate", "1000000", "--from", &from]));
    assert_eq!(set.logs("live"), set.logs("set/logs"));
}

#[test]
fn from_a_moment() {
    let set = Set::new();
    succeed(set.replay(&[
        "--to",
        "late",
        "--rate",
        "1000000",
        "--from",
        "2026-11-02T02:30:00Z",
    ]));
    let late: Vec<Vec<u8>> = entries(&set.logs("late").into_values().collect::<Vec<_>>().concat());
    let expected: Vec<Vec<u8>> = set
        .entries()
        .into_iter()
        .filter(|line| line.as_slice() >= b"2026-11-02 02:30:00".as_slice())
        .collect();
    assert_eq!(late, expected);
    for (name, log) in set.logs("late") {
        assert!(log.starts_with(b"#Software"), "{name}");
    }
}

/// `follow` reads what is written, and its rows are those of all at once.
#[test]
fn a_follower_finds_the_rows_of_the_whole() {
    let set = Set::new();
    let live = set.folder.path().join("live");
    fs::create_dir(&live).unwrap();
    let follower = set
        .command(&[
            "follow",
            "live",
            "--from-start",
            "--poll",
            "20ms",
            "--until-idle",
            "2s",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    succeed(set.replay(&["--to", "live", "--rate", "20000"]));
    let output = follower.wait_with_output().unwrap();
    assert_eq!(closed(&output.stdout), batch(&set, &live));
    assert_eq!(closed(&output.stdout).len(), 1);
}

fn key(row: &serde_json::Value) -> String {
    let names = [
        "TimeGenerated",
        "cIP",
        "Computer",
        "sIP",
        "portCount",
        "ConnectionsCount",
        "set_sPort",
    ];
    names.map(|name| row[name].to_string()).join(" ")
}

fn closed(text: &[u8]) -> Vec<String> {
    let rows = text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    let rows = rows.map(|line| serde_json::from_slice::<serde_json::Value>(line).unwrap());
    let mut keys: Vec<String> = rows
        .filter(|row| row["state"] == "closed")
        .map(|row| key(&row))
        .collect();
    keys.sort();
    keys
}

fn batch(set: &Set, folder: &Path) -> Vec<String> {
    let output = set
        .command(&["detect", folder.to_str().unwrap(), "--format", "ndjson"])
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    let rows = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    let mut keys: Vec<String> = rows
        .map(|line| key(&serde_json::from_slice(line).unwrap()))
        .collect();
    keys.sort();
    keys
}

#[test]
fn what_cannot_be_is_refused() {
    let set = Set::new();
    for arguments in [
        &["--speed", "0"][..],
        &["--rate", "nan"],
        &["--speed", "2", "--rate", "5"],
        &["--from", "yesterday"],
        &["--to", "udp://127.0.0.1:1"],
        &["--to", "tcp://127.0.0.1:1"],
    ] {
        let output = set
            .replay(arguments)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty());
        std::io::sink().write_all(&output.stdout).unwrap();
    }
}

/// A log that is to be continued is none where a link stands: what it leads to is left alone.
#[cfg(unix)]
#[test]
fn links_are_not_continued() {
    let set = Set::new();
    let (root, log) = (set.folder.path(), "WEB02/W3SVC1/u_ex261102.log");
    let link = root.join("live").join(log);
    fs::create_dir_all(link.parent().unwrap()).unwrap();
    fs::write(root.join("precious"), "precious").unwrap();
    std::os::unix::fs::symlink(root.join("precious"), &link).unwrap();
    let output = set
        .replay(&["--to", "live", "--rate", "1e9", "--from", "1"])
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("a symbolic link"), "{told}");
    assert_eq!(
        fs::read_to_string(root.join("precious")).unwrap(),
        "precious"
    );
}

/// A log that is emptied before its turn ends the replay with an error, and not as if the set ended there.
#[test]
fn a_log_that_was_cut_is_told() {
    let set = Set::new();
    let log = set
        .folder
        .path()
        .join("set/logs/HOST01/W3SVC2/u_ex26110203.log");
    // Its hour is the last; so slow, it is not reached before it is cut.
    let mut child = set
        .replay(&["--to", "live", "--speed", "3600"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !set.folder.path().join("live").exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    fs::File::create(&log).unwrap();
    let mut told = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut told)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2), "{told}");
    assert!(
        told.contains("u_ex26110203.log") && told.contains("shorter"),
        "{told}"
    );
}
