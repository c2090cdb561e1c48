//! One line at a time into what it is. Whoever cuts lines, [`Reader`](crate::Reader) or a faster way, has them read
//! here, so that what a line means is decided in one place.

use crate::split::{Span, split_plain, split_quoted};
use crate::time::{day_to_millis, parse_day, parse_millis_of_day};
use crate::{BadLine, Columns, Directive, Entry, Field, Problem, Timestamp};
use std::ops::Range;
use std::sync::LazyLock;

/// A line as cut out of a file.
#[derive(Clone, Copy, Debug)]
pub struct RawLine<'a> {
    /// The line without its line end.
    pub text: &'a [u8],
    /// Its number in the file, from 1.
    pub number: u64,
    /// Byte in the file where it begins.
    pub offset: u64,
    /// Whether a line end stands behind it.
    pub terminated: bool,
    /// The line's length and the limit, where it is over that; `text` is of no use then.
    pub too_long: Option<(u64, usize)>,
}

/// What a line is.
#[derive(Clone, Debug)]
pub enum Line<'a> {
    /// A line that agrees with `#Fields`.
    Entry(Entry<'a>),
    /// A line that begins with `#`; what it says of the lines behind it was noted.
    Directive,
    /// Nothing but white space.
    Blank,
    /// None of these.
    Bad(BadLine),
}

/// What directives say of the lines that follow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    columns: Option<Columns>,
    /// Advanced Logging, which quotes.
    quotes: bool,
    /// Day of the last `#Date`, for lines without a date of their own.
    day: Option<i64>,
    /// Time of day last seen under that `#Date`, to notice midnight.
    last_millis_of_day: i64,
}

/// Reads lines under the directives that came before them.
#[derive(Clone, Debug, Default)]
pub struct LineParser {
    header: Header,
    is_dated: bool,
    spans: Vec<Span>,
    unquoted: Vec<u8>,
}

/// What is kept of a line that was found to be an entry.
#[derive(Clone, Copy)]
pub(crate) struct Checked {
    time: Timestamp,
    port: Option<u16>,
    /// The spans point into the unquoted text.
    quoted: bool,
}

/// The outcome for a line, before an entry is made of it.
pub(crate) enum Outcome {
    Entry(Checked),
    Directive,
    Blank,
    Bad(BadLine),
}

impl LineParser {
    /// For lines under these directives.
    #[must_use]
    pub fn new(header: Header) -> Self {
        Self {
            header,
            ..Self::default()
        }
    }

    /// What the directives so far say.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whether a `#Date` stood among the lines so far; one that cannot be read counts.
    #[must_use]
    pub fn is_dated(&self) -> bool {
        self.is_dated
    }

    /// What the next line is.
    pub fn parse<'a>(&'a mut self, line: &RawLine<'a>) -> Line<'a> {
        match self.outcome(line) {
            Outcome::Entry(checked) => Line::Entry(self.entry(line, checked)),
            Outcome::Directive => Line::Directive,
            Outcome::Blank => Line::Blank,
            Outcome::Bad(bad) => Line::Bad(bad),
        }
    }

    pub(crate) fn outcome(&mut self, line: &RawLine<'_>) -> Outcome {
        if line.too_long.is_none() {
            if line.text.trim_ascii().is_empty() {
                return Outcome::Blank;
            }
            if let Some(directive) = Directive::parse(line.text) {
                self.is_dated |= matches!(directive, Directive::Date { .. });
                self.header.take(directive);
                return Outcome::Directive;
            }
        }
        match self.check(line) {
            Ok(checked) => Outcome::Entry(checked),
            Err((column, problem)) => Outcome::Bad(BadLine {
                line: line.number,
                column: column as u64 + 1,
                offset: line.offset,
                problem,
            }),
        }
    }

    /// Splits the line and reads its time and port. An error has the byte in the line, from 0.
    fn check(&mut self, line: &RawLine<'_>) -> Result<Checked, (usize, Problem)> {
        if let Some((length, limit)) = line.too_long {
            return Err((0, Problem::TooLong { limit, length }));
        }
        let bytes = line.text;
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

    /// The entry of a line that was found to be one.
    pub(crate) fn entry<'a>(&'a self, line: &RawLine<'a>, checked: Checked) -> Entry<'a> {
        static NO_COLUMNS: LazyLock<Columns> = LazyLock::new(Columns::default);
        Entry {
            text: if checked.quoted {
                &self.unquoted
            } else {
                line.text
            },
            spans: &self.spans,
            columns: self.header.columns.as_ref().unwrap_or(&NO_COLUMNS),
            time: checked.time,
            port: checked.port,
            line: line.number,
        }
    }
}

type Placed<'a> = (usize, &'a [u8]);

impl Header {
    /// The columns declared last.
    #[must_use]
    pub fn columns(&self) -> Option<&Columns> {
        self.columns.as_ref()
    }

    /// Whether each line tells its own moment and may be read apart from those before it.
    #[must_use]
    pub fn is_self_contained(&self) -> bool {
        let has = |columns: &Columns| columns.position(Field::Date).is_some();
        self.columns.as_ref().is_none_or(has)
    }

    /// Whether lines mean the same under both: where each line tells its own moment, `#Date` does not matter.
    #[must_use]
    pub fn reads_like(&self, other: &Self) -> bool {
        let same_day = (self.day, self.last_millis_of_day) == (other.day, other.last_millis_of_day);
        self.columns == other.columns
            && self.quotes == other.quotes
            && (self.is_self_contained() || same_day)
    }

    /// The same, with the day that another one says: of lines that were read without knowing of its `#Date`.
    #[must_use]
    pub fn with_day_of(self, other: &Self) -> Self {
        Self {
            day: other.day,
            last_millis_of_day: other.last_millis_of_day,
            ..self
        }
    }

    /// How many columns a line has that may be read fast; 0 where values may be quoted or no columns are declared.
    #[must_use]
    pub fn regular_columns(&self) -> usize {
        match &self.columns {
            Some(columns) if !self.quotes => columns.len(),
            _ => 0,
        }
    }

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

/// The port that stands in this stretch of `text`, as [`parse_port`] says, where eight bytes from its first on can be
/// read at once: which of 80 and 443 comes next cannot be guessed, so that a loop over digits costs more.
#[must_use]
#[inline]
pub fn parse_port_in(text: &[u8], place: Range<usize>) -> Option<u16> {
    const LONGEST: usize = 5;
    const BYTES: u64 = 0x0101_0101_0101_0101;

    let Some(eight) = text.get(place.start..).and_then(<[u8]>::first_chunk::<8>) else {
        return parse_port(text.get(place)?);
    };
    let length = place.len();
    if !(1..=LONGEST).contains(&length) {
        return None;
    }
    // The port's bytes to the top; below them zeros, as if it were written with eight digits.
    let shift = 64 - 8 * length;
    let digits = (u64::from_le_bytes(*eight) ^ (BYTES * u64::from(b'0'))) << shift;
    // No digit has high bits, nor has it any with 6 added. A carry is only possible where a byte has high bits.
    if (digits | digits.wrapping_add(BYTES * 6)) & (BYTES * 0xf0) != 0 {
        return None;
    }
    // Neighbours to numbers of two, four and eight digits.
    let pairs = digits.wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    let port = fours.wrapping_mul(10_000 << 32 | 1) >> 32;
    u16::try_from(port).ok()
}

/// A port as IIS writes it; `None` for anything else.
#[must_use]
#[inline]
pub fn parse_port(text: &[u8]) -> Option<u16> {
    // `u16::from_str` would take a sign.
    if text.is_empty() || text.len() > 5 {
        return None;
    }
    let mut port = 0_u32;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        port = port * 10 + u32::from(digit);
    }
    u16::try_from(port).ok()
}
