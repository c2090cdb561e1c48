//! What several tests need: making a dataset, reading it by the plainest means.

use scanbench_generator::truth::{Campaign, Label, Window};
use scanbench_generator::{GenerateError, Options, Scenario, Summary, generate};
use scanbench_spec::Source;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A hosting server, an ordinary one with all 22 fields, and an actor of each kind, from shortly before midnight on.
pub(crate) const EVERYTHING: &str = r#"
version = 1
name = "everything"
title = "An actor of each kind"
seed = 11
start = 2026-11-02T22:30:00Z
duration = "3h10m"

[[server]]
name = "HOST01"
address = "10.1.0.20"
address-v6 = "2001:db8:1::20"
iis = "10"
[[server.site]]
id = 1
ports = [443, 80]
[[server.site]]
id = 2
ports = ["8001-8040"]

[[server]]
name = "web02.corp"
address = "10.1.0.12"
iis = "8.5"
fields = ["date", "time", "s-sitename", "s-computername", "s-ip", "cs-method", "cs-uri-stem", "cs-uri-query",
  "s-port", "cs-username", "c-ip", "cs-version", "cs(User-Agent)", "cs(Cookie)", "cs(Referer)", "cs-host",
  "sc-status", "sc-substatus", "sc-win32-status", "sc-bytes", "cs-bytes", "time-taken"]
[[server.site]]
id = 3
host = "www.example.com"
ports = [80, 81]

[[actor]]
id = "visitors"
kind = "visitors"
sessions-per-day = 2500
ipv6 = 0.3
noise = 0.2
bots = 0.1
hours = "flat"

[[actor]]
id = "probe"
kind = "probe"
client = "10.0.0.5"
port = 80
every = "7m"

[[actor]]
id = "scan"
kind = "scan"
servers = ["HOST01", "web02.corp"]
client = "random"
ports = ["1-100", 443, "8001-8100"]
order = "random"
start = 2026-11-02T23:12:00Z
rate = 60
jitter = 0.9
requests-per-port = 3

[[actor]]
id = "maintenance"
kind = "maintenance"
servers = ["HOST01"]
client = "10.0.0.10"
start = "20m"
window = "8m"
every = "1h"
requests-per-port = 3

[[actor]]
id = "discovery"
kind = "discovery"
servers = ["HOST01"]
client = "192.168.10.25"
start = "2h"
rate = 20

[[actor]]
id = "backend"
kind = "backend"
servers = ["HOST01"]
client = "10.10.0.5"
ports = ["8001-8035"]
requests-per-hour = 400
active = "00:00-00:20"

[[actor]]
id = "proxy"
kind = "proxy"
servers = ["HOST01"]
client = "10.20.0.8"
sessions-per-day = 4000
hours = "flat"
"#;

pub(crate) fn scenario(text: &str) -> Scenario {
    Scenario::from_source(&Source::new("test.toml", text))
        .unwrap_or_else(|findings| panic!("{findings}"))
}

/// A dataset in a folder that vanishes with this.
pub(crate) struct Dataset {
    pub(crate) summary: Summary,
    temporary: TempDir,
}

impl Dataset {
    pub(crate) fn make(text: &str, threads: usize) -> Self {
        let temporary = TempDir::new().unwrap();
        let options = Options {
            threads: NonZeroUsize::new(threads).unwrap(),
            ..Options::default()
        };
        let summary = generate(&scenario(text), &temporary.path().join("set"), &options).unwrap();
        Self { summary, temporary }
    }

    /// The one that was made in the folder `set` of this.
    pub(crate) fn of(temporary: TempDir) -> Self {
        Self {
            summary: Summary::default(),
            temporary,
        }
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.temporary.path().join("set")
    }

    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.folder())
    }

    pub(crate) fn campaigns(&self) -> Vec<Campaign> {
        json_lines(&self.folder().join("truth/campaigns.jsonl"))
    }

    pub(crate) fn windows(&self) -> Vec<Window> {
        json_lines(&self.folder().join("truth/windows.jsonl"))
    }

    /// All log lines that are entries, with the label that each has.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (path, bytes) in self.files() {
            let Some(name) = path
                .strip_prefix("logs/")
                .and_then(|path| path.strip_suffix(".log"))
            else {
                continue;
            };
            let labels = self.folder().join(format!("labels/{name}.jsonl"));
            let labels: BTreeMap<u64, Label> = if labels.exists() {
                json_lines(&labels)
                    .into_iter()
                    .map(|label: Label| (label.line, label))
                    .collect()
            } else {
                BTreeMap::new()
            };
            let mut fields: Vec<String> = Vec::new();
            for (number, line) in (1..).zip(String::from_utf8(bytes).unwrap().lines()) {
                if let Some(names) = line.strip_prefix("#Fields: ") {
                    fields = names.split(' ').map(str::to_owned).collect();
                }
                if line.starts_with('#') {
                    assert!(!labels.contains_key(&number), "a label on a directive");
                    continue;
                }
                let values: Vec<&str> = line.split(' ').collect();
                assert_eq!(values.len(), fields.len(), "{line}");
                entries.push(Entry {
                    computer: name.split('/').next().unwrap().to_owned(),
                    values: fields
                        .iter()
                        .cloned()
                        .zip(values.into_iter().map(str::to_owned))
                        .collect(),
                    label: labels.get(&number).cloned(),
                });
            }
        }
        entries
    }
}

/// A line of a log.
pub(crate) struct Entry {
    pub(crate) computer: String,
    pub(crate) values: BTreeMap<String, String>,
    pub(crate) label: Option<Label>,
}

impl Entry {
    pub(crate) fn get(&self, field: &str) -> &str {
        &self.values[field]
    }
}

/// Every file below a folder, by its path with `/`.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .replace('\\', "/");
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

pub(crate) fn json_lines<T: DeserializeOwned>(path: &Path) -> Vec<T> {
    fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// Tries to make a small dataset in `folder`.
pub(crate) fn attempt(folder: &Path, force: bool) -> Result<Summary, GenerateError> {
    let options = Options {
        force,
        ..Options::default()
    };
    generate(&scenario(EVERYTHING), folder, &options)
}
