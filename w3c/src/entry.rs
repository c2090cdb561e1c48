//! One line of a log, split and with its time and port checked.

use crate::split::Span;
use crate::{Columns, Field, Timestamp};

/// A log line whose columns agree with `#Fields`, borrowed from the reader until the next one is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) spans: &'a [Span],
    pub(crate) columns: &'a Columns,
    pub(crate) time: Timestamp,
    pub(crate) port: Option<u16>,
    pub(crate) line: u64,
}

impl<'a> Entry<'a> {
    /// When the request was completed, UTC (as logged, where the log has local times).
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// `s-port`; `None` for `-` and where the column is not logged.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The value as logged (`-` where there was none), or `None` where the column is not logged.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&'a [u8]> {
        self.column(self.columns.position(field)?)
    }

    /// The value of a column, counted from 0 in the order of `#Fields`.
    #[must_use]
    pub fn column(&self, position: usize) -> Option<&'a [u8]> {
        self.spans
            .get(position)
            .map(|span| &self.text[span.range()])
    }

    /// The columns that this line has.
    #[must_use]
    pub fn columns(&self) -> &'a Columns {
        self.columns
    }

    /// The line's number in its file, from 1, directives and blank lines counted.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }
}
