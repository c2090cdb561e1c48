//! `anonymise` from outside: nothing that says who somebody is stays, and a rule finds the same.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use proptest::prelude::*;
use scanbench::anonymise::{Anonymiser, Known};
use scanbench_detector::{Alert, Detector, Exclusions, Rule, Selection};
use scanbench_w3c::{Field, Item, Reader};
use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

const KEY: [u8; 32] = [42; 32];

fn rows(log: &[u8], computer: &str) -> Vec<Alert> {
    let rule = Rule {
        threshold: 3,
        ..Rule::default()
    };
    let mut detector = Detector::new(rule, Exclusions::default());
    let mut reader = Reader::new(log).unwrap();
    while let Some(item) = reader.next_item().unwrap() {
        if let Item::Entry(entry) = item {
            detector.push(&entry, computer);
        }
    }
    detector.finish().alerts(&Selection::All)
}

/// The keys, ports and counts of rows, in an order of their own.
fn keys(rows: &[Alert], rename: impl Fn(&str, bool) -> String) -> BTreeSet<String> {
    rows.iter()
        .map(|row| {
            format!(
                "{} {} {} {} {:?} {} {:?}",
                row.time_generated,
                rename(&row.c_ip, true),
                rename(&row.computer, false),
                rename(&row.s_ip, true),
                row.set_s_port,
                row.connections_count,
                (
                    row.set_cs_user_agent.len(),
                    row.set_cs_user_name.len(),
                    &row.set_sc_status_full
                ),
            )
        })
        .collect()
}

prop_compose! {
    fn any_line()(
        kind in 0..12_u8,
        minute in 0..30_u8,
        port in 8000..8006_u16,
        client in prop::sample::select(vec!["10.0.0.1", "10.0.0.2", "203.0.113.7", "::1", "127.0.0.1", "fe80::1%3", "2001:db8::5", "-"]),
        server in prop::sample::select(vec!["10.9.9.9", "10.9.9.8"]),
        computer in prop::sample::select(vec!["WEB1", "web1", "WEB2", "-"]),
        user in prop::sample::select(vec!["-", "CORP\\alice", "bob@corp.example", "a", "CORP\\PC1$"]),
        query in prop::sample::select(vec!["-", "user=alice&x=1", "q=10.0.0.1", "u=http%3a%2f%2fh.example", "\"q\"", "%zz;'"]),
        garbage in prop::collection::vec(any::<u8>(), 0..30),
    ) -> Vec<u8> {
        match kind {
            0 => garbage.into_iter().filter(|byte| *byte != b'\n').collect(),
            1 => b"#Remark: written by alice".to_vec(),
            _ => format!("2026-11-02 10:{minute:02}:00 {computer} {server} {port} {client} {user} {query} Agent/{minute} 200").into_bytes(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    /// forall logs: the rows of the rule are those of the anonymised log, up to the names.
    #[test]
    fn the_rule_finds_the_same(lines in prop::collection::vec(any_line(), 0..150)) {
        let mut log = b"#Fields: date time s-computername s-ip s-port c-ip cs-username cs-uri-query cs(User-Agent) sc-status\n".to_vec();
        for line in lines {
            log.extend(line);
            log.push(b'\n');
        }
        let mut known = Known::default();
        known.read(log.as_slice()).unwrap();
        let anonymiser = Anonymiser::new(&KEY, known);
        let mut other = Vec::new();
        anonymiser.log(log.as_slice(), &mut other).unwrap();
        // The folder's name stands for a computer that the line does not name.
        let (before, after) = (rows(&log, "HOST"), rows(&other, &anonymiser.computer("HOST")));
        let renamed = keys(&before, |text, is_address| {
            if !is_address {
                return anonymiser.computer(text);
            }
            let (address, zone) = text.split_once('%').unwrap_or((text, ""));
            match address.parse() {
                Ok(address) => format!("{}{}{zone}", anonymiser.address(address), if zone.is_empty() { "" } else { "%" }),
                Err(_) => text.to_owned(),
            }
        });
        prop_assert_eq!(renamed, keys(&after, |text, _| text.to_owned()));
        prop_assert_eq!(before.len(), after.len());
        let text = String::from_utf8_lossy(&other);
        for gone in ["alice", "bob@", "203.0.113.7", "2001:db8::5", "CORP"] {
            prop_assert!(!text.contains(gone), "{} in {}", gone, text);
        }
    }
}

fn run(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(arguments)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {told}");
    told
}

fn logs(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(logs(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// What may not be left, gathered from single columns of the logs.
fn secrets(folder: &Path) -> BTreeSet<Vec<u8>> {
    let mut secrets = BTreeSet::new();
    for path in logs(folder) {
        let bytes = fs::read(&path).unwrap();
        let mut reader = Reader::new(bytes.as_slice()).unwrap();
        if *reader.content() != scanbench_w3c::Content::Web {
            continue;
        }
        while let Some(item) = reader.next_item().unwrap() {
            let Item::Entry(entry) = item else { continue };
            for field in [Field::CIp, Field::SIp] {
                let address = entry
                    .get(field)
                    .and_then(|value| std::str::from_utf8(value).ok());
                let parsed = address.and_then(|text| text.parse::<IpAddr>().ok());
                if parsed.is_some_and(|one| !one.is_loopback() && !one.is_unspecified()) {
                    secrets.insert(address.unwrap().as_bytes().to_vec());
                }
            }
            let user = entry.get(Field::CsUsername).unwrap_or_default();
            for part in user.split(|byte| *byte == b'\\') {
                if part.len() >= 5 {
                    secrets.insert(part.to_vec());
                }
            }
            let cookies = entry.get(Field::CsCookie).unwrap_or_default();
            for cookie in cookies.split(|byte| *byte == b';') {
                let value = cookie
                    .splitn(2, |byte| *byte == b'=')
                    .nth(1)
                    .unwrap_or_default();
                if value.len() >= 12 && value.iter().all(u8::is_ascii_alphanumeric) {
                    secrets.insert(value.to_vec());
                }
            }
        }
    }
    secrets
}

/// Looks for each secret at each place where a word of its length begins.
fn left(secrets: &BTreeSet<Vec<u8>>, folder: &Path) -> Vec<String> {
    let lengths: BTreeSet<usize> = secrets.iter().map(Vec::len).collect();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':');
    let mut found = Vec::new();
    for path in logs(folder) {
        let text = fs::read(&path).unwrap();
        for at in 0..text.len() {
            if at > 0 && is_word(text[at - 1]) {
                continue;
            }
            for length in &lengths {
                let Some(word) = text.get(at..at + length) else {
                    break;
                };
                let ends = text.get(at + length).is_none_or(|byte| !is_word(*byte));
                if ends && secrets.contains(word) {
                    found.push(String::from_utf8_lossy(word).into_owned());
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

fn assert_anonymous(original: &Path, at_least: usize) {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("shared");
    let key = scratch.path().join("key.txt");
    fs::write(&key, "2a".repeat(32)).unwrap();
    let arguments = [
        "anonymise",
        original.to_str().unwrap(),
        "-o",
        out.to_str().unwrap(),
    ];
    let told = run(&[&arguments[..], &["--key-file", key.to_str().unwrap()]].concat());
    assert!(told.contains("What stays readable"), "{told}");
    let secrets = secrets(original);
    assert!(secrets.len() >= at_least, "{} secrets", secrets.len());
    assert_eq!(left(&secrets, &out.join("logs")), Vec::<String>::new());
    // The search finds what is there.
    assert!(!left(&secrets, original).is_empty());
}

#[test]
fn nothing_is_left_of_a_generated_set() {
    let scratch = tempfile::tempdir().unwrap();
    let set = scratch.path().join("set");
    run(&["generate", "intranet", "-o", set.to_str().unwrap()]);
    assert_anonymous(&set.join("logs"), 100);
}

#[test]
fn nothing_is_left_of_real_logs() {
    let Some(samples) = std::env::var_os("SCANBENCH_SAMPLES") else {
        return;
    };
    for (set, at_least) in [
        ("bherila+waikolai", 500),
        ("khemani+Australia-magstore", 10),
        ("daolavi+IISLogParser", 5),
        ("log2timeline+plaso", 10),
    ] {
        assert_anonymous(&Path::new(&samples).join(set), at_least);
    }
}

#[test]
fn a_key_is_made_once_and_gives_the_same_again() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir(scratch.path().join("WEB01")).unwrap();
    let log = "#Fields: date time s-ip s-port c-ip\n2026-11-02 10:00:00 10.0.0.1 80 192.0.2.7\n";
    fs::write(scratch.path().join("WEB01/u_ex261102.log"), log).unwrap();
    let logs = path("WEB01");
    let key = path("key.txt");
    for out in ["one", "two"] {
        run(&["anonymise", &logs, "-o", &path(out), "--key-file", &key]);
    }
    run(&["anonymise", &logs, "-o", &path("three")]);
    let read = |out: &str| {
        let found = self::logs(&scratch.path().join(out).join("logs"));
        assert_eq!(found.len(), 1);
        assert!(!found[0].to_string_lossy().contains("WEB01"));
        fs::read(&found[0]).unwrap()
    };
    assert_eq!(fs::read_to_string(&key).unwrap().trim().len(), 64);
    assert_eq!(read("one"), read("two"));
    assert_ne!(read("one"), read("three"));
}
