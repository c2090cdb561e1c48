//! Logs are written by attackers: nothing in a line acts where it is shown, in any format of any command, and nothing
//! that a file says makes the program leave its folder or grow without limit.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Everything at once: an escape sequence, a C1 control, DEL, a change of direction, an invisible tag, markup.
const VENOM: &str = "\u{1b}[31m\u{9b}2J\u{7f}\u{202e}\u{e0041}<script>alert(1)</script>|`x`";
/// A client that a spreadsheet would run.
const FORMULA: &str = "=HYPERLINK(\"http://x\")\u{1b}[8m";

fn scanbench(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// A log with 35 ports of one client, venom in every column that is text.
fn hostile_log(folder: &Path) -> PathBuf {
    let mut text = String::from(
        "#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time s-sitename s-computername s-ip \
         cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus \
         sc-win32-status\r\n",
    );
    for port in 8001..=8035 {
        let _ = write!(
            text,
            "2026-11-02 10:01:02 {VENOM} @WEB{VENOM} -10.0.0.1{VENOM} GET{VENOM} /{VENOM} q={VENOM} {port} \
             +user{VENOM} {FORMULA} {VENOM} 200 0 0\r\n"
        );
    }
    let path = folder.join("u_ex261102.log");
    fs::write(&path, text).unwrap();
    path
}

/// Whether a terminal would do something else than print. Windows' line end is none of it.
fn acts(text: &str) -> Option<char> {
    text.chars().find(|&c| {
        (c.is_control() && c != '\n')
            || matches!(u32::from(c), 0x200b..=0x200f | 0x2028..=0x202e | 0xe0000..=0xe007f)
    })
}

fn inert(output: &Output, what: &str) {
    for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert_eq!(acts(&text), None, "{what}: {stream}: {text:?}");
    }
}

#[test]
fn nothing_acts_in_any_format() {
    let scratch = tempfile::tempdir().unwrap();
    hostile_log(scratch.path());
    for format in ["table", "csv", "json", "ndjson"] {
        let output = scanbench(
            &["detect", "u_ex261102.log", "--format", format, "--stats"],
            scratch.path(),
        );
        assert!(output.status.success(), "{output:?}");
        let rows = String::from_utf8_lossy(&output.stdout);
        assert!(rows.contains("8035"), "{format}: {rows}");
        inert(&output, format);
    }
    let episodes = scanbench(
        &["detect", ".", "--episodes", "--format", "csv"],
        scratch.path(),
    );
    inert(&episodes, "episodes");
    for format in ["table", "json", "ndjson"] {
        let output = scanbench(
            &[
                "follow",
                ".",
                "--from-start",
                "--until-idle",
                "1s",
                "--format",
                format,
            ],
            scratch.path(),
        );
        assert!(output.status.success(), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("10.0.0.1"));
        inert(&output, &format!("follow {format}"));
    }
}

/// What JSON says is not changed by how it is written.
#[test]
fn json_has_the_very_texts() {
    let scratch = tempfile::tempdir().unwrap();
    hostile_log(scratch.path());
    let output = scanbench(&["detect", ".", "--format", "ndjson"], scratch.path());
    let row: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(row["cIP"], FORMULA);
    assert_eq!(row["set_csUserAgent"][0], VENOM);
}

#[test]
fn no_cell_is_a_formula_unless_asked_for() {
    let scratch = tempfile::tempdir().unwrap();
    hostile_log(scratch.path());
    let cells = |more: &[&str]| {
        let arguments = [&["detect", ".", "--format", "csv"], more].concat();
        let output = scanbench(&arguments, scratch.path());
        assert!(output.status.success(), "{output:?}");
        let mut rows = csv::Reader::from_reader(&output.stdout[..]);
        let row = rows.records().next().unwrap().unwrap();
        row.iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let safe = cells(&[]);
    for cell in &safe {
        assert!(
            !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
            "{cell}"
        );
    }
    assert!(
        safe.contains(&"'=HYPERLINK(\"http://x\")\\x1b[8m".to_owned()),
        "{safe:?}"
    );
    let raw = cells(&["--raw"]);
    assert!(raw.contains(&FORMULA.to_owned()), "{raw:?}");
    let refused = scanbench(&["detect", ".", "--raw"], scratch.path());
    assert_eq!(refused.status.code(), Some(2));
}

/// Messages name files, and whoever makes files chooses their names.
#[cfg(unix)]
#[test]
fn names_of_files_do_not_act() {
    let scratch = tempfile::tempdir().unwrap();
    let name = "\u{1b}[31m\u{202e}.log";
    fs::write(scratch.path().join(name), "no log at all\n").unwrap();
    for arguments in [
        vec!["detect", name],
        vec!["detect", "."],
        vec!["detect", "missing\u{1b}[31m.log"],
        vec!["evaluate", name],
        vec!["generate", name, "-o", "out"],
        vec!["exclusions", "check", name],
        vec!["rule", "import", name],
        vec!["anonymise", name, "-o", "out"],
    ] {
        let output = scanbench(&arguments, scratch.path());
        assert!(!output.status.success(), "{arguments:?}: {output:?}");
        assert!(!output.stderr.is_empty() || !output.stdout.is_empty());
        inert(&output, &format!("{arguments:?}"));
    }
}

/// Findings draw the line they are about.
#[test]
fn findings_do_not_act() {
    let scratch = tempfile::tempdir().unwrap();
    let scenario = "version = 1\nname = \"\u{9b}31m\u{202e}\"\nnonsense = \"\u{202e}\u{9b}31m\"\n";
    fs::write(scratch.path().join("s.toml"), scenario).unwrap();
    fs::write(
        scratch.path().join("e.toml"),
        "[[exclusion]]\nid = \"\u{9b}31m\"\n\u{22}\u{202e}\u{22} = \"\u{9b}31m\"\n",
    )
    .unwrap();
    fs::write(
        scratch.path().join("r.yaml"),
        "query: |\n  W3CIISLog | where \u{202e}\u{1b}[31m == 1\n",
    )
    .unwrap();
    for arguments in [
        vec!["generate", "s.toml", "-o", "out"],
        vec!["exclusions", "check", "e.toml"],
        vec!["exclusions", "check", "e.toml", "--format", "json"],
        vec!["exclusions", "check", "e.toml", "--format", "sarif"],
        vec!["rule", "import", "r.yaml"],
    ] {
        let output = scanbench(&arguments, scratch.path());
        assert!(!output.status.success(), "{arguments:?}: {output:?}");
        inert(&output, &format!("{arguments:?}"));
    }
}

/// Deeply nested files end in a message: no stack overflows, and nothing grows with the depth.
#[test]
fn nesting_is_limited() {
    let scratch = tempfile::tempdir().unwrap();
    let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
    let deep = format!("{open}{close}");
    let files = [
        ("s.toml", format!("version = {deep}\n")),
        ("e.toml", format!("exclusion = {deep}\n")),
        ("e.yaml", format!("exclusion: {deep}\n")),
        ("e.json", format!("{{\"exclusion\": {deep}}}\n")),
        ("r.yaml", format!("query: {deep}\n")),
        (
            "q.yaml",
            format!(
                "query: 'W3CIISLog | where {}1{}'\n",
                "(".repeat(100_000),
                ")".repeat(100_000)
            ),
        ),
        ("a.ndjson", format!("{{\"cIP\": {deep}}}\n")),
    ];
    for (name, text) in &files {
        fs::write(scratch.path().join(name), text).unwrap();
    }
    for arguments in [
        vec!["generate", "s.toml", "-o", "out"],
        vec!["exclusions", "check", "e.toml"],
        vec!["exclusions", "check", "e.yaml"],
        vec!["exclusions", "check", "e.json"],
        vec!["rule", "import", "r.yaml"],
        vec!["rule", "import", "q.yaml"],
    ] {
        let output = scanbench(&arguments, scratch.path());
        let code = output.status.code();
        assert!(matches!(code, Some(1..=3)), "{arguments:?}: {output:?}");
        assert!(
            output.stderr.len() < 100_000,
            "{arguments:?}: {} bytes",
            output.stderr.len()
        );
    }
    // A row of a table is a bad line, and the rest is read.
    let output = scanbench(&["detect", "a.ndjson"], scratch.path());
    assert!(output.status.code().is_some(), "{output:?}");
}

/// A link that stands where a file will be is replaced, and what it points to is left alone.
#[cfg(unix)]
#[test]
fn links_in_the_output_are_not_followed() {
    let scratch = tempfile::tempdir().unwrap();
    let victim = scratch.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    fs::create_dir(scratch.path().join("out")).unwrap();
    for name in [
        "report.json",
        "report.md",
        "report.html",
        "junit.xml",
        "manifest.json",
        "sweep.json",
        "audit.json",
    ] {
        std::os::unix::fs::symlink(&victim, scratch.path().join("out").join(name)).unwrap();
    }
    let made = scanbench(&["generate", "minimal", "-o", "set"], scratch.path());
    assert!(made.status.success(), "{made:?}");
    for arguments in [
        vec!["evaluate", "set", "-o", "out"],
        vec!["audit", "set", "-o", "out"],
        vec!["generate", "minimal", "-o", "out"],
    ] {
        let output = scanbench(&arguments, scratch.path());
        assert!(output.status.code().is_some(), "{arguments:?}: {output:?}");
        assert_eq!(
            fs::read_to_string(&victim).unwrap(),
            "precious",
            "{arguments:?}: {output:?}"
        );
    }
    let report = scratch.path().join("out/report.json");
    assert!(
        fs::symlink_metadata(&report).unwrap().is_file(),
        "evaluate wrote no report of its own"
    );
}
