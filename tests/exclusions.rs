//! The `exclusions` commands: what they print, and their exit codes.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn scanbench(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// Runs, checks the exit code, and gives standard output and standard error.
fn run(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output = scanbench(folder, arguments);
    let texts = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}: {}{}",
        texts.0,
        texts.1
    );
    texts
}

/// A scan of 40 ports by 192.168.7.3, 35 ports by a proxy with many agents, and a backend on three ports.
fn write_logs(folder: &Path) {
    let mut log = "#Fields: date time s-ip s-port c-ip cs(User-Agent) sc-status\n".to_owned();
    for port in 8000..8040 {
        writeln!(
            log,
            "2026-11-02 10:00:00 10.0.0.1 {port} 192.168.7.3 nmap 404"
        )
        .unwrap();
    }
    for port in 8000..8035 {
        writeln!(
            log,
            "2026-11-02 11:00:00 10.0.0.1 {port} 10.20.0.8 agent{} 200",
            port % 20
        )
        .unwrap();
    }
    for port in 8080..8083 {
        writeln!(log, "2026-11-02 12:00:00 10.0.0.1 {port} 10.10.0.5 app 200").unwrap();
    }
    fs::create_dir(folder.join("logs")).unwrap();
    fs::write(folder.join("logs/u_ex.log"), log).unwrap();
}

const LIST: &str = r#"version = 1
[[exclusion]]
id = "range"
stage = "event"
match.c-ip = ["192.168.0.0/16"]
[[exclusion]]
id = "ports"
stage = "event"
match.s-port = [8080, 8081, 8082, 9999]
[[exclusion]]
id = "proxy"
stage = "event"
match.c-ip = ["10.20.0.8"]
[[exclusion]]
id = "typed-wrong"
stage = "event"
match.c-ip = ["10.99.0.1"]
[[exclusion]]
id = "no-such-field"
stage = "event"
match.c-ip = ["10.10.0.5"]
match.cs-host = "a"
[[exclusion]]
id = "old"
stage = "event"
expires = 2026-11-02T09:00:00Z
match.c-ip = ["10.10.0.5"]
[[exclusion]]
id = "new"
stage = "event"
starts = 2026-12-01T00:00:00Z
match.c-ip = ["10.10.0.5"]
[[exclusion]]
id = "off"
enabled = false
stage = "event"
match.c-ip = ["10.10.0.5"]
"#;

/// The slug, level and exclusion of each finding.
fn findings(json: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(json).unwrap();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let mut found: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| {
            !["unowned", "no-expiry", "overlap"].contains(&finding["slug"].as_str().unwrap())
        })
        .map(|finding| {
            assert!(
                finding["line"].as_u64().unwrap() > 1 && finding["column"].as_u64().unwrap() > 0
            );
            format!(
                "{} {} {}",
                text(finding, "exclusion"),
                text(finding, "slug"),
                text(finding, "level")
            )
        })
        .collect();
    found.sort();
    found
}

#[test]
fn check_against_logs() {
    let scratch = tempfile::tempdir().unwrap();
    write_logs(scratch.path());
    fs::write(scratch.path().join("x.toml"), LIST).unwrap();
    let check = [
        "exclusions",
        "check",
        "x.toml",
        "--against",
        "logs",
        "--format",
        "json",
    ];
    let (json, _) = run(scratch.path(), &check, 1);
    assert_eq!(
        findings(&json),
        [
            "new future note",
            "no-such-field field-not-logged error",
            "no-such-field never-matched warning",
            "off disabled note",
            "old expired warning",
            "ports never-seen warning",
            "ports no-difference warning",
            "proxy proxy warning",
            "range too-broad warning",
            "typed-wrong never-matched warning",
            "typed-wrong never-seen warning",
        ]
    );
}

#[test]
fn exit_codes() {
    let scratch = tempfile::tempdir().unwrap();
    let write = |text: &str| fs::write(scratch.path().join("x.toml"), text).unwrap();
    let good = "version = 1\n[[exclusion]]\nid = \"a\"\nowner = \"o\"\nreason = \"r\"\nexpires = 2027-01-01T00:00:00Z\n\
                stage = \"event\"\nmatch.c-ip = \"10.0.0.10\"\n";
    write(good);
    let (told, _) = run(
        scratch.path(),
        &["exclusions", "check", "x.toml", "--fail-on", "warning"],
        0,
    );
    assert_eq!(told, "1 exclusion: nothing to be said against them\n");
    write(&good.replace("owner = \"o\"\n", ""));
    run(scratch.path(), &["exclusions", "check", "x.toml"], 0);
    let (told, _) = run(
        scratch.path(),
        &["exclusions", "check", "x.toml", "--fail-on", "warning"],
        1,
    );
    assert!(
        told.contains("warning[SBX030]: a has no owner") && told.contains("x.toml:3:6"),
        "{told}"
    );
    write(&good.replace("c-ip", "process_name"));
    let (told, _) = run(scratch.path(), &["exclusions", "check", "x.toml"], 3);
    assert!(
        told.contains("error[SBX008]") && told.contains("x.toml:8:7"),
        "{told}"
    );
    // A list that requires an expiry gets errors, not warnings.
    write(&good.replace(
        "version = 1\n",
        "version = 1\n[defaults]\nmax-lifetime = \"90d\"\n",
    ));
    let (told, _) = run(scratch.path(), &["exclusions", "check", "x.toml"], 1);
    assert!(told.contains("error[SBX028]"), "{told}");
    write(&good.replace("event", "alert"));
    let (told, _) = run(
        scratch.path(),
        &["exclusions", "check", "x.toml", "--export-to", "sigma"],
        1,
    );
    assert_eq!(told.matches("error[SBX032]").count(), 2, "{told}");
    run(scratch.path(), &["exclusions", "check", "nowhere"], 2);
    run(
        scratch.path(),
        &["exclusions", "check", "narrow", "--fail-on", "warning"],
        0,
    );
}

/// The properties that the schema of SARIF 2.1.0 requires, checked by hand: version and runs; tool.driver.name; of a
/// result message.text; level and ids from their lists; regions from 1 on.
#[test]
fn sarif() {
    let scratch = tempfile::tempdir().unwrap();
    fs::write(scratch.path().join("a b.toml"), LIST).unwrap();
    let (text, _) = run(
        scratch.path(),
        &["exclusions", "check", "a b.toml", "--format", "sarif"],
        0,
    );
    let log: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let [only] = log["runs"].as_array().unwrap().as_slice() else {
        panic!("one run");
    };
    let driver = &only["tool"]["driver"];
    assert_eq!(driver["name"], "scanbench");
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        assert!(rule["id"].is_string() && rule["shortDescription"]["text"].is_string());
    }
    let results = only["results"].as_array().unwrap();
    assert!(results.len() > 8);
    for result in results {
        assert!(["none", "note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let rule = &rules[usize::try_from(result["ruleIndex"].as_i64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20b.toml");
        for key in ["startLine", "startColumn", "endLine", "endColumn"] {
            assert!(place["region"][key].as_u64().unwrap() >= 1, "{key}");
        }
    }
}

#[test]
fn junit() {
    let scratch = tempfile::tempdir().unwrap();
    let hostile = LIST
        .replace("id = \"range\"", "id = \"<range> & \\\"co\\\" \\u0007\"")
        .replace("expires = 2026-11-02T09:00:00Z\n", "");
    fs::write(scratch.path().join("x.toml"), hostile).unwrap();
    let arguments = [
        "exclusions",
        "check",
        "x.toml",
        "--format",
        "junit",
        "--fail-on",
        "warning",
    ];
    let (text, _) = run(scratch.path(), &arguments, 1);
    let document = roxmltree::Document::parse(&text).unwrap();
    let suite = document.root_element().first_element_child().unwrap();
    let cases: Vec<_> = suite
        .children()
        .filter(|node| node.has_tag_name("testcase"))
        .collect();
    // The file as a whole, and each exclusion.
    assert_eq!(suite.attribute("tests"), Some("9"));
    assert_eq!(cases.len(), 9);
    let failed = cases
        .iter()
        .filter(|case| case.children().any(|node| node.has_tag_name("failure")));
    assert_eq!(
        suite.attribute("failures"),
        Some(failed.count().to_string().as_str())
    );
    assert_eq!(cases[1].attribute("name"), Some("<range> & \"co\" \\x07"));
    let failure = cases[1]
        .children()
        .find(|node| node.has_tag_name("failure"))
        .unwrap();
    assert!(failure.text().unwrap().contains("192.168.0.0/16"));
}

#[test]
fn explain_a_line() {
    let scratch = tempfile::tempdir().unwrap();
    fs::write(scratch.path().join("x.toml"), LIST).unwrap();
    let explain = |line: &str, code| {
        let fields = "#Fields: date time s-ip s-port c-ip";
        run(
            scratch.path(),
            &[
                "exclusions",
                "explain",
                "x.toml",
                "--fields",
                fields,
                "--line",
                line,
            ],
            code,
        )
    };
    let (told, _) = explain("2026-11-02 10:00:00 10.0.0.1 8080 192.168.7.3", 0);
    assert_eq!(
        told,
        "range matches: the line is not counted\n  holds  c-ip: 192.168.0.0/16; found 192.168.7.3\n\
         ports matches: the line is not counted\n  holds  s-port: 8080 or 8081 or 8082 or 9999; found 8080\n"
    );
    let (told, _) = explain("2026-11-02 10:00:00 10.0.0.1 80 10.10.0.5", 0);
    assert!(
        told.starts_with("nothing matches; the nearest miss is range\n  FAILS  c-ip: 192.168.0.0/16; found 10.10.0.5"),
        "{told}"
    );
    explain("2026-11-02 10:00:00 10.0.0.1 80", 2);
    explain("2026-11-02 25:00:00 10.0.0.1 80 10.0.0.1", 2);
    // A line as IIS logs by default needs no fields.
    let usual = "2026-11-02 10:00:00 10.0.0.1 GET / - 80 - 192.168.7.3 curl - 200 0 0 5";
    let (told, _) = run(
        scratch.path(),
        &["exclusions", "explain", "x.toml", "--line", usual],
        0,
    );
    assert!(told.starts_with("range matches"), "{told}");
}

#[test]
fn explain_a_row() {
    let scratch = tempfile::tempdir().unwrap();
    write_logs(scratch.path());
    let list = "version = 1\n[[exclusion]]\nid = \"some\"\nstage = \"alert\"\nmatch.c-ip = \"192.168.7.3\"\n\
                match.s-port = \"8000-8009\"\n[[exclusion]]\nid = \"all\"\nstage = \"alert\"\nmatch.c-ip = \"10.20.0.8\"\n\
                [[exclusion]]\nid = \"miss\"\nstage = \"event\"\nmatch.c-ip = \"192.168.7.3\"\nmatch.sc-status = 200\n";
    fs::write(scratch.path().join("x.toml"), list).unwrap();
    let explain = |number: &str, code| {
        run(
            scratch.path(),
            &[
                "exclusions",
                "explain",
                "x.toml",
                "--alert",
                number,
                "--against",
                "logs",
            ],
            code,
        )
    };
    let (told, _) = explain("1", 0);
    assert_eq!(
        told,
        "row 1: 2026-11-02T10:00:00Z 192.168.7.3 on logs (10.0.0.1), 40 lines, 40 ports\n\
         some does not take it out alone: it matches 10 of 40 lines, at stage \"alert\"\n  \
         s-port: 8000-8009 holds for 10 of 40 lines\n  c-ip: 192.168.7.3 holds for 40 of 40 lines\n\
         the row stands\nthe nearest miss is miss\n  c-ip: 192.168.7.3 holds for 40 of 40 lines\n  \
         sc-status: 200 holds for 0 of 40 lines\n"
    );
    let (told, _) = explain("2", 0);
    assert!(
        told.contains("all takes it out: it matches 35 of 35 lines"),
        "{told}"
    );
    let (_, told) = explain("3", 2);
    assert!(
        told.contains("there is no row 3: 2 rows are in these logs"),
        "{told}"
    );
}

#[test]
fn not_in_force_is_told_by_every_run() {
    let scratch = tempfile::tempdir().unwrap();
    write_logs(scratch.path());
    fs::write(scratch.path().join("x.toml"), LIST).unwrap();
    let texts = [
        "note: exclusion off is switched off",
        "note: exclusion old had expired (2026-11-02T09:00:00Z) before these logs began (2026-11-02T10:00:00Z)",
        "note: exclusion new begins (2026-12-01T00:00:00Z) only after these logs end (2026-11-02T12:00:00Z)",
    ];
    for arguments in [
        &["detect", "logs", "--exclusions", "x.toml"][..],
        &[
            "follow",
            "logs",
            "--exclusions",
            "x.toml",
            "--from-start",
            "--until-idle",
            "1s",
        ],
    ] {
        let (_, told) = run(scratch.path(), arguments, 0);
        for text in texts {
            assert_eq!(told.matches(text).count(), 1, "{arguments:?}: {told}");
        }
    }
}

#[test]
fn import_and_export() {
    let scratch = tempfile::tempdir().unwrap();
    fs::write(
        scratch.path().join("w.csv"),
        "IP Subnet,Range Name\n10.0.0.0/24,Admin\n",
    )
    .unwrap();
    let (list, _) = run(scratch.path(), &["exclusions", "import", "w.csv"], 0);
    fs::write(scratch.path().join("x.toml"), list).unwrap();
    let (kql, _) = run(
        scratch.path(),
        &["exclusions", "export", "x.toml", "--to", "kql"],
        0,
    );
    assert!(
        kql.contains("| where not(coalesce(ipv4_is_in_range(cIP, \"10.0.0.0/24\"), false))"),
        "{kql}"
    );
    fs::write(
        scratch.path().join("f.yml"),
        "title: A\nfilter:\n  s: {Image: x}\n  condition: not s\n",
    )
    .unwrap();
    let (nothing, told) = run(scratch.path(), &["exclusions", "import", "f.yml"], 3);
    assert!(
        nothing.is_empty() && told.contains("f.yml:3:7"),
        "{nothing}{told}"
    );
    fs::write(scratch.path().join("hello"), "hello\n").unwrap();
    let (_, told) = run(scratch.path(), &["exclusions", "import", "hello"], 2);
    assert!(told.contains("give --from"), "{told}");
    let (nothing, told) = run(
        scratch.path(),
        &[
            "exclusions",
            "export",
            "narrow",
            "--to",
            "sentinel-watchlist",
        ],
        3,
    );
    assert!(
        nothing.is_empty() && told.contains("error[SBX032]"),
        "{nothing}{told}"
    );
}

/// A computer's name is compared as it is, also where it has a blank, as one from the command line may.
#[test]
fn a_computer_with_a_blank() {
    let folder = tempfile::tempdir().unwrap();
    write_logs(folder.path());
    fs::write(
        folder.path().join("list.toml"),
        "version = 1\n[[exclusion]]\nid = \"all\"\nreason = \"r\"\nstage = \"event\"\nmatch.Computer = \"My Server\"\n",
    )
    .unwrap();
    let rows = |computer: &str| {
        let arguments = [
            "detect",
            "logs",
            "--format",
            "ndjson",
            "--computer",
            computer,
            "--exclusions",
            "list.toml",
        ];
        run(folder.path(), &arguments, 0).0.lines().count()
    };
    assert_eq!((rows("My Server"), rows("My+Server")), (0, 2));
}

/// Files that hold what would act on a terminal, or no ASCII where a place is shown, are refused and nothing more.
#[test]
fn nothing_in_a_list_acts() {
    let folder = tempfile::tempdir().unwrap();
    let one = |id: &str| {
        format!(
            "[[exclusion]]\nid = \"{id}\"\nreason = \"r\"\nstage = \"event\"\nmatch.c-ip = \"10.0.0.1\"\n"
        )
    };
    let list = format!("version = 1\n{}{}", one("a\\u001b[31m\\u202e"), one("b"));
    fs::write(folder.path().join("list.toml"), list).unwrap();
    let (text, _) = run(folder.path(), &["exclusions", "check", "list.toml"], 0);
    assert!(
        text.contains("SBX024") && !text.contains(['\u{1b}', '\u{202e}']),
        "{text:?}"
    );
    fs::write(folder.path().join("filter.yml"), "é: 1\n").unwrap();
    let arguments = ["exclusions", "import", "filter.yml", "--from", "sigma"];
    let (_, error) = run(folder.path(), &arguments, 3);
    assert!(error.contains("filter.yml:1:1"), "{error}");
}

/// Names of a watchlist that stand forty thousand times are numbered, in the order of its rows.
#[test]
fn a_watchlist_of_one_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut list = "IP Subnet,Range Name,Tags\n".to_owned();
    for row in 0..40_000 {
        writeln!(list, "10.{}.{}.0/24,office,", row / 256, row % 256).unwrap();
    }
    fs::write(folder.path().join("list.csv"), list).unwrap();
    let (text, _) = run(
        folder.path(),
        &[
            "exclusions",
            "import",
            "list.csv",
            "--from",
            "sentinel-watchlist",
            "--stage",
            "event",
        ],
        0,
    );
    let ids: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("id = "))
        .collect();
    assert_eq!(ids.len(), 40_000);
    assert_eq!(
        (ids[0], ids[1], ids[39_999]),
        (
            "id = \"office\"",
            "id = \"office-2\"",
            "id = \"office-40000\""
        )
    );
}
