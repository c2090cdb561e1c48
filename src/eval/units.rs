//! What is counted of a set of rows: rows, episodes and campaigns, each with what stands behind it.

use super::Score;
use super::rows::{Judge, RowCounts, Verdict};
use super::share::{Cluster, Hits, Trials};
use scanbench_detector::{Alert, Window, episode_rows};
use scanbench_generator::truth::Class;
use std::collections::{BTreeMap, BTreeSet};

/// A row, or an episode of several.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// By their place among the rows.
    pub(super) rows: Vec<usize>,
    pub(super) verdict: Verdict,
    /// Whose it is: of the gravest campaign behind it, else of its client.
    pub(super) owner: String,
}

/// Rows, episodes and campaigns of a set of rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Units {
    pub(super) rows: Vec<Unit>,
    pub(super) episodes: Vec<Unit>,
    /// The rows of each campaign that has any, by its place in the truth.
    pub(super) campaigns: BTreeMap<usize, Vec<usize>>,
}

impl Units {
    /// Those of the rows that are wanted.
    pub(super) fn new(
        judge: &Judge<'_>,
        alerts: &[Alert],
        window: &Window,
        wanted: &dyn Fn(&Alert) -> bool,
    ) -> Self {
        let mut units = Self::default();
        let mut behind: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let unit = |rows: Vec<usize>, campaigns: &BTreeSet<usize>| {
            let (verdict, gravest) = judge.gravest(campaigns);
            Unit {
                owner: match gravest {
                    Some(position) => judge.campaign(position).id.clone(),
                    None => format!("client {}", alerts[rows[0]].c_ip),
                },
                rows,
                verdict,
            }
        };
        for (row, alert) in alerts.iter().enumerate().filter(|(_, alert)| wanted(alert)) {
            let campaigns = judge.campaigns(alert, window);
            for campaign in &campaigns {
                units.campaigns.entry(*campaign).or_default().push(row);
            }
            units.rows.push(unit(vec![row], &campaigns));
            behind.insert(row, campaigns);
        }
        for mut rows in episode_rows(alerts, window) {
            rows.retain(|row| behind.contains_key(row));
            if !rows.is_empty() {
                let campaigns = rows.iter().flat_map(|row| &behind[row]).copied().collect();
                units.episodes.push(unit(rows, &campaigns));
            }
        }
        units
    }
}

/// Adds up the scores of several datasets.
#[derive(Debug, Default)]
pub(super) struct Scores {
    rows: RowCounts,
    episodes: RowCounts,
    right_rows: (Trials, Hits),
    right_episodes: (Trials, Hits),
    caught: (Trials, Hits),
}

impl Scores {
    pub(super) fn add(&mut self, dataset: usize, judge: &Judge<'_>, units: &Units) {
        for (units, counts, right) in [
            (&units.rows, &mut self.rows, &mut self.right_rows),
            (
                &units.episodes,
                &mut self.episodes,
                &mut self.right_episodes,
            ),
        ] {
            for unit in units {
                counts.add(unit.verdict);
                if unit.verdict != Verdict::Authorised {
                    let is_right = unit.verdict == Verdict::Malicious;
                    count(right, &(dataset, unit.owner.clone()), is_right);
                }
            }
        }
        for (position, campaign) in judge.truth.campaigns.iter().enumerate() {
            if campaign.class == Class::Malicious {
                let is_caught = units.campaigns.contains_key(&position);
                count(&mut self.caught, &(dataset, campaign.id.clone()), is_caught);
            }
        }
    }

    pub(super) fn finish(self) -> Score {
        let share = |(trials, hits): &(Trials, Hits)| trials.share(hits);
        Score {
            bin_precision: share(&self.right_rows),
            episode_precision: share(&self.right_episodes),
            campaign_recall: share(&self.caught),
            rows: self.rows,
            episodes: self.episodes,
        }
    }
}

fn count((trials, hits): &mut (Trials, Hits), cluster: &Cluster, is_hit: bool) {
    let number = trials.add(cluster);
    if is_hit {
        *hits.entry(number).or_default() += 1;
    }
}
