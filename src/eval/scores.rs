//! The scores of one set of rows, added up over datasets.

use super::Reached;
use super::bins::{BinScore, Bins};
use super::delays::{DelayCounter, Delays, FirstRow};
use super::rows::{Judge, RowCounts, RowKey, Verdict};
use super::share::{Cluster, Hits, Share, Trials};
use super::units::Units;
use scanbench_detector::{Alert, Window};
use scanbench_generator::truth::{BIN, Class, Kind};
use scanbench_w3c::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Scores of one set of rows.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Score {
    /// Rows by what stands behind them.
    pub rows: RowCounts,
    /// Episodes, neighbouring rows of one client and server, by what stands behind them.
    pub episodes: RowCounts,
    /// Rows with a malicious campaign behind them, of all rows but those of authorised scans and those on recorded
    /// lines alone, which are neither right nor wrong.
    pub bin_precision: Share,
    /// The same of episodes.
    pub episode_precision: Share,
    /// Malicious campaigns with at least one row, of all malicious campaigns.
    pub campaign_recall: Share,
    /// Campaigns by kind and class.
    pub kinds: Vec<KindScore>,
    /// Every key of every bin as one decision; `None` where rows are not of the truth's bins, or where it is not known
    /// how many keys there are.
    pub bins: Option<BinScore>,
    /// Rows a day, whatever stands behind them; `None` where it is not known how long the data is.
    pub rows_a_day: Option<f64>,
    /// Episodes a day.
    pub episodes_a_day: Option<f64>,
    /// Rows that are false, a day.
    pub false_rows_a_day: Option<f64>,
    /// How long malicious campaigns go on before somebody is told.
    pub delays: Delays,
}

/// Campaigns of one kind and class.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct KindScore {
    /// What they did.
    #[schemars(with = "String")]
    pub kind: Kind,
    /// What stands behind them.
    #[schemars(with = "String")]
    pub class: Class,
    /// Of them, those with a row.
    pub with_rows: Share,
    /// Rows with lines of theirs.
    pub rows: u64,
}

/// The rows of one dataset, to be scored.
pub(super) struct Scored<'s> {
    pub(super) dataset: usize,
    pub(super) judge: &'s Judge<'s>,
    pub(super) alerts: &'s [Alert],
    pub(super) window: &'s Window,
    pub(super) units: &'s Units,
    pub(super) reached: &'s Reached,
    /// All keys of all bins, where that is known.
    pub(super) keys: Option<u64>,
}

#[derive(Debug, Default)]
struct KindCounter {
    with_rows: (Trials, Hits),
    rows: u64,
}

/// Adds up the scores of several datasets.
#[derive(Debug, Default)]
pub(super) struct Scores {
    rows: RowCounts,
    episodes: RowCounts,
    right_rows: (Trials, Hits),
    right_episodes: (Trials, Hits),
    caught: (Trials, Hits),
    kinds: BTreeMap<(Class, Kind), KindCounter>,
    bins: Bins,
    /// A dataset whose bins cannot be counted makes the sum unmeasured.
    no_bins: bool,
    days: f64,
    no_days: bool,
    delays: DelayCounter,
}

impl Scores {
    pub(super) fn add(&mut self, scored: &Scored<'_>) {
        let Scored {
            dataset,
            judge,
            units,
            ..
        } = scored;
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
                if !matches!(unit.verdict, Verdict::Authorised | Verdict::Unknown) {
                    let is_right = unit.verdict == Verdict::Malicious;
                    count(right, &(*dataset, unit.owner.clone()), is_right);
                }
            }
        }
        for (position, campaign) in judge.truth.campaigns.iter().enumerate() {
            let rows = units
                .campaigns
                .get(&position)
                .map_or(&[][..], Vec::as_slice);
            let cluster = (*dataset, campaign.id.clone());
            let kind = self
                .kinds
                .entry((campaign.class, campaign.kind))
                .or_default();
            count(&mut kind.with_rows, &cluster, !rows.is_empty());
            if campaign.class == Class::Malicious {
                count(&mut self.caught, &cluster, !rows.is_empty());
                let first = scored.first_row(rows);
                let reached = scored.first_reached(rows);
                self.delays
                    .add(*dataset, &campaign.id, campaign.first, first, reached);
            }
        }
        for ((class, kind), counter) in &mut self.kinds {
            let rows: BTreeSet<usize> = units
                .campaigns
                .iter()
                .filter(|(position, _)| {
                    let campaign = judge.campaign(**position);
                    (campaign.class, campaign.kind) == (*class, *kind)
                })
                .flat_map(|(_, rows)| rows)
                .copied()
                .collect();
            counter.rows += rows.len() as u64;
        }
        match scored.bins() {
            Some(bins) => self.bins.add(&bins),
            None => self.no_bins = true,
        }
        match judge.truth.days {
            Some(days) => self.days += days,
            None => self.no_days = true,
        }
    }

    pub(super) fn finish(self) -> Score {
        let share = |(trials, hits): &(Trials, Hits)| trials.share(hits);
        let a_day =
            |count: u64| (!self.no_days && self.days > 0.0).then(|| as_f64(count) / self.days);
        Score {
            bin_precision: share(&self.right_rows),
            episode_precision: share(&self.right_episodes),
            campaign_recall: share(&self.caught),
            kinds: self
                .kinds
                .iter()
                .map(|((class, kind), counter)| KindScore {
                    kind: *kind,
                    class: *class,
                    with_rows: share(&counter.with_rows),
                    rows: counter.rows,
                })
                .collect(),
            bins: (!self.no_bins).then(|| self.bins.score()),
            rows_a_day: a_day(self.rows.all()),
            episodes_a_day: a_day(self.episodes.all()),
            false_rows_a_day: a_day(self.rows.false_rows()),
            delays: self.delays.finish(),
            rows: self.rows,
            episodes: self.episodes,
        }
    }
}

impl Scored<'_> {
    /// The first of some rows to tell.
    fn first_row(&self, rows: &[usize]) -> Option<FirstRow> {
        rows.iter()
            .map(|row| &self.alerts[*row])
            .map(|row| FirstRow {
                window_end: row
                    .window_end
                    .unwrap_or_else(|| self.window.end(row.time_generated)),
                run: row.run,
                distinct: row.distinct(),
            })
            .min_by_key(|row| (row.run, row.window_end))
    }

    /// When the first of some rows reached the threshold.
    fn first_reached(&self, rows: &[usize]) -> Option<Timestamp> {
        rows.iter()
            .filter_map(|row| self.reached.get(&RowKey::from(&self.alerts[*row])))
            .min()
            .copied()
    }

    /// Every key of every bin as one decision.
    fn bins(&self) -> Option<Bins> {
        let keys = self.keys?;
        if self.judge.truth.unlabelled_is_unknown {
            // Nobody knows how many keys are benign.
            return None;
        }
        let is_bin = |row: &Alert| {
            row.time_generated.floor(BIN) == row.time_generated
                && row
                    .window_end
                    .is_none_or(|end| end == row.time_generated.plus(BIN))
        };
        let is_binned =
            *self.window == Window::Tumbling { width: BIN } && self.alerts.iter().all(is_bin);
        if !is_binned {
            return None;
        }
        // A key that is told twice is one decision.
        let mut fired: HashSet<RowKey> = HashSet::new();
        let mut bins = Bins::default();
        for unit in &self.units.rows {
            for row in &unit.rows {
                if fired.insert(RowKey::from(&self.alerts[*row])) {
                    match unit.verdict {
                        Verdict::Malicious => bins.true_positives += 1,
                        Verdict::Authorised | Verdict::Unknown => {}
                        Verdict::LookAlike(_) | Verdict::Background => bins.false_positives += 1,
                    }
                }
            }
        }
        let (mut malicious, mut authorised) = (0, 0);
        for window in &self.judge.truth.windows {
            match self.judge.class_of(window) {
                Some(Class::Malicious) => malicious += 1,
                Some(Class::Authorised) => authorised += 1,
                Some(Class::LookAlike) | None => {}
            }
        }
        bins.false_negatives = malicious - bins.true_positives.min(malicious);
        bins.true_negatives = keys.saturating_sub(malicious + authorised + bins.false_positives);
        Some(bins)
    }
}

fn count((trials, hits): &mut (Trials, Hits), cluster: &Cluster, is_hit: bool) {
    let number = trials.add(cluster);
    if is_hit {
        *hits.entry(number).or_default() += 1;
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn as_f64(count: u64) -> f64 {
    count as f64
}
