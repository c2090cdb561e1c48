//! Tables as JSON: one object a row, on lines of their own (NDJSON), one behind another or in one array.

use super::json_values::{Piece, Splitter, Style};
use super::layout::{Layout, NEEDED, TIME};
use super::moment::Clock;
use super::table::{
    BadRow, Row, Span, TableCounts, TableError, TableItem, TableReader, check, shown,
};
use super::window::Window;
use scanbench_w3c::{MAX_LINE_BYTES, Timestamp};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use std::fmt;
use std::io::{self, Read};

/// The most names that the objects of a file may have among them. The table has 51.
const MAX_NAMES: usize = 1024;

/// Rows of a JSON file.
///
/// What a row does not name it does not have; so what an export leaves out (because it was null) is no reason
/// to refuse a row, but for its time.
pub(super) struct JsonRows<R> {
    window: Window<R>,
    splitter: Splitter,
    layout: Layout,
    clock: Clock,
    values: Values,
    counts: TableCounts,
    /// The first row, read when the file was opened and not given yet.
    first: Option<Outcome>,
    ended: bool,
}

/// The values of an object, and where each stands.
#[derive(Default)]
struct Values {
    text: Vec<u8>,
    spans: Vec<Span>,
}

/// What a piece turned out to be. The values of a row are in the buffers.
enum Outcome {
    Row((Timestamp, Option<u16>)),
    Bad(BadRow),
    End,
}

impl<R: Read> JsonRows<R> {
    /// Reads the first row, to tell whether this is such a table.
    pub(super) fn new(input: R, style: Style) -> Result<Self, TableError> {
        let mut rows = Self {
            window: Window::new(input),
            splitter: Splitter::new(style, MAX_LINE_BYTES),
            layout: Layout::default(),
            clock: Clock::default(),
            values: Values::default(),
            counts: TableCounts::default(),
            first: None,
            ended: false,
        };
        let first = rows.read()?;
        let missing = rows.layout.missing();
        // Of the two others one may be null in this row.
        let is_table = !missing.contains(&TIME) && missing.len() < NEEDED.len() - 1;
        if rows.layout.len() > 0 && !is_table {
            return Err(TableError::NoColumns(missing));
        }
        rows.first = Some(first);
        Ok(rows)
    }

    fn read(&mut self) -> Result<Outcome, TableError> {
        if self.ended {
            return Ok(Outcome::End);
        }
        let piece = self.splitter.next(&mut self.window);
        let piece = piece.map_err(|source| self.broken(source))?;
        let (line, offset) = (self.window.line(), self.window.offset());
        match piece {
            Piece::Value(length) => {
                let outcome = self.read_object(length, line, offset);
                self.window.take(length);
                Ok(outcome)
            }
            Piece::TooLong {
                length,
                line,
                offset,
            } => {
                let expected = format!("a line of at most {MAX_LINE_BYTES} bytes");
                let found = format!("{length} bytes");
                Ok(Outcome::Bad(self.bad(line, offset, expected, found)))
            }
            Piece::Cut(length) => {
                self.window.take(length);
                self.ended = true;
                let found = format!("{length} bytes of one, in which the file ends");
                Ok(Outcome::Bad(self.bad(line, offset, "a JSON object".to_owned(), found)))
            }
            Piece::Stray => Err(self.stop("something that does not belong there follows the objects")),
            Piece::Endless => Err(self.stop(&format!(
                "the object that begins there (line {line}) does not end within {MAX_LINE_BYTES} bytes"
            ))),
            Piece::Unclosed => Err(self.stop("the file ends before its array does")),
            Piece::End => {
                self.ended = true;
                Ok(Outcome::End)
            }
        }
    }

    fn read_object(&mut self, length: usize, line: u64, offset: u64) -> Outcome {
        let bytes = &self.window.unread()[..length];
        let parsed = match self.values.parse(bytes, &mut self.layout) {
            Err(error) if error.is_syntax() => match repaired(bytes) {
                Some(bytes) => self.values.parse(&bytes, &mut self.layout),
                None => Err(error),
            },
            parsed => parsed,
        };
        if let Err(error) = parsed {
            let (expected, found) = json_problem(bytes, &error);
            return Outcome::Bad(self.bad(line, offset, expected, found));
        }
        let Values { text, spans } = &self.values;
        match check(&self.layout, text, spans, &mut self.clock) {
            Ok(checked) => {
                self.counts.rows += 1;
                Outcome::Row(checked)
            }
            Err((column, expected, found)) => {
                let name = column.map(|position| self.layout.name(position).to_owned());
                let mut bad = self.bad(line, offset, expected, found);
                bad.column = Some(name.unwrap_or_else(|| TIME.to_owned()));
                Outcome::Bad(bad)
            }
        }
    }

    fn bad(&mut self, line: u64, offset: u64, expected: String, found: String) -> BadRow {
        self.counts.bad += 1;
        BadRow {
            row: self.counts.rows + self.counts.bad,
            line: Some(line),
            offset: Some(offset),
            column: None,
            expected,
            found,
        }
    }

    fn broken(&self, source: io::Error) -> TableError {
        TableError::Io {
            row: self.counts.rows + self.counts.bad,
            offset: Some(self.window.offset()),
            source,
        }
    }

    fn stop(&mut self, what: &str) -> TableError {
        self.ended = true;
        TableError::Broken {
            row: self.counts.rows + self.counts.bad,
            offset: Some(self.window.offset()),
            what: what.to_owned(),
        }
    }
}

impl<R: Read> TableReader for JsonRows<R> {
    fn next_row(&mut self) -> Result<Option<TableItem<'_>>, TableError> {
        let outcome = match self.first.take() {
            Some(first) => first,
            None => self.read()?,
        };
        let Values { text, spans } = &self.values;
        Ok(match outcome {
            Outcome::Row(checked) => {
                Some(TableItem::Row(Row::new(&self.layout, text, spans, checked)))
            }
            Outcome::Bad(bad) => Some(TableItem::Bad(bad)),
            Outcome::End => None,
        })
    }

    fn counts(&self) -> TableCounts {
        TableCounts {
            bytes: self.window.offset(),
            ..self.counts
        }
    }

    fn layout(&self) -> &Layout {
        &self.layout
    }
}

/// What was expected and found where `serde_json` stopped.
fn json_problem(bytes: &[u8], error: &serde_json::Error) -> (String, String) {
    let what = error.to_string();
    // Its own place counts from the object's begin; the row's place is said beside it.
    let what = what
        .rsplit_once(" at line ")
        .map_or(what.as_str(), |(what, _)| what);
    let found = format!("{} ({what}, at its byte {})", shown(bytes), error.column());
    ("a JSON object with plain values".to_owned(), found)
}

/// The same object with what is no Unicode replaced: bytes that are not UTF-8, and halves of surrogate pairs.
/// Clients choose what stands in a request, and must not be able to spoil the row that tells of it.
fn repaired(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(place) = rest.find('\\') {
        let (before, escape) = rest.split_at(place);
        out += before;
        let (length, fine) = match surrogate(escape) {
            Some(0xd800..=0xdbff) => match escape.get(6..).and_then(surrogate) {
                Some(0xdc00..=0xdfff) => (12, true),
                _ => (6, false),
            },
            Some(0xdc00..=0xdfff) => (6, false),
            // Any escape has a second character; a `\` alone at the end stays wrong.
            _ => (escape.chars().take(2).map(char::len_utf8).sum(), true),
        };
        out += if fine { &escape[..length] } else { "\\ufffd" };
        rest = &escape[length..];
    }
    out += rest;
    (out.as_bytes() != bytes).then(|| out.into_bytes())
}

/// The number of an escape `\uXXXX` that begins a text.
fn surrogate(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u32::from_str_radix(digits, 16).ok()
}

impl Values {
    fn parse(&mut self, bytes: &[u8], layout: &mut Layout) -> serde_json::Result<()> {
        self.text.clear();
        self.spans.clear();
        self.spans.resize(layout.len(), None);
        let mut json = serde_json::Deserializer::from_slice(bytes);
        json.deserialize_map(ObjectVisitor {
            values: self,
            layout,
        })?;
        json.end()
    }
}

struct ObjectVisitor<'a> {
    values: &'a mut Values,
    layout: &'a mut Layout,
}

impl<'de> Visitor<'de> for ObjectVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut guess = 0;
        while let Some(position) = map.next_key_seed(Name {
            layout: self.layout,
            guess,
        })? {
            guess = position + 1;
            let start = self.values.text.len();
            map.next_value_seed(Plain(&mut self.values.text))?;
            if self.values.spans.len() <= position {
                self.values.spans.resize(position + 1, None);
            }
            self.values.spans[position] = Some((start, self.values.text.len()));
        }
        Ok(())
    }
}

/// A name into its column, a new one if need be.
struct Name<'a> {
    layout: &'a mut Layout,
    /// Where it most likely is: the objects of a file mostly have their names in one order.
    guess: usize,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<usize, E> {
        if self.guess < self.layout.len() && self.layout.name(self.guess).eq_ignore_ascii_case(name)
        {
            return Ok(self.guess);
        }
        if let Some(position) = self.layout.column(name) {
            return Ok(position);
        }
        if self.layout.len() == MAX_NAMES {
            return Err(E::custom(format_args!(
                "more than {MAX_NAMES} names in one file"
            )));
        }
        self.layout.add(name);
        Ok(self.layout.len() - 1)
    }
}

/// A plain value as text; null is none.
struct Plain<'a>(&'a mut Vec<u8>);

impl<'de> DeserializeSeed<'de> for Plain<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Plain<'_> {
    fn write(self, value: impl fmt::Display) {
        use std::io::Write as _;
        // Writing to a Vec cannot fail.
        let _ = write!(self.0, "{value}");
    }
}

impl Visitor<'_> for Plain<'_> {
    type Value = ();

    /// Nested values end here, in the words of serde: "invalid type: map, expected a text, ...".
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true, false or null")
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.0.extend_from_slice(value.as_bytes());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.write(value);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.write(value);
        Ok(())
    }

    /// Without the fraction where it is zero.
    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.write(value);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.write(value);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
