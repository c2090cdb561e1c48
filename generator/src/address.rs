//! Client addresses: public ones drawn from the whole internet, those of a network, and one in sixteen bytes.

use crate::dice::Dice;
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address in two words, for the millions of requests that have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packed {
    high: u64,
    low: u64,
}

impl Packed {
    /// The upper word of IPv4. No client has such an IPv6 address: it would be a multicast one (RFC 4291).
    const V4: u64 = u64::MAX;

    /// The IPv4 address, if it is one.
    #[inline]
    pub(crate) fn v4(self) -> Option<u32> {
        if self.high == Self::V4 {
            u32::try_from(self.low).ok()
        } else {
            None
        }
    }

    pub(crate) fn ip(self) -> IpAddr {
        match self.v4() {
            Some(address) => IpAddr::V4(address.into()),
            None => IpAddr::V6((u128::from(self.high) << 64 | u128::from(self.low)).into()),
        }
    }

    /// Both words.
    #[inline]
    pub(crate) fn words(self) -> [u64; 2] {
        [self.high, self.low]
    }
}

impl From<IpAddr> for Packed {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self {
                high: Self::V4,
                low: u32::from(address).into(),
            },
            IpAddr::V6(address) => {
                let (high, low) = (u128::from(address) >> 64, u128::from(address));
                Self {
                    high: u64::try_from(high).unwrap_or(0),
                    low: u64::try_from(low & u128::from(u64::MAX)).unwrap_or(0),
                }
            }
        }
    }
}

/// First octets of /12 blocks that the five registries hand out from (IANA, *IPv6 Global Unicast Address
/// Assignments*): APNIC, ARIN, LACNIC, RIPE NCC, AFRINIC.
const REGISTRY_V6: [u128; 5] = [0x2400, 0x2600, 0x2800, 0x2a00, 0x2c00];

/// A public IPv4 address that is none of `taken`. All of the public space is equally likely, so that the address
/// alone tells nobody who it is.
pub(crate) fn public_v4(dice: &mut Dice, taken: &BTreeSet<IpAddr>) -> IpAddr {
    loop {
        let address = Ipv4Addr::from(u32::try_from(dice.any() >> 32).unwrap_or(0));
        if is_public(address) && !taken.contains(&IpAddr::V4(address)) {
            return IpAddr::V4(address);
        }
    }
}

/// A public IPv6 address that is none of `taken`.
pub(crate) fn public_v6(dice: &mut Dice, taken: &BTreeSet<IpAddr>) -> IpAddr {
    loop {
        let block = dice.pick(&REGISTRY_V6) << 112;
        let address = IpAddr::V6(Ipv6Addr::from(block | dice.bits() >> 12));
        if !taken.contains(&address) {
            return address;
        }
    }
}

/// A host of `network` that is none of `taken`; the first host where all are.
pub(crate) fn in_network(dice: &mut Dice, network: IpNet, taken: &BTreeSet<IpAddr>) -> IpAddr {
    let host = |dice: &mut Dice| match network {
        IpNet::V4(network) => {
            let (first, last) = (u32::from(network.network()), u32::from(network.broadcast()));
            // The first and the last address of a network belong to no host, except in the smallest ones.
            let edge = u32::from(last - first > 2);
            let count = u64::from(last - first) + 1 - 2 * u64::from(edge);
            let offset = dice.below(u32::try_from(count).unwrap_or(u32::MAX));
            IpAddr::V4(Ipv4Addr::from(first + edge + offset))
        }
        IpNet::V6(network) => {
            let mask = u128::from(network.hostmask());
            IpAddr::V6(Ipv6Addr::from(
                u128::from(network.network()) | dice.bits() & mask,
            ))
        }
    };
    for _ in 0..64 {
        let address = host(dice);
        if !taken.contains(&address) {
            return address;
        }
    }
    network.hosts().next().unwrap_or(network.addr())
}

/// Whether a client on the internet can have this address (IANA, *IPv4 Special-Purpose Address Registry*).
fn is_public(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127 | 224..=255, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 168, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_and_back() {
        for text in [
            "0.0.0.0",
            "255.255.255.255",
            "10.1.2.3",
            "::",
            "2001:db8::ffff:1",
            "fe80::1",
        ] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(Packed::from(address).ip(), address);
        }
    }

    #[test]
    fn only_addresses_that_a_client_can_have() {
        let (mut dice, taken) = (Dice::new(1, &["addresses"], 0), BTreeSet::new());
        let mut first_octets = BTreeSet::new();
        for _ in 0..20_000 {
            let IpAddr::V4(address) = public_v4(&mut dice, &taken) else {
                panic!("not IPv4");
            };
            assert!(!address.is_private() && !address.is_loopback() && !address.is_multicast());
            assert!(!address.is_documentation() && !address.is_link_local());
            first_octets.insert(address.octets()[0]);
        }
        // 1 to 223 without 10 and 127.
        assert_eq!(first_octets.len(), 221);
    }

    #[test]
    fn a_network_gives_its_hosts_and_none_that_is_taken() {
        let mut dice = Dice::new(1, &["network"], 0);
        let network: IpNet = "192.168.44.0/30".parse().unwrap();
        let one: IpAddr = "192.168.44.1".parse().unwrap();
        let taken = BTreeSet::from([one]);
        for _ in 0..50 {
            let address = in_network(&mut dice, network, &taken);
            assert_eq!(address, "192.168.44.2".parse::<IpAddr>().unwrap());
        }
        let network: IpNet = "2001:db8::/64".parse().unwrap();
        assert!(network.contains(&in_network(&mut dice, network, &taken)));
    }
}
