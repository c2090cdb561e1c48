//! What was worked out of a value, by the value: a word of bits. It holds a thousand values at most and forgets those that
//! were not seen for long.
//!
//! Clients choose most texts. So places go by a seeded hash, a text counts as known only if all its bytes are the
//! same, long ones are not kept, and where values rarely come back the table is left alone for a while.

use foldhash::fast::RandomState;
use std::hash::{BuildHasher, Hasher};

#[derive(Clone, Debug, Default)]
struct Entry {
    /// Its hash, which is never 0; 0 where nothing is kept.
    hash: u64,
    bits: u64,
    text: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(super) struct Table {
    seed: RandomState,
    /// Two for each place, side by side; the one that was written last comes first.
    entries: Vec<Entry>,
    places: usize,
    /// By the lowest bits of the client's hash, the entry that such a client's line led to last: clients mostly keep to one
    /// agent and one host, and to compare takes less time than to hash.
    last: Vec<u32>,
    /// Looks, and those that found nothing, since they were last weighed.
    looks: u32,
    misses: u32,
    /// Looks to come that are not worth it.
    resting: u32,
}

impl Table {
    /// Longer texts are worked out each time: a few clients could fill memory with them.
    pub(super) const LONGEST: usize = 512;
    /// Looks between which it is weighed whether they are worth it.
    const WEIGHED: u32 = 1 << 12;
    /// Clients whose last entries are known, a power of two.
    const CLIENTS: usize = 1 << 12;
    /// Looks that are then not made.
    const REST: u32 = 1 << 16;

    /// An empty one for so many texts, a power of two. Memory is taken by the first text.
    pub(super) fn new(texts: usize) -> Self {
        Self {
            seed: RandomState::default(),
            entries: Vec::new(),
            places: (texts / 2).next_power_of_two(),
            last: Vec::new(),
            looks: 0,
            misses: 0,
            resting: 0,
        }
    }

    /// What is known of a text; else it is worked out, of all bits, and kept. Where it is not to be kept, only the
    /// bits that are wanted are worked out.
    #[inline]
    pub(super) fn get(
        &mut self,
        text: &[u8],
        client: u64,
        wanted: u64,
        work_out: impl FnOnce(u64) -> u64,
    ) -> u64 {
        if self.resting > 0 {
            self.resting -= 1;
            return work_out(wanted);
        }
        #[expect(clippy::cast_possible_truncation, reason = "the low bits will do")]
        let client = client as usize % Self::CLIENTS;
        if let Some(last) = self.last.get(client)
            && let Some(last) = self.entries.get(*last as usize)
            && last.text == text
            && last.hash != 0
        {
            return last.bits;
        }
        self.look_up(text, client, wanted, work_out)
    }

    #[inline(never)]
    fn look_up(
        &mut self,
        text: &[u8],
        client: usize,
        wanted: u64,
        work_out: impl FnOnce(u64) -> u64,
    ) -> u64 {
        if text.len() > Self::LONGEST {
            return work_out(wanted);
        }
        let mut hasher = self.seed.build_hasher();
        hasher.write(text);
        let hash = hasher.finish() | 1;
        let place = self.place(hash);
        self.looks += 1;
        for at in [place, place + 1] {
            if let Some(entry) = self.entries.get(at)
                && entry.hash == hash
                && entry.text == text
            {
                self.last[client] = number_of(at);
                return entry.bits;
            }
        }
        let bits = work_out(u64::MAX);
        self.keep(place, hash, text, bits);
        self.last[client] = number_of(place);
        bits
    }

    #[inline]
    fn place(&self, hash: u64) -> usize {
        2 * ((hash >> 1) as usize & (self.places - 1))
    }

    #[cold]
    fn keep(&mut self, place: usize, hash: u64, text: &[u8], bits: u64) {
        if self.entries.is_empty() {
            self.entries.resize_with(2 * self.places, Default::default);
            self.last.resize(Self::CLIENTS, 0);
        }
        self.entries.swap(place, place + 1);
        let entry = &mut self.entries[place];
        entry.text.clear();
        entry.text.extend_from_slice(text);
        (entry.hash, entry.bits) = (hash, bits);
        self.misses += 1;
        if self.looks >= Self::WEIGHED {
            if self.misses > self.looks / 2 {
                self.resting = Self::REST;
            }
            (self.looks, self.misses) = (0, 0);
        }
    }
}

/// Tables are small.
fn number_of(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(0)
}

/// The same for moments: neighbouring lines mostly lie in the same minute.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    /// The stretch of time that was asked for last: its first and its last millisecond, and what is known of it.
    last: (i64, i64, u64),
    /// By the stretches, as wide as they are.
    others: Numbers,
}

impl Moments {
    /// An empty one.
    pub(super) fn new() -> Self {
        Self {
            last: (i64::MAX, i64::MIN, 0),
            others: Numbers::new(),
        }
    }

    /// What is known of a moment by the one before.
    #[inline]
    pub(super) fn get(&self, millis: i64) -> Option<u64> {
        let (first, last, bits) = self.last;
        (first <= millis && millis <= last).then_some(bits)
    }

    /// What is known of the stretch that a moment lies in; else it is worked out and kept. All stretches are of one width.
    pub(super) fn work_out(
        &mut self,
        millis: i64,
        width: i64,
        work_out: impl FnOnce() -> u64,
    ) -> u64 {
        let stretch = millis.div_euclid(width);
        let bits = self.others.get(stretch, work_out);
        let first = millis - millis.rem_euclid(width);
        self.last = (first, first.saturating_add(width - 1), bits);
        bits
    }
}

/// The same for numbers: ports, or moments, of which neighbours mostly have the same.
#[derive(Clone, Debug)]
pub(super) struct Numbers(Box<[(i64, u64); Self::PLACES]>);

impl Numbers {
    const PLACES: usize = 1 << Self::BITS;
    const BITS: u32 = 8;

    /// An empty one. `i64::MIN` is no number of any line.
    pub(super) fn new() -> Self {
        Self(Box::new([(i64::MIN, 0); Self::PLACES]))
    }

    /// What is known of a number; else it is worked out and kept.
    #[inline]
    pub(super) fn get(&mut self, number: i64, work_out: impl FnOnce() -> u64) -> u64 {
        // By multiplicative hashing: 443 and 8443 are not to have one place.
        let spread = number.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let known = &mut self.0[(spread >> (u64::BITS - Self::BITS)) as usize];
        if known.0 != number {
            *known = (number, work_out());
        }
        known.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is to be known of a value, worked out in another way than by remembering.
    fn answer(text: &[u8]) -> u64 {
        let mixed = text.iter().fold(0_u64, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(u64::from(*byte))
        });
        mixed.rotate_left(40) ^ text.len() as u64
    }

    proptest! {
        /// forall values in any order: what a table says is what is worked out, where all values share two places, and
        /// whatever their lengths.
        #[test]
        fn a_table_says_what_is_worked_out(
            values in prop::collection::vec(("[ab]{0,3}", prop::sample::select(vec![0, 1, 508, 510, 512, 600])), 1..80),
            places in prop::sample::select(vec![0_usize, 2, 16]),
            wanted in any::<u64>(),
            clients in 1_usize..4,
        ) {
            let mut table = Table::new(places);
            for (client, (text, more)) in values.iter().enumerate().map(|(at, value)| (at % clients, value)) {
                let value = format!("{text}{}", "x".repeat(*more));
                let expected = answer(value.as_bytes());
                let known = table.get(value.as_bytes(), client as u64, wanted, |_| expected);
                prop_assert_eq!(known & wanted, expected & wanted);
            }
            prop_assert!(table.entries.len() <= 16);
            let mut kept = table.entries.iter();
            prop_assert!(kept.all(|entry| entry.text.len() <= Table::LONGEST));
        }

        /// forall numbers: the same.
        #[test]
        fn numbers_are_told_apart(numbers in prop::collection::vec(-3_i64..200, 1..80)) {
            let mut table = Numbers::new();
            for number in numbers {
                let expected = number.cast_unsigned().wrapping_mul(7);
                prop_assert_eq!(table.get(number, || expected), expected);
            }
        }
    }

    /// How often so many texts are worked out that come ten times each, in a table of 128 pairs.
    fn worked_out(agents: u64) -> usize {
        let mut table = Table::new(256);
        let mut worked_out = 0;
        for round in 0..10 {
            for agent in 0..agents {
                let text = format!("agent/{agent}");
                let bits = table.get(text.as_bytes(), agent % 3, 1, |wanted| {
                    assert_eq!(wanted, u64::MAX, "all bits, for the lines to come");
                    worked_out += 1;
                    answer(text.as_bytes())
                });
                assert_eq!(bits, answer(text.as_bytes()), "{round}");
            }
        }
        worked_out
    }

    #[test]
    fn what_comes_back_is_worked_out_once() {
        // Two have room wherever their seed puts them.
        assert_eq!(worked_out(2), 2);
        // Of twenty it is more where three share a pair. In one table of fifty that is many, in all of them never: each
        // has a seed of its own, and without a memory it would be 200 each.
        let of_fifty: usize = (0..50).map(|_| worked_out(20)).sum();
        assert!((1000..3000).contains(&of_fifty), "{of_fifty}");
    }

    /// Values that never come back are not kept for long, and then only what is wanted is worked out.
    #[test]
    fn a_table_that_is_no_use_rests() {
        let mut table = Table::new(16);
        let mut spared = 0_u32;
        for number in 0..10 * Table::WEIGHED {
            let text = number.to_string();
            let bits = table.get(text.as_bytes(), 9, 5, |wanted| {
                spared += u32::from(wanted == 5);
                answer(text.as_bytes())
            });
            assert_eq!(bits, answer(text.as_bytes()));
        }
        assert_eq!(spared, 9 * Table::WEIGHED);
        // It wakes, and remembers again.
        for _ in 0..Table::REST {
            table.get(b"curl", 9, 5, |_| 3);
        }
        let mut worked_out = 0;
        for _ in 0..100 {
            table.get(b"curl", 9, 5, |_| {
                worked_out += 1;
                3
            });
        }
        assert_eq!(worked_out, 0);
    }
}
