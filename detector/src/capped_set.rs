//! A set that keeps the smallest values up to a limit.
//!
//! The smallest of a union are the smallest of the parts' smallest, so that sets can be kept apart and merged
//! later, in any order, with the same outcome as one set that saw everything.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::num::NonZeroUsize;

#[derive(Clone, Debug)]
pub(crate) struct CappedSet<T>(BTreeSet<T>);

impl<T> Default for CappedSet<T> {
    fn default() -> Self {
        Self(BTreeSet::new())
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
        if self.0.contains(value) {
            return;
        }
        if limit.is_some_and(|limit| self.0.len() >= limit.get()) {
            if self.0.last().is_some_and(|last| last.borrow() < value) {
                return;
            }
            self.0.pop_last();
        }
        self.0.insert(value.to_owned().into());
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The values, smallest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// forall values, cut, limit: two capped halves merged are the smallest of all.
        #[test]
        fn halves_merge_to_the_whole(values: Vec<u16>, cut: prop::sample::Index, limit in 1_usize..9) {
            let limit = NonZeroUsize::new(limit);
            let cut = if values.is_empty() { 0 } else { cut.index(values.len()) };
            let (mut left, mut right) = (CappedSet::<u16>::default(), CappedSet::<u16>::default());
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
