//! The truth of a dataset, as its generator counted it.

use scanbench_generator::manifest::{Manifest, Unlabelled};
use scanbench_generator::truth::{Campaign, INJECTION, Injection, Window};
use scanbench_spec::{Source, from_toml, parse_duration};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What really happened.
#[derive(Clone, Debug, Default)]
pub struct GroundTruth {
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Entries in the logs.
    pub lines: u64,
    /// How long the data is, in days; `None` where the dataset does not say.
    pub days: Option<f64>,
    /// Lines without a label are somebody's real ones: not benign, unknown.
    pub unlabelled_is_unknown: bool,
    /// Every campaign.
    pub campaigns: Vec<Campaign>,
    /// Every key and bin with labelled lines, or on which the rule must fire.
    pub windows: Vec<Window>,
}

/// Truth that cannot be read.
#[derive(Debug, Error)]
pub enum TruthError {
    /// A file of the dataset cannot be read.
    #[error(
        "{path}: {source}; is this the folder of a dataset, as `scanbench generate` writes it?"
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line of it is not what it should be.
    #[error("{path}:{line}: {source}")]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        source: serde_json::Error,
    },
}

impl GroundTruth {
    /// Reads `truth/` of a dataset.
    ///
    /// # Errors
    /// [`TruthError`] with the file, and the line where there is one.
    pub fn read(dataset: &Path, manifest: &Manifest) -> Result<Self, TruthError> {
        Ok(Self {
            scenario: manifest.scenario.clone(),
            seed: manifest.seed,
            lines: manifest
                .files
                .iter()
                .filter(|file| file.path.starts_with("logs/"))
                .map(|file| file.entries)
                .sum(),
            days: days(dataset, manifest)?,
            unlabelled_is_unknown: manifest.unlabelled_lines == Unlabelled::Unknown,
            campaigns: read_lines(&dataset.join("truth").join("campaigns.jsonl"))?,
            windows: read_lines(&dataset.join("truth").join("windows.jsonl"))?,
        })
    }
}

/// What is read here of the resolved scenario in a dataset.
#[derive(Deserialize)]
struct Head {
    duration: String,
}

/// The resolved scenario in a dataset.
const SCENARIO: &str = "scenario.toml";

/// A day has so many milliseconds.
const DAY_MS: u32 = 86_400_000;

/// How long the logs are: those into which a scenario was put are as long as they were.
fn days(dataset: &Path, manifest: &Manifest) -> Result<Option<f64>, TruthError> {
    // A set may have neither file; one that the manifest names must be there.
    let read = |name: &str| {
        let path = dataset.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(source)
                if source.kind() == io::ErrorKind::NotFound
                    && manifest.files.iter().all(|file| file.path != name) =>
            {
                Ok(None)
            }
            Err(source) => Err(TruthError::Io { path, source }),
        }
    };
    if let Some(text) = read(INJECTION)? {
        return Ok(days_of_injection(&text));
    }
    Ok(read(SCENARIO)?.and_then(days_of_scenario))
}

fn days_of_injection(text: &str) -> Option<f64> {
    let injection: Injection = serde_json::from_str(text).ok()?;
    let first = injection.first.min(injection.start);
    let millis = injection.last.max(injection.end).millis() - first.millis();
    let seconds = u32::try_from(millis / 1000).ok()?;
    Some(f64::from(seconds) * 1000.0 / f64::from(DAY_MS))
}

fn days_of_scenario(text: String) -> Option<f64> {
    let head: Head = from_toml(&Source::new(SCENARIO, text)).ok()?;
    let duration = parse_duration(&head.duration).ok()?;
    Some(duration.as_secs_f64() / 86_400.0)
}

fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, TruthError> {
    let io = |source| TruthError::Io {
        path: path.to_owned(),
        source,
    };
    let mut values = Vec::new();
    for (index, line) in BufReader::new(File::open(path).map_err(io)?)
        .lines()
        .enumerate()
    {
        let value =
            serde_json::from_str(&line.map_err(io)?).map_err(|source| TruthError::Line {
                path: path.to_owned(),
                line: index + 1,
                source,
            })?;
        values.push(value);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use scanbench_generator::manifest::FileRecord;
    use serde_json::json;

    fn manifest(files: &[(&str, u64)]) -> Manifest {
        let record = |(path, entries): &(&str, u64)| FileRecord {
            path: (*path).to_owned(),
            sha256: String::new(),
            bytes: 0,
            lines: entries + 4,
            entries: *entries,
        };
        Manifest {
            schema_version: 1,
            tool: String::new(),
            version: String::new(),
            scenario: "small".to_owned(),
            seed: 7,
            unlabelled_lines: Unlabelled::Background,
            files: files.iter().map(record).collect(),
        }
    }

    /// A dataset with one campaign and one window, and these files besides.
    fn dataset(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("truth")).unwrap();
        let campaign = r#"{"id": "a", "kind": "scan", "class": "malicious", "clients": ["10.0.0.1"], "server": "WEB01",
            "first": null, "last": null, "ports_probed": 1, "ports_logged": 1, "lines": 1, "expected_to_fire": false}"#;
        let window = r#"{"bin": "2026-11-02T00:00:00Z", "c_ip": "10.0.0.1", "computer": "WEB01", "s_ip": "10.0.0.100",
            "ports": 1, "lines": 1, "campaigns": ["a"], "must_fire": false}"#;
        let one_line = |text: &str| text.replace('\n', "") + "\n";
        for (path, text) in [
            ("truth/campaigns.jsonl", one_line(campaign)),
            ("truth/windows.jsonl", one_line(window)),
        ]
        .into_iter()
        .chain(files.iter().map(|(path, text)| (*path, (*text).to_owned())))
        {
            fs::write(folder.path().join(path), text).unwrap();
        }
        folder
    }

    fn days_of(files: &[(&str, &str)]) -> Option<f64> {
        let folder = dataset(files);
        GroundTruth::read(folder.path(), &manifest(&[]))
            .unwrap()
            .days
    }

    #[test]
    fn a_dataset_is_read() {
        let folder = dataset(&[]);
        let files = [
            ("logs/WEB01/W3SVC1/u_ex261102.log", 30),
            ("logs/WEB01/W3SVC2/u_ex261102.log", 12),
            // Objects of JSON Lines are entries of no log.
            ("truth/campaigns.jsonl", 1),
        ];
        let mut manifest = manifest(&files);
        let truth = GroundTruth::read(folder.path(), &manifest).unwrap();
        assert_eq!(
            (truth.scenario.as_str(), truth.seed, truth.lines),
            ("small", 7, 42)
        );
        assert_eq!((truth.campaigns.len(), truth.windows.len()), (1, 1));
        assert_eq!(truth.campaigns[0].id, truth.windows[0].campaigns[0]);
        assert_eq!((truth.days, truth.unlabelled_is_unknown), (None, false));
        manifest.unlabelled_lines = Unlabelled::Unknown;
        let truth = GroundTruth::read(folder.path(), &manifest).unwrap();
        assert!(truth.unlabelled_is_unknown);
    }

    #[test]
    fn days_are_those_of_the_scenario() {
        assert_eq!(days_of(&[(SCENARIO, "duration = \"36h\"\n")]), Some(1.5));
        assert_eq!(days_of(&[(SCENARIO, "duration = \"long\"\n")]), None);
        assert_eq!(days_of(&[(SCENARIO, "seed = 1\n")]), None);
    }

    /// From the first of line and scenario to the last of both, in whole seconds.
    #[test]
    fn days_of_an_injection_are_those_of_the_logs() {
        let days = |start: &str, end: &str, first: &str, last: &str| {
            let time = |clock: &str| format!("2026-11-{clock}Z");
            let text = json!({
                "start": time(start), "end": time(end), "first": time(first), "last": time(last),
                "original_lines": 1, "added_lines": 1, "added_directives": 0, "unwritten_lines": 0,
                "servers": [], "collisions": [],
            });
            // What the scenario says is then of no account.
            let files = [
                (INJECTION, text.to_string()),
                (SCENARIO, "duration = \"1h\"".to_owned()),
            ];
            days_of(&files.each_ref().map(|(path, text)| (*path, text.as_str())))
        };
        let (night, morning, noon, evening) =
            ("02T00:00:00", "02T06:00:00", "02T12:00:00", "02T18:00:00");
        assert_eq!(days(morning, noon, night, evening), Some(0.75));
        assert_eq!(days(night, evening, morning, noon), Some(0.75));
        assert_eq!(days(night, noon, morning, evening), Some(0.75));
        assert_eq!(
            days(night, "03T00:00:00", night, "03T00:00:00.900"),
            Some(1.0)
        );
        assert_eq!(
            days(night, "02T00:01:30", night, "02T00:01:30"),
            Some(90.0 / 86_400.0)
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let told = |folder: &tempfile::TempDir, manifest: &Manifest| {
            GroundTruth::read(folder.path(), manifest)
                .unwrap_err()
                .to_string()
        };
        // A file that the manifest names must be there; one that it does not name must be readable where it is there.
        for name in [SCENARIO, INJECTION] {
            let folder = dataset(&[]);
            assert!(
                told(&folder, &manifest(&[(name, 0)])).contains(name),
                "{name}"
            );
            fs::create_dir(folder.path().join(name)).unwrap();
            assert!(told(&folder, &manifest(&[])).contains(name), "{name}");
        }
        let folder = dataset(&[]);
        let windows = folder.path().join("truth").join("windows.jsonl");
        let line = fs::read_to_string(&windows).unwrap();
        fs::write(&windows, line.clone() + &line + "{}\n").unwrap();
        assert!(told(&folder, &manifest(&[])).contains("windows.jsonl:3: missing field"));
        fs::remove_file(&windows).unwrap();
        assert!(told(&folder, &manifest(&[])).contains("windows.jsonl: "));
    }
}
