//! Lines into entries. Every byte of the input is in an entry, a directive, a blank line or a counted bad line.

use crate::content::{UTF8_BOM, recognise};
use crate::lines::{LineReader, RawLine};
use crate::split::{Span, split_plain, split_quoted};
use crate::time::{day_to_millis, parse_day, parse_millis_of_day};
use crate::{BadLine, Columns, Content, Directive, Entry, Field, Problem, Timestamp};
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
    header: Header,
    counts: Counts,
    spans: Vec<Span>,
    unquoted: Vec<u8>,
}

/// What the directives so far say of the lines that follow.
#[derive(Default)]
struct Header {
    columns: Option<Columns>,
    /// Advanced Logging, which quotes.
    quotes: bool,
    /// Day of the last `#Date`, for lines without a date of their own.
    day: Option<i64>,
    /// Time of day last seen under that `#Date`, to notice midnight.
    last_millis_of_day: i64,
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
        let head = lines.peek()?;
        let content = recognise(head);
        if head.starts_with(UTF8_BOM) {
            lines.skip(UTF8_BOM.len());
        }
        Ok(Self {
            lines,
            content,
            header: Header::default(),
            counts: Counts::default(),
            spans: Vec::new(),
            unquoted: Vec::new(),
        })
    }

    /// What the input is.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The columns declared last.
    #[must_use]
    pub fn columns(&self) -> Option<&Columns> {
        self.header.columns.as_ref()
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
            let line = match self.lines.next_line() {
                Ok(Some(line)) => line,
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
            let bytes = self.lines.bytes(line.range.clone());
            if line.too_long.is_none() {
                if bytes.trim_ascii().is_empty() {
                    self.counts.blank += 1;
                    continue;
                }
                if let Some(directive) = Directive::parse(bytes) {
                    self.counts.directives += 1;
                    self.header.take(directive);
                    continue;
                }
            }
            let outcome = self.check(&line);
            return Ok(Some(match outcome {
                Ok(checked) => {
                    self.counts.entries += 1;
                    self.entry(&line, checked)
                }
                Err((column, problem)) => {
                    self.counts.bad += 1;
                    Item::Bad(BadLine {
                        line: line.number,
                        column: column as u64 + 1,
                        offset: line.offset,
                        problem,
                    })
                }
            }));
        }
    }

    /// Splits the line and reads its time and port. An error has the byte in the line, from 0.
    fn check(&mut self, line: &RawLine) -> Result<Checked, (usize, Problem)> {
        if let Some(length) = line.too_long {
            let limit = self.lines.limit();
            return Err((0, Problem::TooLong { limit, length }));
        }
        let bytes = self.lines.bytes(line.range.clone());
        let Some(columns) = &self.header.columns else {
            return Err((0, Problem::NoFields));
        };
        let (expected, mut quoted) = (columns.len(), self.header.quotes);
        if !quoted {
            split_plain(bytes, &mut self.spans);
            quoted = self.spans.len() != expected && memchr::memchr(b'"', bytes).is_some();
        }
        if quoted {
            split_quoted(bytes, &mut self.unquoted, &mut self.spans);
        }
        let found = self.spans.len();
        if found != expected {
            let problem = if !line.terminated && found < expected {
                Problem::Cut { expected, found }
            } else {
                Problem::FieldCount { expected, found }
            };
            let surplus = self.spans.get(expected).filter(|_| !quoted);
            return Err((surplus.map_or(bytes.len(), |span| span.start()), problem));
        }
        let text = if quoted { &self.unquoted } else { bytes };
        let value = |field| {
            let span = self.spans[columns.position(field)?];
            // In unquoted text the place in the line is not known; the line's begin must do.
            let place = if quoted { 0 } else { span.start() };
            Some((place, &text[span.range()]))
        };
        let port = match value(Field::SPort) {
            None | Some((_, b"-")) => None,
            Some((place, text)) => Some(parse_port(text).ok_or_else(|| {
                let expected = "a port from 0 to 65535 or -";
                (place, Problem::value("s-port", expected, text))
            })?),
        };
        let time = self.header.time(value(Field::Date), value(Field::Time))?;
        Ok(Checked { time, port, quoted })
    }

    fn entry(&self, line: &RawLine, checked: Checked) -> Item<'_> {
        static NO_COLUMNS: std::sync::LazyLock<Columns> =
            std::sync::LazyLock::new(Columns::default);
        Item::Entry(Entry {
            text: if checked.quoted {
                &self.unquoted
            } else {
                self.lines.bytes(line.range.clone())
            },
            spans: &self.spans,
            columns: self.header.columns.as_ref().unwrap_or(&NO_COLUMNS),
            time: checked.time,
            port: checked.port,
            line: line.number,
        })
    }
}

#[derive(Clone, Copy)]
struct Checked {
    time: Timestamp,
    port: Option<u16>,
    /// The spans point into the unquoted text.
    quoted: bool,
}

type Placed<'a> = (usize, &'a [u8]);

impl Header {
    fn take(&mut self, directive: Directive) {
        match directive {
            Directive::Software(name) => self.quotes = name.starts_with("IIS Advanced Logging"),
            Directive::Fields(columns) => {
                self.columns = Some(columns).filter(|all| !all.is_empty());
            }
            Directive::Date { day, millis_of_day } => {
                self.day = day;
                self.last_millis_of_day = millis_of_day.unwrap_or(0);
            }
            Directive::Remark => {}
        }
    }

    /// The moment of a line. Without a date column the day is that of `#Date`, and the next one each time the
    /// clock jumps back by more than half a day: lines are in order of time, so that is midnight.
    fn time(
        &mut self,
        date: Option<Placed<'_>>,
        time: Option<Placed<'_>>,
    ) -> Result<Timestamp, (usize, Problem)> {
        const HALF_A_DAY: i64 = 12 * 3_600_000;

        let no_column = |field| (0, Problem::NoColumn { field });
        let (time_place, time) = time.ok_or_else(|| no_column("time"))?;
        let millis_of_day = parse_millis_of_day(time).ok_or_else(|| {
            (
                time_place,
                Problem::value("time", "a time of day as HH:MM:SS", time),
            )
        })?;
        let day = if let Some((date_place, date)) = date {
            parse_day(date).ok_or_else(|| {
                (
                    date_place,
                    Problem::value("date", "a date as YYYY-MM-DD", date),
                )
            })?
        } else {
            let mut day = self.day.ok_or_else(|| no_column("date"))?;
            if millis_of_day + HALF_A_DAY < self.last_millis_of_day {
                day += 1;
            }
            self.day = Some(day);
            self.last_millis_of_day = millis_of_day;
            day
        };
        Ok(Timestamp::from_millis(day_to_millis(day) + millis_of_day))
    }
}

fn parse_port(text: &[u8]) -> Option<u16> {
    // `u16::from_str` would take a sign.
    if text.is_empty() || text.len() > 5 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let port = text
        .iter()
        .fold(0_u32, |port, digit| port * 10 + u32::from(digit - b'0'));
    u16::try_from(port).ok()
}
