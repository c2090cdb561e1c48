//! Where files go: a folder, how they are compressed, and what an earlier run has finished there already.

use super::{Compression, Keep};
use crate::error::{GenerateError, io_at};
use crate::manifest::FileRecord;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The journal's name in the partial folder.
pub(crate) const JOURNAL: &str = ".journal";

/// Where files go.
#[derive(Debug)]
pub(crate) struct Destination {
    folder: PathBuf,
    pub(crate) compression: Compression,
    pub(crate) keep: Keep,
    /// Files that an earlier run finished, by path.
    finished: BTreeMap<String, FileRecord>,
    journal: Option<Mutex<File>>,
}

impl Destination {
    pub(crate) fn new(folder: &Path, compression: Compression, keep: Keep) -> Self {
        Self {
            folder: folder.to_owned(),
            compression,
            keep,
            finished: BTreeMap::new(),
            journal: None,
        }
    }

    /// The same with a journal of finished files. Where there is one already that begins with `heading`, the files in
    /// it need not be made again.
    pub(crate) fn with_journal(mut self, heading: &str) -> Result<Self, GenerateError> {
        let path = self.folder.join(JOURNAL);
        // One without a whole first line was cut before anything was finished.
        let text = std::fs::read_to_string(&path).ok();
        if let Some(text) = text.filter(|text| text.contains('\n')) {
            let mut lines = text.split_inclusive('\n');
            if lines.next().map(str::trim_end) == Some(heading) {
                // The last line may be half.
                self.finished = lines
                    .filter(|line| line.ends_with('\n'))
                    .filter_map(|line| serde_json::from_str::<FileRecord>(line).ok())
                    .filter(|record| self.is_there(record))
                    .map(|record| (record.path.clone(), record))
                    .collect();
            } else {
                return Err(GenerateError::OtherRun(self.folder.clone()));
            }
        } else {
            std::fs::write(&path, format!("{heading}\n")).map_err(io_at("write", &path))?;
        }
        let journal = OpenOptions::new()
            .append(true)
            .open(&path)
            .map_err(io_at("write", &path))?;
        self.journal = Some(Mutex::new(journal));
        Ok(self)
    }

    fn is_there(&self, record: &FileRecord) -> bool {
        std::fs::symlink_metadata(self.folder.join(&record.path))
            .is_ok_and(|found| found.is_file() && found.len() == record.bytes)
    }

    /// The record of a file that an earlier run finished.
    pub(crate) fn finished(&self, path: &str) -> Option<&FileRecord> {
        self.finished.get(path)
    }

    /// The path of a file.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Writes down that a file is finished.
    pub(crate) fn note(&self, record: &FileRecord) -> Result<(), GenerateError> {
        let Some(journal) = &self.journal else {
            return Ok(());
        };
        let Ok(mut line) = serde_json::to_vec(record) else {
            return Ok(());
        };
        line.push(b'\n');
        let Ok(mut file) = journal.lock() else {
            return Ok(());
        };
        file.write_all(&line)
            .map_err(io_at("write", self.folder.join(JOURNAL)))
    }
}
