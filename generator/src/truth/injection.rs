//! What was put into somebody's logs, and where: `injection.json` and `truth/injected.jsonl` of an injected dataset.

use super::rfc3339;
use scanbench_w3c::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The name of [`Injection`] in the folder.
pub const INJECTION: &str = "injection.json";

/// How a scenario was put into logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Injection {
    /// When the scenario begins there.
    #[serde(with = "rfc3339")]
    pub start: Timestamp,
    /// When it ends.
    #[serde(with = "rfc3339")]
    pub end: Timestamp,
    /// The first moment of all lines, old or new.
    #[serde(with = "rfc3339")]
    pub first: Timestamp,
    /// The last.
    #[serde(with = "rfc3339")]
    pub last: Timestamp,
    /// Entries that were in the logs.
    pub original_lines: u64,
    /// Entries that were put between them.
    pub added_lines: u64,
    /// Directives that were put there with them.
    pub added_directives: u64,
    /// Lines that have no place, since no field set in force there has client, server, port, date and time.
    pub unwritten_lines: u64,
    /// The servers of the logs on which the scenario acts.
    pub servers: Vec<InjectedServer>,
    /// Addresses of campaigns that are in the logs too.
    pub collisions: Vec<Collision>,
}

/// A server of the logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InjectedServer {
    /// As campaigns name it.
    pub name: String,
    /// Its addresses, the one at which scans arrive first.
    pub addresses: Vec<IpAddr>,
    /// The scenario's servers for which it stands in.
    pub stands_for: Vec<String>,
    /// Ports that its logs show. It may have more bindings, of which nobody asked any.
    pub seen_ports: Vec<u16>,
    /// Ports that were given to it, which its logs do not show.
    pub added_ports: Vec<u16>,
}

/// An address of a campaign that is in the logs too: its lines are not all the campaign's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collision {
    /// The address.
    pub address: String,
    /// The campaigns that come from it.
    pub campaigns: Vec<String>,
    /// Original lines with it as their client.
    pub lines: u64,
    /// Whether it is a server's own.
    pub is_server: bool,
}

/// What was put into one log: a line of `truth/injected.jsonl`. Whoever takes these lines out has the original.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InjectedFile {
    /// The log, by its path in the dataset.
    pub path: String,
    /// What it was; `None` for one that was not there.
    pub original: Option<Original>,
    /// The original ends without the end of a line, which was put there as lines follow.
    pub unterminated: bool,
    /// Lines that were put in, directives too: first and last of each stretch, from 1.
    pub added: Vec<(u64, u64)>,
}

/// A log as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Original {
    /// SHA-256, in lower-case hex.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
}
