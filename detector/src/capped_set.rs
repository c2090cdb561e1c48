//! A set that keeps the smallest values up to a limit.
//!
//! The smallest of a union are the smallest of the parts' smallest, so that sets can be kept apart and merged
//! later, in any order, with the same outcome as one set that saw everything.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::num::NonZeroUsize;

/// So many values stand side by side; a tree's first node alone has room for eleven.
const FEW: usize = 8;

/// Most sets of a row have one value or a few, and there are ten to each client: so few take little memory.
#[derive(Clone, Debug)]
pub(crate) struct CappedSet<T> {
    /// All values in order, as long as they are few.
    few: Vec<T>,
    /// All values, once they are many.
    #[expect(
        clippy::box_collection,
        reason = "a pointer that is mostly null is smaller than a tree"
    )]
    many: Option<Box<BTreeSet<T>>>,
}

impl<T> Default for CappedSet<T> {
    fn default() -> Self {
        Self {
            few: Vec::new(),
            many: None,
        }
    }
}

impl<T: Ord> CappedSet<T> {
    /// Adds a value; it is made owned only where it is new. Gives how many bytes more it takes than before.
    pub(crate) fn insert<Q>(&mut self, value: &Q, limit: Option<NonZeroUsize>) -> isize
    where
        T: Borrow<Q>,
        Q: Ord + ToOwned + ?Sized,
        Q::Owned: Into<T>,
    {
        let is_full = limit.is_some_and(|limit| self.len() >= limit.get());
        if let Some(many) = &mut self.many {
            if many.contains(value) {
                return 0;
            }
            let mut more = Self::bytes_of(value);
            if is_full {
                if many.last().is_some_and(|last| last.borrow() < value) {
                    return 0;
                }
                more -= many
                    .pop_last()
                    .map_or(0, |last| Self::bytes_of(last.borrow()));
            }
            many.insert(value.to_owned().into());
            return more;
        }
        let Err(place) = self.few.binary_search_by(|other| other.borrow().cmp(value)) else {
            return 0;
        };
        let mut more = Self::bytes_of(value);
        if is_full {
            if place == self.few.len() {
                return 0;
            }
            more -= self
                .few
                .pop()
                .map_or(0, |last| Self::bytes_of(last.borrow()));
        } else if self.few.len() == FEW {
            let mut many: BTreeSet<T> = std::mem::take(&mut self.few).into_iter().collect();
            many.insert(value.to_owned().into());
            self.many = Some(Box::new(many));
            return more;
        }
        if self.few.len() == self.few.capacity() {
            // By itself a vector would begin with room for four.
            self.few.reserve_exact(self.few.len().max(1));
        }
        self.few.insert(place, value.to_owned().into());
        more
    }

    /// Bytes that all values take.
    pub(crate) fn bytes<Q>(&self) -> usize
    where
        T: Borrow<Q>,
        Q: ?Sized,
    {
        let values = self.iter().map(|value| Self::bytes_of(value.borrow()));
        values.sum::<isize>().cast_unsigned()
    }

    /// What a value takes: its place in a tree that is two thirds full, and its bytes on the heap.
    fn bytes_of<Q: ?Sized>(value: &Q) -> isize {
        (2 * size_of::<T>() + size_of_val(value) + 16).cast_signed()
    }

    pub(crate) fn len(&self) -> usize {
        self.few.len() + self.many.as_ref().map_or(0, |many| many.len())
    }

    /// The values, smallest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.few
            .iter()
            .chain(self.many.iter().flat_map(|many| many.iter()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// forall values, cut, limit: two capped halves merged are the smallest of all.
        #[test]
        fn halves_merge_to_the_whole(values: Vec<u8>, cut: prop::sample::Index, limit in 1_usize..20) {
            let limit = NonZeroUsize::new(limit);
            let cut = if values.is_empty() { 0 } else { cut.index(values.len()) };
            let (mut left, mut right) = (CappedSet::<u8>::default(), CappedSet::<u8>::default());
            for value in &values[..cut] {
                left.insert(value, limit);
            }
            for value in &values[cut..] {
                right.insert(value, limit);
            }
            for value in right.iter() {
                left.insert(value, limit);
            }
            let mut expected = values.clone();
            expected.sort_unstable();
            expected.dedup();
            expected.truncate(limit.map_or(usize::MAX, NonZeroUsize::get));
            prop_assert_eq!(left.iter().copied().collect::<Vec<_>>(), expected);
        }
    }
}
