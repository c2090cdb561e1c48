//! The rooms know only whom they may know: w3c and spec know nobody, generator and detector do not know each
//! other, and eval sees alerts and truth only.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use std::fs;
use std::path::{Path, PathBuf};

const ROOMS: [&str; 4] = ["w3c", "spec", "generator", "detector"];

fn allowed(room: &str) -> &'static [&'static str] {
    match room {
        "generator" | "detector" => &["w3c", "spec"],
        _ => &[],
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

#[test]
fn manifests_name_only_allowed_rooms() {
    for room in ROOMS {
        let text = fs::read_to_string(root().join(room).join("Cargo.toml")).unwrap();
        for other in ROOMS {
            let named = text.contains(&format!("scanbench-{other}")) && other != room;
            assert!(
                !named || allowed(room).contains(&other),
                "{room}/Cargo.toml names scanbench-{other}"
            );
        }
    }
}

#[test]
fn sources_use_only_allowed_rooms() {
    for room in ROOMS {
        let files = sources(&root().join(room));
        assert!(!files.is_empty(), "{room} has no sources");
        for (path, text) in files {
            for other in ROOMS {
                let used = text.contains(&format!("scanbench_{other}")) && other != room;
                assert!(
                    !used || allowed(room).contains(&other),
                    "{} uses scanbench_{other}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn eval_sees_only_alerts_and_truth() {
    let mut files = sources(&root().join("src/eval"));
    let room = root().join("src/eval.rs");
    files.push((room.clone(), fs::read_to_string(room).unwrap()));
    for (path, text) in files {
        for line in text
            .lines()
            .filter(|line| line.contains("scanbench_generator::"))
        {
            let only_truth = line.contains("scanbench_generator::truth")
                || line.contains("scanbench_generator::manifest");
            assert!(only_truth, "{}: {line}", path.display());
        }
        for name in ["Detector", "Detection", "Selection", "scan("] {
            assert!(!text.contains(name), "{} knows {name}", path.display());
        }
    }
}

#[test]
fn only_time_and_zone_name_chrono() {
    for folder in ROOMS.iter().copied().chain(["src"]) {
        for (path, text) in sources(&root().join(folder)) {
            let names = text.lines().any(|line| line.contains("chrono::"));
            assert!(
                !names || path.ends_with("w3c/src/time.rs") || path.ends_with("w3c/src/zone.rs"),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for folder in ROOMS.iter().copied().chain(["src", "tests"]) {
        for (path, text) in sources(&root().join(folder)) {
            assert!(
                text.starts_with("//! "),
                "{} does not begin with //!",
                path.display()
            );
        }
    }
}
