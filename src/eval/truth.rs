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
