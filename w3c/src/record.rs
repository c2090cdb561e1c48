//! What a log line and a row of a table have in common.

use crate::{Entry, Field, Timestamp};

/// One request, wherever it was recorded: a line of a W3C log, or a row of a table with the same fields.
pub trait Record {
    /// When the request was completed, UTC.
    fn time(&self) -> Timestamp;

    /// The server's port; `None` where there is none (`-`, null, or no such column).
    fn port(&self) -> Option<u16>;

    /// A value as recorded (`-` where there was none); `None` where there is no such column.
    fn get(&self, field: Field) -> Option<&[u8]>;

    /// The value of a column by its name in any case, custom fields too; `None` where there is no such column.
    fn get_named(&self, name: &str) -> Option<&[u8]>;
}

impl Record for Entry<'_> {
    fn time(&self) -> Timestamp {
        Entry::time(self)
    }

    fn port(&self) -> Option<u16> {
        Entry::port(self)
    }

    fn get(&self, field: Field) -> Option<&[u8]> {
        Entry::get(self, field)
    }

    fn get_named(&self, name: &str) -> Option<&[u8]> {
        self.column(self.columns().position_of(name)?)
    }
}
