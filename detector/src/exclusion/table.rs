//! What was worked out of a value, by the value: a word of bits. It holds a few hundred values and forgets those that
//! were not seen for long.
//!
//! Clients choose most values. So places go by a seeded hash, a value counts as known only if all its bytes are the
//! same, long ones are not kept, and where values rarely come back the table is left alone for a while.

use foldhash::fast::RandomState;
use std::hash::{BuildHasher, Hasher};

/// A value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Key<'a> {
    Text(&'a [u8]),
    /// A port or a moment.
    Number(i64),
}

#[derive(Clone, Debug, Default)]
struct Entry {
    /// Its hash, or the number itself. Of texts it is compared first.
    hash: u64,
    /// `None` where nothing is kept yet; empty for a number.
    text: Option<Vec<u8>>,
    bits: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Table {
    seed: RandomState,
    /// Two neighbours at a time; the one that was written last comes first.
    entries: Vec<Entry>,
    places: usize,
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
    /// Looks that are then not made.
    const REST: u32 = 1 << 16;

    /// An empty one with so many places, a power of two. Memory is taken by the first value.
    pub(super) fn new(places: usize) -> Self {
        Self {
            seed: RandomState::default(),
            entries: Vec::new(),
            places: places.next_power_of_two().max(2),
            looks: 0,
            misses: 0,
            resting: 0,
        }
    }

    /// What is known of a value; else it is worked out, of all bits, and kept. Where it is not to be kept, only the
    /// bits that are wanted are worked out.
    #[inline]
    pub(super) fn get(
        &mut self,
        key: Key<'_>,
        wanted: u64,
        work_out: impl FnOnce(u64) -> u64,
    ) -> u64 {
        if self.resting > 0 {
            self.resting -= 1;
            return work_out(wanted);
        }
        let (hash, text) = match key {
            Key::Text(text) if text.len() > Self::LONGEST => return work_out(wanted),
            Key::Text(text) => {
                let mut hasher = self.seed.build_hasher();
                hasher.write(text);
                (hasher.finish(), text)
            }
            Key::Number(number) => (number.cast_unsigned(), &b""[..]),
        };
        self.looks += 1;
        let place = self.place(hash);
        for entry in self.entries.get(place..place + 2).unwrap_or_default() {
            if entry.hash == hash && entry.text.as_deref() == Some(text) {
                return entry.bits;
            }
        }
        let bits = work_out(u64::MAX);
        self.keep(place, hash, text, bits);
        bits
    }

    #[expect(clippy::cast_possible_truncation, reason = "only some bits are used")]
    #[inline]
    fn place(&self, hash: u64) -> usize {
        hash as usize & (self.places - 2)
    }

    #[cold]
    fn keep(&mut self, place: usize, hash: u64, text: &[u8], bits: u64) {
        if self.entries.is_empty() {
            self.entries.resize_with(self.places, Entry::default);
        }
        self.entries.swap(place, place + 1);
        let entry = &mut self.entries[place];
        let kept = entry.text.get_or_insert_default();
        kept.clear();
        kept.extend_from_slice(text);
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
        ) {
            let mut table = Table::new(places);
            for (text, more) in &values {
                let value = format!("{text}{}", "x".repeat(*more));
                let expected = answer(value.as_bytes());
                let known = table.get(Key::Text(value.as_bytes()), wanted, |_| expected);
                prop_assert_eq!(known & wanted, expected & wanted);
            }
            prop_assert!(table.entries.len() <= 16);
            prop_assert!(table.entries.iter().all(|entry| entry.text.as_ref().is_none_or(|text| text.len() <= Table::LONGEST)));
        }

        /// forall numbers: the same; a text is never taken for a number.
        #[test]
        fn numbers_are_told_apart(numbers in prop::collection::vec(-3_i64..60, 1..80)) {
            let mut table = Table::new(4);
            for number in numbers {
                let expected = number.cast_unsigned().wrapping_mul(7);
                prop_assert_eq!(table.get(Key::Number(number), u64::MAX, |_| expected), expected);
            }
        }
    }

    #[test]
    fn what_comes_back_is_worked_out_once() {
        let mut table = Table::new(256);
        let mut worked_out = 0;
        for round in 0..10 {
            for agent in 0..20 {
                let text = format!("agent/{agent}");
                let bits = table.get(Key::Text(text.as_bytes()), 1, |wanted| {
                    assert_eq!(wanted, u64::MAX, "all bits, for the lines to come");
                    worked_out += 1;
                    answer(text.as_bytes())
                });
                assert_eq!(bits, answer(text.as_bytes()), "{round}");
            }
        }
        // 20, and some more only where three of them share one pair of 128.
        assert!((20..60).contains(&worked_out), "{worked_out}");
    }

    /// Values that never come back are not kept for long, and then only what is wanted is worked out.
    #[test]
    fn a_table_that_is_no_use_rests() {
        let mut table = Table::new(16);
        let mut spared = 0_u32;
        for number in 0..10 * Table::WEIGHED {
            let text = number.to_string();
            let bits = table.get(Key::Text(text.as_bytes()), 5, |wanted| {
                spared += u32::from(wanted == 5);
                answer(text.as_bytes())
            });
            assert_eq!(bits, answer(text.as_bytes()));
        }
        assert_eq!(spared, 9 * Table::WEIGHED);
        // It wakes, and remembers again.
        for _ in 0..Table::REST {
            table.get(Key::Text(b"curl"), 5, |_| 3);
        }
        let mut worked_out = 0;
        for _ in 0..100 {
            table.get(Key::Text(b"curl"), 5, |_| {
                worked_out += 1;
                3
            });
        }
        assert_eq!(worked_out, 0);
    }
}
