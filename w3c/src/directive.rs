//! Lines that begin with `#`.

use crate::Columns;
use crate::time::{parse_day, parse_millis_of_day};

/// A directive line. Anything else behind a `#` is a remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Directive {
    /// `#Software: Microsoft Internet Information Services 10.0`
    Software(String),
    /// `#Fields: date time ...`
    Fields(Columns),
    /// `#Date: 2026-11-02 10:00:00`, or Advanced Logging's `#Start-Date`. The day is in days since 1970-01-01;
    /// `None` where it cannot be read.
    Date {
        /// Days since 1970-01-01.
        day: Option<i64>,
        /// Milliseconds since midnight.
        millis_of_day: Option<i64>,
    },
    /// `#Version`, `#Remark` and whatever else a line behind a `#` may say.
    Remark,
}

impl Directive {
    /// Reads a line that begins with `#`, without its line end. Names are told in any case; `None` where the
    /// line does not begin with `#`.
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<Self> {
        let text = line.strip_prefix(b"#")?;
        let Some(colon) = memchr::memchr(b':', text) else {
            return Some(Self::Remark);
        };
        let (name, value) = (text[..colon].trim_ascii(), text[colon + 1..].trim_ascii());
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        Some(if is("software") {
            Self::Software(String::from_utf8_lossy(value).into_owned())
        } else if is("fields") {
            Self::Fields(Columns::parse(value))
        } else if is("date") || is("start-date") {
            let mut words = value
                .split(u8::is_ascii_whitespace)
                .filter(|word| !word.is_empty());
            Self::Date {
                day: words.next().and_then(parse_day),
                millis_of_day: words.next().and_then(parse_millis_of_day),
            }
        } else {
            Self::Remark
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_as_found_in_the_wild() {
        assert_eq!(Directive::parse(b"2026-11-02"), None);
        assert_eq!(Directive::parse(b"# Bad IP 1"), Some(Directive::Remark));
        assert_eq!(Directive::parse(b"#"), Some(Directive::Remark));
        assert_eq!(
            Directive::parse(b"#software:IIS Advanced Logging Module "),
            Some(Directive::Software("IIS Advanced Logging Module".into()))
        );
        assert_eq!(
            Directive::parse(b"#Fields:   date-local time-local   s-ip  "),
            Some(Directive::Fields(Columns::new([
                "date-local",
                "time-local",
                "s-ip"
            ])))
        );
        // Another list behind one that was remembered, and that one again.
        for names in [["date", "c-ip"], ["c-ip", "date"], ["date", "c-ip"]] {
            let line = format!("#Fields: {}", names.join(" "));
            assert_eq!(
                Directive::parse(line.as_bytes()),
                Some(Directive::Fields(Columns::new(names)))
            );
        }
        let long = vec!["x-custom"; 1000];
        assert_eq!(
            Directive::parse(format!("#Fields: {}", long.join(" ")).as_bytes()),
            Some(Directive::Fields(Columns::new(&long)))
        );
        assert_eq!(
            Directive::parse(b"#Date: 1970-01-02 00:00:01  // a comment"),
            Some(Directive::Date {
                day: Some(1),
                millis_of_day: Some(1000)
            })
        );
        assert_eq!(
            Directive::parse(b"#Start-Date: yesterday"),
            Some(Directive::Date {
                day: None,
                millis_of_day: None
            })
        );
    }
}
