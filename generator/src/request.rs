//! What actors make: requests that leave a line, contacts that leave one in HTTP.sys's own log, and probes that leave
//! none at all.

use crate::text::{Piece, Text};
use std::net::IpAddr;

/// How the server answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

/// What is asked for, and by whom.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ask {
    pub(crate) method: Piece,
    /// The decoded path.
    pub(crate) stem: Text,
    /// The query, percent-encoded, without `?`.
    pub(crate) query: Text,
    pub(crate) agent: Piece,
    pub(crate) referer: Text,
    /// Stands for the cookie of a session; 0 for none.
    pub(crate) cookie: u64,
    /// The number of the user; 0 for nobody.
    pub(crate) user: u32,
    /// On a connection of its own, on which a user has yet to say who he is.
    pub(crate) fresh: bool,
    /// HTTP/1.0, as version detection speaks; 1.1 otherwise.
    pub(crate) old: bool,
}

impl Ask {
    /// A request without query and referer.
    pub(crate) fn plain(method: Piece, stem: Piece, agent: Piece) -> Self {
        Self {
            method,
            stem: Text::of(stem),
            agent,
            ..Self::default()
        }
    }
}

/// A complete HTTP request on a bound port: one line of a log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// Milliseconds since 1970 at which it was answered and logged.
    pub(crate) end: i64,
    /// Position of the server in the scenario, of the site in the server, and of the server's address.
    pub(crate) server: u32,
    pub(crate) site: u16,
    pub(crate) address: u8,
    pub(crate) port: u16,
    pub(crate) client: IpAddr,
    /// The client before the proxy, IPv4; 0 for none.
    pub(crate) forwarded: u32,
    pub(crate) ask: Ask,
    pub(crate) answer: Answer,
    /// Position of the actor in the scenario: the order of lines that end in the same millisecond.
    pub(crate) actor: u16,
    /// Position of the campaign, for everything that is not background.
    pub(crate) campaign: Option<u32>,
}

impl Request {
    /// Milliseconds since 1970 at which it began.
    pub(crate) fn start(&self) -> i64 {
        self.end - i64::from(self.answer.time_taken)
    }
}

/// Why a contact ends in HTTP.sys's own log and in no site's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Connected and said nothing until HTTP.sys hung up.
    Idle,
    /// Said something that is no request.
    Verb,
    /// Asked by address where only names are bound.
    Hostname,
}

/// A contact with a bound port that is no request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contact {
    /// Milliseconds since 1970 at which HTTP.sys logs it.
    pub(crate) time: i64,
    pub(crate) server: u32,
    pub(crate) address: u8,
    pub(crate) port: u16,
    pub(crate) client: IpAddr,
    pub(crate) client_port: u16,
    pub(crate) reason: Reason,
    pub(crate) actor: u16,
    pub(crate) campaign: Option<u32>,
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
pub(crate) struct Output {
    pub(crate) requests: Vec<Request>,
    pub(crate) contacts: Vec<Contact>,
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
