//! Real IIS logs. They are third-party material and no part of the repository: the folder is named by
//! `SCANBENCH_SAMPLES`, which continuous integration sets. Without the variable there is nothing to check; with it,
//! a missing folder is a failure.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn samples() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("SCANBENCH_SAMPLES")?);
    assert!(
        folder.is_dir(),
        "SCANBENCH_SAMPLES names {}, which is no folder",
        folder.display()
    );
    Some(folder)
}

fn detect(path: &Path, arguments: &[&str]) -> (String, String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .arg("detect")
        .arg(path)
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        text(output.stdout),
        text(output.stderr),
        output.status.code(),
    )
}

/// Counted apart from the reader, with a script of a few lines: of all files with a `#Fields` directive that are
/// web logs of IIS, the lines that are neither blank nor begin with `#`. 119,624, of which ten are bad by the looks
/// of them (four with impossible times, five with too few or too many values, one of them without a date).
#[test]
fn every_line_is_read_or_counted_as_bad_and_nothing_fires() {
    let Some(samples) = samples() else { return };
    let (rows, told, code) = detect(&samples, &["--format", "json"]);
    assert_eq!(rows, "[]\n");
    assert_eq!(code, Some(0));
    let totals = "read 119,614 lines in 1,144 logs: 10 bad lines, 0 rows; 11 files passed over; 4 files refused";
    assert!(told.contains(totals), "{told}");
    assert_eq!(told.matches("bad line: ").count(), 10, "{told}");
}

#[test]
fn what_is_no_iis_log_is_named() {
    let Some(samples) = samples() else { return };
    let (_, told, _) = detect(&samples, &[]);
    let lines_with = |sort: &str| -> Vec<&str> {
        let lines = told.lines().filter(|line| line.contains(sort));
        lines
            .map(|line| {
                let path = line.split(" is ").next().unwrap();
                path.rsplit('/').next().unwrap()
            })
            .collect()
    };
    assert_eq!(
        lines_with(", refused: "),
        [
            "README.md",
            "aws-elb-route53.log",
            "elastic-httperr.log",
            "elastic-integrations.log"
        ]
    );
    assert_eq!(
        lines_with("; passed over"),
        [
            "plaso-httperr.log",
            "pf040903.log",
            "u_ex151018.log",
            "u_ex151018.log",
            "u_ex160206.log",
            "httperr1.log",
            "windows_firewall.log",
            "amazon_cloudfront_rtmp.log",
            "amazon_cloudfront_web.log",
            "netscaler.log",
            "logfile_w3c.2"
        ]
    );
}

/// Lines of each log, counted by a naive split, against what the reader says of the same file.
#[test]
fn no_log_loses_a_line() {
    let Some(samples) = samples() else { return };
    let mut checked = 0;
    let mut folders = vec![samples];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read(&path).unwrap();
            let mut reader = scanbench_w3c::Reader::new(text.as_slice()).unwrap();
            if *reader.content() != scanbench_w3c::Content::Web {
                continue;
            }
            while reader.next_item().unwrap().is_some() {}
            let naive = text
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.trim_ascii().is_empty() && !line.starts_with(b"#"))
                .count() as u64;
            let counts = reader.counts();
            assert_eq!(counts.entries + counts.bad, naive, "{}", path.display());
            assert_eq!(counts.bytes, text.len() as u64, "{}", path.display());
            checked += 1;
        }
    }
    assert!(checked > 1000, "only {checked} logs were checked");
}

#[test]
fn strict_stops_at_the_first_bad_line() {
    let Some(samples) = samples() else { return };
    let (rows, told, code) = detect(&samples, &["--strict"]);
    assert_eq!((rows.as_str(), code), ("", Some(2)));
    assert_eq!(told.matches("bad line: ").count(), 1, "{told}");
    assert!(told.contains("stopped at bad line 1, 0 allowed"), "{told}");
    let (_, told, code) = detect(&samples, &["--max-bad-lines", "9"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("stopped at bad line 10, 9 allowed"), "{told}");
    assert_eq!(detect(&samples, &["--max-bad-lines", "10"]).2, Some(0));
}
