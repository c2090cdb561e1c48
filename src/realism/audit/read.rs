//! From datasets to the lines of their campaigns.

use super::line::{Line, Texts};
use super::{Campaign, Material, line};
use crate::eval::{GroundTruth, TruthError};
use scanbench_detector::{FindError, LogFile, Passenger, Stopped, find_logs, passage};
use scanbench_generator::manifest::Manifest;
use scanbench_generator::truth::{Class, Label};
use scanbench_w3c::Record;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use thiserror::Error;

/// Lines that are kept of a campaign.
const MOST_LINES: usize = 200;

/// A dataset that cannot be audited.
#[derive(Debug, Error)]
pub enum AuditError {
    /// Its truth cannot be read.
    #[error(transparent)]
    Truth(#[from] TruthError),
    /// The labels of a log cannot be read.
    #[error(
        "{path}: {source}; labels are read as `scanbench generate` writes them, so generate the dataset again"
    )]
    Labels {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its logs cannot be found.
    #[error(transparent)]
    Find(#[from] FindError),
    /// Stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// Lines by their lot, the greatest on top: it goes when there are too many.
#[derive(Default)]
struct Kept(BinaryHeap<ByLot>);

struct ByLot(Line);

impl PartialEq for ByLot {
    fn eq(&self, other: &Self) -> bool {
        self.0.lot == other.0.lot
    }
}

impl Eq for ByLot {}

impl PartialOrd for ByLot {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByLot {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.lot.cmp(&other.0.lot)
    }
}

/// Reads the labelled lines of datasets.
///
/// # Errors
/// [`AuditError`] where truth or labels cannot be read.
pub fn read(
    datasets: &[(PathBuf, Manifest)],
    cancelled: &AtomicBool,
) -> Result<Material, AuditError> {
    let mut material = Material::default();
    for (dataset, manifest) in datasets {
        let truth = GroundTruth::read(dataset, manifest)?;
        let (logs, mut errors) = find_logs(&[dataset.join("logs")]);
        if let Some(error) = errors.pop() {
            return Err(error.into());
        }
        let mut reader = Reader {
            root: dataset,
            listed: manifest
                .files
                .iter()
                .map(|file| Path::new(&file.path))
                .collect(),
            labels: HashMap::new(),
            above: 0,
            kept: BTreeMap::new(),
            texts: &mut material.texts,
            files: &mut material.files,
            failed: None,
        };
        passage(&logs, cancelled, &mut reader)?.whole()?;
        if let Some(error) = reader.failed {
            return Err(error);
        }
        let mut kept = reader.kept;
        for campaign in truth.campaigns {
            let lines = kept.remove(&campaign.id).unwrap_or_default();
            if lines.0.is_empty() {
                continue;
            }
            if campaign.class == Class::Authorised {
                material.left_aside += 1;
                continue;
            }
            let actor = campaign.id.split('@').next().unwrap_or_default().to_owned();
            let mut lines: Vec<Line> = lines.0.into_iter().map(|one| one.0).collect();
            lines.sort_by_key(|line| (line.file, line.number));
            material.campaigns.push(Campaign {
                actor,
                is_scan: campaign.class == Class::Malicious,
                lines,
            });
        }
    }
    Ok(material)
}

struct Reader<'m> {
    root: &'m Path,
    /// The files that the manifest has.
    listed: HashSet<&'m Path>,
    /// The campaigns of the labelled lines of this log.
    labels: HashMap<u64, String>,
    /// Lines above the first row of this log that are not counted as rows.
    above: u64,
    kept: BTreeMap<String, Kept>,
    texts: &'m mut Texts,
    files: &'m mut Vec<String>,
    failed: Option<AuditError>,
}

impl Passenger for Reader<'_> {
    fn log(&mut self, log: &LogFile) {
        self.files.push(log.to_string());
        self.labels.clear();
        let path;
        (path, self.above) = self.labels_of(log);
        match read_labels(&path) {
            Ok(labels) => self.labels = labels,
            // Where no line is of a campaign there is no file, and the manifest has none.
            Err(source) if source.kind() == io::ErrorKind::NotFound && !self.lists(&path) => {}
            Err(source) if self.failed.is_none() => {
                self.failed = Some(AuditError::Labels { path, source });
            }
            Err(_) => {}
        }
    }

    fn line(&mut self, number: u64, record: &dyn Record) {
        let number = number + self.above;
        let Some(campaign) = self.labels.get(&number) else {
            return;
        };
        let file = self.files.len() - 1;
        if !self.kept.contains_key(campaign) {
            self.kept.insert(campaign.clone(), Kept::default());
        }
        let Some(kept) = self.kept.get_mut(campaign) else {
            return;
        };
        let lot = line::lot(file, number);
        if kept.0.len() >= MOST_LINES && kept.0.peek().is_some_and(|top| top.0.lot <= lot) {
            return;
        }
        kept.0.push(ByLot(self.texts.line(record, file, number)));
        if kept.0.len() > MOST_LINES {
            kept.0.pop();
        }
    }

    fn block(&mut self) {}
}

impl Reader<'_> {
    fn lists(&self, path: &Path) -> bool {
        let inside = path.strip_prefix(self.root);
        inside.is_ok_and(|inside| self.listed.contains(inside))
    }

    /// `labels/WEB01/W3SVC1/u_ex261102.jsonl` for the log or table of that name, packed or not; and how many lines labels
    /// count above its first row: rows of tables are counted from 1, and the header of a CSV is a line.
    fn labels_of(&self, log: &LogFile) -> (PathBuf, u64) {
        let path = log.path.clone().unwrap_or_default();
        let logs = self.root.join("logs");
        let mut inside = path.strip_prefix(&logs).unwrap_or(&path).to_owned();
        if inside
            .extension()
            .is_some_and(|ending| ending == "gz" || ending == "zst")
        {
            inside.set_extension("");
        }
        let is_csv = inside.extension().is_some_and(|ending| ending == "csv");
        let labels = self.root.join("labels").join(inside);
        (labels.with_extension("jsonl"), u64::from(is_csv))
    }
}

fn read_labels(path: &Path) -> io::Result<HashMap<u64, String>> {
    let mut labels = HashMap::new();
    for line in BufReader::new(File::open(path)?).lines() {
        let label: Label = serde_json::from_str(&line?)?;
        labels.insert(label.line, label.campaign);
    }
    Ok(labels)
}
