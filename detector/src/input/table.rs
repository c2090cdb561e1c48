//! What tables have in common, however they are stored: the columns of Microsoft Sentinel's table `W3CIISLog`, a
//! row of it as a [`Record`], and what is said of a row that is none.

use super::layout::Layout;
use super::moment::Clock;
use scanbench_w3c::{Field, Record, Timestamp, visible};
use std::fmt;
use std::io;
use thiserror::Error;

/// Rows, read one by one.
pub(crate) trait TableReader {
    /// The next row, or what was wrong with it; `None` at the end.
    fn next_row(&mut self) -> Result<Option<TableItem<'_>>, TableError>;

    /// Says that columns are not asked for that the detector has no use for where there are no exclusions, but for one
    /// by its name. Where columns stand apart they are not even read.
    fn skip_columns(&mut self, _but: Option<&str>) {}

    /// What was read so far.
    fn counts(&self) -> TableCounts;

    /// The columns so far.
    fn layout(&self) -> &Layout;
}

/// What the next row is.
#[derive(Debug)]
pub(crate) enum TableItem<'a> {
    /// A row with a time and a port, or none.
    Row(Row<'a>),
    /// A row that cannot be one.
    Bad(BadRow),
}

/// How much was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TableCounts {
    /// Rows.
    pub(crate) rows: u64,
    /// Rows that could not be read.
    pub(crate) bad: u64,
    /// Bytes of text; of Parquet, those of the values.
    pub(crate) bytes: u64,
}

/// A row that could not be read. Reading goes on behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadRow {
    /// Its number, from 1; a header is none.
    pub(crate) row: u64,
    /// The line where it begins, from 1; Parquet has none.
    pub(crate) line: Option<u64>,
    /// The byte where it begins, from 0; Parquet has none.
    pub(crate) offset: Option<u64>,
    /// The column that is to blame, where one is.
    pub(crate) column: Option<String>,
    /// What would have been right.
    pub(crate) expected: String,
    /// What stands there, cut short and made visible.
    pub(crate) found: String,
}

/// `LINE: COLUMN: expected ..., found ... (row N, byte M)`; whoever knows the file's name puts it in front.
impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "{line}: ")?;
        }
        if let Some(column) = &self.column {
            write!(f, "{column}: ")?;
        }
        write!(
            f,
            "expected {}, found {} (row {}",
            self.expected, self.found, self.row
        )?;
        if let Some(offset) = self.offset {
            write!(f, ", byte {offset}")?;
        }
        f.write_str(")")
    }
}

/// A table that cannot be read, or not further.
#[derive(Debug, Error)]
pub(crate) enum TableError {
    /// No table of this kind.
    #[error("it has no column {}", .0.join(", "))]
    NoColumns(Vec<&'static str>),
    /// A column that is needed, with values that nothing can be told from.
    #[cfg(feature = "parquet")]
    #[error("{column}: expected {expected}, found {found}")]
    ColumnType {
        /// Its name.
        column: String,
        /// What could be read.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// The input failed; what was read before stands.
    #[error("the input broke off{}, after row {row}: {source}", at(*.offset))]
    Io {
        /// Rows read before.
        row: u64,
        /// The byte up to which it was read, where known.
        offset: Option<u64>,
        /// Why.
        source: io::Error,
    },
    /// The file itself is not as its format demands; what was read before stands.
    #[error("{what}{}, after row {row}", at(*.offset))]
    Broken {
        /// Rows read before.
        row: u64,
        /// The byte where it is, where known.
        offset: Option<u64>,
        /// What is wrong.
        what: String,
    },
}

fn at(offset: Option<u64>) -> String {
    offset.map_or_else(String::new, |byte| format!(" at byte {byte}"))
}

/// Where a value stands in the text of its row; `None` for a value that the row does not have.
pub(super) type Span = Option<(usize, usize)>;

/// A row, read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    layout: &'a Layout,
    text: &'a [u8],
    spans: &'a [Span],
    time: Timestamp,
    port: Option<u16>,
}

/// What is wrong with a value: its column, what was expected and what was found.
pub(super) type Wrong = (Option<usize>, String, String);

/// Time and port of a row, the only values that can make it bad: clients choose the rest.
pub(super) fn check(
    layout: &Layout,
    text: &[u8],
    spans: &[Span],
    clock: &mut Clock,
) -> Result<(Timestamp, Option<u16>), Wrong> {
    let value = |position: Option<usize>| {
        let (start, end) = (*spans.get(position?)?)?;
        text.get(start..end)
    };
    let time = value(layout.time()).unwrap_or_default();
    let time = clock.read(time).ok_or_else(|| {
        let expected = "a time such as 2026-11-02T13:05:09Z or 11/2/2026, 1:05:09.000 PM";
        (layout.time(), expected.to_owned(), shown(time))
    })?;
    let port = layout.position(Field::SPort);
    let port = match value(port).unwrap_or_default() {
        b"" | b"-" => None,
        text => Some(parse_port(text).ok_or_else(|| {
            (
                port,
                "a port from 0 to 65535 or nothing".to_owned(),
                shown(text),
            )
        })?),
    };
    Ok((time, port))
}

impl<'a> Row<'a> {
    pub(super) fn new(
        layout: &'a Layout,
        text: &'a [u8],
        spans: &'a [Span],
        (time, port): (Timestamp, Option<u16>),
    ) -> Self {
        Self {
            layout,
            text,
            spans,
            time,
            port,
        }
    }

    fn value(&self, position: usize) -> Option<&'a [u8]> {
        let (start, end) = (*self.spans.get(position)?)?;
        self.text.get(start..end)
    }
}

impl Record for Row<'_> {
    fn time(&self) -> Timestamp {
        self.time
    }

    fn port(&self) -> Option<u16> {
        self.port
    }

    fn get(&self, field: Field) -> Option<&[u8]> {
        self.value(self.layout.position(field)?)
    }

    fn get_named(&self, name: &str) -> Option<&[u8]> {
        self.value(self.layout.position_of(name)?)
    }
}

/// A port, also as `80.0`: a column of whole numbers with a gap in it comes out like that from tools that have
/// no whole number for a gap (pandas).
fn parse_port(text: &[u8]) -> Option<u16> {
    let digits = match memchr::memchr(b'.', text) {
        Some(point) => {
            let (whole, fraction) = (&text[..point], &text[point + 1..]);
            if fraction.is_empty() || fraction.iter().any(|digit| *digit != b'0') {
                return None;
            }
            whole
        }
        None => text,
    };
    // `u16::from_str` would take a sign.
    if digits.is_empty() || digits.len() > 5 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let port = digits
        .iter()
        .fold(0_u32, |port, digit| port * 10 + u32::from(digit - b'0'));
    u16::try_from(port).ok()
}

/// A value for a message, in quotes.
pub(super) fn shown(value: &[u8]) -> String {
    const SHOWN: usize = 40;
    if value.is_empty() {
        return "nothing".to_owned();
    }
    let dots = if value.len() > SHOWN { "…" } else { "" };
    format!("\"{}{dots}\"", visible(&value[..value.len().min(SHOWN)]))
}

#[cfg(test)]
mod tests {
    use super::parse_port;

    #[test]
    fn ports() {
        for (text, port) in [
            ("0", Some(0)),
            ("65535", Some(65535)),
            ("80.0", Some(80)),
            ("80.000", Some(80)),
            ("65536", None),
            ("80.5", None),
            ("80.", None),
            (".0", None),
            ("+80", None),
            ("8,080", None),
            ("99999999999", None),
        ] {
            assert_eq!(parse_port(text.as_bytes()), port, "{text}");
        }
    }
}
