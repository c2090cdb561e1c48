//! Bad input: each with a clear message, the right exit code, and nothing half-written.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

fn scanbench(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// Runs in a scratch folder with these files, and checks the exit code, that standard output is empty and that
/// standard error has each of the texts.
fn refused(files: &[(&str, &str)], arguments: &[&str], code: i32, texts: &[&str]) {
    let scratch = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(scratch.path().join(name), text).unwrap();
    }
    let before = names(scratch.path());
    let output = scanbench(arguments, scratch.path());
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    for text in texts {
        assert!(
            told.contains(text),
            "{arguments:?}: no \"{text}\" in:\n{told}"
        );
    }
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "",
        "{arguments:?}"
    );
    assert_eq!(
        names(scratch.path()),
        before,
        "{arguments:?} left something behind"
    );
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

const SCENARIO: &str = "version = 1\nname = \"x\"\ntitle = \"x\"\nseed = 1\nstart = 2026-11-02T10:00:00Z\nduration = \"10m\"\n\
                        [[server]]\nname = \"WEB01\"\naddress = \"10.0.0.1\"\niis = \"10\"\n[[server.site]]\nid = 1\nports = [80]\n";

#[test]
fn paths() {
    refused(
        &[],
        &["detect", "nowhere"],
        2,
        &["nowhere: no such file or folder"],
    );
    refused(
        &[],
        &["detect", "nowhere/*.log"],
        2,
        &["no file fits this pattern"],
    );
    refused(
        &[],
        &["evaluate", "nowhere"],
        2,
        &["nowhere", "scanbench generate"],
    );
    refused(
        &[("a.log", "hello\n")],
        &["detect", "a.log"],
        2,
        &[
            "a.log is no W3C log, refused: it looks like plain text",
            "no IIS log was found",
        ],
    );
    refused(
        &[("a.log", "#Fields: date time x-session\n")],
        &["detect", "a.log"],
        2,
        &["an FTP log of IIS", "no IIS log was found"],
    );
    refused(
        &[("x.toml", "")],
        &["generate", "minimal", "-o", "x.toml"],
        2,
        &["x.toml"],
    );
    refused(&[], &["detect"], 2, &["<PATH>"]);
    refused(&[], &["detekt"], 2, &["'detect'"]);
}

#[test]
fn a_file_that_cannot_be_read_fails_and_the_rest_is_read() {
    let scratch = tempfile::tempdir().unwrap();
    let good = "#Fields: date time s-port\n2026-11-02 10:00:00 80\n";
    fs::write(scratch.path().join("good.log"), good).unwrap();
    // Root may read everything, so the file is one that nobody can read: a name that leads nowhere.
    std::os::unix::fs::symlink("gone", scratch.path().join("bad.log")).unwrap();
    let output = scanbench(&["detect", "."], scratch.path());
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("bad.log"), "{told}");
    assert!(told.contains("read 1 line in 1 log"), "{told}");
}

#[test]
fn an_input_that_cannot_be_read_on_tells_what_was_read() {
    // A process's memory from address 0 on is a file that opens and then fails to read.
    let scratch = tempfile::tempdir().unwrap();
    let output = scanbench(&["detect", "/proc/self/mem"], scratch.path());
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("cannot read /proc/self/mem"), "{told}");
}

#[test]
fn scenarios() {
    refused(&[], &["run", "defualt"], 2, &["did you mean \"default\"?"]);
    refused(
        &[],
        &["generate", "xyzzy", "-o", "out"],
        2,
        &["built in are: default, "],
    );
    let typo =
        format!("{SCENARIO}[[actor]]\nid = \"a\"\nkind = \"visitors\"\nsesions-per-day = 5\n");
    refused(
        &[("s.toml", &typo)],
        &["generate", "s.toml", "-o", "out"],
        3,
        &[
            "s.toml:17:1",
            "sesions-per-day",
            "sessions-per-day",
            "did you mean",
        ],
    );
    let port = SCENARIO.replace("[80]", "[80, 99999]");
    refused(
        &[("s.toml", &port)],
        &["generate", "s.toml", "-o", "out"],
        3,
        &["s.toml:13:14", "99999", "from 1 to 65535"],
    );
    let server = format!(
        "{SCENARIO}[[actor]]\nid = \"a\"\nkind = \"visitors\"\nservers = [\"WEB1\"]\nsessions-per-day = 5\n"
    );
    refused(
        &[("s.toml", &server)],
        &["generate", "s.toml", "-o", "out"],
        3,
        &["s.toml:17:12", "WEB1"],
    );
    for name in ["../out", "CON", "a/b", ""] {
        let escape = SCENARIO.replace("WEB01", name);
        refused(
            &[("s.toml", &escape)],
            &["generate", "s.toml", "-o", "out"],
            3,
            &["s.toml:8:8"],
        );
    }
    refused(
        &[("s.toml", "version = ")],
        &["run", "s.toml"],
        3,
        &["s.toml:1:"],
    );
}

#[test]
fn exclusions() {
    let detect = ["detect", "a.log", "--exclusions", "x.toml"];
    let log = (
        "a.log",
        "#Fields: date time s-port\n2026-11-02 10:00:00 80\n",
    );
    let case = |file: &str, texts: &[&str]| {
        refused(&[log, ("x.toml", file)], &detect, 3, texts);
    };
    let one = |rest: &str| format!("version = 1\n[[exclusion]]\nid = \"a\"\n{rest}");
    case(
        &one("stage = \"event\"\nmatch.process_name = [\"nmap.exe\"]\n"),
        &[
            "x.toml:5:7",
            "SBX008",
            "no IIS log has it",
            "c-ip",
            "cs-user-agent",
        ],
    );
    case(
        &one("match.c-ip = [\"10.0.0.1\"]\n"),
        &["x.toml:3:6", "must say its stage"],
    );
    case(
        &one("stage = \"evnt\"\nmatch.c-ip = [\"10.0.0.1\"]\n"),
        &[
            "x.toml:4:9",
            "expected \"event\" or \"alert\", found \"evnt\"",
        ],
    );
    case(
        &one("stage = \"event\"\nmatch.c-ip = [\"10.0.0.1/8\", \"10.0.0\", 5]\n"),
        &[
            "x.toml:5:15",
            "write 10.0.0.0/8",
            "x.toml:5:29",
            "found \"10.0.0\"",
            "x.toml:5:39",
            "found the number 5",
        ],
    );
    case(
        &one("stage = \"event\"\nmatch.s-port = [99999, \"9-8\"]\n"),
        &[
            "x.toml:5:17",
            "found the number 99999",
            "x.toml:5:24",
            "found \"9-8\"",
        ],
    );
    case(
        &one("stage = \"event\"\nmatch.cs-user-agnet = \"x\"\n"),
        &["x.toml:5:7", "did you mean `cs-user-agent`?"],
    );
    case(
        &one("stage = \"event\"\nmatch.cs-host = { like = \"x\" }\n"),
        &["x.toml:5:19", "known here: equals, "],
    );
    case(
        &one("stage = \"event\"\nmatch.cs-user-agent = { regex = \"(\" }\n"),
        &["x.toml:5:33", "not a regular expression"],
    );
    case(
        &one("stage = \"event\"\nmatch = {}\n"),
        &["would match every line"],
    );
    case(
        &one("stage = \"event\"\nmatch.c-ip = []\n"),
        &["c-ip has no values"],
    );
    case(
        &one(
            "stage = \"event\"\nstarts = 2026-11-02T00:00:00Z\nexpires = 2026-11-01T00:00:00Z\nmatch.s-port = 80\n",
        ),
        &["x.toml:6:11", "expires is not after starts"],
    );
    case(
        &one("stage = \"event\"\nexpires = 2026-11-01\nmatch.s-port = 80\n"),
        &["x.toml:5:11", "with its offset from UTC"],
    );
    case(
        &one("stage = \"event\"\nownr = \"me\"\nmatch.s-port = 80\n"),
        &["x.toml:5:1", "did you mean `owner`?"],
    );
    let twice = format!(
        "{0}{1}{0}{1}",
        "[[exclusion]]\nid = \"a\"\n", "stage = \"event\"\nmatch.s-port = 80\n"
    );
    case(
        &format!("version = 1\n{twice}"),
        &["x.toml:7:6", "stands twice"],
    );
    case("version = 2\n", &["x.toml:1:11", "version = 1"]);
    refused(
        &[log],
        &detect,
        2,
        &["no file and no built-in exclusion list \"x.toml\""],
    );
}

#[test]
fn exclusions_in_yaml_and_json_have_their_places() {
    let log = (
        "a.log",
        "#Fields: date time s-port\n2026-11-02 10:00:00 80\n",
    );
    for (name, text, place) in [
        (
            "x.yaml",
            "version: 1\nexclusion:\n- id: a\n  stage: event\n  match:\n    process_name: x\n",
            "x.yaml:6:5",
        ),
        (
            "x.json",
            "{\"version\": 1, \"exclusion\": [{\"id\": \"a\", \"stage\": \"event\",\n\"match\": {\"process_name\": 1}}]}",
            "x.json:2:11",
        ),
    ] {
        let arguments = ["detect", "a.log", "--exclusions", name];
        refused(&[log, (name, text)], &arguments, 3, &[place, "SBX008"]);
    }
}

#[test]
fn numbers() {
    let log = (
        "a.log",
        "#Fields: date time s-port\n2026-11-02 10:00:00 80\n",
    );
    refused(
        &[log],
        &["detect", "a.log", "--threshold", "0"],
        2,
        &["--threshold"],
    );
    refused(
        &[log],
        &["detect", "a.log", "--threshold", "200"],
        2,
        &["--set-limit 0"],
    );
    refused(
        &[log],
        &["detect", "a.log", "--bin", "10 parsecs"],
        2,
        &["expected a duration such as \"10m\""],
    );
    refused(
        &[log],
        &["detect", "a.log", "--bin", "1ms"],
        2,
        &["at least 1s"],
    );
}

#[test]
fn a_folder_that_is_not_empty_is_left_alone() {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("mine.txt"), "mine").unwrap();
    for force in [&[][..], &["--force"]] {
        let arguments = [&["generate", "minimal", "-o", "out"], force].concat();
        let output = scanbench(&arguments, scratch.path());
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert_eq!(names(scratch.path()), ["out"]);
        assert_eq!(names(&out), ["mine.txt"]);
    }
    // A dataset may be replaced, but only when that is asked for.
    fs::remove_file(out.join("mine.txt")).unwrap();
    for (arguments, code) in [
        (&["generate", "minimal", "-o", "out"][..], 0),
        (&["generate", "minimal", "-o", "out"], 2),
        (
            &["generate", "minimal", "-o", "out", "--force", "--seed", "2"],
            0,
        ),
    ] {
        assert_eq!(
            scanbench(arguments, scratch.path()).status.code(),
            Some(code)
        );
        assert_eq!(names(scratch.path()), ["out"]);
    }
}

#[test]
fn a_dataset_that_was_changed_is_not_scored() {
    let scratch = tempfile::tempdir().unwrap();
    assert!(
        scanbench(&["generate", "minimal", "-o", "set"], scratch.path())
            .status
            .success()
    );
    let log = scratch.path().join("set/logs/HOST01/W3SVC1/u_ex261102.log");
    let mut text = fs::read(&log).unwrap();
    let last = text.len() - 3;
    text[last] ^= 1;
    fs::write(&log, text).unwrap();
    let output = scanbench(&["evaluate", "set"], scratch.path());
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("u_ex261102.log: another checksum"), "{told}");
}

/// The shell limits the size of a file as a full disk would; the signal that goes with it is ignored, so that the
/// write fails instead.
#[test]
fn a_full_disk_leaves_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let script = format!(
        "trap '' XFSZ; ulimit -f 20; exec '{}' generate default -o out",
        env!("CARGO_BIN_EXE_scanbench")
    );
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(scratch.path())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("cannot write"), "{told}");
    assert!(
        names(scratch.path()).is_empty(),
        "{:?}",
        names(scratch.path())
    );

    // Standard output on a full disk.
    let script = format!(
        "exec '{}' detect tests/hand_counted > /dev/full",
        env!("CARGO_BIN_EXE_scanbench")
    );
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(
        told.contains("cannot write the output: No space left on device"),
        "{told}"
    );
}

#[test]
fn ctrl_c_leaves_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let long = SCENARIO.replace("\"10m\"", "\"3650d\"")
        + "[[actor]]\nid = \"a\"\nkind = \"visitors\"\nsessions-per-day = 5000\n";
    fs::write(scratch.path().join("s.toml"), long).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(["generate", "s.toml", "-o", "out"])
        .current_dir(scratch.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Until it writes.
    while names(scratch.path()).len() < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(200));
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(names(scratch.path()), ["s.toml"]);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let script = format!(
        "'{}' detect tests/hand_counted --format json 2>/dev/null | head -c 10; echo \"${{PIPESTATUS[0]}}\"",
        env!("CARGO_BIN_EXE_scanbench")
    );
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with("0\n"), "{text}");
}
