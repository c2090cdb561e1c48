//! A file that is appended to in large pieces, with its checksum and counts kept as it grows.

use super::{Buffer, Compression, Destination, Keep};
use crate::error::{GenerateError, io_at};
use crate::manifest::{FileRecord, hex};
use sha2::{Digest, Sha256};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};

/// The least that is written at once of a plain file.
const PIECE: usize = 128 << 10;
/// What one member or frame of a compressed file holds. The length is fixed, so that the bytes do not depend on when
/// they were made.
const MEMBER: usize = 256 << 10;

/// A file of the dataset. It is opened for each piece only, so that any number of sites can be written.
#[derive(Debug)]
pub(crate) struct OutputFile {
    path: String,
    compression: Compression,
    /// What is not yet written.
    pub(super) text: Buffer,
    /// The least that is written at once.
    enough: usize,
    hash: Sha256,
    bytes: u64,
    /// Bytes before compression, what is in `text` not counted.
    plain: u64,
    lines: u64,
    entries: u64,
    made: bool,
    /// Made even where nothing is ever written.
    always: bool,
}

impl OutputFile {
    /// A file at `path` in the dataset's folder, with `/`. Nothing is made before the first piece.
    pub(crate) fn new(path: String) -> Self {
        Self {
            path,
            compression: Compression::None,
            text: Buffer::default(),
            enough: PIECE,
            hash: Sha256::new(),
            bytes: 0,
            plain: 0,
            lines: 0,
            entries: 0,
            made: false,
            always: false,
        }
    }

    /// The same, made even where nothing is ever written.
    pub(crate) fn always(mut self) -> Self {
        self.always = true;
        self
    }

    /// The same, compressed.
    pub(crate) fn compressed(mut self, compression: Compression) -> Self {
        self.path.push_str(compression.ending());
        self.compression = compression;
        if compression != Compression::None {
            self.enough = MEMBER;
        }
        self
    }

    /// The path in the dataset's folder.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Lines so far.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// Bytes so far, before compression.
    pub(crate) fn plain_bytes(&self) -> u64 {
        self.plain + self.text.len() as u64
    }

    /// Counts lines of the text that is being made.
    pub(crate) fn count(&mut self, lines: u64, entries: u64) {
        self.lines += lines;
        self.entries += entries;
    }

    /// Where text is appended to.
    pub(crate) fn text(&mut self) -> &mut Buffer {
        &mut self.text
    }

    /// Writes what has come together, if it is enough.
    #[inline]
    pub(crate) fn pump(&mut self, to: &Destination) -> Result<(), GenerateError> {
        if self.text.len() < self.enough {
            return Ok(());
        }
        match self.compression {
            Compression::None => self.write(to, usize::MAX),
            _ => self.write(to, self.text.len() / MEMBER * MEMBER),
        }
    }

    /// Writes the rest; the record of the file, or `None` where nothing was ever written.
    pub(crate) fn close(mut self, to: &Destination) -> Result<Option<FileRecord>, GenerateError> {
        if self.text.len() > 0 || self.always && !self.made {
            self.write(to, usize::MAX)?;
        }
        if !self.made {
            return Ok(None);
        }
        let record = FileRecord {
            sha256: hex(&self.hash.finalize()),
            path: self.path,
            bytes: self.bytes,
            lines: self.lines,
            entries: self.entries,
        };
        to.note(&record)?;
        Ok(Some(record))
    }

    /// Writes up to so many bytes from the front of the text.
    fn write(&mut self, to: &Destination, upto: usize) -> Result<(), GenerateError> {
        let upto = upto.min(self.text.len());
        self.plain += upto as u64;
        if to.keep == Keep::Nothing {
            self.made = true;
            self.bytes += upto as u64;
            self.text.take(upto);
            return Ok(());
        }
        let packed;
        let piece = if self.compression == Compression::None {
            &self.text.text()[..upto]
        } else {
            packed = pack(&self.text.text()[..upto], self.compression)
                .map_err(io_at("compress", to.path(&self.path)))?;
            &packed
        };
        self.hash.update(piece);
        self.bytes += piece.len() as u64;
        if to.keep == Keep::Files {
            let path = to.path(&self.path);
            if !self.made
                && let Some(parent) = path.parent()
            {
                fs::create_dir_all(parent).map_err(io_at("create the folder", parent))?;
            }
            let mut options = OpenOptions::new();
            if self.made {
                options.append(true);
            } else {
                // What an interrupted run left of this file begins anew.
                options.write(true).create(true).truncate(true);
            }
            options
                .open(&path)
                .and_then(|mut file| file.write_all(piece))
                .map_err(io_at("write", &path))?;
        }
        self.made = true;
        self.text.take(upto);
        Ok(())
    }
}

/// Compresses in members or frames, each of a fixed length.
fn pack(text: &[u8], compression: Compression) -> io::Result<Vec<u8>> {
    let mut packed = Vec::with_capacity(text.len() / 6);
    for member in text.chunks(MEMBER) {
        match compression {
            Compression::None => packed.extend_from_slice(member),
            Compression::Gzip => {
                let level = flate2::Compression::new(6);
                let mut encoder = flate2::write::GzEncoder::new(&mut packed, level);
                encoder.write_all(member)?;
                encoder.finish()?;
            }
            Compression::Zstd => packed.extend(zstd::bulk::compress(member, 3)?),
        }
    }
    Ok(packed)
}
