//! A case: how its bytes are made, and what must come of them. Every run is held to limits of time and memory.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A run longer than this hangs. Whole seconds are only needed where a million lines are read without optimization.
const LONGEST: Duration = Duration::from_secs(100);

/// The most memory that a run may take unless its case says otherwise, in MiB.
const MOST_MIB: u64 = 160;

/// One kind of damage in a file that is named on the command line.
pub(crate) struct Case {
    /// What is damaged.
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) code: i32,
    /// Standard error has this.
    pub(crate) says: &'static str,
    /// Entries read; `None` where no log is found.
    pub(crate) entries: Option<u64>,
}

/// A case whose file is read to its end.
pub(crate) fn read(
    name: &'static str,
    bytes: impl Into<Vec<u8>>,
    entries: u64,
    says: &'static str,
) -> Case {
    Case {
        name,
        bytes: bytes.into(),
        code: 0,
        says,
        entries: Some(entries),
    }
}

/// A case whose file breaks off: what came before counts, and the exit code is 2.
pub(crate) fn broken(
    name: &'static str,
    bytes: impl Into<Vec<u8>>,
    entries: u64,
    says: &'static str,
) -> Case {
    Case {
        code: 2,
        ..read(name, bytes, entries, says)
    }
}

/// A case whose file is no log that can be read.
pub(crate) fn refused(name: &'static str, bytes: impl Into<Vec<u8>>, says: &'static str) -> Case {
    Case {
        code: 2,
        entries: None,
        ..read(name, bytes, 0, says)
    }
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) rows: String,
    pub(crate) told: String,
    /// The most memory it had, in KiB; 0 where that cannot be told.
    pub(crate) peak_kib: u64,
    pub(crate) took: Duration,
}

impl Outcome {
    /// What is wrong with it, whatever the input was.
    fn faults(&self, most_mib: u64) -> Vec<String> {
        let mut faults = Vec::new();
        if !matches!(self.code, Some(0 | 2)) {
            faults.push(format!("ended with {:?}", self.code));
        }
        if self.told.contains("panicked") {
            faults.push("panicked".to_owned());
        }
        let acts = |byte: char| byte.is_control() && byte != '\n' && byte != '\t';
        if self.told.contains(acts) || self.rows.contains(acts) {
            faults.push("wrote a control character".to_owned());
        }
        if self.took > LONGEST {
            faults.push(format!("took {:?}", self.took));
        }
        if self.peak_kib > most_mib << 10 {
            faults.push(format!("took {} MiB", self.peak_kib >> 10));
        }
        faults
    }

    /// Whatever of this did not come out.
    pub(crate) fn misses(
        &self,
        code: i32,
        says: &[&str],
        entries: Option<u64>,
        most_mib: u64,
    ) -> Vec<String> {
        let mut misses = self.faults(most_mib);
        if self.code != Some(code) {
            misses.push(format!("expected exit code {code}, found {:?}", self.code));
        }
        for text in says {
            if !self.told.contains(text) {
                misses.push(format!("did not say {text:?}"));
            }
        }
        if self.entries() != entries {
            let found = self.entries();
            misses.push(format!("expected {entries:?} entries, found {found:?}"));
        }
        misses
    }

    /// Entries read, as the last line tells.
    pub(crate) fn entries(&self) -> Option<u64> {
        let (_, rest) = self.told.rsplit_once("read ")?;
        let (number, _) = rest.split_once(" line")?;
        number.replace(',', "").parse().ok()
    }

    /// Checks one run that has no table of its own.
    pub(crate) fn check(&self, code: i32, says: &[&str], entries: Option<u64>) {
        self.check_within(code, says, entries, MOST_MIB);
    }

    /// The same, with another limit of memory.
    pub(crate) fn check_within(
        &self,
        code: i32,
        says: &[&str],
        entries: Option<u64>,
        most_mib: u64,
    ) {
        let misses = self.misses(code, says, entries, most_mib);
        assert!(misses.is_empty(), "{misses:#?}\n{}", short(&self.told));
    }
}

/// Runs `scanbench detect` in a folder. `stdin` is a file there.
pub(crate) fn detect<S: AsRef<OsStr>>(
    folder: &Path,
    arguments: &[S],
    stdin: Option<&str>,
) -> Outcome {
    let out = tempfile::tempdir().unwrap();
    let output = |name: &str| File::create(out.path().join(name)).unwrap();
    let input = stdin.map_or_else(Stdio::null, |name| {
        File::open(folder.join(name)).unwrap().into()
    });
    let since = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .arg("detect")
        .args(arguments)
        .current_dir(folder)
        .stdin(input)
        .stdout(output("rows"))
        .stderr(output("told"))
        .spawn()
        .unwrap();
    let (code, peak_kib) = wait(&mut child, since);
    let text = |name: &str| {
        let bytes = fs::read(out.path().join(name)).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    Outcome {
        code,
        rows: text("rows"),
        told: text("told"),
        peak_kib,
        took: since.elapsed(),
    }
}

/// Waits for the end and notes the peak of memory on the way; one that hangs is ended.
fn wait(child: &mut Child, since: Instant) -> (Option<i32>, u64) {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        if let Ok(text) = fs::read_to_string(&status) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let number = line.and_then(|line| line.trim().split(' ').next()?.parse().ok());
            peak = peak.max(number.unwrap_or(0));
        }
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code(), peak);
        }
        if since.elapsed() > LONGEST {
            child.kill().unwrap();
            child.wait().unwrap();
            return (None, peak);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Runs all cases, from a file and from standard input, and tells of all that went wrong.
pub(crate) fn check(cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for case in cases {
        let scratch = tempfile::tempdir().unwrap();
        fs::write(scratch.path().join("a.log"), &case.bytes).unwrap();
        let named = detect(scratch.path(), &["a.log"], None);
        let mut misses = named.misses(case.code, &[case.says], case.entries, MOST_MIB);
        // What can be read through a pipe comes out the same, by one thread and without vector instructions.
        if case.entries.is_some() && !case.bytes.starts_with(b"PK") {
            let piped = detect(
                scratch.path(),
                &["-", "--threads", "1", "--portable"],
                Some("a.log"),
            );
            let again = piped.misses(case.code, &[case.says], case.entries, MOST_MIB);
            misses.extend(
                again
                    .into_iter()
                    .map(|miss| format!("through stdin: {miss}")),
            );
        }
        if !misses.is_empty() {
            wrong.push(format!(
                "{}: {misses:#?}\n{}",
                case.name,
                short(&named.told)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The first lines of what was told.
fn short(told: &str) -> String {
    told.lines().take(12).fold(String::new(), |all, line| {
        let line: String = line.chars().take(300).collect();
        all + "    | " + &line + "\n"
    })
}
