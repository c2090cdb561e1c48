//! Conditions on a line.

use super::address::AddressRange;
use super::hours::Hours;
use super::subject::Subject;
use super::text::{TextKind, TextTest};
use crate::client::address_of;
use scanbench_w3c::{Field, Record, Timestamp};
use std::cell::OnceCell;
use std::fmt;
use std::net::IpAddr;
use std::ops::{Range, RangeInclusive};

/// One key of `[exclusion.match]`: any of its values must hold, or with `not-` before the key none may.
#[derive(Clone, Debug)]
pub struct Condition {
    pub(crate) subject: Subject,
    pub(crate) negated: bool,
    pub(crate) test: Test,
    pub(crate) span: Range<usize>,
}

/// The values that a condition compares with; one must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// Addresses of the client or the server.
    Addresses(Vec<AddressRange>),
    /// Ports of the server.
    Ports(Vec<RangeInclusive<u16>>),
    /// A field that holds a number.
    Numbers(Vec<RangeInclusive<u64>>),
    /// A field that holds a text.
    Texts(Vec<TextTest>),
    /// When it was.
    Times(Vec<Hours>),
}

/// What exclusions look at in a line. What is costly to read is read when it is asked for.
pub(crate) struct Line<'a, R> {
    record: &'a R,
    client: &'a [u8],
    /// Few ask for it.
    computer: &'a dyn Fn() -> &'a [u8],
    addresses: [OnceCell<Option<IpAddr>>; 2],
}

impl<'a, R: Record> Line<'a, R> {
    pub(crate) fn new(record: &'a R, client: &'a [u8], computer: &'a dyn Fn() -> &'a [u8]) -> Self {
        Self {
            record,
            client,
            computer,
            addresses: [OnceCell::new(), OnceCell::new()],
        }
    }

    pub(crate) fn client(&self) -> &[u8] {
        self.client
    }

    pub(crate) fn time(&self) -> Timestamp {
        self.record.time()
    }

    /// The address of the client or the server.
    pub(crate) fn address(&self, subject: &Subject) -> Option<IpAddr> {
        match subject {
            Subject::Client => *self.addresses[0].get_or_init(|| address_of(self.client)),
            Subject::Server => *self.addresses[1]
                .get_or_init(|| address_of(self.record.get(Field::SIp).unwrap_or_default())),
            _ => None,
        }
    }

    /// A value as a text; empty where there is no such column, as in the Sentinel table.
    pub(crate) fn text(&self, subject: &Subject) -> &[u8] {
        match subject {
            Subject::Client => self.client,
            Subject::Computer => (self.computer)(),
            Subject::Custom(name) => self.record.get_named(name).unwrap_or_default(),
            other => other
                .field()
                .and_then(|field| self.record.get(field))
                .unwrap_or_default(),
        }
    }

    /// A value of a field that is read as it stands.
    #[inline]
    pub(crate) fn field(&self, field: Field) -> &[u8] {
        self.record.get(field).unwrap_or_default()
    }

    pub(crate) fn port(&self) -> Option<u16> {
        self.record.port()
    }
}

/// A value of digits only, and no more than fit.
pub(crate) fn number_of(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(text).ok()?.parse().ok()
}

/// As `not-c-ip: 10.0.0.10 or 192.168.7.0/24`; of a long list the beginning.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 5;

        let values = self.test.each();
        let shown: Vec<&str> = values
            .iter()
            .take(SHOWN)
            .map(|(text, _)| text.as_str())
            .collect();
        write!(f, "{}: {}", self.key(), shown.join(" or "))?;
        match values.len().checked_sub(SHOWN) {
            Some(more @ 1..) => write!(f, " or {more} more"),
            _ => Ok(()),
        }
    }
}

impl Condition {
    /// What it looks at.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Whether `not-` stands before its key.
    #[must_use]
    pub fn is_negated(&self) -> bool {
        self.negated
    }

    /// What it compares with.
    #[must_use]
    pub fn test(&self) -> &Test {
        &self.test
    }

    /// The bytes of the file that it stands in.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Its key in a file.
    #[must_use]
    pub fn key(&self) -> String {
        let not = if self.negated { "not-" } else { "" };
        format!("{not}{}", self.subject)
    }

    pub(crate) fn holds(&self, line: &Line<'_, impl Record>) -> bool {
        let any = match &self.test {
            Test::Addresses(ranges) => line
                .address(&self.subject)
                .is_some_and(|address| ranges.iter().any(|range| range.contains(&address))),
            Test::Ports(ranges) => line
                .port()
                .is_some_and(|port| ranges.iter().any(|range| range.contains(&port))),
            Test::Numbers(ranges) => number_of(line.text(&self.subject))
                .is_some_and(|number| ranges.iter().any(|range| range.contains(&number))),
            Test::Texts(tests) => {
                let value = line.text(&self.subject);
                tests.iter().any(|test| test.holds(value))
            }
            Test::Times(list) => list.iter().any(|hours| hours.holds(line.time())),
        };
        any != self.negated
    }

    /// How costly it is to look: cheap conditions are asked first.
    pub(crate) fn cost(&self) -> u8 {
        match &self.test {
            Test::Ports(_) => 0,
            Test::Addresses(_) => 1,
            Test::Numbers(_) => 2,
            Test::Times(_) => 3,
            Test::Texts(tests) if tests.iter().all(|test| test.kind() != TextKind::Regex) => 4,
            Test::Texts(_) => 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Exclusions;
    use scanbench_spec::Source;

    #[test]
    fn numbers_are_digits_only() {
        for (text, number) in [
            ("0", Some(0)),
            ("007", Some(7)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("", None),
            ("-", None),
            ("+5", None),
            ("-5", None),
            ("5 ", None),
            ("0x5", None),
        ] {
            assert_eq!(number_of(text.as_bytes()), number, "{text:?}");
        }
    }

    #[test]
    fn shown_as_in_a_file_and_cut_after_five() {
        let shown = |condition: &str| {
            let file = format!(
                "version = 1\n[[exclusion]]\nid = \"x\"\nstage = \"event\"\nmatch.{condition}\n"
            );
            let list = Exclusions::from_source(&Source::new("x.toml", file)).unwrap();
            list.list()[0].conditions()[0].to_string()
        };
        assert_eq!(
            shown("not-c-ip = [\"10.0.0.10\", \"192.168.7.0/24\"]"),
            "not-c-ip: 10.0.0.10 or 192.168.7.0/24"
        );
        assert_eq!(
            shown("s-port = [1, 3, 5, 7, 9]"),
            "s-port: 1 or 3 or 5 or 7 or 9"
        );
        assert_eq!(
            shown("s-port = [1, 3, 5, 7, 9, 11, 13]"),
            "s-port: 1 or 3 or 5 or 7 or 9 or 2 more"
        );
    }
}
