//! The lines of many logs in the order of their times, each with the directives that stand before it. Of each log that
//! overlaps with others in time one block is held, so any number of logs can be replayed.

use super::ReplayError;
use scanbench_w3c::{Directive, Line, LineParser, RawLines};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A log of the set.
#[derive(Clone, Debug)]
pub struct ReplayLog {
    /// Where it is.
    pub path: PathBuf,
    /// Where it stands in the set, with `/`.
    pub place: String,
    /// Whose it is.
    pub computer: String,
}

/// A line of a log, and what stands between it and the one before.
#[derive(Clone, Debug, Default)]
pub struct Item {
    log: usize,
    /// Milliseconds since 1970.
    pub(super) time: i64,
    /// All bytes: directives and whatever else is no entry, then the line.
    pub(super) bytes: Vec<u8>,
    /// Where the line begins.
    pub(super) line: usize,
    /// The directives that hold for the line.
    pub(super) head: Arc<Vec<u8>>,
    /// Whether the log ends with it.
    pub(super) is_last: bool,
}

/// More than this without an entry among it goes on by itself.
const MOST_WAITING: usize = 1 << 20;

/// Reads logs side by side.
pub struct Source {
    logs: Vec<ReplayLog>,
    /// Of each log its next line, by time.
    next: BinaryHeap<Reverse<(i64, usize)>>,
    /// Their bytes at the first look.
    lengths: Vec<u64>,
    open: Vec<Option<Reading>>,
}

/// A log while it is read.
struct Reading {
    lines: RawLines<BufReader<File>>,
    /// Bytes that must still come.
    left: u64,
    parser: LineParser,
    number: u64,
    last: i64,
    head: Arc<Vec<u8>>,
    /// Whether the last line was a directive.
    in_head: bool,
    /// What stands before the next line.
    waiting: Vec<u8>,
    next: Option<Item>,
}

impl Source {
    /// Looks at the first line of each log.
    ///
    /// # Errors
    /// Where a log cannot be read.
    pub fn new(logs: Vec<ReplayLog>) -> Result<Self, ReplayError> {
        let mut next = BinaryHeap::new();
        let mut lengths = Vec::with_capacity(logs.len());
        for (position, log) in logs.iter().enumerate() {
            let failed = |source| cannot(&log.path, source);
            let mut reading = Reading::open(&log.path, 0).map_err(failed)?;
            lengths.push(reading.left);
            let first = reading.read(position).map_err(failed)?;
            // A log without a line has no time, and nothing that anybody waits for.
            if let Some(item) = first {
                next.push(Reverse((item.time, position)));
            }
        }
        let open = logs.iter().map(|_| None).collect();
        Ok(Self {
            logs,
            next,
            lengths,
            open,
        })
    }

    /// How many logs have lines left.
    #[must_use]
    pub fn logs(&self) -> usize {
        self.next.len()
    }

    pub(super) fn log(&self, item: &Item) -> &ReplayLog {
        &self.logs[item.log]
    }

    /// The next line of all.
    pub(super) fn next_item(&mut self) -> Result<Option<Item>, ReplayError> {
        let Some(Reverse((_, position))) = self.next.pop() else {
            return Ok(None);
        };
        let path = &self.logs[position].path;
        let failed = |source| cannot(path, source);
        let place = &mut self.open[position];
        let reading = if let Some(reading) = place {
            reading
        } else {
            let mut reading = Reading::open(path, self.lengths[position]).map_err(failed)?;
            reading.next = reading.read(position).map_err(failed)?;
            place.insert(reading)
        };
        let Some(mut item) = reading.next.take() else {
            return Ok(None);
        };
        if let Some(next) = reading.read(position).map_err(failed)? {
            self.next.push(Reverse((next.time, position)));
            reading.next = Some(next);
        } else {
            // What stands behind the last line belongs to it.
            item.bytes.append(&mut reading.waiting);
            item.is_last = true;
            *place = None;
        }
        Ok(Some(item))
    }
}

impl Reading {
    /// Opens a log that had so many bytes before.
    fn open(path: &Path, before: u64) -> io::Result<Self> {
        let file = File::open(path)?;
        let left = file.metadata()?.len();
        if left < before {
            return Err(shorter());
        }
        Ok(Self {
            lines: RawLines::new(BufReader::with_capacity(64 << 10, file)),
            left,
            parser: LineParser::default(),
            number: 0,
            last: i64::MIN,
            head: Arc::default(),
            in_head: false,
            waiting: Vec::new(),
            next: None,
        })
    }

    /// The next line with what stands before it; at the end, `None`, and what stands there is in `waiting`.
    fn read(&mut self, log: usize) -> io::Result<Option<Item>> {
        while let Some(line) = self.lines.next_line()? {
            self.number += 1;
            self.left = self.left.saturating_sub(line.bytes.len() as u64);
            let begin = self.waiting.len();
            self.waiting.extend_from_slice(line.bytes);
            let raw = line.raw(self.number);
            let parsed = if line.whole {
                self.parser.parse(&raw)
            } else {
                Line::Blank
            };
            match parsed {
                Line::Entry(entry) => {
                    self.last = entry.time().millis();
                    self.in_head = false;
                    return Ok(Some(self.item(log, begin)));
                }
                Line::Directive => {
                    let opens = matches!(Directive::parse(raw.text), Some(Directive::Software(_)));
                    let head = Arc::make_mut(&mut self.head);
                    if opens || !self.in_head {
                        head.clear();
                    }
                    head.extend_from_slice(raw.text);
                    head.push(b'\n');
                    self.in_head = true;
                }
                Line::Blank | Line::Bad(_) if begin > MOST_WAITING && self.last > i64::MIN => {
                    return Ok(Some(self.item(log, begin)));
                }
                Line::Blank | Line::Bad(_) => {}
            }
        }
        if self.left > 0 {
            return Err(shorter());
        }
        Ok(None)
    }

    fn item(&mut self, log: usize, line: usize) -> Item {
        Item {
            log,
            time: self.last,
            bytes: std::mem::take(&mut self.waiting),
            line,
            head: Arc::clone(&self.head),
            is_last: false,
        }
    }
}

/// A log that was cut is not replayed as if it had ended there.
fn shorter() -> io::Error {
    io::Error::other("it is shorter than it was: replay a copy that nobody writes to")
}

fn cannot(path: &Path, source: io::Error) -> ReplayError {
    ReplayError::Read {
        path: path.to_owned(),
        source,
    }
}
