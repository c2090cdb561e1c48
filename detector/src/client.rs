//! Who the client of a line is.

use ipnet::IpNet;
use scanbench_w3c::{Field, Record};
use std::borrow::Cow;
use std::net::IpAddr;

/// Where a line's client is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ClientSource {
    /// `c-ip`, as in the rule: the peer of the connection, which may be a proxy.
    #[default]
    Logged,
    /// A custom field that proxies fill in, such as `X-Forwarded-For`, where the peer is one of ours.
    Forwarded {
        /// The field's name in `#Fields`.
        field: String,
        /// The proxies that are believed.
        trusted: Vec<IpNet>,
    },
}

impl ClientSource {
    /// The field that proxies fill in, by its name in `#Fields`.
    pub(crate) fn field(&self) -> Option<&str> {
        match self {
            Self::Logged => None,
            Self::Forwarded { field, .. } => Some(field),
        }
    }

    /// The client of a line, as text.
    ///
    /// A forwarded field lists addresses from the client to the last proxy but one, and whoever is left of the
    /// first proxy of ours may have written anything. So the list is read from the right, over our own proxies, up
    /// to the first address that is not one of them; and only where `c-ip` itself is one of ours.
    pub(crate) fn of<'r>(&self, record: &'r impl Record) -> Cow<'r, [u8]> {
        let peer = record.get(Field::CIp).unwrap_or_default();
        let Self::Forwarded { field, trusted } = self else {
            return Cow::Borrowed(peer);
        };
        let is_ours = |address: &[u8]| {
            address_of(address)
                .is_some_and(|address| trusted.iter().any(|net| net.contains(&address)))
        };
        let Some(list) = record.get_named(field).filter(|_| is_ours(peer)) else {
            return Cow::Borrowed(peer);
        };
        // IIS writes the blank behind a comma as "+".
        let mut hops = list
            .rsplit(|byte| *byte == b',')
            .map(|hop| without_port(without_blanks(hop)));
        let client = hops.find(|hop| !is_ours(hop));
        // A hop that is no address was written by nobody of ours: the peer is all that is known.
        match client.filter(|client| address_of(client).is_some()) {
            Some(client) => Cow::Borrowed(client),
            None => Cow::Borrowed(peer),
        }
    }
}

fn without_blanks(hop: &[u8]) -> &[u8] {
    let blank = |byte: &&u8| **byte == b'+' || byte.is_ascii_whitespace();
    let (before, behind) = (
        hop.iter().take_while(blank).count(),
        hop.iter().rev().take_while(blank).count(),
    );
    hop.get(before..hop.len() - behind).unwrap_or_default()
}

/// `192.0.2.1:5678` and `[2001:db8::1]:5678` without the port that some proxies add.
fn without_port(hop: &[u8]) -> &[u8] {
    if let Some(inside) = hop.strip_prefix(b"[") {
        return inside.split(|byte| *byte == b']').next().unwrap_or(inside);
    }
    match hop.iter().position(|byte| *byte == b':') {
        Some(colon) if hop[..colon].contains(&b'.') => &hop[..colon],
        _ => hop,
    }
}

/// The address in a text: a zone (`fe80::1%3`) is cut off, and an IPv4 address inside an IPv6 one
/// (`::ffff:10.0.0.10`) is taken as what it is. `None` where it is no address.
pub(crate) fn address_of(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    let text = text.split_once('%').map_or(text, |(address, _)| address);
    text.parse()
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use scanbench_w3c::Timestamp;

    struct Line(&'static str, Option<&'static str>);

    impl Record for Line {
        fn time(&self) -> Timestamp {
            Timestamp::default()
        }
        fn port(&self) -> Option<u16> {
            None
        }
        fn get(&self, field: Field) -> Option<&[u8]> {
            (field == Field::CIp).then_some(self.0.as_bytes())
        }
        fn get_named(&self, name: &str) -> Option<&[u8]> {
            self.1
                .filter(|_| name == "X-Forwarded-For")
                .map(str::as_bytes)
        }
    }

    /// RFC 4291, 2.2: the digits of an IPv6 address are hexadecimal; RFC 5952, 4.3, only recommends small letters.
    #[test]
    fn capitals_are_the_same_address() {
        let small = address_of(b"2001:db8::ab");
        assert!(small.is_some());
        assert_eq!(address_of(b"2001:DB8::AB"), small);
    }

    #[test]
    fn the_rightmost_address_that_is_not_ours() {
        let source = ClientSource::Forwarded {
            field: "X-Forwarded-For".into(),
            trusted: ["10.20.0.0/16", "2001:db8:20::/48"]
                .map(|net| net.parse().unwrap())
                .to_vec(),
        };
        for (peer, list, client) in [
            ("10.20.0.8", Some("198.51.100.7"), "198.51.100.7"),
            // The client wrote the first one itself.
            (
                "10.20.0.8",
                Some("203.0.113.1,+198.51.100.7"),
                "198.51.100.7",
            ),
            (
                "10.20.0.8",
                Some("203.0.113.1,198.51.100.7, 10.20.0.9"),
                "198.51.100.7",
            ),
            ("10.20.0.8", Some("198.51.100.7:5678"), "198.51.100.7"),
            ("10.20.0.8", Some("[2001:db8::7]:443"), "2001:db8::7"),
            ("10.20.0.8", Some("2001:db8::7"), "2001:db8::7"),
            // Nobody but our own proxies, nothing, or no address: the peer.
            ("10.20.0.8", Some("10.20.0.9"), "10.20.0.8"),
            ("10.20.0.8", Some("-"), "10.20.0.8"),
            ("10.20.0.8", Some("198.51.100.7,unknown"), "10.20.0.8"),
            ("10.20.0.8", None, "10.20.0.8"),
            // A peer that is not ours may say what it likes.
            ("198.51.100.9", Some("203.0.113.1"), "198.51.100.9"),
            ("-", Some("203.0.113.1"), "-"),
        ] {
            let found = source.of(&Line(peer, list)).into_owned();
            assert_eq!(String::from_utf8(found).unwrap(), client, "{peer} {list:?}");
        }
        assert_eq!(
            &*ClientSource::Logged.of(&Line("10.20.0.8", Some("198.51.100.7"))),
            b"10.20.0.8"
        );
    }

    #[test]
    fn addresses() {
        let parse = |text: &str| text.parse::<IpAddr>().ok();
        for (logged, expected) in [
            ("10.0.0.10", "10.0.0.10"),
            ("::ffff:10.0.0.10", "10.0.0.10"),
            ("fe80::1%3", "fe80::1"),
        ] {
            assert_eq!(address_of(logged.as_bytes()), parse(expected), "{logged}");
        }
        for logged in ["-", "", "10.0.0", "010.0.0.1", "10.0.0.1:80"] {
            assert_eq!(address_of(logged.as_bytes()), None, "{logged}");
        }
    }
}
