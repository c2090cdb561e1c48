//! What really happened: the types of `labels/` and `truth/`. Whoever reads a dataset reads it with these.

mod campaigns;
mod injection;
mod windows;

pub use injection::{Collision, INJECTION, InjectedFile, InjectedServer, Injection, Original};

pub(crate) use campaigns::CampaignCounter;
pub(crate) use windows::WindowCounter;

use scanbench_w3c::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::time::Duration;

/// The rule's bin: ten minutes from the epoch on.
pub const BIN: Duration = Duration::from_mins(10);
/// The rule's threshold: this many distinct ports of one client on one server in one bin, or more.
pub const THRESHOLD: usize = 30;

/// What stands behind a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// An attack.
    Malicious,
    /// Everyday work that has the shape of a scan.
    LookAlike,
    /// A scan that its owner allowed.
    Authorised,
}

/// The kind of actor behind a campaign, as in the scenario's `kind`; also the label of its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A scan.
    Scan,
    /// Scheduled maintenance over all bindings.
    Maintenance,
    /// Internal discovery.
    Discovery,
    /// An application with parts on many ports.
    Backend,
    /// A reverse proxy.
    Proxy,
    /// A port scan with version detection.
    Nmap,
    /// Thousands of requests to one port.
    VulnerabilityScan,
    /// Monitoring over all bindings.
    Monitoring,
    /// A device that tries port after port.
    Device,
}

impl Kind {
    /// As it stands in labels.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Maintenance => "maintenance",
            Self::Discovery => "discovery",
            Self::Backend => "backend",
            Self::Proxy => "proxy",
            Self::Nmap => "nmap",
            Self::VulnerabilityScan => "vulnerability-scan",
            Self::Monitoring => "monitoring",
            Self::Device => "device",
        }
    }
}

/// Why the rule has nothing to fire on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Fewer ports than the threshold, or never that many within ten minutes.
    BelowThreshold,
    /// Ten minutes hold enough ports, but the edge of a bin parts them.
    SplitByBin,
    /// Enough ports, but parted between client or server addresses.
    SplitByKey,
    /// Enough ports were asked, but too few are bound: the others leave no line.
    UnboundPorts,
    /// It comes from an address that others have too, and by itself it has too few ports there.
    SharedClient,
    /// It never sends a request, whatever is bound: half connections, connections on which nothing is said, garbage.
    NoRequest,
}

/// One line that is not background, in a file of `labels/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// The line's number in its log, from 1, directives counted.
    pub line: u64,
    /// The campaign's id.
    pub campaign: String,
    /// What the line is.
    pub labels: Vec<Kind>,
}

/// What one labelled actor did on one server: a line of `truth/campaigns.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// The actor's id, with `@SERVER` behind where the actor has several servers.
    pub id: String,
    /// The kind of actor.
    pub kind: Kind,
    /// What stands behind it.
    pub class: Class,
    /// The addresses that it came from.
    pub clients: Vec<IpAddr>,
    /// The server's name.
    pub server: String,
    /// When it first touched a port, to the second; `None` where it did nothing.
    #[serde(with = "rfc3339::optional")]
    pub first: Option<Timestamp>,
    /// When its last request ended or its last probe was made, to the second.
    #[serde(with = "rfc3339::optional")]
    pub last: Option<Timestamp>,
    /// Distinct ports that it touched, bound or not.
    pub ports_probed: u64,
    /// Distinct ports in its lines.
    pub ports_logged: u64,
    /// Its lines.
    pub lines: u64,
    /// Contacts that no site logs, because no complete request came of them; only HTTP.sys knows of them.
    #[serde(default)]
    pub contacts: u64,
    /// Whether one of its lines stands in a window on which the rule must fire.
    pub expected_to_fire: bool,
    /// Why not, where not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// What the rule would count under one key: a line of `truth/windows.jsonl`, which has every window with labelled
/// lines and every window that reaches the threshold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The bin's start.
    #[serde(with = "rfc3339")]
    pub bin: Timestamp,
    /// The client's address.
    pub c_ip: IpAddr,
    /// The server's name.
    pub computer: String,
    /// The server's address.
    pub s_ip: IpAddr,
    /// Distinct ports over all lines of the key, labelled or not.
    pub ports: u64,
    /// All lines of the key.
    pub lines: u64,
    /// The campaigns that have lines here, in the order of the scenario.
    pub campaigns: Vec<String>,
    /// Whether the rule must fire: [`THRESHOLD`] ports or more.
    pub must_fire: bool,
}

/// Moments as texts in RFC 3339.
mod rfc3339 {
    use scanbench_w3c::Timestamp;
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    pub(super) fn serialize<S: Serializer>(
        moment: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(moment)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Timestamp, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }

    pub(super) mod optional {
        use super::{Deserialize, Deserializer, Error, Serializer, Timestamp};

        #[expect(clippy::ref_option, reason = "serde calls it with a reference")]
        pub(in super::super) fn serialize<S: Serializer>(
            moment: &Option<Timestamp>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            match moment {
                Some(moment) => serializer.collect_str(moment),
                None => serializer.serialize_none(),
            }
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Timestamp>, D::Error> {
            Option::<String>::deserialize(deserializer)?
                .map(|text| text.parse().map_err(D::Error::custom))
                .transpose()
        }
    }
}
