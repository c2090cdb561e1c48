//! Files through the detector: what a caller says, and what it is told.

use crate::LogFile;
use scanbench_w3c::{BadLine, Counts, Field, LooksLike, OtherLog, ReadError};
use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use thiserror::Error;

/// How to read.
#[derive(Clone, Copy, Debug)]
pub struct ScanOptions<'a> {
    /// `Computer` of every line, whatever the log says.
    pub computer: Option<&'a str>,
    /// Bad lines that are put up with; `None` for any number.
    pub max_bad_lines: Option<u64>,
    /// Threads that work. The rows do not depend on it.
    pub threads: NonZeroUsize,
    /// How far a log may run behind the latest time it has shown. IIS never writes backwards.
    pub lateness: Duration,
    /// Reads everything before any bin is final, so that the order of lines does not matter.
    pub unsorted: bool,
    /// Counts the lines that each exclusion matches, and those that are taken out, over all lines. Rows do not depend on
    /// it: without it, exclusions are asked only of lines that may make rows, and the counts mean nothing.
    pub counts_matches: bool,
    /// Uses no instructions but those that every processor has.
    pub portable: bool,
    /// Bytes that are read at a time.
    pub block_bytes: usize,
    /// Bytes of a file that make a piece of work, at the least.
    pub piece_bytes: usize,
    /// Bytes that may be held, as far as they grow with what clients send; `None` for any number. Rows do not depend on
    /// it: where it is too little, logs are read again for a part of all groups at a time.
    pub max_memory: Option<u64>,
    /// Set from elsewhere to stop.
    pub cancelled: &'a AtomicBool,
}

impl<'a> ScanOptions<'a> {
    /// All cores, logs in order of time, as many bad lines as there are.
    #[must_use]
    pub fn new(cancelled: &'a AtomicBool) -> Self {
        Self {
            computer: None,
            max_bad_lines: None,
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            lateness: Duration::ZERO,
            unsorted: false,
            counts_matches: true,
            portable: false,
            // Large enough that the cost of a call does not show, small enough to stay in the second-level cache.
            block_bytes: 256 << 10,
            piece_bytes: 32 << 20,
            max_memory: None,
            cancelled,
        }
    }
}

/// Something a person may want to know while logs are read.
#[derive(Debug)]
pub enum Notice<'a> {
    /// A line or row that could not be read; reading goes on.
    Bad(&'a LogFile, Bad),
    /// So many lines more could not be read; where there are very many, only the first are told one by one.
    MoreBad(&'a LogFile, u64),
    /// A W3C log, but of something else.
    PassedOver(&'a LogFile, OtherLog),
    /// No W3C log.
    Refused(&'a LogFile, LooksLike),
    /// A file that holds nothing that can be read here; why.
    Unfit(&'a LogFile, String),
    /// A file with nothing in it.
    Empty(&'a LogFile),
    /// A column that the rule needs is not logged; the rows are those that the query would give.
    NoColumn(&'a LogFile, Field),
    /// Times are the server's own (Advanced Logging's `time-local`) and were taken as they are.
    LocalTime(&'a LogFile),
    /// Times run backwards in this log.
    Unsorted(&'a LogFile),
    /// Lines came after their bin was final, and the input cannot be read again: rows may be missing.
    Late,
    /// A file that cannot be opened or read at all.
    Unreadable(&'a LogFile, io::Error),
    /// The input failed in the middle; what was read before counts.
    Broken(&'a LogFile, ReadError),
    /// A table failed in the middle; what was read before counts.
    BrokenTable(&'a LogFile, String),
    /// So many bytes of all files were read so far.
    Progress(u64),
}

/// A line of a log, or a row of a table, that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bad {
    /// A line of a W3C log.
    Line(BadLine),
    /// A row of a table: where it is and what was expected.
    Row(String),
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(bad) => bad.fmt(f),
            Self::Row(bad) => f.write_str(bad),
        }
    }
}

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Logs read, those that broke off included.
    pub logs: u64,
    /// W3C logs of something else, passed over.
    pub passed_over: u64,
    /// Files that are no W3C logs.
    pub refused: u64,
    /// Of these, files that were named themselves.
    pub refused_named: u64,
    /// Files that could not be read, or not to their end.
    pub failed: u64,
    /// How often logs were read from their begin: again where lines came after their bin was final.
    pub readings: u64,
    /// Parts of all groups that were counted one behind the other, to keep within the memory allowed; 1 for all at once.
    pub parts: u64,
    /// Lines of all logs by sort.
    pub counts: Counts,
    /// What else was counted on the way; `None` where there are tables, and for sessions of what can be read only
    /// once, whose lines are counted one by one, without bins.
    pub stats: Option<Stats>,
}

/// What was counted on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Distinct keys with a value that counts, in each bin.
    pub groups: u64,
    /// Bins with a line; of sessions they are as wide as the longest gap.
    pub bins: u64,
    /// Groups (of sessions: chains of neighbouring bins) with at least two thirds of the threshold, and less than it.
    pub near_misses: u64,
    /// The most distinct values of any group, as far as the threshold; rows tell more.
    pub most: u64,
    /// Time that all threads together spent on reading files.
    pub reading: Duration,
    /// ... on the first look at every line, reading apart.
    pub first_look: Duration,
    /// ... on the second look at those that may make rows.
    pub second_look: Duration,
}

/// Reading was stopped before the end.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Stopped {
    /// More bad lines than are put up with; the last of them was told as a notice.
    #[error("stopped at bad line {count}, {allowed} allowed")]
    BadLines {
        /// Bad lines so far.
        count: u64,
        /// The limit.
        allowed: u64,
    },
    /// More memory is needed than is allowed, and reading again for fewer groups would not help.
    #[error(
        "{} more memory than the {} MiB that are allowed; allow more, or ask for fewer rows",
        if *by_rows { "the rows and what they are made of take" } else { "what is counted takes, and cannot be read again in parts," },
        limit >> 20
    )]
    Memory {
        /// What is allowed, in bytes.
        limit: u64,
        /// It is the rows, and the lines that rows of moving windows are made of.
        by_rows: bool,
    },
    /// From elsewhere.
    #[error("stopped before all logs were read")]
    Cancelled,
    /// A second look could not read what the first one read.
    #[error("{log} changed or failed while it was read: {why}")]
    Changed {
        /// The log.
        log: String,
        /// What happened.
        why: String,
    },
}

pub use crate::engine::scan;
