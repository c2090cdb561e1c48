//! The servers of a scenario: their addresses, sites and bindings, and what their logs look like.

use scanbench_w3c::{Field, Newline};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// A server, checked.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// The computer's name, as the collecting agent reports it; also the folder of its logs.
    pub(crate) name: String,
    /// Its IPv4 addresses (or whatever it was given), the main one first.
    pub(crate) addresses: Vec<IpAddr>,
    /// Where clients with IPv6 arrive.
    pub(crate) address_v6: Option<IpAddr>,
    pub(crate) iis: Iis,
    pub(crate) pace: Pace,
    pub(crate) log: LogSettings,
    /// The Windows domain of its users.
    pub(crate) domain: String,
    pub(crate) front: Option<Front>,
    pub(crate) sites: Vec<Site>,
    /// Bound port to what answers there to clients that know no host name.
    pub(crate) bindings: BTreeMap<u16, Bound>,
    /// Ports bound for host names only: whoever does not know them gets no further than HTTP.sys.
    pub(crate) named: BTreeSet<u16>,
}

/// Milliseconds between two ticks of the clock.
pub(crate) const TICK_MS: f64 = 15.625;

/// How long answers take, and how often nobody waits for them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) iis: Iis,
    /// The logarithm of the median span of what a program makes and of what is only sent, in milliseconds.
    pub(crate) program: f64,
    pub(crate) file: f64,
    /// The deviation of the logarithm.
    pub(crate) spread: f64,
    /// The share of requests whose client goes away.
    pub(crate) aborts: f64,
}

impl Default for Pace {
    /// Between the real sets, whose 200s have medians of 11 to 1,200 ms, deviations of 0.9 to 1.7, and 0.1 to 5.5 % of
    /// clients that go away.
    fn default() -> Self {
        Self {
            iis: Iis::V10,
            program: libm::log(150.0),
            file: libm::log(45.0),
            spread: 1.2,
            aborts: 0.008,
        }
    }
}

/// What answers on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    /// Position of the site.
    pub(crate) site: usize,
    /// Position of the only address on which it is bound; `None` for all.
    pub(crate) address: Option<u8>,
}

/// How a server logs.
#[derive(Clone, Debug)]
pub(crate) struct LogSettings {
    pub(crate) fields: Vec<Field>,
    /// Names of request headers that are logged behind the fields.
    pub(crate) custom: Vec<String>,
    pub(crate) rollover: Rollover,
    /// One log for all sites.
    pub(crate) central: bool,
    pub(crate) newline: Newline,
    /// Milliseconds after the scenario's start at which HTTP.sys opens its logs anew.
    pub(crate) restarts: Vec<i64>,
    /// Other fields from such a moment on.
    pub(crate) changes: Vec<(i64, Vec<Field>)>,
}

/// When a log ends and the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rollover {
    Daily,
    Hourly,
    /// At so many bytes.
    Size(u64),
}

/// What stands in front of a server: visitors come from its addresses.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    pub(crate) addresses: Vec<IpAddr>,
    /// Milliseconds from one health probe to the next.
    pub(crate) health_every: i64,
    pub(crate) health_path: String,
    pub(crate) health_agent: String,
    pub(crate) health_port: u16,
}

/// One site of a server, checked.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) id: u32,
    /// In the order in which the scenario names them: the first is the busiest.
    pub(crate) ports: Vec<u16>,
    pub(crate) host: Option<String>,
    pub(crate) authentication: Authentication,
    /// How many pages it has; drawn where the scenario does not say it.
    pub(crate) pages: Option<u32>,
    /// How fast the popularity of pages falls with their rank.
    pub(crate) popularity: f64,
}

/// Who may come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Authentication {
    /// Everybody.
    #[default]
    Anonymous,
    /// Users of Windows: a connection begins with two refusals.
    Windows,
}

/// Stands for the IPv6 address in the place of a position.
pub(crate) const V6: u8 = u8::MAX;

impl Server {
    /// The position of the server's address in a connection to the address at `position`, from a client with IPv6 or not.
    pub(crate) fn address_for(&self, from_v6: bool, position: u8) -> u8 {
        if from_v6 && self.address_v6.is_some() {
            V6
        } else {
            position
        }
    }

    /// The address at a position.
    pub(crate) fn address_at(&self, position: u8) -> IpAddr {
        match (position, self.address_v6) {
            (V6, Some(address)) => address,
            _ => self
                .addresses
                .get(usize::from(position))
                .copied()
                .unwrap_or(IpAddr::from([0, 0, 0, 0])),
        }
    }

    /// All its addresses.
    pub(crate) fn all_addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.iter().copied().chain(self.address_v6)
    }
}

/// A version of IIS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Iis {
    #[serde(rename = "6")]
    V6_0,
    #[serde(rename = "7.5")]
    V7_5,
    #[serde(rename = "8.0")]
    V8_0,
    #[serde(rename = "8.5")]
    V8_5,
    #[serde(rename = "10")]
    V10,
}

impl Iis {
    /// The text of `#Software`.
    pub(crate) const fn software(self) -> &'static str {
        match self {
            Self::V6_0 => "Microsoft Internet Information Services 6.0",
            Self::V7_5 => "Microsoft Internet Information Services 7.5",
            Self::V8_0 => "Microsoft Internet Information Services 8.0",
            Self::V8_5 => "Microsoft Internet Information Services 8.5",
            Self::V10 => "Microsoft Internet Information Services 10.0",
        }
    }

    /// Whether its logs are UTF-8, which shows in their names.
    pub(crate) const fn logs_utf8(self) -> bool {
        !matches!(self, Self::V6_0)
    }

    /// Whether headers can be logged as fields of their own.
    pub(crate) const fn has_custom_fields(self) -> bool {
        matches!(self, Self::V8_5 | Self::V10)
    }

    /// The fields that are logged unless somebody changes them, as seen in real logs of each version.
    pub(crate) fn default_fields(self) -> Vec<Field> {
        use Field::{
            CIp, CsMethod, CsReferer, CsUriQuery, CsUriStem, CsUserAgent, CsUsername, Date, SIp,
            SPort, SSitename, ScStatus, ScSubstatus, ScWin32Status, Time, TimeTaken,
        };
        let mut fields = vec![Date, Time];
        if self == Self::V6_0 {
            fields.push(SSitename);
        }
        fields.extend([
            SIp,
            CsMethod,
            CsUriStem,
            CsUriQuery,
            SPort,
            CsUsername,
            CIp,
            CsUserAgent,
        ]);
        if !matches!(self, Self::V6_0 | Self::V7_5) {
            fields.push(CsReferer);
        }
        fields.extend([ScStatus, ScSubstatus, ScWin32Status]);
        if self != Self::V6_0 {
            fields.push(TimeTaken);
        }
        fields
    }

    /// Whether it measures spans in ticks of the clock, as 8.0 and 8.5 do.
    pub(crate) fn ticks(self) -> bool {
        matches!(self, Self::V8_0 | Self::V8_5)
    }

    /// The span as this version logs it: in whole ticks of the clock, or in milliseconds.
    pub(crate) fn time_taken(self, millis: u32) -> u32 {
        match self {
            Self::V8_0 | Self::V8_5 => {
                let ticks = u64::from(millis) * 8 / 125;
                u32::try_from(ticks * 125 / 8).unwrap_or(u32::MAX)
            }
            Self::V6_0 | Self::V7_5 | Self::V10 => millis,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_of_the_clock() {
        let seen: Vec<u32> = [0, 15, 16, 31, 32, 47, 62, 63, 1000]
            .map(|millis| Iis::V8_5.time_taken(millis))
            .into();
        assert_eq!(seen, [0, 0, 15, 15, 31, 46, 46, 62, 1000]);
        assert_eq!(Iis::V10.time_taken(17), 17);
    }

    #[test]
    fn default_fields_by_version() {
        assert_eq!(Iis::V6_0.default_fields().len(), 14);
        assert_eq!(Iis::V7_5.default_fields().len(), 14);
        let ten = Iis::V10.default_fields();
        assert_eq!(ten.len(), 15);
        assert!(ten.is_sorted(), "IIS never changes their order");
    }
}
