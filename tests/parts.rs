//! Logs that cannot be read to their end: what is measured of a part is never told as if it were the whole.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

fn scanbench(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// Lines of which 40 of a client reach 40 ports within a minute.
fn log() -> String {
    let mut log =
        "#Fields: date time s-ip cs-method cs-uri-stem s-port c-ip cs(User-Agent) sc-status\n"
            .to_owned();
    for line in 0..4000 {
        let (minute, second, port) = (line / 60, line % 60, 8001 + line % 40);
        writeln!(
            log,
            "2026-11-02 1{}:{:02}:{second:02} 10.0.0.1 GET / {port} 192.0.2.7 agent/{line} 200",
            minute / 60,
            minute % 60
        )
        .unwrap();
    }
    log
}

/// One log that is whole and one, packed, of which the end is missing.
fn cut() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    fs::create_dir(&logs).unwrap();
    fs::write(logs.join("a.log"), log()).unwrap();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(log().as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    fs::write(logs.join("b.log.gz"), &packed[..packed.len() / 2]).unwrap();
    let list = "version = 1\n[[exclusion]]\nid = \"ours\"\nname = \"ours\"\nreason = \"ours\"\nstage = \"event\"\n\
                match.c-ip = [\"192.0.2.7\"]\n";
    fs::write(folder.path().join("list.toml"), list).unwrap();
    folder
}

#[test]
fn a_log_that_is_cut_fails_whoever_measures() {
    let folder = cut();
    for arguments in [
        &["fit", "logs", "-o", "out/background.toml"][..],
        &["compare", "logs", "logs/a.log", "-o", "out"],
        &["compare", "logs/a.log", "logs", "-o", "out"],
        &[
            "exclusions",
            "explain",
            "list.toml",
            "--alert",
            "1",
            "--against",
            "logs",
        ],
    ] {
        let output = scanbench(folder.path(), arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains("b.log.gz"), "{arguments:?}: {told}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(!folder.path().join("out").exists(), "{arguments:?}");
    }
}

/// The manual pages replace what stands there, and leave nothing beside them.
#[test]
fn manual_pages_are_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("man/scanbench.1");
    fs::create_dir(folder.path().join("man")).unwrap();
    fs::write(&page, "old").unwrap();
    assert!(
        scanbench(folder.path(), &["man", "-o", "man"])
            .status
            .success()
    );
    assert!(fs::read_to_string(&page).unwrap().contains(".TH scanbench"));
    let names = fs::read_dir(folder.path().join("man")).unwrap();
    for name in names {
        let name = name.unwrap().file_name().into_string().unwrap();
        assert!(
            name.starts_with("scanbench") && name.ends_with(".1"),
            "{name}"
        );
    }
}
