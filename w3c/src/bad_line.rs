//! Lines that could not be read: where, which field, and what was expected.

use crate::visible;
use std::borrow::Cow;
use std::fmt;

/// A line that is neither an entry nor a directive. Reading goes on behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Line number in the file, from 1.
    pub line: u64,
    /// Byte in the line where the problem begins, from 1.
    pub column: u64,
    /// Byte in the file where the line begins, from 0.
    pub offset: u64,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No `#Fields` directive stands before the line, so its columns have no names.
    NoFields,
    /// Another number of values than `#Fields` declares.
    FieldCount {
        /// Declared columns.
        expected: usize,
        /// Values in the line.
        found: usize,
    },
    /// The last line of the file has no line end and too few values: the file was cut in mid-line.
    Cut {
        /// Declared columns.
        expected: usize,
        /// Values in the line.
        found: usize,
    },
    /// Longer than the reader's limit; its text was passed over.
    TooLong {
        /// The limit in bytes.
        limit: usize,
        /// The line's length in bytes.
        length: u64,
    },
    /// A value that its field cannot have.
    Value {
        /// The field's name.
        field: &'static str,
        /// What would have been right.
        expected: Cow<'static, str>,
        /// What stands there, cut to its first bytes and made visible.
        found: String,
    },
    /// The time cannot be told, since this column is not in `#Fields`.
    NoColumn {
        /// The missing field's name.
        field: &'static str,
    },
}

impl Problem {
    pub(crate) fn value(field: &'static str, expected: &'static str, found: &[u8]) -> Self {
        const SHOWN: usize = 40;
        let mut text = visible(&found[..found.len().min(SHOWN)]);
        if found.len() > SHOWN {
            text.push('…');
        }
        Self::Value {
            field,
            expected: Cow::Borrowed(expected),
            found: text,
        }
    }

    /// The field that is to blame, where one is.
    #[must_use]
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Value { field, .. } | Self::NoColumn { field } => Some(field),
            _ => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFields => f.write_str("no #Fields directive stands before this line"),
            Self::FieldCount { expected, found } => write!(
                f,
                "expected {expected} values as #Fields declares, found {found}"
            ),
            Self::Cut { expected, found } => write!(
                f,
                "the file ends in mid-line: expected {expected} values, found {found}"
            ),
            Self::TooLong { limit, length } => write!(
                f,
                "the line is {length} bytes long, more than the limit of {limit}"
            ),
            Self::Value {
                field,
                expected,
                found,
            } => write!(f, "{field}: expected {expected}, found \"{found}\""),
            Self::NoColumn { field } => {
                write!(f, "{field}: expected a column of this name in #Fields")
            }
        }
    }
}

/// `LINE:COLUMN: what is wrong (byte N)`; whoever knows the file's name puts it in front.
impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let byte = self.offset + self.column - 1;
        write!(
            f,
            "{}:{}: {} (byte {byte})",
            self.line, self.column, self.problem
        )
    }
}
