//! Requests into files: one that is appended to and measured as it grows, the logs and labels of a site, the log of
//! HTTP.sys, and the text of a line in each format.

mod columns;
mod cursor;
mod destination;
mod digits;
mod file;
mod httperr;
mod line;
mod log;
#[cfg(feature = "parquet")]
mod parquet;
mod period;
mod table;

pub(crate) use columns::{ColumnWriter, Named};
pub(crate) use cursor::Buffer;
pub(crate) use destination::{Destination, JOURNAL};
pub(crate) use file::OutputFile;
pub(crate) use httperr::ErrorLog;
pub(crate) use log::SiteLog;

/// The format of logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// As IIS writes them.
    #[default]
    W3c,
    /// A table with the columns of `W3CIISLog`, as Sentinel has it.
    Csv,
    /// The same, an object a line.
    Ndjson,
    /// The same in Parquet.
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Format {
    /// The ending of its files.
    pub(crate) const fn ending(self) -> &'static str {
        match self {
            Self::W3c => "log",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            #[cfg(feature = "parquet")]
            Self::Parquet => "parquet",
        }
    }
}

/// How logs are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip, in members of a fixed length.
    Gzip,
    /// Zstandard, in frames of a fixed length.
    Zstd,
}

impl Compression {
    /// What it adds to a file's name.
    pub(crate) const fn ending(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
        }
    }
}

/// What becomes of the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// They are written.
    #[default]
    Files,
    /// They are thrown away, checksums and all: for measuring.
    Nothing,
    /// They are thrown away after their checksums were taken: for measuring.
    Checksums,
}
