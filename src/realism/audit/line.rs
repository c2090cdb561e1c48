//! A line as an audit sees it: a short list of values, numbers by their size alone. Server, site and date are left out:
//! a scenario says where and on which day somebody acts. So are the ports, which are what scans are about.

use crate::realism::profile::triple;
use crate::realism::{hash, number};
use scanbench_w3c::{Field, Record};
use std::collections::HashMap;
use std::net::IpAddr;

/// The longest text that is kept of a value, in characters.
const LONGEST: usize = 160;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trait {
    Hour,
    Network,
    User,
    Method,
    Path,
    Query,
    Version,
    Agent,
    Cookie,
    Referer,
    Status,
    Sent,
    Received,
    Taken,
}

/// All of them, in the order of a line's values.
pub(crate) const FIELDS: [Trait; 14] = [
    Trait::Hour,
    Trait::Network,
    Trait::User,
    Trait::Method,
    Trait::Path,
    Trait::Query,
    Trait::Version,
    Trait::Agent,
    Trait::Cookie,
    Trait::Referer,
    Trait::Status,
    Trait::Sent,
    Trait::Received,
    Trait::Taken,
];

impl Trait {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Network => "c-ip (kind of network)",
            Self::User => "cs-username (kind)",
            Self::Method => "cs-method",
            Self::Path => "cs-uri-stem",
            Self::Query => "cs-uri-query (any)",
            Self::Version => "cs-version",
            Self::Agent => "cs(User-Agent)",
            Self::Cookie => "cs(Cookie) (any)",
            Self::Referer => "cs(Referer) (any)",
            Self::Status => "status triple",
            Self::Sent => "sc-bytes",
            Self::Received => "cs-bytes",
            Self::Taken => "time-taken",
        }
    }

    fn text(self, record: &dyn Record) -> String {
        let logged = |field| match record.get(field) {
            Some(value) => shown(value),
            None => "not logged".to_owned(),
        };
        let any = |field| match record.get(field) {
            Some(b"-" | b"") => "none",
            Some(_) => "some",
            None => "not logged",
        };
        let size = |field| number(record.get(field)).map_or_else(|| "none".to_owned(), half_octave);
        match self {
            Self::Hour => format!("{:02}", record.time().millis_of_day() / 3_600_000),
            Self::Network => network(record.get(Field::CIp).unwrap_or_default()).to_owned(),
            Self::User => match record.get(Field::CsUsername) {
                Some(b"-" | b"") => "none".to_owned(),
                Some(name) if name.ends_with(b"$") => "a computer".to_owned(),
                Some(_) => "a person".to_owned(),
                None => "not logged".to_owned(),
            },
            Self::Method => logged(Field::CsMethod),
            Self::Path => logged(Field::CsUriStem),
            Self::Query => any(Field::CsUriQuery).to_owned(),
            Self::Version => logged(Field::CsVersion),
            Self::Agent => logged(Field::CsUserAgent),
            Self::Cookie => any(Field::CsCookie).to_owned(),
            Self::Referer => any(Field::CsReferer).to_owned(),
            Self::Status => triple(record).map_or_else(
                || "none".to_owned(),
                |(status, sub, win32)| format!("{status}.{sub}/{win32}"),
            ),
            Self::Sent => size(Field::ScBytes),
            Self::Received => size(Field::CsBytes),
            Self::Taken => size(Field::TimeTaken),
        }
    }
}

/// The beginning of a value.
fn shown(value: &[u8]) -> String {
    String::from_utf8_lossy(value)
        .chars()
        .take(LONGEST)
        .collect()
}

/// `from 724`: the largest step of half a doubling that is not greater.
fn half_octave(value: u64) -> String {
    let whole = 1_u64 << value.max(1).ilog2();
    // 1.41421 times the power of two, in whole numbers.
    let half = whole + whole / 128 * 53 + whole % 128 * 53 / 128;
    match value {
        0 => "0".to_owned(),
        _ if value >= half => format!("from {half}"),
        _ => format!("from {whole}"),
    }
}

fn network(address: &[u8]) -> &'static str {
    let text = str::from_utf8(address).unwrap_or_default();
    match text.parse() {
        Ok(IpAddr::V4(address))
            if address.is_private() || address.is_loopback() || address.is_link_local() =>
        {
            "private"
        }
        Ok(IpAddr::V4(_)) => "public",
        Ok(IpAddr::V6(_)) => "IPv6",
        Err(_) => "none",
    }
}

/// A line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// A code for each of [`FIELDS`].
    pub(crate) values: [u32; FIELDS.len()],
    pub(crate) file: usize,
    pub(crate) number: u64,
    /// Lines with the smallest are kept where a campaign has many.
    pub(crate) lot: u64,
}

/// Texts of values by their codes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    codes: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Texts {
    pub(crate) fn text(&self, code: u32) -> &str {
        self.texts.get(code as usize).map_or("", String::as_str)
    }

    fn code(&mut self, text: String) -> u32 {
        let texts = &mut self.texts;
        *self.codes.entry(text).or_insert_with_key(|text| {
            texts.push(text.clone());
            u32::try_from(texts.len() - 1).unwrap_or(u32::MAX)
        })
    }

    /// A line of a file, by the file's position.
    pub(crate) fn line(&mut self, record: &dyn Record, file: usize, number: u64) -> Line {
        Line {
            values: FIELDS.map(|field| self.code(field.text(record))),
            file,
            number,
            lot: lot(file, number),
        }
    }
}

/// A number that looks like chance and follows from a line's place.
pub(crate) fn lot(file: usize, number: u64) -> u64 {
    hash(&[&file.to_le_bytes(), &number.to_le_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (value, expected) in [
            (0, "0"),
            (1, "from 1"),
            (2, "from 2"),
            (723, "from 512"),
            (724, "from 724"),
            (1024, "from 1024"),
            (u64::MAX, "from 13042558094151581696"),
        ] {
            let found = half_octave(value);
            assert!(value == u64::MAX || found == expected, "{value}: {found}");
        }
    }

    #[test]
    fn networks() {
        for (address, expected) in [
            ("10.0.0.5", "private"),
            ("192.0.2.1", "public"),
            ("::1", "IPv6"),
            ("-", "none"),
        ] {
            assert_eq!(network(address.as_bytes()), expected, "{address}");
        }
    }
}
