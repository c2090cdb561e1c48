//! How a dataset is made, and what was made.

use crate::emit::{Compression, Destination, Format, Keep};
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

/// How to make a dataset.
#[derive(Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line, and any may be on with any other"
)]
pub struct Options<'a> {
    /// Another seed than the scenario's, at most [`i64::MAX`].
    pub seed: Option<u64>,
    /// Another scale than the scenario's: so many times the background, and the same campaigns.
    pub scale: Option<f64>,
    /// How many threads work. The bytes do not depend on it.
    pub threads: NonZeroUsize,
    /// Replace the dataset that the folder holds.
    pub force: bool,
    /// Keep what is made when the work is interrupted, and continue what an interrupted run of the same kind left.
    pub resume: bool,
    /// The format of logs.
    pub format: Format,
    /// How logs are compressed.
    pub compression: Compression,
    /// Labels also in the lines themselves, as two more columns.
    pub inline_labels: bool,
    /// HTTP.sys's own logs too.
    pub error_log: bool,
    /// A part of the files.
    pub shard: Shard,
    /// What becomes of the files.
    pub keep: Keep,
    /// Set to `true`, it stops the work.
    pub cancelled: Option<&'a AtomicBool>,
    /// Is told how far the work is, every few minutes of the scenario.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            seed: None,
            scale: None,
            threads: NonZeroUsize::MIN,
            force: false,
            resume: false,
            format: Format::default(),
            compression: Compression::default(),
            inline_labels: false,
            error_log: false,
            shard: Shard::default(),
            keep: Keep::default(),
            cancelled: None,
            progress: &|_| {},
        }
    }
}

impl Options<'_> {
    pub(crate) fn log_options(&self) -> LogOptions {
        LogOptions {
            format: self.format,
            inline_labels: self.inline_labels,
            error_log: self.error_log,
        }
    }
}

/// The options that a log looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogOptions {
    pub(crate) format: Format,
    pub(crate) inline_labels: bool,
    pub(crate) error_log: bool,
}

impl LogOptions {
    /// How a log is compressed: Parquet does that itself.
    pub(crate) fn compression(self, to: &Destination) -> Compression {
        match self.format {
            #[cfg(feature = "parquet")]
            Format::Parquet => Compression::None,
            _ => to.compression,
        }
    }
}

/// One of several parts into which the files of a dataset are dealt; the first has the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    number: usize,
    of: usize,
}

impl Default for Shard {
    fn default() -> Self {
        Self { number: 1, of: 1 }
    }
}

impl Shard {
    /// The n-th of so many, counted from 1.
    #[must_use]
    pub fn new(number: usize, of: usize) -> Option<Self> {
        (1..=of).contains(&number).then_some(Self { number, of })
    }

    /// Whether it has the log with this number, counted from 0.
    pub(crate) fn has(self, log: usize) -> bool {
        log % self.of == self.number - 1
    }

    /// Whether it has what belongs to no log.
    pub(crate) fn has_truth(self) -> bool {
        self.number == 1
    }
}

/// How far the work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Minutes of the scenario that are made.
    pub done_minutes: u64,
    /// Minutes of the scenario.
    pub total_minutes: u64,
    /// Log lines made so far, directives apart.
    pub lines: u64,
}

/// What was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Log lines, directives apart; of all shards.
    pub lines: u64,
    /// Those of them that have a label.
    pub labelled_lines: u64,
    /// Files of this shard, the manifest included.
    pub files: u64,
    /// Bytes of these files, the manifest not included.
    pub bytes: u64,
    /// Campaigns.
    pub campaigns: u64,
    /// Windows on which the rule must fire.
    pub must_fire: u64,
}
