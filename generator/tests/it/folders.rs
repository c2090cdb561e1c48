//! Folders are whole or absent, and nothing is replaced that is not ours.

use super::support::{EVERYTHING, attempt, files, scenario};
use scanbench_generator::{GenerateError, Options, Progress, generate};
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::tempdir;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn cancelled_leaves_nothing_and_nobody_writes_beside() {
    let parent = tempdir().unwrap();
    let cancelled = AtomicBool::new(false);
    let seen = Mutex::new(Vec::new());
    let progress = |progress: Progress| {
        seen.lock()
            .unwrap()
            .push((progress.done_minutes, names(parent.path())));
        cancelled.store(true, Ordering::Relaxed);
    };
    let options = Options {
        cancelled: Some(&cancelled),
        progress: &progress,
        ..Options::default()
    };
    let text = EVERYTHING.replace("3h10m", "12h");
    let error = generate(&scenario(&text), &parent.path().join("set"), &options).unwrap_err();
    assert!(matches!(error, GenerateError::Cancelled));
    assert_eq!(
        *seen.lock().unwrap(),
        [(8, vec![".set.partial".to_owned()])]
    );
    assert_eq!(names(parent.path()), [""; 0]);
}

#[test]
fn progress_ends_at_the_whole() {
    let parent = tempdir().unwrap();
    let last = Mutex::new(None);
    let progress = |progress| *last.lock().unwrap() = Some(progress);
    let options = Options {
        progress: &progress,
        ..Options::default()
    };
    let summary = generate(&scenario(EVERYTHING), &parent.path().join("set"), &options).unwrap();
    let whole = Progress {
        done_minutes: 190,
        total_minutes: 190,
        lines: summary.lines,
    };
    assert_eq!(*last.lock().unwrap(), Some(whole));
}

#[test]
fn an_empty_folder_is_filled_and_a_full_one_kept() {
    let parent = tempdir().unwrap();
    let set = parent.path().join("deep/set");
    fs::create_dir_all(&set).unwrap();
    attempt(&set, false).unwrap();
    let before = files(&set);
    let error = attempt(&set, false).unwrap_err();
    assert!(matches!(error, GenerateError::NotEmpty(_)));
    assert!(error.to_string().contains("--force"), "{error}");
    // With force, a dataset is replaced whole: what somebody put into it is gone too.
    fs::write(set.join("notes.txt"), "mine").unwrap();
    attempt(&set, true).unwrap();
    assert!(files(&set) == before);
    assert_eq!(names(&parent.path().join("deep")), ["set"]);
}

#[test]
fn force_replaces_datasets_only() {
    let parent = tempdir().unwrap();
    for (name, manifest) in [
        ("photos", None),
        ("other", Some("{\"name\": \"a web app\"}")),
    ] {
        let folder = parent.path().join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("holiday.jpg"), "jpg").unwrap();
        if let Some(text) = manifest {
            fs::write(folder.join("manifest.json"), text).unwrap();
        }
        let error = attempt(&folder, true).unwrap_err();
        assert!(matches!(error, GenerateError::NotADataset(_)), "{error}");
        assert!(folder.join("holiday.jpg").exists());
    }
    assert_eq!(names(parent.path()), ["other", "photos"]);
}

#[test]
fn what_a_killed_run_left_is_replaced() {
    let parent = tempdir().unwrap();
    let leftover = parent.path().join(".set.partial/logs");
    fs::create_dir_all(&leftover).unwrap();
    fs::write(leftover.join("half.log"), "half").unwrap();
    let set = parent.path().join("set");
    attempt(&set, false).unwrap();
    assert_eq!(names(parent.path()), ["set"]);
    assert!(!set.join("logs/half.log").exists());
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let parent = tempdir().unwrap();
    let elsewhere = parent.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("mine"), "mine").unwrap();
    std::os::unix::fs::symlink(&elsewhere, parent.path().join(".set.partial")).unwrap();
    let error = attempt(&parent.path().join("set"), true).unwrap_err();
    assert!(
        error
            .to_string()
            .contains(".set.partial is a symbolic link"),
        "{error}"
    );
    std::os::unix::fs::symlink(&elsewhere, parent.path().join("link")).unwrap();
    let error = attempt(&parent.path().join("link"), true).unwrap_err();
    assert!(
        error.to_string().contains("link is a symbolic link"),
        "{error}"
    );
    assert_eq!(files(&elsewhere).len(), 1);
}

#[test]
fn no_folder() {
    let parent = tempdir().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(
        attempt(&file, true)
            .unwrap_err()
            .to_string()
            .contains("a file, not a folder")
    );
    let below = attempt(&file.join("set"), false).unwrap_err();
    assert!(below.to_string().contains("file"), "{below}");
    assert!(matches!(
        attempt(Path::new("/"), true),
        Err(GenerateError::NoName(_))
    ));
    assert!(matches!(
        attempt(Path::new(".."), true),
        Err(GenerateError::NoName(_))
    ));
    assert_eq!(names(parent.path()), ["file"]);
}
