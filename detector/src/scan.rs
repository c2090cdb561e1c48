//! Logs through the reader into the detector, with a word for whatever is not as it should be.

use crate::{Detector, LogFile};
use scanbench_w3c::{
    BadLine, Columns, Content, Counts, Field, Item, LooksLike, OtherLog, ReadError, Reader,
};
use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use thiserror::Error;

/// How to read.
#[derive(Clone, Copy, Debug)]
pub struct ScanOptions<'a> {
    /// `Computer` of every line, whatever the log says.
    pub computer: Option<&'a str>,
    /// Bad lines that are put up with; `None` for any number.
    pub max_bad_lines: Option<u64>,
    /// Set from elsewhere to stop.
    pub cancelled: &'a AtomicBool,
}

/// Something a person may want to know while logs are read.
#[derive(Debug)]
pub enum Notice<'a> {
    /// A line that could not be read; reading goes on.
    Bad(&'a LogFile, &'a BadLine),
    /// A W3C log, but of something else.
    PassedOver(&'a LogFile, &'a OtherLog),
    /// No W3C log.
    Refused(&'a LogFile, LooksLike),
    /// A file with nothing in it.
    Empty(&'a LogFile),
    /// A column that the rule needs is not logged; the rows are those that the query would give.
    NoColumn(&'a LogFile, Field),
    /// Times are the server's own (Advanced Logging's `time-local`) and were taken as they are.
    LocalTime(&'a LogFile),
    /// A file that cannot be opened or read at all.
    Unreadable(&'a LogFile, &'a io::Error),
    /// The input failed in the middle; what was read before counts.
    Broken(&'a LogFile, &'a ReadError),
    /// So many bytes of this file were read so far.
    Progress(&'a LogFile, u64),
    /// A log was read to its end.
    Done(&'a LogFile, Counts),
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
    /// Lines of all logs by sort.
    pub counts: Counts,
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
    /// From elsewhere.
    #[error("stopped before all logs were read")]
    Cancelled,
}

/// Reads every log into the detector.
///
/// # Errors
/// [`Stopped`], by the limit of bad lines or from elsewhere. Files that cannot be read are no error here: they
/// are told as notices and counted, and the rest goes on.
pub fn scan(
    logs: &[LogFile],
    detector: &mut Detector,
    options: &ScanOptions<'_>,
    notice: &mut dyn FnMut(Notice<'_>),
) -> Result<Totals, Stopped> {
    let mut run = Run {
        detector,
        options,
        notice,
        totals: Totals::default(),
    };
    for log in logs {
        match &log.path {
            None => run.read(log, io::stdin().lock())?,
            Some(path) => match File::open(path) {
                Ok(file) => run.read(log, file)?,
                Err(error) => run.unreadable(log, &error),
            },
        }
    }
    Ok(run.totals)
}

struct Run<'r> {
    detector: &'r mut Detector,
    options: &'r ScanOptions<'r>,
    notice: &'r mut dyn FnMut(Notice<'_>),
    totals: Totals,
}

impl Run<'_> {
    fn unreadable(&mut self, log: &LogFile, error: &io::Error) {
        self.totals.failed += 1;
        (self.notice)(Notice::Unreadable(log, error));
    }

    fn read(&mut self, log: &LogFile, input: impl Read) -> Result<(), Stopped> {
        let mut reader = match Reader::new(input) {
            Ok(reader) => reader,
            Err(error) => {
                self.unreadable(log, &error);
                return Ok(());
            }
        };
        match reader.content() {
            Content::Web => {}
            Content::Empty => {
                self.totals.logs += 1;
                (self.notice)(Notice::Empty(log));
                return Ok(());
            }
            Content::Other(other) => {
                self.totals.passed_over += 1;
                (self.notice)(Notice::PassedOver(log, other));
                return Ok(());
            }
            Content::NotW3c(looks_like) => {
                self.totals.refused += 1;
                self.totals.refused_named += u64::from(log.named);
                (self.notice)(Notice::Refused(log, *looks_like));
                return Ok(());
            }
        }
        self.totals.logs += 1;
        let ended = self.read_lines(log, &mut reader);
        let counts = reader.counts();
        let sum = &mut self.totals.counts;
        sum.entries += counts.entries;
        sum.bad += counts.bad;
        sum.directives += counts.directives;
        sum.blank += counts.blank;
        sum.bytes += counts.bytes;
        if ended? {
            (self.notice)(Notice::Done(log, counts));
        }
        Ok(())
    }

    /// Whether the log was read to its end.
    fn read_lines(
        &mut self,
        log: &LogFile,
        reader: &mut Reader<impl Read>,
    ) -> Result<bool, Stopped> {
        /// Lines between two looks at the clock on the wall and at whether to stop.
        const BREATH: u64 = 1 << 14;

        let mut told = false;
        loop {
            let counts = reader.counts();
            if (counts.entries + counts.bad).is_multiple_of(BREATH) {
                if self.options.cancelled.load(Ordering::Relaxed) {
                    return Err(Stopped::Cancelled);
                }
                (self.notice)(Notice::Progress(log, counts.bytes));
            }
            match reader.next_item() {
                Ok(Some(Item::Entry(entry))) => {
                    if !told {
                        told = true;
                        self.tell_columns(log, entry.columns());
                    }
                    let named = entry
                        .get(Field::SComputername)
                        .filter(|name| !matches!(*name, b"" | b"-"));
                    match (self.options.computer, named) {
                        (Some(computer), _) => self.detector.push(&entry, computer),
                        (None, Some(computer)) => self.detector.push(&entry, computer),
                        (None, None) => self.detector.push(&entry, &log.computer),
                    }
                }
                Ok(Some(Item::Bad(bad))) => {
                    (self.notice)(Notice::Bad(log, &bad));
                    let count = self.totals.counts.bad + counts.bad + 1;
                    if let Some(allowed) = self.options.max_bad_lines.filter(|max| count > *max) {
                        return Err(Stopped::BadLines { count, allowed });
                    }
                }
                Ok(None) => return Ok(true),
                Err(error) => {
                    self.totals.failed += 1;
                    (self.notice)(Notice::Broken(log, &error));
                    return Ok(false);
                }
            }
        }
    }

    fn tell_columns(&mut self, log: &LogFile, columns: &Columns) {
        for field in [Field::SPort, Field::CIp, Field::SIp] {
            if columns.position(field).is_none() {
                (self.notice)(Notice::NoColumn(log, field));
            }
        }
        if columns.is_local_time() {
            (self.notice)(Notice::LocalTime(log));
        }
    }
}
