//! A stream into entries. Every byte of it is in an entry, a directive, a blank line or a counted bad line.

use crate::content::{UTF8_BOM, recognise};
use crate::lines::{CutLine, LineReader};
use crate::parser::Outcome;
use crate::{BadLine, Columns, Content, Entry, Header, LineParser, RawLine};
use std::io::{self, Read};
use thiserror::Error;

/// The longest line that is read, in bytes. HTTP.sys takes at most 16 KiB of headers unless told otherwise, and
/// IIS writes at most 65,536 bytes of custom fields, so a longer line is no entry.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// What the next line is.
#[derive(Clone, Debug)]
pub enum Item<'a> {
    /// A line that agrees with `#Fields`.
    Entry(Entry<'a>),
    /// A line that does not.
    Bad(BadLine),
}

/// How many lines of each sort were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines that are entries.
    pub entries: u64,
    /// Lines that are neither entries nor directives.
    pub bad: u64,
    /// Lines that begin with `#`.
    pub directives: u64,
    /// Lines with nothing in them but white space.
    pub blank: u64,
    /// Bytes of all of them, line ends included.
    pub bytes: u64,
}

impl Counts {
    /// All lines.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.entries + self.bad + self.directives + self.blank
    }

    /// Adds the counts of another part.
    pub fn add(&mut self, other: &Self) {
        self.entries += other.entries;
        self.bad += other.bad;
        self.directives += other.directives;
        self.blank += other.blank;
        self.bytes += other.bytes;
    }
}

/// The input failed. What was read before stands; nothing behind it was read.
#[derive(Debug, Error)]
#[error("the input broke off at byte {offset}, in line {line}: {source}{}", unfinished(*.pending))]
pub struct ReadError {
    /// The byte up to which lines were read.
    pub offset: u64,
    /// The line in which it broke off.
    pub line: u64,
    /// Bytes of that line that had come before.
    pub pending: usize,
    /// Why.
    pub source: io::Error,
}

fn unfinished(pending: usize) -> String {
    match pending {
        0 => String::new(),
        count => format!(" ({count} bytes of the unfinished line are not counted)"),
    }
}

/// Reads one log.
pub struct Reader<R> {
    lines: LineReader<R>,
    content: Content,
    parser: LineParser,
    counts: Counts,
}

impl Reader<io::Empty> {
    /// Reads a short text that is in memory, such as the head of a log, in hardly more memory than the text takes.
    #[must_use]
    pub fn of_text(text: &[u8]) -> Self {
        Self::over(LineReader::of_text(text, MAX_LINE_BYTES))
    }
}

impl<R: Read> Reader<R> {
    /// Reads the first block and tells what the input is. Lines can be read whatever it is; those of something
    /// else than a web log mostly come out as bad.
    ///
    /// # Errors
    /// Where nothing can be read at all.
    pub fn new(input: R) -> io::Result<Self> {
        Self::with_limit(input, MAX_LINE_BYTES)
    }

    /// The same with another limit for the length of a line than [`MAX_LINE_BYTES`].
    ///
    /// # Errors
    /// Where nothing can be read at all.
    pub fn with_limit(input: R, max_line_bytes: usize) -> io::Result<Self> {
        let mut lines = LineReader::new(input, max_line_bytes);
        lines.peek()?;
        Ok(Self::over(lines))
    }

    fn over(mut lines: LineReader<R>) -> Self {
        let head = lines.unread();
        let content = recognise(head);
        if head.starts_with(UTF8_BOM) {
            lines.skip(UTF8_BOM.len());
        }
        Self {
            lines,
            content,
            parser: LineParser::default(),
            counts: Counts::default(),
        }
    }

    /// What the input is.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The columns declared last.
    #[must_use]
    pub fn columns(&self) -> Option<&Columns> {
        self.parser.header().columns()
    }

    /// What the directives so far say.
    #[must_use]
    pub fn header(&self) -> &Header {
        self.parser.header()
    }

    /// What was read so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            bytes: self.lines.offset(),
            ..self.counts
        }
    }

    /// The next entry or bad line; `None` at the end.
    ///
    /// # Errors
    /// [`ReadError`] where the input fails; it says how far it was read.
    pub fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        loop {
            let cut = match self.lines.next_line() {
                Ok(Some(cut)) => cut,
                Ok(None) => return Ok(None),
                Err(source) => {
                    return Err(ReadError {
                        offset: self.lines.offset(),
                        line: self.lines.number() + 1,
                        pending: self.lines.pending(),
                        source,
                    });
                }
            };
            match self.parser.outcome(&raw(&self.lines, &cut)) {
                Outcome::Blank => self.counts.blank += 1,
                Outcome::Directive => self.counts.directives += 1,
                Outcome::Bad(bad) => {
                    self.counts.bad += 1;
                    return Ok(Some(Item::Bad(bad)));
                }
                Outcome::Entry(checked) => {
                    self.counts.entries += 1;
                    let line = raw(&self.lines, &cut);
                    return Ok(Some(Item::Entry(self.parser.entry(&line, checked))));
                }
            }
        }
    }
}

fn raw<'a, R: Read>(lines: &'a LineReader<R>, cut: &CutLine) -> RawLine<'a> {
    RawLine {
        text: lines.bytes(cut.range.clone()),
        number: cut.number,
        offset: cut.offset,
        terminated: cut.terminated,
        too_long: cut.too_long.map(|length| (length, lines.limit())),
    }
}
