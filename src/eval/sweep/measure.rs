//! What is counted of one setting on a part of the data, and the measures that come of it.

use crate::eval::{Interval, interval};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Rows or episodes by what stands behind them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Counts3 {
    /// An attack.
    pub malicious: u64,
    /// An allowed scan.
    pub authorised: u64,
    /// A benign look-alike, or nothing that is labelled.
    pub benign: u64,
}

/// So many of so many, with an interval over campaigns. With nothing to count it is unmeasured, not 0 or 1.
///
/// The interval is meant to hold 95 of 100 times; how often it does is simulated where it is made.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Rate {
    /// Hits.
    pub hits: u64,
    /// Trials.
    pub of: u64,
    /// From 0 to 1; `None` where nothing was measured.
    pub value: Option<f64>,
    /// Its interval, where one can be told.
    pub interval: Option<Interval>,
}

/// From a lower to an upper end.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Band {
    /// Lower end, from 0 to 1.
    pub low: f64,
    /// Upper end, from 0 to 1.
    pub high: f64,
}

/// How good a setting is on a part of the data.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Measures {
    /// Days of logs.
    pub days: f64,
    /// Rows.
    pub rows: Counts3,
    /// Episodes: rows of one key whose windows overlap or touch, as one.
    pub episodes: Counts3,
    /// Malicious campaigns with a row, of all.
    pub campaign_recall: Rate,
    /// Episodes with an attack behind them, of those that are not of allowed scans.
    pub episode_precision: Rate,
    /// The same of rows.
    pub bin_precision: Rate,
    /// Bins of the setting's width, by client, computer and server address, that have a line and none of an attack or an
    /// allowed scan.
    pub benign_bins: u64,
    /// Those of them that a false row touches.
    pub benign_bins_hit: u64,
    /// The one of the other; `None` where nothing was measured.
    pub false_positive_rate: Option<f64>,
    /// Its band of 1.96 standard errors, where campaigns and clients come or stay away as a whole: the variance of the
    /// number of bins is the sum of the squares of what each brings. `None` where none brought any, since how many could
    /// have is not known. How often it holds was not simulated; with few owners it is too narrow.
    pub false_positive_band: Option<Band>,
    /// Episodes a day.
    pub alerts_a_day: Option<f64>,
    /// Episodes a day with no attack behind them: of look-alikes, of nothing that is labelled, and of allowed scans.
    pub needless_alerts_a_day: Option<f64>,
}

/// Whose rows hang together: those of one campaign, or of one client with none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Campaign(usize),
    Client(String),
}

/// (hits, trials) of each owner.
type Clusters = BTreeMap<(usize, Owner), (u64, u64)>;

/// The counts of one setting on a part of the data; owners with the number of their dataset.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) days: f64,
    pub(super) rows: Counts3,
    pub(super) episodes: Counts3,
    pub(super) recall: Clusters,
    pub(super) right_episodes: Clusters,
    pub(super) right_rows: Clusters,
    pub(super) benign_bins: u64,
    /// By whose row it is.
    pub(super) benign_bins_hit: BTreeMap<(usize, Owner), u64>,
}

/// Intervals that were computed: many settings have the same counts.
#[derive(Debug, Default)]
pub(super) struct Intervals(HashMap<Vec<(u64, u64)>, Option<Interval>>);

impl Intervals {
    fn rate(&mut self, clusters: &Clusters) -> Rate {
        let mut counts: Vec<(u64, u64)> = clusters.values().copied().collect();
        // In one order, so that equal counts have equal intervals.
        counts.sort_unstable();
        let hits = counts.iter().map(|one| one.0).sum();
        let of = counts.iter().map(|one| one.1).sum();
        Rate {
            hits,
            of,
            value: (of > 0).then(|| quotient(hits, of)),
            interval: *self
                .0
                .entry(counts)
                .or_insert_with_key(|counts| interval(counts)),
        }
    }
}

impl Tally {
    pub(super) fn measures(&self, intervals: &mut Intervals) -> Measures {
        let all = |counts: Counts3| counts.malicious + counts.authorised + counts.benign;
        let a_day = |count: u64| (self.days > 0.0).then(|| as_f64(count) / self.days);
        let needless = self.episodes.authorised + self.episodes.benign;
        let hit: u64 = self.benign_bins_hit.values().sum();
        Measures {
            days: self.days,
            rows: self.rows,
            episodes: self.episodes,
            campaign_recall: intervals.rate(&self.recall),
            episode_precision: intervals.rate(&self.right_episodes),
            bin_precision: intervals.rate(&self.right_rows),
            benign_bins: self.benign_bins,
            benign_bins_hit: hit,
            false_positive_rate: (self.benign_bins > 0).then(|| quotient(hit, self.benign_bins)),
            false_positive_band: self.false_positive_band(hit),
            alerts_a_day: a_day(all(self.episodes)),
            needless_alerts_a_day: a_day(needless),
        }
    }

    fn false_positive_band(&self, hit: u64) -> Option<Band> {
        if hit == 0 || self.benign_bins == 0 {
            return None;
        }
        let squares: u64 = self.benign_bins_hit.values().map(|bins| bins * bins).sum();
        let rate = quotient(hit, self.benign_bins);
        let margin = 1.96 * as_f64(squares).sqrt() / as_f64(self.benign_bins);
        Some(Band {
            low: (rate - margin).max(0.0),
            high: (rate + margin).min(1.0),
        })
    }
}

fn quotient(part: u64, whole: u64) -> f64 {
    as_f64(part) / as_f64(whole)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub(super) fn as_f64(count: u64) -> f64 {
    count as f64
}
