//! What chance alone makes of rules. With few campaigns the best of a hundred rules is right more often than a coin where
//! there is nothing to learn, so each is held against itself with the classes dealt by lot: actors keep their lines and
//! change their classes (Ojala and Garriga 2010, the first test). Of rules that are looked at together the best in each
//! deal counts, so that the part of deals is right for all of them at once (Westfall and Young 1993).

use super::learn::{Tree, Values, balanced};
use super::{Campaign, folds, held_out, of_classes};
use crate::realism::profile::float;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;
use std::collections::BTreeMap;

/// Deals of the classes.
const DEALS: usize = 199;
/// Deals in which trees are grown, five in each: it takes long.
const TREE_DEALS: usize = 39;
/// For the deals.
const SEED: u64 = 2;

/// How right the best rule was in each deal.
#[derive(Debug)]
pub(super) struct Deals(Vec<f64>);

impl Deals {
    /// Rules that look at some fields, the best of all of them.
    pub(super) fn of_rules(campaigns: &[Campaign], rules: &[Values]) -> Self {
        Self::deal(campaigns, DEALS, |dealt| {
            let folds = folds(dealt);
            let accuracies = rules
                .iter()
                .map(|values| balanced(&of_classes(dealt, &values.held_out(dealt, &folds))));
            accuracies.fold(0.0, f64::max)
        })
    }

    /// The tree.
    pub(super) fn of_trees(campaigns: &[Campaign]) -> Self {
        Self::deal(campaigns, TREE_DEALS, |dealt| {
            let found = held_out(&folds(dealt), dealt, |train, test| {
                let tree = Tree::grow(train);
                test.iter().map(|one| tree.accuracy(one)).collect()
            });
            balanced(&of_classes(dealt, &found))
        })
    }

    fn deal(campaigns: &[Campaign], times: usize, best: impl Fn(&[Campaign]) -> f64) -> Self {
        let mut dealt = campaigns.to_vec();
        // An actor's campaigns on several servers, or in several sets, keep one class.
        let mut actors: BTreeMap<(bool, &str), usize> = BTreeMap::new();
        for one in campaigns {
            let next = actors.len();
            actors
                .entry((one.is_scan, one.actor.as_str()))
                .or_insert(next);
        }
        let mut classes = vec![false; actors.len()];
        for ((is_scan, _), at) in &actors {
            classes[*at] = *is_scan;
        }
        let mut chance = Pcg64::seed_from_u64(SEED);
        Self(
            (0..times)
                .map(|_| {
                    classes.shuffle(&mut chance);
                    for (one, was) in dealt.iter_mut().zip(campaigns) {
                        one.is_scan = classes[actors[&(was.is_scan, was.actor.as_str())]];
                    }
                    best(&dealt)
                })
                .collect(),
        )
    }

    /// The part of deals in which chance is as right; the data themselves count as one (Phipson and Smyth 2010), so it is
    /// never 0.
    pub(super) fn as_right(&self, accuracy: f64) -> f64 {
        let as_right = self.0.iter().filter(|one| **one >= accuracy - 1e-9).count();
        float(as_right as u64 + 1) / float(self.0.len() as u64 + 1)
    }
}
