//! The columns that a `#Fields` directive declares, and where each standard field stands among them.

use crate::Field;

/// The declared columns of the lines that follow a `#Fields` directive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    names: Vec<String>,
    positions: [Option<u16>; Field::ALL.len()],
}

impl Columns {
    /// From column names, first to last. Where a name stands twice, the first column counts.
    #[must_use]
    pub fn new<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut columns = Self::default();
        for name in names {
            let name = name.as_ref();
            if let (Some(field), Ok(position)) =
                (Field::from_name(name), u16::try_from(columns.names.len()))
            {
                columns.positions[field as usize].get_or_insert(position);
            }
            columns.names.push(name.to_owned());
        }
        columns
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
