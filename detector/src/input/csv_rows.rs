//! Tables as CSV (RFC 4180), as the Azure portal exports them.
//!
//! This is `csv-core`, the engine of the `csv` crate, driven by hand: `csv` reads a record however long it is,
//! so that one quote that is never closed would take the rest of a file into memory.

use super::layout::Layout;
use super::moment::Clock;
use super::table::{BadRow, Row, Span, TableCounts, TableError, TableItem, TableReader, check};
use super::window::Window;
use csv_core::ReadRecordResult;
use scanbench_w3c::MAX_LINE_BYTES;
use std::io::{self, Read};

/// The most cells of a row.
const MAX_CELLS: usize = 4096;

/// Rows of a CSV file.
pub(super) struct CsvRows<R> {
    window: Window<R>,
    core: csv_core::Reader,
    layout: Layout,
    clock: Clock,
    /// The cells of the record read last, unquoted, one behind another.
    text: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
    spans: Vec<Span>,
    counts: TableCounts,
}

/// A record that was read into the buffers.
struct Raw {
    line: u64,
    offset: u64,
    cells: usize,
    /// Over a limit; nothing of it was kept.
    too_long: bool,
    /// The input ends in it, without a line end.
    last: bool,
}

impl<R: Read> CsvRows<R> {
    /// Reads the header.
    pub(super) fn new(input: R) -> Result<Self, TableError> {
        let mut rows = Self {
            window: Window::new(input),
            core: csv_core::Reader::new(),
            layout: Layout::default(),
            clock: Clock::default(),
            text: vec![0; 4096],
            ends: vec![0; 64],
            spans: Vec::new(),
            counts: TableCounts::default(),
        };
        let header = rows.next_record().map_err(|source| rows.broken(source))?;
        if let Some(header) = header.filter(|header| !header.too_long) {
            rows.find_spans(header.cells);
            let names =
                rows.spans.iter().flatten().map(|(start, end)| {
                    String::from_utf8_lossy(rows.text[*start..*end].trim_ascii())
                });
            rows.layout = Layout::new(names);
        }
        match rows.layout.missing() {
            missing if missing.is_empty() => Ok(rows),
            missing => Err(TableError::NoColumns(missing)),
        }
    }

    fn broken(&self, source: io::Error) -> TableError {
        TableError::Io {
            row: self.counts.rows + self.counts.bad,
            offset: Some(self.window.offset()),
            source,
        }
    }

    /// Reads the next record into the buffers; `None` at the end.
    fn next_record(&mut self) -> io::Result<Option<Raw>> {
        self.pass_line_ends()?;
        let mut raw = Raw {
            line: self.window.line(),
            offset: self.window.offset(),
            cells: 0,
            too_long: false,
            last: false,
        };
        let mut length = 0;
        loop {
            if self.window.unread().is_empty() && !self.window.at_end() {
                self.window.fill()?;
            }
            let (result, taken, written, ended) = self.core.read_record(
                self.window.unread(),
                &mut self.text[length..],
                &mut self.ends[raw.cells..],
            );
            raw.last = self.window.at_end() && taken == self.window.unread().len();
            raw.last &= !matches!(self.window.unread().last(), Some(b'\n' | b'\r'));
            self.window.take(taken);
            length += written;
            raw.cells += ended;
            match result {
                ReadRecordResult::Record => return Ok(Some(raw)),
                ReadRecordResult::End => return Ok(None),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => {
                    if self.text.len() < MAX_LINE_BYTES {
                        self.text.resize(self.text.len() * 2, 0);
                    } else {
                        (length, raw.too_long) = (0, true);
                    }
                }
                ReadRecordResult::OutputEndsFull => {
                    if self.ends.len() < MAX_CELLS {
                        self.ends.resize(self.ends.len() * 2, 0);
                    } else {
                        (raw.cells, raw.too_long) = (0, true);
                    }
                }
            }
        }
    }

    /// Takes what is left of the last record's end, so that the next one's line and byte are its own.
    fn pass_line_ends(&mut self) -> io::Result<()> {
        loop {
            let unread = self.window.unread();
            let count = unread
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
            let more = count == unread.len() && !self.window.at_end();
            self.window.take(count);
            if !more {
                return Ok(());
            }
            self.window.fill()?;
        }
    }

    fn find_spans(&mut self, cells: usize) {
        self.spans.clear();
        let mut start = 0;
        for end in &self.ends[..cells] {
            self.spans.push(Some((start, *end)));
            start = *end;
        }
    }

    fn bad(&mut self, raw: &Raw, column: Option<usize>, expected: String, found: String) -> BadRow {
        self.counts.bad += 1;
        BadRow {
            row: self.counts.rows + self.counts.bad,
            line: Some(raw.line),
            offset: Some(raw.offset),
            column: column.map(|position| self.layout.name(position).to_owned()),
            expected,
            found,
        }
    }
}

impl<R: Read> TableReader for CsvRows<R> {
    fn next_row(&mut self) -> Result<Option<TableItem<'_>>, TableError> {
        let Some(raw) = self.next_record().map_err(|source| self.broken(source))? else {
            return Ok(None);
        };
        if raw.too_long {
            let expected = format!("at most {MAX_LINE_BYTES} bytes and {MAX_CELLS} cells in a row");
            let length = self.window.offset() - raw.offset;
            let found =
                format!("{length} bytes up to the next end of a row; is a quote not closed?");
            return Ok(Some(TableItem::Bad(self.bad(&raw, None, expected, found))));
        }
        let columns = self.layout.len();
        if raw.cells != columns {
            let expected = format!("{columns} cells as the header has");
            let mut found = raw.cells.to_string();
            if raw.last {
                found += ", and the file ends in this row";
            }
            return Ok(Some(TableItem::Bad(self.bad(&raw, None, expected, found))));
        }
        self.find_spans(raw.cells);
        match check(&self.layout, &self.text, &self.spans, &mut self.clock) {
            Ok(checked) => {
                self.counts.rows += 1;
                let row = Row::new(&self.layout, &self.text, &self.spans, checked);
                Ok(Some(TableItem::Row(row)))
            }
            Err((column, expected, found)) => Ok(Some(TableItem::Bad(
                self.bad(&raw, column, expected, found),
            ))),
        }
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

/// The names in the first line of what may be CSV.
pub(super) fn header_names(head: &[u8]) -> Vec<String> {
    let mut rest = head;
    while let [b'\r' | b'\n', more @ ..] = rest {
        rest = more;
    }
    let (mut text, mut ends) = (vec![0; rest.len()], vec![0; MAX_CELLS]);
    let (_, _, _, cells) = csv_core::Reader::new().read_record(rest, &mut text, &mut ends);
    let mut start = 0;
    let mut names = Vec::with_capacity(cells);
    for end in &ends[..cells] {
        names.push(String::from_utf8_lossy(text[start..*end].trim_ascii()).into_owned());
        start = *end;
    }
    names
}
