//! Files that are committed beside the code: fingerprints of the scenarios, and the schema.

use super::support::scenario;
use scanbench_generator::manifest::Manifest;
use scanbench_generator::{Options, generate, scenario_schema};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Holds a committed file against what it should be; `UPDATE` set to anything writes it.
fn hold(path: &Path, expected: &str, update: &str, why: &str) {
    if std::env::var_os(update).is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, expected).unwrap();
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == expected,
        "{} differs: {why} {update}=1 cargo test -p scanbench-generator writes it anew.\n{expected}",
        path.display()
    );
}

/// The bytes of every scenario are those that were committed. They may change when a scenario, the generator's way of
/// drawing, or a crate that draws (`rand`, `rand_pcg`) changes on purpose, and then the commit says why:
/// numbers that were measured on the old bytes are to be measured again. Anything else is a mistake.
#[test]
fn fingerprints() {
    let scenarios = root().join("scenarios");
    let mut names: Vec<String> = fs::read_dir(&scenarios)
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".toml").map(str::to_owned)
        })
        .collect();
    names.sort();
    assert!(names.len() >= 16);
    let mut text = String::new();
    for name in names {
        let written = fs::read_to_string(scenarios.join(format!("{name}.toml"))).unwrap();
        assert!(written.starts_with("# "), "{name} says what it teaches");
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("set");
        let options = Options {
            threads: 2.try_into().unwrap(),
            ..Options::default()
        };
        let summary = generate(&scenario(&written), &target, &options).unwrap();
        let mut hash = Sha256::new();
        for file in Manifest::read(&target).unwrap().files {
            hash.update(format!("{} {}\n", file.sha256, file.path));
        }
        let hash = hash
            .finalize()
            .iter()
            .fold(String::new(), |mut text, byte| {
                write!(text, "{byte:02x}").unwrap();
                text
            });
        writeln!(text, "{hash} {name} {}", summary.lines).unwrap();
    }
    hold(
        &scenarios.join("fingerprints.txt"),
        &text,
        "UPDATE_FINGERPRINTS",
        "scenarios make other bytes than those committed; if that is meant, say why in the commit.",
    );
}

/// The committed schema is that of the code, and names every key of every scenario.
#[test]
fn schema() {
    let schema = scenario_schema();
    let mut text = serde_json::to_string_pretty(&schema).unwrap();
    text.push('\n');
    hold(
        &root().join("schemas/scenario.schema.json"),
        &text,
        "UPDATE_SCHEMAS",
        "keys changed.",
    );
    let branches = schema["properties"]["actor"]["items"]["allOf"]
        .as_array()
        .unwrap();
    let keys = |kind: &str| {
        branches
            .iter()
            .find(|branch| branch["if"]["properties"]["kind"]["const"] == kind)
            .unwrap()["then"]["properties"]
            .clone()
    };
    for entry in fs::read_dir(root().join("scenarios")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "toml") {
            continue;
        }
        let file: toml::Value = toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        for (key, _) in file.as_table().unwrap() {
            assert!(schema["properties"].get(key).is_some(), "{key}");
        }
        for actor in file["actor"].as_array().unwrap() {
            let known = keys(actor["kind"].as_str().unwrap());
            for (key, _) in actor.as_table().unwrap() {
                assert!(known.get(key).is_some(), "{}: {key}", path.display());
            }
        }
    }
}
