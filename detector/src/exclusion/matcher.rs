//! Conditions on a line.

use ipnet::IpNet;
use memchr::memmem;
use regex::bytes::Regex;
use scanbench_w3c::Timestamp;
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// What exclusions look at in a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) time: Timestamp,
    pub(crate) client: Option<IpAddr>,
    pub(crate) port: Option<u16>,
    pub(crate) user_agent: &'a [u8],
    pub(crate) computer: &'a [u8],
}

/// One key of `[exclusion.match]`: any of its values must hold, or with `not-` before the key none may.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) test: Test,
    pub(crate) negated: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Test {
    Client(Vec<IpNet>),
    Port(Vec<RangeInclusive<u16>>),
    UserAgent(Vec<TextTest>),
    Computer(Vec<TextTest>),
}

/// A test on a text, with regard to case as KQL's `==`.
#[derive(Clone, Debug)]
pub(crate) enum TextTest {
    Equals(Vec<u8>),
    Contains(Vec<u8>),
    StartsWith(Vec<u8>),
    EndsWith(Vec<u8>),
    Regex(Regex),
}

impl Condition {
    pub(crate) fn holds(&self, line: &Line<'_>) -> bool {
        let text = |tests: &[TextTest], value| tests.iter().any(|test| test.holds(value));
        let any = match &self.test {
            Test::Client(nets) => line
                .client
                .is_some_and(|client| nets.iter().any(|net| net.contains(&client))),
            Test::Port(ranges) => line
                .port
                .is_some_and(|port| ranges.iter().any(|range| range.contains(&port))),
            Test::UserAgent(tests) => text(tests, line.user_agent),
            Test::Computer(tests) => text(tests, line.computer),
        };
        any != self.negated
    }
}

impl TextTest {
    fn holds(&self, value: &[u8]) -> bool {
        match self {
            Self::Equals(text) => value == text,
            Self::Contains(text) => memmem::find(value, text).is_some(),
            Self::StartsWith(text) => value.starts_with(text),
            Self::EndsWith(text) => value.ends_with(text),
            Self::Regex(regex) => regex.is_match(value),
        }
    }
}
