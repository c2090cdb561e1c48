//! A scenario in logs that were there before: whatever those are, without the new lines they are what they were.

use proptest::prelude::*;
use scanbench_generator::manifest::{self, Unlabelled};
use scanbench_generator::truth::{
    Campaign, INJECTION, InjectedFile, Injection, Label, Reason, Window,
};
use scanbench_generator::{InjectError, InjectOptions, Injected, LogInput, Scenario, inject};
use scanbench_spec::Source;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const SCENARIO: &str = r#"
version = 1
name = "two"
title = "A scan and a backend"
seed = 5
start = 2026-11-02T00:00:00Z
duration = "1d"
[[server]]
name = "HOST01"
address = "10.1.0.20"
iis = "10"
[[server.site]]
id = 1
ports = [80, "8001-8040"]
[[actor]]
id = "people"
kind = "visitors"
sessions-per-day = 50
[[actor]]
id = "walk"
kind = "scan"
client = "192.0.2.7"
ports = [80, "8001-8040"]
start = "10:00"
rate = 60
[[actor]]
id = "parts"
kind = "backend"
client = "10.10.0.5"
ports = [80]
requests-per-hour = 4
"#;

struct Made {
    folder: TempDir,
    outcome: Result<Injected, InjectError>,
}

impl Made {
    fn lines<T: DeserializeOwned>(&self, path: &str) -> Vec<T> {
        let text = fs::read_to_string(self.path(path)).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join("out").join(path)
    }

    fn bytes(&self, path: &str) -> Vec<u8> {
        fs::read(self.path(path)).unwrap()
    }
}

/// Puts the scenario into these logs, by their places.
fn put(logs: &[(&str, &[u8])], add_bindings: bool) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let inputs: Vec<LogInput> = logs
        .iter()
        .map(|(place, text)| {
            let path = folder.path().join("in").join(place);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            LogInput {
                path,
                place: (*place).to_owned(),
                computer: "WEB01".to_owned(),
            }
        })
        .collect();
    let scenario = Scenario::from_source(&Source::new("two.toml", SCENARIO)).unwrap();
    let options = InjectOptions {
        add_bindings,
        ..InjectOptions::default()
    };
    let outcome = inject(&scenario, &inputs, &folder.path().join("out"), &options);
    Made { folder, outcome }
}

/// What is left of a log without the lines that were put in, by nothing but their numbers.
fn without(text: &[u8], file: &InjectedFile) -> Vec<u8> {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let mut left: Vec<u8> = (1..)
        .zip(lines)
        .filter(|(number, _)| {
            !file
                .added
                .iter()
                .any(|(first, last)| (first..=last).contains(&number))
        })
        .flat_map(|(_, line)| line.to_vec())
        .collect();
    if file.unterminated {
        assert_eq!(left.pop(), Some(b'\n'));
        if left.last() == Some(&b'\r') {
            left.pop();
        }
    }
    left
}

fn assert_whole(made: &Made, logs: &[(&str, &[u8])]) {
    let files: Vec<InjectedFile> = made.lines("truth/injected.jsonl");
    let old: BTreeMap<String, &[u8]> = logs
        .iter()
        .map(|(place, text)| (format!("logs/{place}"), *text))
        .collect();
    for file in &files {
        let left = without(&made.bytes(&file.path), file);
        assert_eq!(
            left,
            old.get(&file.path).copied().unwrap_or_default(),
            "{}",
            file.path
        );
        assert_eq!(file.original.is_some(), old.contains_key(&file.path));
    }
    let there: BTreeSet<&String> = files.iter().map(|file| &file.path).collect();
    assert!(old.keys().all(|path| there.contains(path)));
    let manifest = manifest::verify(&made.path("")).unwrap();
    assert_eq!(manifest.unlabelled_lines, Unlabelled::Unknown);
}

const FIELDS: &str = "#Fields: date time s-ip cs-method cs-uri-stem s-port c-ip sc-status";

fn log(end: &str, lines: &[&str]) -> Vec<u8> {
    let mut text = format!(
        "#Software: Microsoft Internet Information Services 10.0{end}#Version: 1.0{end}#Date: 2026-11-03 09:59:58{end}{FIELDS}{end}"
    );
    for line in lines {
        text += line;
        text += end;
    }
    text.into_bytes()
}

/// Counted by hand: 41 ports at 60 a minute from 10:00:00 on, of which port 80 alone is bound; IIS reopens a log after a
/// quarter of an hour.
#[test]
fn lines_stand_where_iis_would_have_written_them() {
    let text = log(
        "\r\n",
        &[
            "2026-11-03 09:59:59 10.9.9.9 GET /a 80 203.0.113.5 200",
            "2026-11-03 10:00:01 10.9.9.9 GET /b 80 203.0.113.5 200",
        ],
    );
    let logs = [("WEB01/W3SVC1/u_ex261103.log", text.as_slice())];
    let made = put(&logs, false);
    let injected = made.outcome.as_ref().unwrap();
    assert_whole(&made, &logs);
    assert_eq!(injected.injection.start.to_string(), "2026-11-03T00:00:00Z");
    let server = &injected.injection.servers[0];
    assert_eq!(
        (server.seen_ports.as_slice(), server.can_fire()),
        ([80].as_slice(), false)
    );
    assert_eq!(injected.must_fire, 0);
    let campaigns: Vec<Campaign> = made.lines("truth/campaigns.jsonl");
    let ids: Vec<(&str, u64, u64, Option<Reason>)> = campaigns
        .iter()
        .map(|one| {
            (
                one.id.as_str(),
                one.ports_probed,
                one.ports_logged,
                one.reason,
            )
        })
        .collect();
    assert_eq!(ids[0], ("walk", 41, 1, Some(Reason::UnboundPorts)));
    assert_eq!(ids.len(), 2);

    let out = String::from_utf8(made.bytes("logs/WEB01/W3SVC1/u_ex261103.log")).unwrap();
    assert!(out.split_inclusive('\n').all(|line| line.ends_with("\r\n")));
    let labels: Vec<Label> = made.lines("labels/WEB01/W3SVC1/u_ex261103.jsonl");
    let lines: Vec<&str> = out.lines().collect();
    let mut last = String::new();
    let mut header = false;
    for (number, line) in (1_u64..).zip(&lines) {
        let Some(moment) = line.get(..19).filter(|_| !line.starts_with('#')) else {
            header |= line.starts_with("#Fields");
            continue;
        };
        assert!(last.as_str() <= moment, "{last} {moment}");
        let seconds = |text: &str| -> i64 {
            let text: scanbench_w3c::Timestamp =
                format!("{}Z", text.replace(' ', "T")).parse().unwrap();
            text.millis() / 1000
        };
        if last.is_empty() || seconds(moment) - seconds(&last) >= 900 {
            assert!(header, "no header before {line}");
        }
        (last, header) = (moment.to_owned(), false);
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!((words.len(), words[2], words[5]), (8, "10.9.9.9", "80"));
        let client = match labels.iter().find(|label| label.line == number) {
            Some(label) if label.campaign == "walk" => "192.0.2.7",
            Some(_) => "10.10.0.5",
            None => "203.0.113.5",
        };
        assert_eq!(words[6], client);
    }
    // 96 expected of the backend.
    assert!((60..140).contains(&labels.len()), "{}", labels.len());
    let walk = lines
        .iter()
        .position(|line| line.contains("192.0.2.7"))
        .unwrap();
    assert!(
        lines[walk].starts_with("2026-11-03 10:00:0"),
        "{}",
        lines[walk]
    );
}

/// With the scenario's ports, its scan is what it is there: 41 ports within 41 seconds. The log's own lines of that
/// client count in the same window.
#[test]
fn added_bindings_are_recorded_and_collisions_told() {
    let text = log(
        "\n",
        &[
            "2026-11-03 09:59:59 10.9.9.9 GET /a 80 203.0.113.5 200",
            "2026-11-03 10:00:01 10.9.9.9 GET /b 4711 192.0.2.7 200",
            "2026-11-03 10:12:01 10.9.9.9 GET /b 4712 192.0.2.7 200",
        ],
    );
    let logs = [("WEB01/u_ex261103.log", text.as_slice())];
    let made = put(&logs, true);
    let injected = made.outcome.as_ref().unwrap();
    assert_whole(&made, &logs);
    let injection: Injection = serde_json::from_slice(&made.bytes(INJECTION)).unwrap();
    assert_eq!(injection, injected.injection);
    let server = &injection.servers[0];
    assert_eq!(server.seen_ports, [80, 4711, 4712]);
    assert_eq!(server.added_ports, (8001..=8040).collect::<Vec<u16>>());
    let windows: Vec<Window> = made.lines("truth/windows.jsonl");
    let fires: Vec<&Window> = windows.iter().filter(|window| window.must_fire).collect();
    assert_eq!(fires.len(), 1);
    assert_eq!((fires[0].ports, fires[0].lines), (42, 42));
    assert_eq!(fires[0].computer, "WEB01");
    let [collision] = &injection.collisions[..] else {
        panic!("{:?}", injection.collisions);
    };
    assert_eq!(
        (collision.address.as_str(), collision.lines),
        ("192.0.2.7", 2)
    );
    assert_eq!(collision.campaigns, ["walk"]);
}

/// A log without a port can take no line, and says so.
#[test]
fn what_cannot_take_lines_is_refused() {
    let text = b"#Fields: date time c-ip\n2026-11-03 09:59:59 203.0.113.5\n";
    let made = put(&[("WEB01/u_ex261103.log", text)], true);
    let error = made.outcome.as_ref().unwrap_err().to_string();
    assert!(error.contains("s-port"), "{error}");
    assert!(!made.path("").exists());
}

/// A log for each day, with one missing: it is made, named as the others are, with the header of the one before.
#[test]
fn a_day_without_a_log_gets_one() {
    let day = |day: &str, port: u16, count: usize| {
        let line = format!("2026-11-{day} 12:00:00 10.9.9.9 GET /a {port} 203.0.113.5 200");
        log("\n", &vec![line.as_str(); count])
    };
    let (third, fourth, fifth) = (day("03", 80, 2), day("04", 81, 9), day("05", 80, 2));
    let logs = [
        ("WEB01/W3SVC1/u_ex261103.log", third.as_slice()),
        ("WEB01/W3SVC1/u_ex261105.log", fifth.as_slice()),
        ("WEB01/W3SVC2/u_ex261104.log", fourth.as_slice()),
    ];
    let made = put(&logs, false);
    let injected = made.outcome.as_ref().unwrap();
    assert_whole(&made, &logs);
    assert_eq!(injected.injection.start.to_string(), "2026-11-04T00:00:00Z");
    let new = String::from_utf8(made.bytes("logs/WEB01/W3SVC1/u_ex261104.log")).unwrap();
    assert!(new.starts_with(
        "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-11-04 "
    ));
    assert!(new.contains(" 80 192.0.2.7 "), "{new}");
    assert_eq!(made.bytes("logs/WEB01/W3SVC2/u_ex261104.log"), fourth);
}

prop_compose! {
    /// A line of a log, or none: entries in and out of order, directives of other fields, blanks, garbage, long ones.
    fn any_line()(
        kind in 0..24_u8,
        second in 0..86_400_u32,
        port in prop::sample::select(vec![80_u16, 443, 8001, 1]),
        client in prop::sample::select(vec!["203.0.113.5", "192.0.2.7", "::1", "-"]),
        garbage in prop::collection::vec(any::<u8>(), 0..40),
    ) -> Vec<u8> {
        let time = format!("2026-11-03 {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
        match kind {
            0 => FIELDS.into(),
            1 => b"#Fields: date time s-computername s-ip s-port c-ip X-Forwarded-For".to_vec(),
            2 => b"#Fields: date time c-ip".to_vec(),
            3 => format!("#Date: {time}").into_bytes(),
            4 => Vec::new(),
            5 => garbage.into_iter().filter(|byte| *byte != b'\n').collect(),
            6 => format!("{time} PC 10.9.9.9 {port} {client} -").into_bytes(),
            7 => format!("{time} {client}").into_bytes(),
            _ => format!("{time} 10.9.9.9 GET /a {port} {client} 200").into_bytes(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    /// forall logs, in order or not, with whatever between their lines: without the new lines each is what it was, and
    /// the manifest counts what is there.
    #[test]
    fn without_the_new_lines_every_log_is_what_it_was(
        lines in prop::collection::vec(any_line(), 0..60),
        sorted in any::<bool>(),
        crlf in any::<bool>(),
        bom in any::<bool>(),
        cut in any::<bool>(),
        add_bindings in any::<bool>(),
        split in 0..60_usize,
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut lines = lines;
        if sorted {
            lines.sort();
        }
        let make = |lines: &[Vec<u8>]| {
            let mut text = if bom { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
            text.extend(log(end, &["2026-11-03 00:00:01 10.9.9.9 GET /a 80 203.0.113.5 200"]));
            for line in lines {
                text.extend_from_slice(line);
                text.extend_from_slice(end.as_bytes());
            }
            if cut {
                text.truncate(text.len() - end.len());
            }
            text
        };
        let (first, second) = lines.split_at(split.min(lines.len()));
        let (first, second) = (make(first), make(second));
        let logs = [
            ("WEB01/W3SVC1/u_ex261103.log", first.as_slice()),
            ("WEB01/other/second.log", second.as_slice()),
            ("WEB01/other/empty.log", b"".as_slice()),
        ];
        let made = put(&logs, add_bindings);
        let injected = made.outcome.as_ref().map_err(|error| TestCaseError::fail(error.to_string()))?;
        assert_whole(&made, &logs);
        prop_assert!(injected.injection.added_lines + injected.injection.unwritten_lines > 0);
        // Each label names a line that was put in.
        for file in made.lines::<InjectedFile>("truth/injected.jsonl") {
            let labels = file.path.replacen("logs/", "labels/", 1).replace(".log", ".jsonl");
            if made.path(&labels).exists() {
                for label in made.lines::<Label>(&labels) {
                    let is_new = |(first, last): &(u64, u64)| (first..=last).contains(&&label.line);
                    prop_assert!(file.added.iter().any(is_new));
                }
            }
        }
    }
}

/// What stands in the folder is not touched.
#[test]
fn logs_are_only_read() {
    let text = log(
        "\n",
        &["2026-11-03 09:59:59 10.9.9.9 GET /a 80 203.0.113.5 200"],
    );
    let made = put(&[("WEB01/u_ex261103.log", text.as_slice())], false);
    let path: &Path = &made.folder.path().join("in/WEB01/u_ex261103.log");
    assert_eq!(fs::read(path).unwrap(), text);
}
