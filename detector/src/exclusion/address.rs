//! Addresses as ranges.

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};
use std::fmt;
use std::net::IpAddr;

/// Addresses from one to another, both included, of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressRange {
    first: IpAddr,
    last: IpAddr,
}

impl AddressRange {
    /// From one address to another. IPv4 addresses inside IPv6 (`::ffff:10.0.0.10`) are taken as what they are, as
    /// those in logs are. `None` where they are of two families or the last comes before the first.
    #[must_use]
    pub fn new(first: IpAddr, last: IpAddr) -> Option<Self> {
        let canonical = (first.to_canonical(), last.to_canonical());
        let is_same_family = |(a, b): (IpAddr, IpAddr)| a.is_ipv4() == b.is_ipv4();
        // A range that begins or ends inside the mapped block and goes beyond it stays one of IPv6.
        let (first, last) = if is_same_family(canonical) {
            canonical
        } else {
            (first, last)
        };
        (is_same_family((first, last)) && first <= last).then_some(Self { first, last })
    }

    /// The first address.
    #[must_use]
    pub fn first(&self) -> IpAddr {
        self.first
    }

    /// The last address.
    #[must_use]
    pub fn last(&self) -> IpAddr {
        self.last
    }

    /// Whether it holds an address.
    #[must_use]
    pub fn contains(&self, address: &IpAddr) -> bool {
        self.first <= *address && *address <= self.last
    }

    /// First and last as numbers; those of IPv4 and IPv6 are not to be compared.
    #[must_use]
    pub fn numbers(&self) -> (u128, u128) {
        (number(self.first), number(self.last))
    }

    /// The fewest networks that together are this range.
    #[must_use]
    pub fn networks(&self) -> Vec<IpNet> {
        match (self.first, self.last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                Ipv4Subnets::new(first, last, 0).map(IpNet::from).collect()
            }
            (IpAddr::V6(first), IpAddr::V6(last)) => {
                Ipv6Subnets::new(first, last, 0).map(IpNet::from).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl From<IpNet> for AddressRange {
    fn from(net: IpNet) -> Self {
        let (first, last) = (net.network(), net.broadcast());
        Self::new(first, last).unwrap_or(Self { first, last })
    }
}

impl From<IpAddr> for AddressRange {
    fn from(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self {
            first: address,
            last: address,
        }
    }
}

/// As in a file: an address, a network or a range.
impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            return write!(f, "{}", self.first);
        }
        match self.networks().as_slice() {
            [only] => write!(f, "{only}"),
            _ => write!(f, "{}-{}", self.first, self.last),
        }
    }
}

/// Reads an address, a network or a range.
///
/// # Errors
/// What is wrong, and what to do where that can be said.
pub(crate) fn parse_addresses(text: &str) -> Result<AddressRange, (String, String)> {
    const HELP: &str =
        "such as \"10.0.0.10\", \"192.168.7.0/24\", \"10.0.0.10-10.0.0.20\" or \"2001:db8::/48\"";
    if let Ok(net) = text.parse::<IpNet>() {
        if net.trunc() == net {
            return Ok(net.into());
        }
        return Err((
            format!("{net} has bits set behind its prefix"),
            format!("write {} for the whole network", net.trunc()),
        ));
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.into());
    }
    let range = text
        .split_once('-')
        .and_then(|(first, last)| Some((first.trim().parse().ok()?, last.trim().parse().ok()?)));
    if let Some((first, last)) = range {
        return AddressRange::new(first, last).ok_or_else(|| {
            (
                format!("{first}-{last} is no range"),
                "a range goes from the lower to the higher address of one family".to_owned(),
            )
        });
    }
    Err((
        format!("expected an address, a network or a range of addresses, found \"{text}\""),
        HELP.to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_written() {
        for (text, shown, networks) in [
            ("10.0.0.10", "10.0.0.10", 1),
            ("192.168.7.0/24", "192.168.7.0/24", 1),
            ("10.0.0.0-10.0.0.255", "10.0.0.0/24", 1),
            ("10.0.0.10 - 10.0.0.20", "10.0.0.10-10.0.0.20", 4),
            ("::ffff:10.0.0.10", "10.0.0.10", 1),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8", 1),
            ("2001:db8::/48", "2001:db8::/48", 1),
            ("::/0", "::/0", 1),
            ("0.0.0.0/0", "0.0.0.0/0", 1),
            ("2001:db8::1-2001:db8::3", "2001:db8::1-2001:db8::3", 2),
        ] {
            let range = parse_addresses(text).unwrap();
            assert_eq!(range.to_string(), shown, "{text}");
            assert_eq!(range.networks().len(), networks, "{text}");
        }
    }

    #[test]
    fn refused() {
        for (text, message) in [
            ("10.0.0.1/8", "bits set behind"),
            ("10.0.0", "expected an address"),
            ("10.0.0.9-10.0.0.1", "is no range"),
            ("10.0.0.9-2001:db8::1", "is no range"),
            ("", "expected an address"),
            ("10.0.0.1-", "expected an address"),
            ("host-7", "expected an address"),
        ] {
            let (told, _) = parse_addresses(text).unwrap_err();
            assert!(told.contains(message), "{text}: {told}");
        }
    }
}
