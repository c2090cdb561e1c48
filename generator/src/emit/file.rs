//! A file that is appended to in large pieces, with its checksum and counts kept as it grows.

use crate::error::{GenerateError, io_at};
use crate::manifest::{FileRecord, hex};
use sha2::{Digest, Sha256};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

/// A file of the dataset. It is opened for each piece only, so that any number of sites can be written.
#[derive(Debug)]
pub(crate) struct OutputFile {
    path: String,
    hash: Sha256,
    bytes: u64,
    lines: u64,
    entries: u64,
    made: bool,
}

impl OutputFile {
    /// A file at `path` in the dataset's folder, with `/`. Nothing is made before the first piece.
    pub(crate) fn new(path: String) -> Self {
        Self {
            path,
            hash: Sha256::new(),
            bytes: 0,
            lines: 0,
            entries: 0,
            made: false,
        }
    }

    /// Lines so far.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// Counts lines of the next piece while it is being made.
    pub(crate) fn count(&mut self, lines: u64, entries: u64) {
        self.lines += lines;
        self.entries += entries;
    }

    /// Appends a piece.
    pub(crate) fn append(&mut self, folder: &Path, piece: &[u8]) -> Result<(), GenerateError> {
        let path = folder.join(&self.path);
        if !self.made
            && let Some(parent) = path.parent()
        {
            fs::create_dir_all(parent).map_err(io_at("create the folder", parent))?;
        }
        let mut options = OpenOptions::new();
        options.append(true);
        // The first piece makes the file; where it exists already, somebody else writes here.
        options.create_new(!self.made);
        options
            .open(&path)
            .and_then(|mut file| file.write_all(piece))
            .map_err(io_at("write", &path))?;
        self.made = true;
        self.hash.update(piece);
        self.bytes += piece.len() as u64;
        Ok(())
    }

    /// What the manifest says of it; `None` where nothing was written.
    pub(crate) fn record(self) -> Option<FileRecord> {
        self.made.then(|| FileRecord {
            sha256: hex(&self.hash.finalize()),
            path: self.path,
            bytes: self.bytes,
            lines: self.lines,
            entries: self.entries,
        })
    }
}
