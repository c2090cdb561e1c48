//! The text of a file, with the name under which messages speak of it.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use thiserror::Error;

/// The largest file that is read, in bytes. Ten thousand exclusions take about 4 MiB.
pub const MAX_FILE_BYTES: u64 = 64 << 20;

/// A file's name and text.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: String,
    /// Where each line begins. A list of ten thousand exclusions can have more findings than that.
    starts: Vec<usize>,
}

/// A file that could not be read.
#[derive(Debug, Error)]
pub enum SourceError {
    /// The operating system refused.
    #[error("cannot read {name}: {source}")]
    Io {
        /// The file.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// Bytes that are no text.
    #[error("cannot read {name}: not UTF-8 text (byte {offset})")]
    NotText {
        /// The file.
        name: String,
        /// The first byte that is not UTF-8.
        offset: usize,
    },
    /// More than [`MAX_FILE_BYTES`].
    #[error("cannot read {name}: larger than {} MiB", MAX_FILE_BYTES >> 20)]
    TooLarge {
        /// The file.
        name: String,
    },
}

impl Source {
    /// From a text that is already here.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let behind_feeds = memchr::memchr_iter(b'\n', text.as_bytes()).map(|feed| feed + 1);
        let starts = std::iter::once(0).chain(behind_feeds).collect();
        Self {
            name: name.into(),
            text,
            starts,
        }
    }

    /// The bytes of the lines that a stretch of bytes lies in, and the number of the first of them. What stands behind
    /// the last line feed is taken to be of the line before.
    pub(crate) fn lines_of(&self, span: Range<usize>) -> (usize, Range<usize>) {
        let most = self.text.len().saturating_sub(1);
        let line_of = |place: usize| {
            let place = place.min(most);
            self.starts.partition_point(|start| *start <= place)
        };
        let (first, last) = (line_of(span.start), line_of(span.end));
        let end = self.starts.get(last).copied().unwrap_or(self.text.len());
        (first, self.starts[first.max(1) - 1]..end)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`SourceError`], each with the file's name.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
            .map_err(|source| SourceError::Io {
                name: name.clone(),
                source,
            })?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(SourceError::TooLarge { name });
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(name, text)),
            Err(error) => Err(SourceError::NotText {
                name,
                offset: error.utf8_error().valid_up_to(),
            }),
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column, both from 1, of a byte; columns count characters. The end of the text for what is behind it.
    #[must_use]
    pub fn line_and_column(&self, byte: usize) -> (usize, usize) {
        let byte = self.text.floor_char_boundary(byte);
        let line = self.starts.partition_point(|start| *start <= byte);
        let start = self.starts[line - 1];
        (line, self.text[start..byte].chars().count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_by_hand() {
        let source = Source::new("a", "ab\n\nçde\n");
        let places = [
            (0, (1, 1)),
            (2, (1, 3)),
            (3, (2, 1)),
            (4, (3, 1)),
            // The second byte of the ç.
            (5, (3, 1)),
            (6, (3, 2)),
            (8, (3, 4)),
            (9, (4, 1)),
            (99, (4, 1)),
        ];
        for (byte, place) in places {
            assert_eq!(source.line_and_column(byte), place, "{byte}");
        }
        assert_eq!(Source::new("b", "").line_and_column(7), (1, 1));
    }
}
