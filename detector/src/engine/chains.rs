//! Sessions in the first look. Bins are as wide as the longest gap, so neighbouring lines of a session stand in one bin
//! or in two that follow each other, and a whole session lies in a *chain*: bins of one client without an empty one
//! between them. Only who has enough values in a chain is looked at again, in all of its bins; where the sessions in
//! it begin and end is told then, by the lines.

use super::lens::{Who, WhoSet};
use super::table::Value;
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// A chain that the last bin belongs to.
struct Chain<V> {
    /// Its first bin.
    first: i64,
    /// Its distinct values, sorted, while there are fewer than the threshold.
    values: Vec<V>,
    /// It has enough values: its lines are looked at as they come, and its bins so far were.
    is_wanted: bool,
}

/// The chains of all clients, taken bin by bin.
pub(super) struct Chains<V> {
    threshold: usize,
    /// The last bin, and the chains that it belongs to: no others can go on.
    last: i64,
    open: HashMap<Who, Chain<V>, RandomState>,
    /// Chains that ended with at least so many values, and too few.
    near: usize,
    pub(super) near_misses: u64,
    /// The most values of a chain, as far as the threshold.
    pub(super) most: usize,
    /// Bytes of the values of those that are open.
    value_bytes: usize,
}

/// Whose lines are to be looked at again.
#[derive(Default)]
pub(super) struct Wanted {
    /// In the bin that was taken.
    pub(super) here: WhoSet,
    /// In the bins before it, from this one on.
    pub(super) back: Vec<(Who, i64)>,
}

impl<V: Value> Chains<V> {
    pub(super) fn new(threshold: usize, near: usize) -> Self {
        Self {
            threshold,
            last: i64::MIN,
            open: HashMap::default(),
            near,
            near_misses: 0,
            most: 0,
            value_bytes: 0,
        }
    }

    /// Bytes that the open chains take.
    pub(super) fn held(&self) -> usize {
        self.open.capacity() * 2 * size_of::<(Who, Chain<V>)>() + self.value_bytes
    }

    /// Takes the next bin: everybody with a line in it, each once, and the values of those lines.
    pub(super) fn take<'v>(
        &mut self,
        number: i64,
        all: impl Iterator<Item = (Who, &'v [V])>,
    ) -> Wanted
    where
        V: 'v,
    {
        let mut before = std::mem::take(&mut self.open);
        if self.last.checked_add(1) != Some(number) {
            self.end(before.drain().map(|(_, chain)| chain));
        }
        self.last = number;
        self.value_bytes = 0;
        let mut wanted = Wanted::default();
        for (who, values) in all {
            let mut chain = before.remove(&who).unwrap_or(Chain {
                first: number,
                values: Vec::new(),
                is_wanted: false,
            });
            if !chain.is_wanted {
                for value in values {
                    if let Err(place) = chain.values.binary_search(value) {
                        chain.values.insert(place, *value);
                    }
                }
                self.most = self.most.max(chain.values.len().min(self.threshold));
                if chain.values.len() >= self.threshold {
                    chain.is_wanted = true;
                    chain.values = Vec::new();
                    if chain.first < number {
                        wanted.back.push((who, chain.first));
                    }
                }
            }
            if chain.is_wanted {
                wanted.here.insert(who);
            }
            self.value_bytes += chain.values.capacity() * size_of::<V>();
            self.open.insert(who, chain);
        }
        self.end(before.into_values());
        wanted
    }

    /// Notes that nothing more comes.
    pub(super) fn finish(&mut self) {
        let open = std::mem::take(&mut self.open);
        self.end(open.into_values());
    }

    fn end(&mut self, chains: impl Iterator<Item = Chain<V>>) {
        let near = chains.filter(|chain| !chain.is_wanted && chain.values.len() >= self.near);
        self.near_misses += near.count() as u64;
    }

    /// The first bin whose lines may still come to be looked at; none from before the last bin where `None`.
    pub(super) fn reach_back(&self) -> Option<i64> {
        let undecided = self.open.values().filter(|chain| !chain.is_wanted);
        undecided.map(|chain| chain.first).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(client: u64) -> Who {
        Who { server: 1, client }
    }

    fn take(
        chains: &mut Chains<u16>,
        number: i64,
        all: &[(u64, &[u16])],
    ) -> (Vec<u64>, Vec<(u64, i64)>) {
        let wanted = chains.take(
            number,
            all.iter().map(|(client, values)| (who(*client), *values)),
        );
        let mut here: Vec<u64> = wanted.here.iter().map(|who| who.client).collect();
        here.sort_unstable();
        (
            here,
            wanted
                .back
                .iter()
                .map(|(who, first)| (who.client, *first))
                .collect(),
        )
    }

    #[test]
    fn a_chain_goes_on_over_bins_without_a_value_and_ends_at_one_without_a_line() {
        let mut chains = Chains::new(3, 2);
        assert_eq!(
            take(&mut chains, 5, &[(1, &[80]), (2, &[80, 81])]),
            (vec![], vec![])
        );
        // 1 has a line without a port; 2 has none.
        assert_eq!(take(&mut chains, 6, &[(1, &[])]), (vec![], vec![]));
        assert_eq!(chains.reach_back(), Some(5));
        // 2 begins anew; 1 has its three, in the bins from 5 on.
        let both: [(u64, &[u16]); 2] = [(1, &[81, 80, 82]), (2, &[82])];
        assert_eq!(take(&mut chains, 7, &both), (vec![1], vec![(1, 5)]));
        assert_eq!(chains.reach_back(), Some(7));
        assert_eq!(take(&mut chains, 8, &[(1, &[])]), (vec![1], vec![]));
        assert_eq!(chains.reach_back(), None);
        // Nobody has a line in 9.
        assert_eq!(take(&mut chains, 10, &[(1, &[80, 81])]), (vec![], vec![]));
        chains.finish();
        // 2 in bin 5, and 1 in bin 10.
        assert_eq!((chains.near_misses, chains.most), (2, 3));
    }
}
