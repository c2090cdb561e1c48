//! The servers of a scenario: their addresses, sites and bindings, and what their logs look like.

use scanbench_w3c::{Columns, Field};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A server, checked.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// The computer's name, as the collecting agent reports it; also the folder of its logs.
    pub(crate) name: String,
    pub(crate) address: IpAddr,
    /// Where clients with IPv6 arrive.
    pub(crate) address_v6: Option<IpAddr>,
    pub(crate) iis: Iis,
    pub(crate) fields: Vec<Field>,
    pub(crate) sites: Vec<Site>,
    /// Bound port to the position of its site.
    pub(crate) bindings: BTreeMap<u16, usize>,
}

/// One site of a server, checked.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) id: u32,
    /// In the order in which the scenario names them: the first is the busiest.
    pub(crate) ports: Vec<u16>,
    pub(crate) host: Option<String>,
}

impl Server {
    /// The server's address in a connection from `client`.
    pub(crate) fn address_for(&self, client: IpAddr) -> IpAddr {
        match self.address_v6 {
            Some(address) if client.is_ipv6() => address,
            _ => self.address,
        }
    }

    /// The columns of its logs.
    pub(crate) fn columns(&self) -> Columns {
        Columns::new(self.fields.iter().map(|field| field.name()))
    }
}

/// A version of IIS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Iis {
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
            Self::V7_5 => "Microsoft Internet Information Services 7.5",
            Self::V8_0 => "Microsoft Internet Information Services 8.0",
            Self::V8_5 => "Microsoft Internet Information Services 8.5",
            Self::V10 => "Microsoft Internet Information Services 10.0",
        }
    }

    /// The fields that are logged unless somebody changes them, as seen in real logs of each version.
    pub(crate) fn default_fields(self) -> Vec<Field> {
        use Field::{
            CIp, CsMethod, CsReferer, CsUriQuery, CsUriStem, CsUserAgent, CsUsername, Date, SIp,
            SPort, ScStatus, ScSubstatus, ScWin32Status, Time, TimeTaken,
        };
        let mut fields = vec![
            Date,
            Time,
            SIp,
            CsMethod,
            CsUriStem,
            CsUriQuery,
            SPort,
            CsUsername,
            CIp,
            CsUserAgent,
        ];
        if self != Self::V7_5 {
            fields.push(CsReferer);
        }
        fields.extend([ScStatus, ScSubstatus, ScWin32Status, TimeTaken]);
        fields
    }

    /// The span as this version logs it: 8.0 and 8.5 measure in clock ticks of 15.625 ms, the others in
    /// milliseconds.
    pub(crate) fn time_taken(self, millis: u32) -> u32 {
        match self {
            Self::V8_0 | Self::V8_5 => {
                let ticks = u64::from(millis) * 8 / 125;
                u32::try_from(ticks * 125 / 8).unwrap_or(u32::MAX)
            }
            Self::V7_5 | Self::V10 => millis,
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
        assert_eq!(Iis::V7_5.default_fields().len(), 14);
        let ten = Iis::V10.default_fields();
        assert_eq!(ten.len(), 15);
        assert!(ten.is_sorted(), "IIS never changes their order");
    }
}
