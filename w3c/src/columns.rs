//! The columns that a `#Fields` directive declares, and where each standard field stands among them.

use crate::Field;
use std::cell::RefCell;
use std::sync::Arc;

/// The declared columns of the lines that follow a `#Fields` directive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// Shared, since headers are held by many and seldom differ.
    names: Arc<[String]>,
    positions: [Option<u16>; Field::ALL.len()],
}

thread_local! {
    /// The last list of names that this thread read, and its columns.
    static LAST: RefCell<(Vec<u8>, Columns)> = RefCell::default();
}

/// Longer lists are not remembered: a line may have 16 MiB.
const LONGEST_REMEMBERED: usize = 4 << 10;

impl Columns {
    /// From column names, first to last. Where a name stands twice, the first column counts.
    #[must_use]
    pub fn new<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut all: Vec<String> = Vec::new();
        let mut positions = [None; Field::ALL.len()];
        for name in names {
            let name = name.as_ref();
            if let (Some(field), Ok(position)) = (Field::from_name(name), u16::try_from(all.len()))
            {
                positions[field as usize].get_or_insert(position);
            }
            all.push(name.to_owned());
        }
        Self {
            names: all.into(),
            positions,
        }
    }

    /// From what stands behind `#Fields:`. The logs of a folder mostly have one list of columns, and to look it up anew
    /// in each of many small ones would take longer than to read their lines; so the last one is remembered.
    pub(crate) fn parse(list: &[u8]) -> Self {
        let names = || {
            list.split(u8::is_ascii_whitespace)
                .filter(|word| !word.is_empty())
                .map(String::from_utf8_lossy)
        };
        if list.len() > LONGEST_REMEMBERED {
            return Self::new(names());
        }
        LAST.with_borrow_mut(|(known, columns)| {
            if known != list {
                *columns = Self::new(names());
                known.clear();
                known.extend_from_slice(list);
            }
            columns.clone()
        })
    }

    /// How many columns a line has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether none is declared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The names as written, custom fields included.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The column of a standard field, counted from 0.
    #[must_use]
    pub fn position(&self, field: Field) -> Option<usize> {
        self.positions[field as usize].map(usize::from)
    }

    /// The column with this name in any case, standard or custom, counted from 0.
    #[must_use]
    pub fn position_of(&self, name: &str) -> Option<usize> {
        self.names
            .iter()
            .position(|known| known.eq_ignore_ascii_case(name))
    }

    /// Whether the times are the server's own (`date-local`, `time-local` of Advanced Logging), not UTC.
    #[must_use]
    pub fn is_local_time(&self) -> bool {
        self.position_of("time-local").is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_follow_the_directive() {
        let columns = Columns::new(["s-port", "X-Forwarded-For", "date", "s-port"]);
        assert_eq!(columns.len(), 4);
        assert_eq!(columns.position(Field::SPort), Some(0));
        assert_eq!(columns.position(Field::Date), Some(2));
        assert_eq!(columns.position(Field::CIp), None);
        assert_eq!(columns.position_of("x-forwarded-for"), Some(1));
    }
}
