//! Which exclusions can match a line at all, told by its client and its port: so that a line costs as much with ten
//! thousand exclusions as with none, where none of them is about its client or its port. The others are held against a
//! line 64 at a time ([`Panel`]).

use super::asked::{Asked, Askers};
use super::condition::{Line, Test};
use super::panel::{Known, Panel, WIDTH};
use super::subject::Subject;
use super::{Exclusion, Stage};
use crate::client::address_of;
use crate::names::Signature;
use scanbench_w3c::Record;
use std::net::IpAddr;

/// An exclusion, by its place in the list.
pub(super) type Number = u32;

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
    /// Of those that are about any client, a bit for each port that some are about.
    ports: Vec<u64>,
    /// Those that are about any client.
    panels: Vec<Panel>,
    /// The first so many panels are asked whatever the port, the others for their ports only.
    any_port: usize,
    /// Of those that are about clients, which ask for nothing else: a bit for each place in the list.
    only_client: Vec<u64>,
}

/// What was seen of values, so that it need not be worked out for each line. Each thread has its own; made for the
/// list that it is first used with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memo {
    /// By panel.
    known: Vec<Known>,
    /// Only the first look asks by hashes.
    asked: Asked,
    of_client: Vec<Number>,
    signature: Signature,
}

impl Memo {
    /// Values that are kept of a field for a panel, and for all panels together.
    const VALUES: (usize, usize) = (1024, 4096);
    /// The least, however many panels there are.
    const LEAST: usize = 16;

    /// That no exclusion matches.
    pub(super) fn none(&mut self) -> &Signature {
        self.signature.clear();
        &self.signature
    }

    #[inline]
    fn get_ready(&mut self, panels: &[Panel]) {
        if self.known.len() != panels.len() {
            self.begin(panels);
        }
    }

    #[cold]
    fn begin(&mut self, panels: &[Panel]) {
        let values = (Self::VALUES.1 / panels.len().max(1)).clamp(Self::LEAST, Self::VALUES.0);
        let values = 1 << values.ilog2();
        self.known = panels.iter().map(|panel| panel.known(values)).collect();
    }
}

impl Index {
    pub(super) fn new(exclusions: &[Exclusion]) -> Self {
        let (mut four, mut six) = (Vec::new(), Vec::new());
        let mut ports = vec![0_u64; (1 << 16) / 64];
        let (mut by_port, mut always) = (Vec::new(), Vec::new());
        let mut only_client = vec![0; exclusions.len().div_ceil(64)];
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
                let has_dates = exclusion.starts().is_some() || exclusion.expires().is_some();
                if exclusion.conditions().len() == 1 && !has_dates {
                    set(&mut only_client, number);
                }
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
        // Few are quicker asked together than apart.
        let any_port = if !always.is_empty() && always.len() + by_port.len() <= WIDTH {
            always.append(&mut by_port);
            1
        } else {
            always.len().div_ceil(WIDTH)
        };
        let panels = always.chunks(WIDTH).chain(by_port.chunks(WIDTH));
        Self {
            sieve: Sieve::new(&four),
            four: Spans::new(four),
            six: Spans::new(six),
            ports,
            panels: panels
                .map(|numbers| Panel::new(exclusions, numbers))
                .collect(),
            any_port,
            only_client,
        }
    }

    /// Whether any are about clients.
    #[inline]
    fn asks_of_clients(&self) -> bool {
        !self.four.firsts.is_empty() || !self.six.firsts.is_empty()
    }

    /// Those that are about a client.
    fn askers(&self, list: &[Exclusion], client: &[u8]) -> Askers {
        let mut askers = Askers::default();
        self.of_client(client, &mut askers.numbers);
        // So it is for nearly all of them.
        if askers.numbers.is_empty() {
            return askers;
        }
        // Ranges of one exclusion may overlap.
        askers.numbers.sort_unstable();
        askers.numbers.dedup();
        let numbers = &askers.numbers;
        askers.is_sure = numbers.iter().all(|number| has(&self.only_client, *number));
        askers.drops = askers.is_sure
            && numbers
                .iter()
                .any(|number| list[*number as usize].stage() == Stage::Event);
        askers
    }

    /// Those that only lines of some clients match, and this client's may.
    #[inline]
    fn of_client(&self, client: &[u8], found: &mut Vec<Number>) {
        match four_numbers(client) {
            Some(address) if !self.sieve.may_hold(address) => {}
            Some(address) => found.extend(self.four.at(address)),
            None => self.look_up(client, found),
        }
    }

    #[cold]
    fn look_up(&self, client: &[u8], found: &mut Vec<Number>) {
        match address_of(client) {
            Some(IpAddr::V4(address)) => found.extend(self.four.at(address.to_bits())),
            Some(IpAddr::V6(address)) => found.extend(self.six.at(address.to_bits())),
            None => {}
        }
    }

    #[inline]
    fn is_asked(&self, port: u16) -> bool {
        self.ports[usize::from(port / 64)] >> (port % 64) & 1 == 1
    }

    /// The panels that a line is held against.
    #[inline]
    fn panels_for(&self, port: Option<u16>) -> &[Panel] {
        if self.panels.is_empty() || port.is_some_and(|port| self.is_asked(port)) {
            &self.panels
        } else {
            &self.panels[..self.any_port]
        }
    }

    /// Which of the list match a line.
    pub(super) fn matching<'m>(
        &self,
        list: &[Exclusion],
        memo: &'m mut Memo,
        line: &Line<'_, impl Record>,
    ) -> &'m Signature {
        memo.signature.clear();
        if self.asks_of_clients() {
            memo.of_client.clear();
            self.of_client(line.client(), &mut memo.of_client);
            for number in &memo.of_client {
                if list[*number as usize].matches(line) {
                    memo.signature.set(*number as usize);
                }
            }
        }
        let panels = self.panels_for(line.port());
        if !panels.is_empty() {
            memo.get_ready(&self.panels);
            for (panel, known) in panels.iter().zip(&mut memo.known) {
                for number in panel.named(panel.matching(list, known, line, 0)) {
                    memo.signature.set(number as usize);
                }
            }
        }
        &memo.signature
    }

    /// Counts by their places which of the list match a line, whose client has this hash, and tells whether the line is
    /// taken out. It is the same as [`Self::matching`], and much quicker: nothing is made that is not counted.
    #[inline]
    pub(super) fn count<'c>(
        &self,
        list: &[Exclusion],
        memo: &mut Memo,
        record: &impl Record,
        (client, hash): (&[u8], u64),
        computer: impl Fn() -> &'c [u8],
        counts: &mut [u64],
    ) -> bool {
        let askers = if self.asks_of_clients() {
            memo.asked.about(hash, || self.askers(list, client))
        } else {
            None
        };
        let panels = self.panels_for(record.port());
        // So it is for nearly all lines where a list is about clients.
        if askers.is_none() && panels.is_empty() {
            return false;
        }
        // As one that gives a shorter life.
        let computer = || computer();
        let line = Line::new(record, client, &computer);
        let is_dropped = askers.is_some_and(|askers| count_askers(askers, list, &line, counts));
        !panels.is_empty() && self.count_others(list, memo, (&line, hash), counts) || is_dropped
    }

    /// Counts those about any client.
    #[inline(never)]
    fn count_others(
        &self,
        list: &[Exclusion],
        memo: &mut Memo,
        (line, client): (&Line<'_, impl Record>, u64),
        counts: &mut [u64],
    ) -> bool {
        let mut is_dropped = false;
        memo.get_ready(&self.panels);
        let panels = self.panels_for(line.port()).iter();
        for (panel, known) in panels.zip(&mut memo.known) {
            let bits = panel.matching(list, known, line, client);
            if bits != 0 {
                is_dropped |= panel.drops(bits);
                for number in panel.named(bits) {
                    counts[number as usize] += 1;
                }
            }
        }
        is_dropped
    }
}

/// Counts those about a client that match a line of it, and tells whether one of them takes it out.
#[inline(never)]
fn count_askers(
    askers: &Askers,
    list: &[Exclusion],
    line: &Line<'_, impl Record>,
    counts: &mut [u64],
) -> bool {
    let mut is_dropped = askers.drops;
    for number in &askers.numbers {
        let exclusion = &list[*number as usize];
        if askers.is_sure || exclusion.matches(line) {
            counts[*number as usize] += 1;
            is_dropped |= !askers.is_sure && exclusion.stage() == Stage::Event;
        }
    }
    is_dropped
}

fn set(bits: &mut [u64], number: Number) {
    bits[number as usize / 64] |= 1 << (number % 64);
}

fn has(bits: &[u64], number: Number) -> bool {
    bits[number as usize / 64] >> (number % 64) & 1 == 1
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
    let digit = |at: usize| {
        let digit = text.get(at)?.wrapping_sub(b'0');
        (digit <= 9).then_some(u32::from(digit))
    };
    let (mut address, mut at) = (0_u32, 0);
    for octet in 0..4 {
        if octet > 0 {
            if text.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
        let mut number = digit(at)?;
        at += 1;
        // No zero in front of other digits.
        if number != 0
            && let Some(next) = digit(at)
        {
            number = number * 10 + next;
            at += 1;
            if let Some(next) = digit(at) {
                number = number * 10 + next;
                at += 1;
            }
        }
        if number > 255 {
            return None;
        }
        address = address << 8 | number;
    }
    (at == text.len()).then_some(address)
}

#[cfg(test)]
mod tests;
