//! `fit`, `compare` and `audit` as programs: backgrounds of real logs come near them, leaks are caught, and files hold what
//! they promise. Real logs are named by `SCANBENCH_SAMPLES` and no part of the repository.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use scanbench::realism::audit::{Audit, audit_schema};
use scanbench::realism::compare::{Comparison, ValueShares, Verdict, compare_schema};
use scanbench::realism::profile::Property;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn scanbench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(arguments)
        .output()
        .unwrap()
}

fn done(arguments: &[&str]) -> String {
    let output = scanbench(arguments);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {told}");
    String::from_utf8(output.stdout).unwrap()
}

fn samples() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("SCANBENCH_SAMPLES")?);
    assert!(
        folder.is_dir(),
        "SCANBENCH_SAMPLES names {}, which is no folder",
        folder.display()
    );
    Some(folder)
}

/// After a change that is meant, `UPDATE_SCHEMAS=1 cargo test --test realism` writes them anew; a change of shape also
/// needs another `SCHEMA_VERSION`.
#[test]
fn the_committed_schemas_are_those_of_the_code() {
    for (name, schema) in [("compare", compare_schema()), ("audit", audit_schema())] {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{name}.schema.json"));
        let mut text = serde_json::to_string_pretty(&schema).unwrap();
        text.push('\n');
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            fs::write(&path, &text).unwrap();
        }
        assert!(
            fs::read_to_string(&path).unwrap_or_default() == text,
            "{} differs: UPDATE_SCHEMAS=1 cargo test --test realism writes it anew",
            path.display()
        );
    }
}

/// A set beside itself: every distance is nothing, and files say what the terminal says.
#[test]
fn a_set_beside_itself() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).display().to_string();
    done(&["generate", "minimal", "-o", &path("set")]);
    let told = done(&["compare", &path("set"), &path("set"), "-o", &path("out")]);
    let read = |name: &str| fs::read_to_string(scratch.path().join("out").join(name)).unwrap();
    let comparison: Comparison = serde_json::from_str(&read("compare.json")).unwrap();
    assert_eq!(comparison.properties.len(), 12);
    for one in &comparison.properties {
        if one.property == Property::Sizes {
            // IIS logs no sizes unless asked to.
            assert_eq!((one.verdict, one.distance), (Verdict::Unmeasured, None));
            assert!(one.reason.as_ref().unwrap().contains("sc-bytes"));
        } else {
            assert!(one.distance.unwrap().abs() < 1e-12, "{one:?}");
        }
    }
    let (markdown, page) = (read("compare.md"), read("compare.html"));
    for name in Property::ALL.map(Property::name) {
        assert!(
            told.contains(name) && markdown.contains(name) && page.contains(name),
            "{name}"
        );
    }
    // A picture of all, and of each that was measured; a bar a side for each value.
    assert!(read("distances.svg").starts_with("<svg"));
    assert!(!scratch.path().join("out/shares-sizes.svg").exists());
    for one in comparison
        .properties
        .iter()
        .filter(|one| one.distance.is_some())
    {
        let property = serde_json::to_value(one.property).unwrap();
        let name = format!("shares-{}", property.as_str().unwrap());
        let bars = read(&format!("{name}.svg"))
            .matches("class=\"mark\"")
            .count();
        assert_eq!(bars, 2 * one.values.len(), "{name}");
        assert!(page.contains(&name), "{name}");
        for side in [
            |value: &ValueShares| value.set,
            |value: &ValueShares| value.real,
        ] {
            assert!(
                (one.values.iter().map(side).sum::<f64>() - 1.0).abs() < 1e-9,
                "{name}"
            );
        }
    }
    assert!(
        page.contains("Content-Security-Policy")
            && !page.contains("src=")
            && !page.contains("href=\"http"),
        "it loads nothing"
    );
}

#[test]
fn what_cannot_be_compared_is_told_and_nothing_is_written() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).display().to_string();
    fs::write(path("empty.log"), "").unwrap();
    fs::write(path("binary.log"), b"\0\x01\x02\x1b[31m").unwrap();
    for name in ["missing", "empty.log", "binary.log"] {
        for command in [vec!["compare", "", ""], vec!["fit", ""]] {
            let named = path(name);
            let mut arguments: Vec<&str> = command
                .iter()
                .map(|word| {
                    if word.is_empty() {
                        named.as_str()
                    } else {
                        word
                    }
                })
                .collect();
            let out = path("out");
            arguments.extend(["-o", &out]);
            let output = scanbench(&arguments);
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
            assert!(
                told.contains(name) && told.contains("error: ") && !told.contains('\x1b'),
                "{told}"
            );
            assert!(!Path::new(&out).exists());
        }
    }
    let output = scanbench(&["audit", &path("missing")]);
    assert_eq!(output.status.code(), Some(2));
}

const HEAD: &str = r#"
version = 1
name = "leak"
title = "Scans and monitoring from the internet"
seed = 7
start = 2026-11-02T08:00:00Z
duration = "2h"

[[server]]
name = "HOST01"
address = "10.1.0.20"
iis = "10"

[[server.site]]
id = 1
ports = [80, "8001-8040"]
"#;

/// Five scans and five monitors on the same ports with the same path, and with these agents.
fn scenario(agents: [&str; 2]) -> String {
    let mut text = HEAD.to_owned();
    for number in 0..5 {
        let _ = write!(
            text,
            "\n[[actor]]\nid = \"scan-{number}\"\nkind = \"scan\"\nclient = \"random\"\nports = \"bound\"\nstart = \"{}m\"\nrate = 60\n\
             agent = \"{}\"\n\n[[actor]]\nid = \"monitor-{number}\"\nkind = \"monitoring\"\nclient = \"random\"\nevery = \"{}m\"\n\
             agent = \"{}\"\n",
            5 + 20 * number,
            agents[0],
            30 + number,
            agents[1],
        );
    }
    text
}

/// A set in which one agent is used by scans only is caught, by its field, value and lines; with one agent for both it is
/// not.
#[test]
fn a_planted_leak_is_caught() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).display().to_string();
    for (name, agents, leaks) in [
        ("planted", ["evil/1", "curl/8.14.1"], true),
        ("clean", ["curl/8.14.1"; 2], false),
    ] {
        fs::write(path("scenario.toml"), scenario(agents)).unwrap();
        done(&["generate", &path("scenario.toml"), "-o", &path(name)]);
        let output = scanbench(&["audit", &path(name), "-o", &path("out")]);
        assert_eq!(
            output.status.code(),
            Some(i32::from(leaks)),
            "{name}: {}",
            String::from_utf8_lossy(&output.stdout)
        );
        let audit: Audit =
            serde_json::from_slice(&fs::read(scratch.path().join("out/audit.json")).unwrap())
                .unwrap();
        assert_eq!((audit.scans, audit.look_alikes), (5, 5));
        let agent = audit
            .fields
            .iter()
            .find(|one| one.fields == ["cs(User-Agent)"])
            .unwrap();
        assert_eq!(agent.leaks, leaks, "{agent:?}");
        if leaks {
            assert!((agent.accuracy - 1.0).abs() < 1e-9);
            assert!(
                agent
                    .value
                    .as_ref()
                    .unwrap()
                    .contains("evil/1: 100 % of lines of scans, 0 % of look-alikes"),
                "{agent:?}"
            );
            // The line that is named is one of a scan.
            let (file, line) = agent.places[0].rsplit_once(':').unwrap();
            let log = fs::read_to_string(file).unwrap();
            assert!(
                log.lines()
                    .nth(line.parse::<usize>().unwrap() - 1)
                    .unwrap()
                    .contains(" evil/1 ")
            );
        }
    }
}

/// The suite against which detectors are measured: no line of it gives a scan away but by its port.
/// Labels that the manifest has and that are gone: lines of campaigns would be taken for background.
#[test]
fn labels_that_are_gone_are_missed() {
    let scratch = tempfile::tempdir().unwrap();
    let set = scratch.path().join("set");
    let set = set.to_str().unwrap();
    done(&["generate", "minimal", "-o", set]);
    done(&["audit", set]);
    let mut folder = PathBuf::from(set).join("labels");
    while folder.is_dir() {
        folder = fs::read_dir(&folder)
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
    }
    fs::remove_file(&folder).unwrap();
    let output = scanbench(&["audit", set]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains(folder.to_str().unwrap()), "{told}");
}

#[test]
fn the_suite_has_no_leak() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).display().to_string();
    done(&["generate", "suite", "-o", &path("suite")]);
    let told = done(&["audit", &path("suite"), "-o", &path("out")]);
    let audit: Audit =
        serde_json::from_slice(&fs::read(scratch.path().join("out/audit.json")).unwrap()).unwrap();
    assert_eq!(audit.unmeasured, None);
    let best = audit
        .fields
        .iter()
        .chain(&audit.pairs)
        .chain(&audit.tree)
        .map(|one| one.accuracy)
        .fold(0.0, f64::max);
    assert!(best <= 0.6, "{best}: {told}");
}

/// The same set as a table, in each format, and packed, has the same lines of the same campaigns.
#[test]
fn tables_and_packed_logs_are_audited_alike() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).display().to_string();
    let text = scenario(["evil/1", "curl/8.14.1"]);
    fs::write(path("scenario.toml"), text).unwrap();
    let mut told = BTreeSet::new();
    for (name, form) in [
        ("plain", &[][..]),
        ("gz", &["--compress", "gz"]),
        ("csv", &["--format", "csv"]),
        ("ndjson", &["--format", "ndjson"]),
        ("parquet", &["--format", "parquet"]),
    ] {
        let (from, set) = (path("scenario.toml"), path(name));
        done(&[&["generate", &from, "-o", &set], form].concat());
        scanbench(&["audit", &path(name), "-o", &path("out")]);
        let audit: Audit =
            serde_json::from_slice(&fs::read(scratch.path().join("out/audit.json")).unwrap())
                .unwrap();
        let agent = audit
            .fields
            .iter()
            .find(|one| one.fields == ["cs(User-Agent)"])
            .unwrap();
        assert!(agent.leaks, "{name}: {agent:?}");
        told.insert((
            audit.scans,
            audit.look_alikes,
            audit.lines,
            agent.value.clone(),
        ));
    }
    assert_eq!(told.len(), 1, "{told:?}");
}

/// A background can be included in a scenario with scans, and the resolved scenario in the set makes the same bytes.
#[test]
fn a_background_is_included() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).display().to_string();
    done(&["generate", "minimal", "-o", &path("set")]);
    done(&["fit", &path("set"), "-o", &path("background.toml")]);
    let mut text = scenario(["curl/8.14.1"; 2]);
    text = text.replace(
        "duration = \"2h\"",
        "duration = \"2h\"\ninclude = [\"background.toml\"]",
    );
    fs::write(path("scenario.toml"), text).unwrap();
    done(&["generate", &path("scenario.toml"), "-o", &path("one")]);
    let resolved = scratch
        .path()
        .join("one/scenario.toml")
        .display()
        .to_string();
    done(&["generate", &resolved, "-o", &path("two")]);
    let logs = |name: &str| -> Vec<Value> {
        let manifest: Value = serde_json::from_slice(
            &fs::read(scratch.path().join(name).join("manifest.json")).unwrap(),
        )
        .unwrap();
        let files = manifest["files"].as_array().unwrap();
        files
            .iter()
            .filter(|file| file["path"].as_str().unwrap().starts_with("logs/"))
            .cloned()
            .collect()
    };
    assert_eq!(logs("one"), logs("two"));
    let paths: Vec<Value> = logs("one")
        .iter()
        .map(|file| file["path"].clone())
        .collect();
    assert!(
        paths
            .iter()
            .any(|path| path.as_str().unwrap().contains("SITE01")),
        "{paths:?}"
    );
}

/// The real sets that are large enough for halves.
const SETS: [&str; 5] = [
    "know-it-peru+WebKnowIT/logs/LogFiles",
    "bherila+waikolai/logs",
    "mrpinkzh+iis-log-analyzer/doc",
    "daolavi+IISLogParser/IISLogParser.Sample/Data",
    "khemani+Australia-magstore",
];

/// What a background must not hold: addresses, users, paths, queries and agents of its log, as far as they are long enough
/// to be told from words of the format.
fn texts(folder: &Path) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = fs::read(path).unwrap();
            let log = String::from_utf8_lossy(&bytes);
            let mut names: Vec<&str> = Vec::new();
            for line in log.lines() {
                if let Some(fields) = line.strip_prefix("#Fields: ") {
                    names = fields.split(' ').collect();
                }
                let secret = [
                    "s-ip",
                    "c-ip",
                    "cs-username",
                    "cs-uri-stem",
                    "cs-uri-query",
                    "cs(User-Agent)",
                    "cs(Referer)",
                    "cs-host",
                ];
                for (_, value) in names
                    .iter()
                    .zip(line.split(' '))
                    .filter(|(name, _)| secret.contains(name))
                {
                    if value.len() >= 6 && !line.starts_with('#') {
                        texts.insert(value.to_owned());
                    }
                }
            }
        }
    }
    texts
}

/// `fit`, then `generate`, then `compare`: in each real set at least eight of twelve properties are at most twice as far
/// as the set's own halves, and nothing of it stands in the background.
#[test]
fn backgrounds_come_near_real_logs() {
    let Some(samples) = samples() else { return };
    for set in SETS {
        let scratch = tempfile::tempdir().unwrap();
        let path = |name: &str| scratch.path().join(name).display().to_string();
        let real = samples.join(set).display().to_string();
        done(&["fit", &real, "-o", &path("background.toml")]);
        let background = fs::read_to_string(path("background.toml")).unwrap();
        for text in texts(Path::new(&real)) {
            assert!(!background.contains(&text), "{set}: {text}");
        }
        done(&["generate", &path("background.toml"), "-o", &path("set")]);
        done(&["compare", &path("set"), &real, "-o", &path("out")]);
        let comparison: Comparison =
            serde_json::from_slice(&fs::read(scratch.path().join("out/compare.json")).unwrap())
                .unwrap();
        let (near, _) = comparison.near();
        assert!(near >= 8, "{set}: {comparison:#?}");
    }
}
