//! What actors make: requests that leave a line, and probes that leave none.

use std::borrow::Cow;
use std::net::IpAddr;

/// How the server answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) substatus: u16,
    /// The Windows error code, unsigned, as IIS logs it.
    pub(crate) win32: u32,
    /// Bytes sent, headers included.
    pub(crate) bytes: u32,
    /// Milliseconds from the first byte of the request to the last of the answer.
    pub(crate) time_taken: u32,
}

/// A complete HTTP request on a bound port: one line of a log.
#[derive(Clone, Debug)]
pub(crate) struct Request<'w> {
    /// Milliseconds since 1970 at which it began. IIS stamps its line when it ends.
    pub(crate) start: i64,
    /// Position of the server in the scenario, and of the site in the server.
    pub(crate) server: u32,
    pub(crate) site: u32,
    pub(crate) port: u16,
    pub(crate) client: IpAddr,
    pub(crate) method: &'static str,
    /// The decoded path.
    pub(crate) stem: Cow<'w, str>,
    /// The query, percent-encoded, without `?`; empty for none.
    pub(crate) query: Cow<'w, str>,
    pub(crate) agent: &'w str,
    pub(crate) referer: Cow<'w, str>,
    /// Stands for the cookie of a session; 0 for none.
    pub(crate) cookie: u64,
    pub(crate) answer: Answer,
    /// Position of the actor in the scenario: the order of lines that end in the same millisecond.
    pub(crate) actor: u32,
    /// Position of the campaign, for everything that is not background.
    pub(crate) campaign: Option<u32>,
}

impl Request<'_> {
    /// Milliseconds since 1970 at which it was answered and logged.
    pub(crate) fn end(&self) -> i64 {
        self.start + i64::from(self.answer.time_taken)
    }
}

/// A campaign touched a port, whether or not something answered there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Probe {
    pub(crate) campaign: u32,
    pub(crate) port: u16,
    /// Milliseconds since 1970.
    pub(crate) time: i64,
}

/// What one actor did in one block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output<'w> {
    pub(crate) requests: Vec<Request<'w>>,
    pub(crate) probes: Vec<Probe>,
}

/// A span of the scenario's time, in milliseconds since 1970: `from` is in it, `until` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) from: i64,
    pub(crate) until: i64,
}

impl Block {
    pub(crate) fn contains(self, moment: i64) -> bool {
        (self.from..self.until).contains(&moment)
    }
}
