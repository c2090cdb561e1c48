//! What actors make: requests that leave a line, contacts that leave one in HTTP.sys's own log, and probes that leave
//! none at all.

use crate::actor::Visit;
use crate::address::Packed;
use crate::text::{Piece, Query, Referer, Stem};
use std::net::IpAddr;
use std::num::NonZeroU32;

/// How the server answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) substatus: u8,
    /// The Windows error code, unsigned, as IIS logs it.
    pub(crate) win32: u32,
    /// Bytes sent, headers included.
    pub(crate) bytes: u32,
    /// Milliseconds from the first byte of the request to the last of the answer.
    pub(crate) time_taken: u32,
}

/// Who stands behind a request, where a site wants to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct User(u32);

impl User {
    /// Nobody.
    pub(crate) const NONE: Self = Self(0);
    const COMPUTER: u32 = 1 << 31;

    /// A person with this number, from 1 on.
    pub(crate) fn person(number: u32) -> Self {
        Self(number & !Self::COMPUTER)
    }

    /// A computer of the domain, which has an account of its own: its name and `$`.
    pub(crate) fn computer(number: u32) -> Self {
        Self(number | Self::COMPUTER)
    }

    /// The number, and whether it is a computer's.
    pub(crate) fn number(self) -> (u32, bool) {
        (self.0 & !Self::COMPUTER, self.0 & Self::COMPUTER != 0)
    }
}

/// The position of a campaign, from 0 on, in as much room as its absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CampaignNumber(NonZeroU32);

impl CampaignNumber {
    pub(crate) fn new(position: u32) -> Option<Self> {
        NonZeroU32::new(position.wrapping_add(1)).map(Self)
    }

    pub(crate) fn position(self) -> u32 {
        self.0.get() - 1
    }
}

/// What is asked for, and by whom.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ask {
    pub(crate) method: Piece,
    pub(crate) stem: Stem,
    pub(crate) query: Query,
    pub(crate) agent: Piece,
    pub(crate) referer: Referer,
    /// Stands for the cookie of a session; 0 for none.
    pub(crate) cookie: u64,
    pub(crate) user: User,
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
            stem: stem.into(),
            agent,
            ..Self::default()
        }
    }
}

/// A complete HTTP request on a bound port of one server: one line of a log. Millions of these are moved about, so it is
/// as small as it can be without tricks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// Milliseconds since 1970 at which it was answered and logged.
    pub(crate) end: i64,
    pub(crate) client: Packed,
    pub(crate) ask: Ask,
    pub(crate) answer: Answer,
    /// The client before the proxy, IPv4; 0 for none.
    pub(crate) forwarded: u32,
    /// Position of the campaign, for everything that is not background.
    pub(crate) campaign: Option<CampaignNumber>,
    /// Position of the site in the server, and of the server's address.
    pub(crate) site: u16,
    pub(crate) address: u8,
    pub(crate) port: u16,
    /// Position of the actor in the scenario: the order of lines that end in the same millisecond.
    pub(crate) actor: u16,
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

/// What one actor did in some blocks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output {
    /// For each server, in the order in which they were made.
    pub(crate) requests: Vec<Vec<Request>>,
    pub(crate) contacts: Vec<Contact>,
    pub(crate) probes: Vec<Probe>,
    /// Visits are made up to this moment, in milliseconds since 1970.
    pub(crate) horizon: i64,
    /// Visits that go on before it, and those that go on later.
    pub(crate) due: Vec<Visit>,
    pub(crate) waiting: Vec<Visit>,
}

impl Output {
    /// Nothing yet, on so many servers.
    pub(crate) fn new(servers: usize) -> Self {
        Self {
            requests: vec![Vec::new(); servers],
            ..Self::default()
        }
    }

    /// Empties it and keeps its room.
    pub(crate) fn clear(&mut self) {
        self.requests.iter_mut().for_each(Vec::clear);
        self.contacts.clear();
        self.probes.clear();
        self.due.clear();
        self.waiting.clear();
    }

    /// How many requests there are.
    pub(crate) fn count(&self) -> usize {
        self.requests.iter().map(Vec::len).sum()
    }
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
