//! Which exclusions can match a line at all, told by its client and its port: so that a line costs as much with ten
//! thousand exclusions as with none, where none of them is about its client or its port.

use super::Exclusion;
use super::condition::Test;
use super::subject::Subject;
use crate::client::address_of;
use std::net::IpAddr;

/// An exclusion, by its place in the list.
type Number = u32;

/// Ranges with the exclusions that they are of, in order of their first value.
#[derive(Clone, Debug)]
struct Spans<T> {
    firsts: Vec<T>,
    /// The highest last value of all ranges up to this one.
    reach: Vec<T>,
    rest: Vec<(T, Number)>,
}

impl<T: Copy + Ord> Spans<T> {
    fn new(mut spans: Vec<(T, T, Number)>) -> Self {
        spans.sort_unstable();
        let reach = spans
            .iter()
            .scan(None, |reach: &mut Option<T>, (_, last, _)| {
                *reach = Some(reach.map_or(*last, |reach| reach.max(*last)));
                *reach
            });
        Self {
            reach: reach.collect(),
            firsts: spans.iter().map(|(first, ..)| *first).collect(),
            rest: spans
                .iter()
                .map(|(_, last, number)| (*last, *number))
                .collect(),
        }
    }

    /// The exclusions of all ranges that hold `value`.
    fn at(&self, value: T) -> impl Iterator<Item = Number> + '_ {
        let begun = self.firsts.partition_point(|first| *first <= value);
        // Before a range that nothing up to it reaches beyond, no range holds the value.
        let ranges = (0..begun)
            .rev()
            .take_while(move |at| self.reach[*at] >= value);
        ranges
            .map(|at| self.rest[at])
            .filter(move |(last, _)| value <= *last)
            .map(|(_, number)| number)
    }
}

/// Exclusions by what must hold for them to match. Each that is switched on stands under one of the three.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    /// By the client's address.
    sieve: Sieve,
    four: Spans<u32>,
    six: Spans<u128>,
    /// By the port, of those that are about any client: a bit for each port that is any of theirs.
    ports: Vec<u64>,
    by_port: Vec<Number>,
    /// By neither.
    always: Vec<Number>,
}

impl Index {
    pub(super) fn new(exclusions: &[Exclusion]) -> Self {
        let (mut four, mut six) = (Vec::new(), Vec::new());
        let mut ports = vec![0_u64; (1 << 16) / 64];
        let (mut by_port, mut always) = (Vec::new(), Vec::new());
        for (number, exclusion) in (0..).zip(exclusions).filter(|(_, one)| one.is_enabled()) {
            let must = || {
                exclusion
                    .conditions()
                    .iter()
                    .filter(|one| !one.is_negated())
            };
            let clients = must().find_map(|condition| match condition.test() {
                Test::Addresses(ranges) if *condition.subject() == Subject::Client => Some(ranges),
                _ => None,
            });
            let of_ports = must().find_map(|condition| match condition.test() {
                Test::Ports(ranges) => Some(ranges),
                _ => None,
            });
            if let Some(ranges) = clients {
                for range in ranges {
                    match (range.first(), range.last()) {
                        (IpAddr::V4(first), IpAddr::V4(last)) => {
                            four.push((first.to_bits(), last.to_bits(), number));
                        }
                        (IpAddr::V6(first), IpAddr::V6(last)) => {
                            six.push((first.to_bits(), last.to_bits(), number));
                        }
                        // A range is of one family.
                        _ => {}
                    }
                }
            } else if let Some(ranges) = of_ports {
                for port in ranges.iter().cloned().flatten() {
                    ports[usize::from(port / 64)] |= 1 << (port % 64);
                }
                by_port.push(number);
            } else {
                always.push(number);
            }
        }
        Self {
            sieve: Sieve::new(&four),
            four: Spans::new(four),
            six: Spans::new(six),
            ports,
            by_port,
            always,
        }
    }

    /// Those that only lines of some clients match, and this client's may.
    #[inline]
    pub(super) fn of_client(&self, client: &[u8]) -> Vec<Number> {
        if self.four.firsts.is_empty() && self.six.firsts.is_empty() {
            return Vec::new();
        }
        match four_numbers(client) {
            Some(address) if !self.sieve.may_hold(address) => Vec::new(),
            Some(address) => self.four.at(address).collect(),
            None => self.look_up(client),
        }
    }

    #[cold]
    fn look_up(&self, client: &[u8]) -> Vec<Number> {
        match address_of(client) {
            Some(IpAddr::V4(address)) => self.four.at(address.to_bits()).collect(),
            Some(IpAddr::V6(address)) => self.six.at(address.to_bits()).collect(),
            None => Vec::new(),
        }
    }

    /// Whether a line to this port is held against no exclusion but those of its client.
    #[inline]
    pub(super) fn asks_of_none(&self, port: Option<u16>) -> bool {
        self.always.is_empty() && !port.is_some_and(|port| self.is_asked(port))
    }

    #[inline]
    fn is_asked(&self, port: u16) -> bool {
        self.ports[usize::from(port / 64)] >> (port % 64) & 1 == 1
    }

    /// Those that lines of any client may match, to this port.
    #[inline]
    pub(super) fn of_any(&self, port: Option<u16>) -> impl Iterator<Item = Number> + '_ {
        let by_port: &[Number] = if port.is_some_and(|port| self.is_asked(port)) {
            &self.by_port
        } else {
            &[]
        };
        self.always.iter().chain(by_port).copied()
    }
}

/// Addresses that no range holds, told by one look into 16 KiB, for nearly all of them: a bit for each address, or for
/// each 256 of them where a range holds more.
#[derive(Clone, Debug)]
struct Sieve {
    bits: Vec<u64>,
    /// A range is so wide that all addresses are to be looked up.
    is_wide: bool,
}

impl Sieve {
    /// Bits, as a power of two.
    const BITS: u32 = 17;
    /// Addresses of a range that get a bit each, and networks of 256 addresses, at the most.
    const MOST: u32 = 1 << 12;

    fn new(spans: &[(u32, u32, Number)]) -> Self {
        let mut sieve = Self {
            bits: vec![0; 1 << (Self::BITS - 6)],
            is_wide: false,
        };
        for (first, last, _) in spans {
            if last - first < 16 {
                (*first..=*last).for_each(|address| sieve.set(address));
            } else if (last >> 8) - (first >> 8) < Self::MOST {
                let networks = first >> 8..=last >> 8;
                networks.for_each(|network| sieve.set(Self::of_network(network)));
            } else {
                sieve.is_wide = true;
            }
        }
        sieve
    }

    /// What stands for a network: an address of those that no client has (240.0.0.0/4).
    fn of_network(network: u32) -> u32 {
        network | 0xf000_0000
    }

    /// The bit of an address, by multiplicative hashing.
    fn place(address: u32) -> (usize, u32) {
        let bit = address.wrapping_mul(0x9e37_79b1) >> (u32::BITS - Self::BITS);
        ((bit / 64) as usize, bit % 64)
    }

    fn set(&mut self, address: u32) {
        let (word, bit) = Self::place(address);
        self.bits[word] |= 1 << bit;
    }

    #[inline]
    fn may_hold(&self, address: u32) -> bool {
        let has = |address| {
            let (word, bit) = Self::place(address);
            self.bits[word] >> bit & 1 == 1
        };
        self.is_wide || has(address) || has(Self::of_network(address >> 8))
    }
}

/// An address of four numbers, as IIS writes it. For any other text the answer is `None`, and what it is is told
/// elsewhere.
#[inline]
fn four_numbers(text: &[u8]) -> Option<u32> {
    if text.len() > 15 {
        return None;
    }
    let (mut address, mut number, mut dots) = (0_u32, 0_u32, 0);
    let mut begin = 0;
    // No zero in front of other digits, no number too long or too high.
    let is_number = |begin: usize, end: usize, number: u32| {
        number <= 255
            && match end - begin {
                1 => true,
                2 | 3 => text[begin] != b'0',
                _ => false,
            }
    };
    for (at, byte) in text.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            number = number.wrapping_mul(10).wrapping_add(u32::from(digit));
        } else if *byte == b'.' && is_number(begin, at, number) {
            address = address << 8 | number;
            dots += 1;
            (number, begin) = (0, at + 1);
        } else {
            return None;
        }
    }
    (dots == 3 && is_number(begin, text.len(), number)).then_some(address << 8 | number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Exclusions;
    use crate::exclusion::condition::Line;
    use crate::names::Signature;
    use proptest::prelude::*;
    use scanbench_spec::Source;
    use scanbench_w3c::{Field, Record, Timestamp};

    #[derive(Clone, Debug)]
    struct Row {
        client: String,
        port: Option<u16>,
        agent: &'static str,
        second: i64,
    }

    impl Record for Row {
        fn time(&self) -> Timestamp {
            Timestamp::from_millis(self.second * 1000)
        }
        fn port(&self) -> Option<u16> {
            self.port
        }
        fn get(&self, field: Field) -> Option<&[u8]> {
            match field {
                Field::CIp => Some(self.client.as_bytes()),
                Field::CsUserAgent => Some(self.agent.as_bytes()),
                _ => None,
            }
        }
        fn get_named(&self, _: &str) -> Option<&[u8]> {
            None
        }
    }

    fn range() -> impl Strategy<Value = String> {
        prop_oneof![
            3 => (0_u8..40, 0_u8..12).prop_map(|(first, more)| format!("10.0.0.{first}-10.0.0.{}", first + more)),
            2 => (0_u8..40).prop_map(|last| format!("10.0.0.{last}")),
            1 => (0_u8..40).prop_map(|last| format!("::ffff:10.0.0.{last}")),
            1 => Just("10.0.0.0/8".to_owned()),
            1 => (0_u8..9).prop_map(|last| format!("2001:db8::{last}")),
            1 => (0_u8..9).prop_map(|last| format!("2001:db8::{last}-2001:db8::1{last}")),
            1 => Just("::/0".to_owned()),
            1 => Just("0.0.0.0/0".to_owned()),
        ]
    }

    fn conditions() -> impl Strategy<Value = String> {
        let clients = (any::<bool>(), prop::collection::vec(range(), 1..4));
        let ports = (any::<bool>(), 0_u16..9, 0_u16..5);
        let agent = (any::<bool>(), prop::sample::select(vec!["curl", "Nessus"]));
        (
            prop::option::weighted(0.6, clients),
            prop::option::weighted(0.4, ports),
            prop::option::weighted(0.3, agent),
            prop::bool::weighted(0.9),
        )
            .prop_map(|(clients, ports, agent, enabled)| {
                let not = |negated: bool| if negated { "not-" } else { "" };
                let mut text = vec![format!("stage = \"event\"\nenabled = {enabled}\n")];
                if let Some((negated, ranges)) = &clients {
                    text.push(format!("match.{}c-ip = {ranges:?}\n", not(*negated)));
                }
                if let Some((negated, first, more)) = ports {
                    text.push(format!(
                        "match.{}s-port = [\"{first}-{}\"]\n",
                        not(negated),
                        first + more
                    ));
                }
                if let Some((negated, agent)) = agent {
                    text.push(format!(
                        "match.{}cs-user-agent = {{ contains = {agent:?} }}\n",
                        not(negated)
                    ));
                }
                if clients.is_none() && ports.is_none() && agent.is_none() {
                    text.push("match.cs-user-agent = { regex = \"^c.*l\" }\n".to_owned());
                }
                text.concat()
            })
    }

    fn row() -> impl Strategy<Value = Row> {
        let client = prop_oneof![
            6 => (0_u8..52).prop_map(|last| format!("10.0.0.{last}")),
            1 => (0_u8..52).prop_map(|last| format!("::ffff:10.0.0.{last}")),
            2 => (0_u8..24).prop_map(|last| format!("2001:db8::{last}")),
            1 => (0_u8..24).prop_map(|last| format!("2001:db8::{last}%3")),
            1 => Just("-".to_owned()),
            1 => Just("11.0.0.1".to_owned()),
        ];
        let agent = prop::sample::select(vec!["-", "curl/8", "Nessus"]);
        (
            client,
            prop::option::weighted(0.9, 0_u16..16),
            agent,
            0_i64..9,
        )
            .prop_map(|(client, port, agent, second)| Row {
                client,
                port,
                agent,
                second,
            })
    }

    fn read(conditions: &[String]) -> Exclusions {
        let one = |(index, text): (usize, &String)| {
            format!("[[exclusion]]\nid = \"x{index}\"\nreason = \"x\"\n{text}")
        };
        let text: String = conditions.iter().enumerate().map(one).collect();
        let source = Source::new("x.toml", format!("version = 1\n{text}"));
        Exclusions::from_source(&source).unwrap()
    }

    proptest! {
        /// forall lists and lines: the index finds what holding each line against each exclusion finds.
        #[test]
        fn the_index_finds_what_all_of_the_list_finds(
            list in prop::collection::vec(conditions(), 0..14),
            rows in prop::collection::vec(row(), 1..40),
        ) {
            let exclusions = read(&list);
            for row in &rows {
                let client = row.client.as_bytes();
                let line = Line::new(row, client, b"WEB01");
                let mut expected = Signature::default();
                for (number, exclusion) in exclusions.list().iter().enumerate() {
                    if exclusion.matches(&line) {
                        expected.set(number);
                    }
                }
                prop_assert_eq!(&exclusions.signature(row, client, b"WEB01"), &expected);
            }
        }
    }

    proptest! {
        /// forall ranges and addresses near their ends: the sieve lets through all that a range holds.
        #[test]
        fn the_sieve_lets_through_what_a_range_holds(
            ranges in prop::collection::vec((any::<u32>(), 0_u32..32), 1..6),
            near in 0_u32..300,
        ) {
            let spans: Vec<_> = ranges
                .iter()
                .map(|(first, bits)| (*first, first.saturating_add((1 << bits) - 1), 0))
                .collect();
            let sieve = Sieve::new(&spans);
            for (first, last, _) in &spans {
                let middle = first + (last - first) / 2;
                for address in [*first, *last, middle, first.saturating_add(near).min(*last)] {
                    prop_assert!(sieve.may_hold(address));
                }
            }
        }

        /// forall texts: four numbers are what the standard library takes for an address of IPv4.
        #[test]
        fn four_numbers_are_an_address(text in "[0-9]{1,3}(\\.[0-9]{0,4}){3}|[0-9.]{0,16}|\\PC{0,9}") {
            let parsed = text.parse::<std::net::Ipv4Addr>().ok().map(std::net::Ipv4Addr::to_bits);
            prop_assert_eq!(four_numbers(text.as_bytes()), parsed);
        }
    }

    #[test]
    fn most_addresses_are_sieved_out() {
        let spans: Vec<_> = (0..10_000_u32)
            .map(|number| number * 429_496)
            .map(|at| (at, at, 0))
            .collect();
        let sieve = Sieve::new(&spans);
        let through = (0..100_000_u32).map(|number| number * 42_949 + 7);
        let through = through.filter(|address| sieve.may_hold(*address)).count();
        assert!(through < 20_000, "{through}");
    }
}
