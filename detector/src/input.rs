//! From a path to what stands behind it: text lines, rows of a table, or an archive of such. What it is, is told
//! by its first bytes, never by its name: logs are moved, renamed and packed without much care.

mod archive;
mod csv_rows;
mod deflate;
mod json_rows;
mod json_values;
mod kind;
mod layout;
mod moment;
mod packed;
#[cfg(feature = "parquet")]
mod parquet_rows;
#[cfg(feature = "parquet")]
mod parquet_values;
mod table;
mod window;
mod zst;

#[cfg(test)]
mod damage;
#[cfg(test)]
#[cfg(feature = "parquet")]
mod damage_parquet;
#[cfg(test)]
mod damage_tables;
#[cfg(test)]
#[cfg(feature = "parquet")]
mod parquet_samples;
#[cfg(test)]
mod round_trips;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub(crate) use archive::Archive;
pub use moment::parse as parse_moment;
pub(crate) use table::{TableError, TableItem, TableReader};

use csv_rows::CsvRows;
use deflate::Gzip;
use json_rows::JsonRows;
use json_values::Style;
use kind::{HEAD_BYTES, Kind};
use packed::{Limits, Unpacked};
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use thiserror::Error;
use zst::Zstd;

/// What stands behind a path.
pub(crate) enum Input {
    /// Lines, for the reader of W3C logs, which knows what else they may be.
    Text(Box<dyn Read + Send>),
    /// Rows with the columns of `W3CIISLog`.
    Table(Box<dyn TableReader + Send>),
    /// Several files, each one of the above.
    Archive(Archive),
}

/// An input, and how far its file was read: of packed files something else than how much text came out.
pub(crate) struct Opened {
    pub(crate) input: Input,
    /// Whether the file itself holds what comes out, so that stretches of it can be read apart.
    pub(crate) is_plain: bool,
    pub(crate) file_bytes: FileBytes,
}

/// Bytes of the file that were read so far, for a bar of progress. Archives and Parquet files, which are not
/// read from front to back, do not count.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileBytes(Arc<AtomicU64>);

impl FileBytes {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why nothing can be read.
#[derive(Debug, Error)]
pub(crate) enum InputError {
    /// The file cannot be opened, or its first bytes cannot be read.
    #[error(transparent)]
    Unreadable(io::Error),
    /// Kinds that are read from the end, on an input that has none.
    #[error("{0} can only be read from a file, since its directory stands at its end")]
    NeedsFile(Kind),
    /// Something packed in something packed.
    #[error("{0}, inside another archive or packed file; unpack the outer one first")]
    Nested(Kind),
    /// Kinds that are known but not read.
    #[error("{0}, which cannot be read here; {1}")]
    Unsupported(Kind, &'static str),
    /// An archive that cannot be read, or a member of it.
    #[error("a zip archive that cannot be read: {0}")]
    Archive(String),
    /// A table that is not one of IIS logs.
    #[error("a table that cannot be read: {0}")]
    Table(#[from] TableError),
}

impl InputError {
    /// Whether reading failed; else what was read is none of what is read here.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::Unreadable(_) | Self::Table(TableError::Io { .. })
        )
    }
}

/// Opens a file, or standard input for `None`.
pub(crate) fn open(path: Option<&Path>) -> Result<Opened, InputError> {
    match path {
        None => open_with(io::stdin(), None, Limits::default()),
        Some(path) => {
            let file = File::open(path).map_err(InputError::Unreadable)?;
            open_with(file, Some(path), Limits::default())
        }
    }
}

/// Opens `input`, which is what stands at `path`, where it has one.
fn open_with(
    input: impl Read + Send + 'static,
    path: Option<&Path>,
    limits: Limits,
) -> Result<Opened, InputError> {
    let file_bytes = FileBytes::default();
    let counted = Counted {
        input,
        count: file_bytes.clone(),
    };
    let input = Headed::new(counted).map_err(InputError::Unreadable)?;
    let kind = Kind::of(input.head());
    let input = match kind {
        Kind::Gzip => open_plain(Unpacked::new(input, Gzip::default(), limits))?,
        Kind::Zstd => {
            let zstd = Zstd::new().map_err(InputError::Unreadable)?;
            open_plain(Unpacked::new(input, zstd, limits))?
        }
        Kind::Zip => Input::Archive(Archive::open(whole_file(kind, path)?)?),
        Kind::Parquet => open_parquet(whole_file(kind, path)?)?,
        _ => open_headed(kind, input)?,
    };
    let is_plain = !matches!(kind, Kind::Gzip | Kind::Zstd | Kind::Zip | Kind::Parquet);
    Ok(Opened {
        input,
        is_plain,
        file_bytes,
    })
}

/// The file again, to read it from its end. Pipes have paths too (`<(zcat ...)`), but no end to read from.
fn whole_file(kind: Kind, path: Option<&Path>) -> Result<File, InputError> {
    let path = path.ok_or(InputError::NeedsFile(kind))?;
    let about = path.metadata().map_err(InputError::Unreadable)?;
    if !about.is_file() {
        return Err(InputError::NeedsFile(kind));
    }
    File::open(path).map_err(InputError::Unreadable)
}

/// Opens what came out of something packed.
fn open_plain(input: impl Read + Send + 'static) -> Result<Input, InputError> {
    let input = Headed::new(input).map_err(InputError::Unreadable)?;
    match Kind::of(input.head()) {
        kind @ (Kind::Gzip | Kind::Zstd | Kind::Zip | Kind::Parquet) => {
            Err(InputError::Nested(kind))
        }
        kind => open_headed(kind, input),
    }
}

fn open_headed(kind: Kind, input: Headed<impl Read + Send + 'static>) -> Result<Input, InputError> {
    Ok(match kind {
        Kind::Csv => Input::Table(Box::new(CsvRows::new(input.without_mark())?)),
        Kind::JsonLines => json(input, Style::Lines)?,
        Kind::JsonStream => json(input, Style::Stream)?,
        Kind::JsonArray => json(input, Style::Array)?,
        Kind::Xz | Kind::Bzip2 | Kind::SevenZip => {
            return Err(InputError::Unsupported(
                kind,
                "unpack it, or pack it as .gz or .zst",
            ));
        }
        Kind::Tar => return Err(InputError::Unsupported(kind, "unpack it into a folder")),
        Kind::ApiAnswer => {
            let remedy = "save its rows as objects, as `az monitor log-analytics query` does";
            return Err(InputError::Unsupported(kind, remedy));
        }
        _ => Input::Text(Box::new(input)),
    })
}

fn json(input: Headed<impl Read + Send + 'static>, style: Style) -> Result<Input, InputError> {
    Ok(Input::Table(Box::new(JsonRows::new(
        input.without_mark(),
        style,
    )?)))
}

#[cfg(feature = "parquet")]
fn open_parquet(file: File) -> Result<Input, InputError> {
    Ok(Input::Table(Box::new(parquet_rows::ParquetRows::open(
        file,
    )?)))
}

#[cfg(not(feature = "parquet"))]
fn open_parquet(_: File) -> Result<Input, InputError> {
    let remedy = "this program was built without Parquet";
    Err(InputError::Unsupported(Kind::Parquet, remedy))
}

/// An input whose first bytes have been looked at.
struct Headed<R> {
    head: Cursor<Vec<u8>>,
    /// What reading the head ended in, told once the head has been given.
    fault: Option<io::Error>,
    input: R,
}

impl<R: Read> Headed<R> {
    /// Reads the head. An input that fails at once is an error, one that fails a little later is read so far.
    fn new(mut input: R) -> io::Result<Self> {
        let mut head = vec![0; HEAD_BYTES];
        let (mut length, mut fault) = (0, None);
        while !kind::is_enough(&head[..length]) {
            match input.read(&mut head[length..]) {
                Ok(0) => break,
                Ok(count) => length += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if length == 0 => return Err(error),
                Err(error) => {
                    fault = Some(error);
                    break;
                }
            }
        }
        head.truncate(length);
        Ok(Self {
            head: Cursor::new(head),
            fault,
            input,
        })
    }

    fn head(&self) -> &[u8] {
        self.head.get_ref()
    }

    /// The same behind a byte order mark.
    fn without_mark(mut self) -> Self {
        if self.head().starts_with(kind::UTF8_BOM) {
            self.head.set_position(kind::UTF8_BOM.len() as u64);
        }
        self
    }
}

impl<R: Read> Read for Headed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.head.read(out)?;
        if count > 0 || out.is_empty() {
            return Ok(count);
        }
        match self.fault.take() {
            Some(fault) => Err(fault),
            None => self.input.read(out),
        }
    }
}

/// Counts what is read.
struct Counted<R> {
    input: R,
    count: FileBytes,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        self.count.0.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
