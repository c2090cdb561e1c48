//! Folders and names that lead in circles, nowhere, to something that is no file, or to too many; and files that
//! change while they are read.

use super::case::detect;
use super::samples::{HEADER, LINE, good, port};
use scanbench_detector::{Exclusions, LogFile, Notice, Rule, ScanOptions, Totals, find_logs, scan};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

fn log() -> String {
    format!("{HEADER}{LINE}")
}

/// A folder with `good.log` of one line in it.
fn folder() -> tempfile::TempDir {
    let scratch = tempfile::tempdir().unwrap();
    fs::write(scratch.path().join("good.log"), log()).unwrap();
    scratch
}

#[test]
fn links_in_a_circle() {
    let scratch = folder();
    let inner = scratch.path().join("inner");
    fs::create_dir(&inner).unwrap();
    symlink("..", inner.join("up")).unwrap();
    symlink(&inner, inner.join("self")).unwrap();
    symlink("b", inner.join("a")).unwrap();
    symlink("a", inner.join("b")).unwrap();
    detect(&inner, &["self/up/good.log"], None).check(0, &[], Some(1));
    detect(scratch.path(), &["."], None).check(2, &["loop", "read 1 line in 1 log"], Some(1));
    detect(&inner, &["a"], None).check(2, &["a: Too many levels of symbolic links"], None);
}

#[test]
fn a_link_to_nowhere() {
    let scratch = folder();
    symlink("gone", scratch.path().join("bad.log")).unwrap();
    detect(scratch.path(), &["."], None).check(2, &["bad.log", "read 1 line"], Some(1));
}

#[test]
fn a_pipe_in_a_folder_is_not_waited_for() {
    let scratch = folder();
    let made = Command::new("mkfifo")
        .arg(scratch.path().join("pipe.log"))
        .status();
    assert!(made.unwrap().success());
    let outcome = detect(scratch.path(), &["."], None);
    outcome.check(
        0,
        &["pipe.log is no regular file", "read 1 line in 1 log"],
        Some(1),
    );
}

#[test]
fn a_pipe_that_is_named_is_read() {
    let scratch = folder();
    let pipe = scratch.path().join("pipe.log");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let writer = std::thread::spawn(move || fs::write(pipe, log().repeat(10_000)));
    detect(scratch.path(), &["pipe.log"], None).check(0, &["0 bad lines"], Some(10_000));
    writer.join().unwrap().unwrap();
}

#[test]
fn sockets_and_devices_in_a_folder() {
    let scratch = folder();
    let _socket =
        std::os::unix::net::UnixListener::bind(scratch.path().join("socket.log")).unwrap();
    symlink("/dev/zero", scratch.path().join("zero.log")).unwrap();
    let outcome = detect(scratch.path(), &["."], None);
    outcome.check(
        0,
        &[
            "socket.log is no regular file",
            "zero.log is no regular file",
        ],
        Some(1),
    );
}

#[test]
fn devices_that_are_named() {
    let scratch = folder();
    detect(scratch.path(), &["/dev/null"], None).check(0, &["is empty"], Some(0));
    detect(scratch.path(), &["/dev/zero"], None).check(2, &["binary data"], None);
    detect(scratch.path(), &["/proc/self/mem"], None).check(2, &["cannot read"], None);
}

#[test]
fn folders_named_like_logs() {
    let scratch = folder();
    fs::create_dir(scratch.path().join("u_ex261102.log")).unwrap();
    fs::create_dir(scratch.path().join("u_ex261103.log.gz")).unwrap();
    detect(scratch.path(), &["."], None).check(0, &["in 1 log"], Some(1));
    detect(scratch.path(), &["u_ex261102.log"], None).check(2, &["no IIS log was found"], None);
    fs::write(scratch.path().join("u_ex261102.log/x"), log()).unwrap();
    detect(scratch.path(), &["u_ex261102.log"], None).check(0, &["in 1 log"], Some(1));
}

#[test]
fn the_same_file_under_many_names_counts_once() {
    let scratch = folder();
    symlink("good.log", scratch.path().join("link.log")).unwrap();
    symlink(".", scratch.path().join("round")).unwrap();
    let arguments = [
        "good.log",
        "./good.log",
        "link.log",
        "round/good.log",
        "good.log",
    ];
    detect(scratch.path(), &arguments, None).check(0, &["in 1 log"], Some(1));
}

#[test]
fn five_thousand_small_files() {
    let scratch = tempfile::tempdir().unwrap();
    for number in 0..5000 {
        let folder = scratch
            .path()
            .join(format!("WEB{:02}/W3SVC{}", number % 10, number % 7));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("u_ex{number:06}.log")), log()).unwrap();
    }
    detect(scratch.path(), &["."], None).check(0, &["in 5,000 logs"], Some(5000));
}

#[test]
fn folders_in_folders() {
    let scratch = folder();
    let mut deep = scratch.path().to_owned();
    for _ in 0..400 {
        deep.push("folder");
    }
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("a.log"), log()).unwrap();
    detect(scratch.path(), &["."], None).check(0, &["in 2 logs"], Some(2));
}

/// Names that would act on a terminal, or are no text.
fn hostile_names() -> Vec<&'static OsStr> {
    let names: [&[u8]; 6] = [
        b"a\nerror: owned.log",
        b"\x1b[2J\x1b]0;owned\x07.log",
        b"\xff\xfe\xc0.log",
        b"--help",
        b" ",
        "\u{9b}2J\u{202e}gol.exe".as_bytes(),
    ];
    names.into_iter().map(OsStr::from_bytes).collect()
}

#[test]
fn names_do_not_act() {
    let bad = port("+80");
    let contents: [(&str, &[u8], i32, Option<u64>); 4] = [
        ("a log with a bad line", &bad, 0, Some(2)),
        ("no log", b"hello\n", 2, None),
        ("a cut zip", b"PK\x03\x04hello, hello", 2, None),
        ("nothing", b"", 0, Some(0)),
    ];
    for (what, bytes, code, entries) in contents {
        for name in hostile_names() {
            let scratch = tempfile::tempdir().unwrap();
            fs::write(scratch.path().join(name), bytes).unwrap();
            let named = Path::new(".").join(name);
            for path in [OsStr::new("."), named.as_os_str()] {
                let outcome = detect(scratch.path(), &[path], None);
                let code = if path == "." && entries.is_none() {
                    2
                } else {
                    code
                };
                let misses = outcome.misses(code, &[], entries, 160);
                assert!(
                    misses.is_empty(),
                    "{what}, {name:?}: {misses:?}\n{}",
                    outcome.told
                );
                assert!(!outcome.told.contains("\nerror: owned"), "{}", outcome.told);
                assert!(!outcome.told.contains('\u{202e}'), "{}", outcome.told);
            }
        }
    }
}

#[test]
fn names_that_lead_nowhere_do_not_act() {
    for name in hostile_names() {
        let scratch = folder();
        symlink("gone", scratch.path().join(name)).unwrap();
        let outcome = detect(scratch.path(), &["."], None);
        outcome.check(2, &["read 1 line"], Some(1));
        assert!(!outcome.told.contains("\nerror: owned"), "{}", outcome.told);
        let missing = Path::new("./nowhere").join(name);
        let outcome = detect(scratch.path(), &[missing.as_os_str()], None);
        outcome.check(2, &["error: ./nowhere/"], None);
        assert!(!outcome.told.contains("\nerror: owned"), "{}", outcome.told);
    }
    let scratch = folder();
    for pattern in ["\x1b[2J*.nothing", "[\x1b", "***"] {
        detect(scratch.path(), &[pattern], None).check(2, &["error: "], None);
    }
}

/// Folders named like a server, whose names come out as `Computer` in rows.
#[test]
fn computers_do_not_act() {
    for name in hostile_names() {
        let scratch = tempfile::tempdir().unwrap();
        let site = scratch.path().join(name).join("W3SVC1");
        fs::create_dir_all(&site).unwrap();
        fs::write(site.join("u_ex.log"), format!("{HEADER}{}", good(40))).unwrap();
        let outcome = detect(scratch.path(), &["."], None);
        outcome.check(0, &["1 row"], Some(40));
        assert!(!outcome.rows.contains("\nerror: owned"), "{}", outcome.rows);
    }
}

/// Scans these files; `at_notice` sees each notice.
fn scan_files(
    files: &[LogFile],
    at_notice: &mut dyn FnMut(&Notice<'_>),
) -> (Vec<String>, Result<Totals, String>) {
    static NEVER: AtomicBool = AtomicBool::new(false);
    let mut notices = Vec::new();
    let outcome = scan(
        files,
        &Rule::default(),
        &Exclusions::default(),
        &ScanOptions::new(&NEVER),
        &mut |notice| {
            at_notice(&notice);
            notices.push(format!("{notice:?}"));
        },
    );
    let totals = outcome
        .map(|(_, totals)| totals)
        .map_err(|stopped| stopped.to_string());
    (notices, totals)
}

fn found(folder: &Path) -> Vec<LogFile> {
    let (logs, errors) = find_logs(&[PathBuf::from(folder)]);
    assert!(errors.is_empty(), "{errors:?}");
    logs
}

#[test]
fn a_file_that_vanishes_before_it_is_opened() {
    let scratch = folder();
    fs::write(scratch.path().join("gone.log"), log()).unwrap();
    let logs = found(scratch.path());
    fs::remove_file(scratch.path().join("gone.log")).unwrap();
    let (notices, totals) = scan_files(&logs, &mut |_| {});
    let totals = totals.unwrap();
    assert_eq!(
        (totals.logs, totals.failed, totals.counts.entries),
        (1, 1, 1)
    );
    assert!(
        notices
            .iter()
            .any(|notice| notice.starts_with("Unreadable")),
        "{notices:?}"
    );
}

/// What happens to a log once it was looked at, which is when the missing column is told.
fn changed_by(change: &dyn Fn(&Path)) -> (Vec<String>, Result<Totals, String>) {
    let scratch = folder();
    let path = scratch.path().join("bad.log");
    let lines = good(200_000).replace(" 192.0.2.7", "");
    fs::write(&path, HEADER.replace(" c-ip", "") + &lines).unwrap();
    let logs = found(scratch.path());
    scan_files(&logs, &mut |notice| {
        if matches!(notice, Notice::NoColumn(..)) {
            change(&path);
        }
    })
}

#[test]
fn a_file_that_vanishes_after_it_was_looked_at() {
    let (notices, totals) = changed_by(&|path| fs::remove_file(path).unwrap());
    let totals = totals.unwrap();
    assert_eq!(
        (totals.failed, totals.counts.entries),
        (1, 1),
        "{notices:?}"
    );
    assert!(
        notices.iter().any(|notice| notice.starts_with("Broken")),
        "{notices:?}"
    );
}

#[test]
fn a_file_that_shrinks_grows_or_turns_into_something_else() {
    let (_, totals) = changed_by(&|path| fs::write(path, HEADER).unwrap());
    assert_eq!(totals.unwrap().counts.entries, 1);
    let (_, totals) = changed_by(&|path| {
        let mut text = fs::read(path).unwrap();
        text.extend(good(10).replace(" 192.0.2.7", "").as_bytes());
        fs::write(path, text).unwrap();
    });
    assert_eq!(totals.unwrap().counts.entries, 200_011);
    let (_, totals) = changed_by(&|path| fs::write(path, vec![0; 1 << 20]).unwrap());
    let totals = totals.unwrap();
    assert_eq!((totals.counts.entries, totals.counts.bad), (1, 1));
    let (_, totals) = changed_by(&|path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    });
    assert_eq!(totals.unwrap().failed, 1);
}
