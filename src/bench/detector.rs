//! What a detector is: a command, how logs go in and how alerts come out. Ours is one of them.

use crate::alerts::{AlertTime, MappedColumn, Mapping};
use scanbench_spec::{Finding, Findings, Source, Spanned, from_toml};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest time limit: a day.
const LONGEST: u64 = 86_400;

/// The most runs that warm a detector up.
const MOST_WARM_UPS: u32 = 100;

/// A detector as a file describes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    name: Spanned<String>,
    command: Option<Spanned<Vec<String>>>,
    cannot: Option<Spanned<String>>,
    differs: Option<Spanned<String>>,
    threads: Option<Spanned<Vec<usize>>>,
    install: Option<Spanned<Vec<String>>>,
    version: Option<Spanned<Vec<String>>>,
    timeout: Option<Spanned<u64>>,
    warm_up: Option<Spanned<u32>>,
    #[serde(default)]
    alert_time: AlertTime,
    #[serde(default)]
    columns: BTreeMap<Spanned<String>, String>,
}

impl Written {
    /// What does not fit together, each at its place.
    fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut wrong = |span: Range<usize>, message: &str, help: &str| {
            findings.push(Finding::new(message).at(Some(span)).help(help));
        };
        if self.name.get_ref().trim().is_empty() {
            wrong(
                self.name.span(),
                "the name is empty",
                "say what the table calls it",
            );
        }
        let none = Vec::new();
        let command = self.command.as_ref().map_or(&none, Spanned::get_ref);
        let has = |placeholder: &str| command.iter().any(|word| word.contains(placeholder));
        match (&self.command, &self.cannot) {
            (None, None) => wrong(
                self.name.span(),
                "neither a command nor a reason why there is none",
                "add command = [\"program\", \"{logs}\"], or cannot = \"why it cannot answer the question\"",
            ),
            (Some(_), Some(cannot)) => wrong(
                cannot.span(),
                "what cannot answer the question has no command",
                "leave out one of them; rows that are other ones by design are told with `differs`",
            ),
            (Some(command), None) if command.get_ref().is_empty() => wrong(
                command.span(),
                "the command is empty",
                "list the program and its arguments: [\"program\", \"{logs}\"]",
            ),
            (Some(command), None)
                if !has("{logs}") && !command.get_ref().iter().any(|word| word == "{files}") =>
            {
                wrong(
                    command.span(),
                    "the command is not told where the logs are",
                    "write {logs} for the dataset's folder, or {files} as a word of its own for all logs",
                );
            }
            _ => {}
        }
        match &self.threads {
            Some(threads) if threads.get_ref().is_empty() || threads.get_ref().contains(&0) => {
                wrong(
                    threads.span(),
                    "expected numbers from 1",
                    "for instance [1, 2]",
                );
            }
            Some(threads) if !has("{threads}") => wrong(
                threads.span(),
                "the command is not told the number of threads",
                "write {threads} where it stands, or leave `threads` out",
            ),
            None if has("{threads}") => wrong(
                self.command.as_ref().map_or(0..0, Spanned::span),
                "the command has {threads}, but no `threads` are listed",
                "add for instance threads = [1, 2]",
            ),
            _ => {}
        }
        let most = 1..=MOST_WARM_UPS;
        if let Some(runs) = self
            .warm_up
            .as_ref()
            .filter(|runs| !most.contains(runs.get_ref()))
        {
            wrong(
                runs.span(),
                "expected a number from 1 to 100",
                "the first run checks the rows",
            );
        }
        self.look_at_the_rest(&mut wrong);
        findings
    }

    /// What stands alone: reasons, other commands, the limit.
    fn look_at_the_rest(&self, wrong: &mut dyn FnMut(Range<usize>, &str, &str)) {
        for reason in [&self.cannot, &self.differs].into_iter().flatten() {
            if reason.get_ref().trim().is_empty() {
                wrong(
                    reason.span(),
                    "the reason is empty",
                    "say why, in a sentence",
                );
            }
        }
        for other in [&self.install, &self.version].into_iter().flatten() {
            if other.get_ref().is_empty() {
                wrong(
                    other.span(),
                    "the command is empty",
                    "leave it out, or list a program",
                );
            }
        }
        if let Some(timeout) = &self.timeout
            && !(1..=LONGEST).contains(timeout.get_ref())
        {
            wrong(
                timeout.span(),
                "expected seconds from 1 to 86400",
                "leave it out for a minute and a thousand times what counting the newlines takes",
            );
        }
    }
}

/// A detector that can be run.
#[derive(Clone, Debug)]
pub struct Detector {
    /// What people call it.
    pub name: String,
    /// Numbers of threads it is measured with; `None` where it does not let itself be told.
    pub threads: Vec<Option<usize>>,
    /// The command that installs it.
    pub install: Option<Vec<OsString>>,
    /// The command that says which version it is.
    pub version: Option<Vec<OsString>>,
    /// How long a run may take; `None` where that follows from the size of the logs.
    pub timeout: Option<Duration>,
    /// Why its rows are other ones than the rule's, where they are meant to be: it then has accuracy and no speed.
    pub differs: Option<String>,
    /// Why it cannot answer the question at all: it then has no command.
    pub cannot: Option<String>,
    /// Runs before anything is measured. The run whose rows are checked is one of them.
    pub warm_up: u32,
    /// What a time in its alerts is.
    pub alert_time: AlertTime,
    /// Columns of its alerts with names of their own.
    pub columns: Mapping,
    command: Vec<OsString>,
    /// The folder of the description, which `{here}` stands for.
    here: PathBuf,
    /// This program, which `{scanbench}` stands for.
    program: PathBuf,
}

/// What stands for the placeholders of one run.
#[derive(Clone, Copy, Debug)]
pub struct Places<'p> {
    /// The dataset's folder.
    pub dataset: &'p Path,
    /// Its logs.
    pub logs: &'p [PathBuf],
    /// Where alerts may be written.
    pub alerts: &'p Path,
    /// Threads.
    pub threads: Option<usize>,
}

impl Detector {
    /// This program's own detector, with these numbers of threads.
    #[must_use]
    pub fn ours(program: &Path, threads: &[usize]) -> Self {
        let words = [
            "detect",
            "{logs}",
            "--format",
            "ndjson",
            "--threads",
            "{threads}",
        ];
        let command = std::iter::once(program.as_os_str().to_owned());
        Self {
            name: "scanbench".to_owned(),
            threads: threads.iter().copied().map(Some).collect(),
            install: None,
            version: Some(vec![program.as_os_str().to_owned(), "--version".into()]),
            timeout: None,
            differs: None,
            cannot: None,
            warm_up: 1,
            alert_time: AlertTime::Start,
            columns: Mapping::default(),
            command: command.chain(words.map(OsString::from)).collect(),
            here: PathBuf::new(),
            program: program.to_owned(),
        }
    }

    /// Reads a description. `program` is this one, which `{scanbench}` stands for.
    ///
    /// # Errors
    /// [`Findings`] with the places of what is no description.
    pub fn from_source(source: &Source, program: &Path) -> Result<Self, Findings> {
        let written: Written = from_toml(source)?;
        let mut findings = written.findings();
        let mut columns = Mapping::default();
        for (role, column) in &written.columns {
            match format!("{}={column}", role.get_ref()).parse::<MappedColumn>() {
                Ok(mapped) => columns.set(mapped),
                Err(why) => findings.push(Finding::new(why).at(Some(role.span()))),
            }
        }
        Findings::check(source, findings)?;
        let threads = written.threads.map(Spanned::into_inner);
        let here = match Path::new(source.name()).parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let values = [
            ("{here}", here.as_os_str()),
            ("{scanbench}", program.as_os_str()),
        ];
        let ready = |words: Option<Spanned<Vec<String>>>| -> Option<Vec<OsString>> {
            let words = words?.into_inner().into_iter();
            Some(words.map(|word| filled(&word, &values)).collect())
        };
        let (install, version) = (ready(written.install), ready(written.version));
        Ok(Self {
            name: written.name.into_inner(),
            threads: match threads {
                Some(threads) => threads.into_iter().map(Some).collect(),
                None => vec![None],
            },
            install,
            version,
            timeout: written
                .timeout
                .map(|seconds| Duration::from_secs(seconds.into_inner())),
            differs: written.differs.map(Spanned::into_inner),
            cannot: written.cannot.map(Spanned::into_inner),
            warm_up: written.warm_up.map_or(1, Spanned::into_inner),
            alert_time: written.alert_time,
            columns,
            command: written
                .command
                .map(Spanned::into_inner)
                .unwrap_or_default()
                .into_iter()
                .map(OsString::from)
                .collect(),
            here,
            program: program.to_owned(),
        })
    }

    /// Whether alerts are written to the file that the command is told, rather than to standard output.
    #[must_use]
    pub fn writes_a_file(&self) -> bool {
        let mut words = self.command.iter().filter_map(|word| word.to_str());
        words.any(|word| word.contains("{alerts}"))
    }

    /// The command of one run.
    #[must_use]
    pub fn command(&self, places: Places<'_>) -> Vec<OsString> {
        let threads = OsString::from(places.threads.unwrap_or(1).to_string());
        let values = [
            ("{logs}", places.dataset.as_os_str()),
            ("{alerts}", places.alerts.as_os_str()),
            ("{here}", self.here.as_os_str()),
            ("{threads}", threads.as_os_str()),
            ("{scanbench}", self.program.as_os_str()),
        ];
        let mut command = Vec::with_capacity(self.command.len());
        for (index, word) in self.command.iter().enumerate() {
            match word.to_str() {
                // The program of our own is a path of this machine, in which nothing stands for something else.
                Some("{files}") if index > 0 => {
                    command.extend(places.logs.iter().map(|log| log.as_os_str().to_owned()));
                }
                Some(text) if text.contains('{') => command.push(filled(text, &values)),
                _ => command.push(word.clone()),
            }
        }
        command
    }
}

/// A word with its placeholders replaced, from left to right, so that nothing in a value is replaced again.
fn filled(word: &str, values: &[(&str, &std::ffi::OsStr)]) -> OsString {
    let mut out = OsString::new();
    let mut rest = word;
    loop {
        let next = values
            .iter()
            .filter_map(|(name, value)| Some((rest.find(name)?, *name, *value)))
            .min_by_key(|(at, _, _)| *at);
        let Some((at, name, value)) = next else {
            out.push(rest);
            return out;
        };
        out.push(&rest[..at]);
        out.push(value);
        rest = &rest[at + name.len()..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Detector, String> {
        Detector::from_source(
            &Source::new("peers/one.toml", text),
            Path::new("bin/scanbench"),
        )
        .map_err(|found| found.to_string())
    }

    #[test]
    fn a_description() {
        let detector = read(
            "name = \"one\"\ncommand = [\"awk\", \"-f\", \"{here}/a.awk\", \"-t{threads}\", \"{files}\"]\n\
             threads = [1, 2]\nwarm-up = 3\ntimeout = 90\nversion = [\"{scanbench}\", \"-V\"]\n[columns]\nclient = \"src\"\n",
        )
        .unwrap();
        assert_eq!(detector.threads, [Some(1), Some(2)]);
        assert_eq!(detector.warm_up, 3);
        assert_eq!(detector.timeout, Some(Duration::from_secs(90)));
        assert_eq!(
            detector.version,
            Some(vec!["bin/scanbench".into(), "-V".into()])
        );
        assert!(!detector.writes_a_file());
        let logs = [PathBuf::from("d/{here}.log"), PathBuf::from("d/b.log")];
        let command = detector.command(Places {
            dataset: Path::new("d"),
            logs: &logs,
            alerts: Path::new("out"),
            threads: Some(2),
        });
        assert_eq!(
            command,
            ["awk", "-f", "peers/a.awk", "-t2", "d/{here}.log", "d/b.log"]
        );
    }

    #[test]
    fn one_that_cannot() {
        let detector = read("name = \"one\"\ncannot = \"It knows no ports.\"\n").unwrap();
        assert_eq!(detector.cannot.as_deref(), Some("It knows no ports."));
    }

    #[test]
    fn what_is_wrong_is_told_at_its_place() {
        let cases = [
            ("nam = \"a\"\n", "one.toml:1:1", "unknown field"),
            (
                "name = \"a\"\ncommand = [\"a\"]\n",
                "one.toml:2:11",
                "{files}",
            ),
            (
                "name = \"a\"\ncommand = [\"a\", \"{logs}\"]\nthreads = [0]\n",
                "one.toml:3:11",
                "from 1",
            ),
            (
                "name = \"a\"\ncommand = [\"a\", \"{logs}\"]\nthreads = [1]\n",
                "one.toml:3:11",
                "{threads}",
            ),
            (
                "name = \"a\"\ncommand = [\"{threads}\", \"{logs}\"]\n",
                "one.toml:2:11",
                "threads = [1, 2]",
            ),
            (
                "name = \"a\"\ncommand = [\"a\", \"{logs}\"]\nwarm-up = 0\n",
                "one.toml:3:11",
                "1 to 100",
            ),
            (
                "name = \"a\"\ncommand = [\"a\", \"{logs}\"]\ntimeout = 0\n",
                "one.toml:3:11",
                "1 to 86400",
            ),
            ("name = \"a\"\n", "one.toml:1:8", "cannot ="),
            (
                "name = \"a\"\ncommand = [\"a\", \"{logs}\"]\ncannot = \"b\"\n",
                "one.toml:3:10",
                "differs",
            ),
            (
                "name = \"a\"\ncannot = \" \"\n",
                "one.toml:2:10",
                "is empty",
            ),
            (
                "name = \"a\"\ncommand = [\"a\", \"{logs}\"]\n[columns]\nclint = \"x\"\n",
                "one.toml:4:1",
                "no role",
            ),
        ];
        for (text, place, words) in cases {
            let told = read(text).unwrap_err();
            assert!(
                told.contains(place) && told.contains(words),
                "{text}: {told}"
            );
        }
    }
}
