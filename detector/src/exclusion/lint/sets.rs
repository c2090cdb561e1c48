//! Sets of numbers as ranges, and of the values that a field can have.

use crate::exclusion::condition::Condition;
use crate::exclusion::{AddressRange, Test};
use std::net::IpAddr;

/// From a number to another, both included.
pub(super) type Range = (u128, u128);

/// A set of numbers: ranges in order, apart from each other, both ends included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges(Vec<Range>);

impl Ranges {
    /// From ranges in any order that may overlap.
    pub(super) fn new(ranges: impl IntoIterator<Item = (u128, u128)>) -> Self {
        let mut list: Vec<(u128, u128)> = ranges
            .into_iter()
            .filter(|(first, last)| first <= last)
            .collect();
        list.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::with_capacity(list.len());
        for (first, last) in list {
            match merged.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    pub(super) fn list(&self) -> &[Range] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn intersect(&self, other: &Self) -> Self {
        let (mut mine, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut both = Vec::new();
        while let (Some(&&(a, b)), Some(&&(c, d))) = (mine.peek(), theirs.peek()) {
            if a.max(c) <= b.min(d) {
                both.push((a.max(c), b.min(d)));
            }
            if b <= d {
                mine.next();
            } else {
                theirs.next();
            }
        }
        Self(both)
    }

    /// What of `0..=max` is not in it.
    pub(super) fn complement(&self, max: u128) -> Self {
        let mut rest = Vec::new();
        let mut next = Some(0);
        for (first, last) in &self.0 {
            if let Some(next) = next
                && next < *first
            {
                rest.push((next, first - 1));
            }
            next = last.checked_add(1).filter(|next| *next <= max);
        }
        if let Some(next) = next.filter(|next| *next <= max) {
            rest.push((next, max));
        }
        Self(rest)
    }

    pub(super) fn is_subset(&self, other: &Self) -> bool {
        self.intersect(other) == *self
    }
}

/// The values that a field can have, for a condition to hold: addresses of either family, or numbers in the first
/// part; or that it has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Values {
    pub(super) absent: bool,
    pub(super) parts: [Ranges; 2],
    /// The largest number of each part, where there is such a part.
    max: [Option<u128>; 2],
}

impl Values {
    /// `None` for texts and times, which are no numbers.
    pub(super) fn of(condition: &Condition) -> Option<Self> {
        let (parts, max) = match condition.test() {
            Test::Addresses(list) => {
                let part = |is_v4: bool| {
                    let of_family = list
                        .iter()
                        .filter(|range| matches!(range.first(), IpAddr::V4(_)) == is_v4);
                    Ranges::new(of_family.map(AddressRange::numbers))
                };
                (
                    [part(true), part(false)],
                    [Some(u128::from(u32::MAX)), Some(u128::MAX)],
                )
            }
            Test::Ports(list) => {
                let ranges = list
                    .iter()
                    .map(|range| (u128::from(*range.start()), u128::from(*range.end())));
                (
                    [Ranges::new(ranges), Ranges::default()],
                    [Some(u128::from(u16::MAX)), None],
                )
            }
            Test::Numbers(list) => {
                let ranges = list
                    .iter()
                    .map(|range| (u128::from(*range.start()), u128::from(*range.end())));
                (
                    [Ranges::new(ranges), Ranges::default()],
                    [Some(u128::from(u64::MAX)), None],
                )
            }
            Test::Texts(_) | Test::Times(_) => return None,
        };
        let values = Self {
            absent: false,
            parts,
            max,
        };
        Some(if condition.is_negated() {
            values.complement()
        } else {
            values
        })
    }

    fn complement(&self) -> Self {
        let part = |index: usize| {
            self.max[index].map_or_else(Ranges::default, |max| self.parts[index].complement(max))
        };
        Self {
            absent: !self.absent,
            parts: [part(0), part(1)],
            max: self.max,
        }
    }

    pub(super) fn intersect(&self, other: &Self) -> Self {
        Self {
            absent: self.absent && other.absent,
            parts: [
                self.parts[0].intersect(&other.parts[0]),
                self.parts[1].intersect(&other.parts[1]),
            ],
            max: self.max,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.absent && self.parts.iter().all(Ranges::is_empty)
    }

    pub(super) fn is_subset(&self, other: &Self) -> bool {
        (other.absent || !self.absent)
            && self.parts[0].is_subset(&other.parts[0])
            && self.parts[1].is_subset(&other.parts[1])
    }

    /// Whether it is every value that there can be.
    pub(super) fn is_all(&self) -> bool {
        self.complement().is_empty()
    }
}
