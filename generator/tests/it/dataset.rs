//! The bytes of a dataset: the same on every run, readable by the reader, as the manifest says.

use super::support::{Dataset, EVERYTHING, Entry, scenario};
use scanbench_generator::manifest::{Manifest, ManifestError, verify};
use scanbench_generator::{Options, generate};
use scanbench_w3c::{Content, Item, Reader, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

/// forall threads, runs: the same scenario and seed give the same bytes.
#[test]
fn bytes_do_not_depend_on_threads() {
    let one = Dataset::make(EVERYTHING, 1);
    for threads in [1, 2, 5] {
        let other = Dataset::make(EVERYTHING, threads);
        assert_eq!(one.summary, other.summary);
        assert!(one.files() == other.files(), "{threads} threads");
    }
}

#[test]
fn another_seed_is_another_set_and_is_written_down() {
    let one = Dataset::make(EVERYTHING, 1);
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        seed: Some(12),
        ..Options::default()
    };
    let target = folder.path().join("set");
    generate(&scenario(EVERYTHING), &target, &options).unwrap();
    assert_eq!(Manifest::read(&target).unwrap().seed, 12);
    // What stands in the set makes it again.
    let text = fs::read_to_string(target.join("scenario.toml")).unwrap();
    assert!(text.contains("seed = 12\n"));
    assert!(Dataset::make(&text, 1).files() == super::support::files(&target));
    assert!(one.files() != super::support::files(&target));
    let too_large = Options {
        seed: Some(u64::MAX),
        ..Options::default()
    };
    let error = generate(
        &scenario(EVERYTHING),
        &folder.path().join("other"),
        &too_large,
    )
    .unwrap_err();
    assert!(error.to_string().contains("too large"), "{error}");
}

/// forall actors: what one of them logs does not change when another joins, wherever it stands in the file.
#[test]
fn an_actor_more_changes_no_other_line() {
    let newcomer = "[[actor]]\nid = \"newcomer\"\nkind = \"scan\"\nclient = \"203.0.113.9\"\nports = \"bound\"\n\
                    start = \"1h\"\nrate = 30\n\n[[actor]]\nid = \"more\"\nkind = \"visitors\"\n\
                    sessions-per-day = 300\nnetwork = \"198.51.100.0/24\"\n\n";
    let position = EVERYTHING.find("[[actor]]").unwrap();
    let (head, tail) = EVERYTHING.split_at(position);
    let strangers = |entry: &&Entry| {
        !entry.get("c-ip").starts_with("203.") && !entry.get("c-ip").starts_with("198.51.")
    };
    let lines = |dataset: &Dataset| -> Vec<(String, BTreeMap<String, String>, Option<String>)> {
        dataset
            .entries()
            .iter()
            .filter(strangers)
            .map(|entry| {
                let campaign = entry.label.as_ref().map(|label| label.campaign.clone());
                (entry.computer.clone(), entry.values.clone(), campaign)
            })
            .collect()
    };
    let before = lines(&Dataset::make(EVERYTHING, 1));
    for text in [
        format!("{head}{newcomer}{tail}"),
        format!("{EVERYTHING}\n{newcomer}"),
    ] {
        let with = Dataset::make(&text, 2);
        let after = lines(&with);
        assert!(
            with.entries().len() > after.len(),
            "the newcomers logged something"
        );
        assert!(before == after);
    }
}

/// The same where the newcomers are so many that less of the time is made at once: then visits wait at other pages, and
/// many lines end in the same millisecond.
#[test]
fn many_visitors_more_change_no_other_line() {
    let scenario = "version = 1\nname = \"busy\"\ntitle = \"busy\"\nseed = 6\nstart = 2026-11-02T10:00:00Z\n\
                    duration = \"20m\"\n[[server]]\nname = \"S\"\naddress = \"10.1.0.1\"\niis = \"10\"\n\
                    [[server.site]]\nid = 1\nports = [80, 443]\n[[actor]]\nid = \"people\"\nkind = \"visitors\"\n\
                    sessions-per-day = 150000\nhours = \"flat\"\nnetwork = \"192.168.0.0/16\"\n";
    let newcomers = "[[actor]]\nid = \"more\"\nkind = \"visitors\"\nsessions-per-day = 600000\nhours = \"flat\"\n\
                     network = \"198.51.100.0/24\"\n";
    let log = |text: &str, threads| {
        let files = Dataset::make(text, threads).files();
        let log = files.iter().find(|(path, _)| path.starts_with("logs/"));
        String::from_utf8(log.unwrap().1.clone()).unwrap()
    };
    let own = |line: &&str| !line.starts_with('#') && !line.contains(" 198.51.100.");
    let (alone, together) = (log(scenario, 1), log(&format!("{scenario}{newcomers}"), 2));
    let expected: Vec<&str> = alone.lines().filter(own).collect();
    let found: Vec<&str> = together.lines().filter(own).collect();
    assert!(expected.len() > 20_000 && together.lines().count() > 2 * expected.len());
    assert!(found == expected);
}

#[test]
fn the_manifest_is_right() {
    let dataset = Dataset::make(EVERYTHING, 2);
    let mut files = dataset.files();
    files.remove("manifest.json").unwrap();
    let manifest = verify(&dataset.folder()).unwrap();
    assert_eq!(manifest.files.len(), files.len());
    assert_eq!(dataset.summary.files, files.len() as u64 + 1);
    let mut entries = 0;
    for record in &manifest.files {
        let bytes = &files[&record.path];
        let sha256 = Sha256::digest(bytes)
            .iter()
            .fold(String::new(), |mut text, byte| {
                write!(text, "{byte:02x}").unwrap();
                text
            });
        assert_eq!(
            (&sha256, record.bytes),
            (&record.sha256, bytes.len() as u64)
        );
        let text = std::str::from_utf8(bytes).unwrap();
        assert_eq!(
            record.lines,
            text.matches('\n').count() as u64,
            "{}",
            record.path
        );
        if record.path.starts_with("logs/") {
            let count = text.lines().filter(|line| !line.starts_with('#')).count() as u64;
            assert_eq!(record.entries, count, "{}", record.path);
            entries += count;
        }
    }
    assert_eq!(dataset.summary.lines, entries);

    // Damage is found, and named.
    let log = dataset.folder().join("logs/HOST01/W3SVC1/u_ex261102.log");
    let mut bytes = fs::read(&log).unwrap();
    let last = bytes.len() - 3;
    bytes[last] ^= 1;
    fs::write(&log, bytes).unwrap();
    fs::remove_file(dataset.folder().join("truth/windows.jsonl")).unwrap();
    let error = verify(&dataset.folder()).unwrap_err();
    assert!(
        matches!(&error, ManifestError::Damaged(faults) if faults.len() == 2),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("u_ex261102.log: another checksum"),
        "{error}"
    );
}

/// forall logs: the reader finds no bad line, time never goes back, and headers stand where IIS writes them.
#[test]
fn the_reader_takes_every_line() {
    let dataset = Dataset::make(EVERYTHING, 2);
    let mut logs = 0;
    for (path, bytes) in dataset.files() {
        if !path.starts_with("logs/") {
            continue;
        }
        logs += 1;
        let mut reader = Reader::new(bytes.as_slice()).unwrap();
        assert!(matches!(reader.content(), Content::Web), "{path}");
        let mut last: Option<(i64, u64)> = None;
        let mut headers = 0;
        while let Some(item) = reader.next_item().unwrap() {
            let Item::Entry(entry) = item else {
                panic!("{path}: {item:?}");
            };
            let (time, line) = (entry.time().millis(), entry.line());
            let day = format!("{}", entry.time());
            assert!(
                path.contains(&format!("u_ex{}", day[2..10].replace('-', ""))),
                "{path} {day}"
            );
            let header_between = last.is_none_or(|(_, before)| line == before + 5);
            if let Some((before, line_before)) = last {
                assert!(time >= before, "{path}:{line}");
                assert!(
                    line == line_before + 1 || line == line_before + 5,
                    "{path}:{line}"
                );
                assert_eq!(header_between, time - before >= 900_000, "{path}:{line}");
            }
            if header_between {
                headers += 1;
                let text: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
                let date = String::from_utf8_lossy(text[usize::try_from(line).unwrap() - 3]);
                let said = date.trim_end().strip_prefix("#Date: ").unwrap();
                let said: Timestamp = format!("{}Z", said.replace(' ', "T")).parse().unwrap();
                // In real logs too, some headers are dated a second after their first line.
                assert!([0, 1000].contains(&(said.millis() - time)), "{path}:{line}");
            }
            last = Some((time, line));
        }
        assert_eq!(
            (reader.counts().bad, reader.counts().directives),
            (0, headers * 4),
            "{path}"
        );
        assert!(bytes.ends_with(b"\r\n"));
        assert!(
            !bytes
                .windows(2)
                .any(|pair| pair[1] == b'\n' && pair[0] != b'\r')
        );
    }
    assert!(logs >= 5, "{logs} logs on two days");
}
