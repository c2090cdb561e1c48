//! The rooms know only whom they may know: w3c and spec know nobody, generator and detector do not know each
//! other, and eval sees rows and truth only.

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

/// What `src/eval` may know of the detector: rows and their windows, what exclusions promise and when they act, the rows of
/// a grid and the counts of a census. ARCHITECTURE.md says the same.
const EVAL_MAY_KNOW: [&str; 13] = [
    "Alert",
    "Window",
    "episode_rows",
    "Expectation",
    "Stage",
    "Crossing",
    "GridKey",
    "GridRow",
    "Census",
    "CensusBin",
    "CensusWidth",
    // Of the generator: what `GroundTruth` is made of, and is read by.
    "truth",
    "manifest",
];

/// The names that a source takes from a crate, by `use` or by path.
fn names_of<'t>(text: &'t str, krate: &str) -> Vec<&'t str> {
    let name_at = |rest: &'t str| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        &rest[..end.unwrap_or(rest.len())]
    };
    let mut names = Vec::new();
    for (at, _) in text.match_indices(krate) {
        let rest = &text[at + krate.len()..];
        // The crate as a whole, under another name or not, would hide what is taken.
        let rest = rest.strip_prefix("::").unwrap_or("whole crate");
        if let Some(list) = rest.strip_prefix('{') {
            let list = &list[..list.find('}').unwrap()];
            names.extend(list.split(',').map(|one| name_at(one.trim())));
        } else {
            names.push(name_at(rest));
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn names_are_found_in_any_form() {
    let text = "use krate::One;\nuse krate::{\n    Two,\n    three::Four,\n};\nlet x = krate::five(1);\nuse krate as k;";
    assert_eq!(
        names_of(text, "krate"),
        ["One", "Two", "three", "five", "whole"]
    );
}

#[test]
fn eval_sees_only_rows_and_truth() {
    let mut files = sources(&root().join("src/eval"));
    let room = root().join("src/eval.rs");
    files.push((room.clone(), fs::read_to_string(room).unwrap()));
    for (path, text) in files {
        for krate in ["scanbench_detector", "scanbench_generator"] {
            for name in names_of(&text, krate) {
                assert!(
                    EVAL_MAY_KNOW.contains(&name),
                    "{} takes {name} of {krate}",
                    path.display()
                );
            }
        }
        // What knows the detector stands beside `eval`, and must not be reached through the back door; tests may.
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for name in names_of(code, "crate") {
            assert_eq!(name, "eval", "{}", path.display());
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
