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
    /// Adds a value; it is made owned only where it is new.
    pub(crate) fn insert<Q>(&mut self, value: &Q, limit: Option<NonZeroUsize>)
    where
        T: Borrow<Q>,
        Q: Ord + ToOwned + ?Sized,
        Q::Owned: Into<T>,
    {
        let is_full = limit.is_some_and(|limit| self.len() >= limit.get());
        if let Some(many) = &mut self.many {
            if many.contains(value) {
                return;
            }
            if is_full {
                if many.last().is_some_and(|last| last.borrow() < value) {
                    return;
                }
                many.pop_last();
            }
            many.insert(value.to_owned().into());
            return;
        }
        let Err(place) = self.few.binary_search_by(|other| other.borrow().cmp(value)) else {
            return;
        };
        if is_full {
            if place == self.few.len() {
                return;
            }
            self.few.pop();
        } else if self.few.len() == FEW {
            let mut many: BTreeSet<T> = std::mem::take(&mut self.few).into_iter().collect();
            many.insert(value.to_owned().into());
            self.many = Some(Box::new(many));
            return;
        }
        if self.few.len() == self.few.capacity() {
            // By itself a vector would begin with room for four.
            self.few.reserve_exact(self.few.len().max(1));
        }
        self.few.insert(place, value.to_owned().into());
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
