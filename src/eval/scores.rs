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

#[cfg(test)]
mod tests {
    use super::super::made::{alert, at, campaign, runs, window};
    use super::super::{Evaluator, GroundTruth, Keys, Runs, evaluate};
    use super::*;
    use std::time::Duration;

    /// An attack in two bins, an allowed scan and work in one each, and a bin of nobody in which the rule must fire.
    fn truth() -> GroundTruth {
        GroundTruth {
            days: Some(2.0),
            campaigns: vec![
                campaign("attack", Class::Malicious, (5, 15)),
                campaign("allowed", Class::Authorised, (0, 5)),
                campaign("work", Class::LookAlike, (0, 5)),
            ],
            windows: vec![
                window(0, 1, 40, &["attack"]),
                window(10, 1, 40, &["attack"]),
                window(0, 2, 40, &["allowed"]),
                window(0, 3, 40, &["work"]),
                window(0, 4, 40, &[]),
            ],
            ..GroundTruth::default()
        }
    }

    fn of(rows: &[Alert], keys: u64) -> Runs<'static> {
        let all: Vec<_> = rows.iter().map(|row| (row.clone(), &[][..])).collect();
        let keys = Some(Keys { all: keys, near: 0 });
        Runs { keys, ..runs(&all) }
    }

    fn score(rows: &[Alert], keys: u64) -> Score {
        evaluate(&truth(), &of(rows, keys)).without_exclusions
    }

    fn bins(rows: &[Alert], keys: u64) -> Option<[u64; 4]> {
        score(rows, keys).bins.map(|score| {
            let bins = score.bins;
            [
                bins.true_positives,
                bins.false_negatives,
                bins.false_positives,
                bins.true_negatives,
            ]
        })
    }

    /// By hand: of 100 keys two are of the attack and one is allowed, so 97 are benign.
    #[test]
    fn every_key_is_one_decision() {
        let (hit, allowed, work, nobody) = (alert(0, 1), alert(0, 2), alert(0, 3), alert(0, 4));
        let rows = [hit.clone(), allowed, work, nobody.clone()];
        assert_eq!(bins(&rows, 100), Some([1, 1, 2, 95]));
        // A key that is told twice is one, and fewer keys than rows is no number below nothing.
        assert_eq!(bins(&[hit.clone(), hit.clone()], 100), Some([1, 1, 0, 97]));
        assert_eq!(bins(&[nobody], 3), Some([0, 2, 1, 0]));
        // A row that says that its window is the bin is of it; where one row is not, nothing can be told.
        let of_window = |from: i64, to: i64| Alert {
            time_generated: at(from),
            window_end: Some(at(to)),
            ..alert(0, 1)
        };
        assert_eq!(bins(&[of_window(0, 10)], 100), Some([1, 1, 0, 97]));
        assert_eq!(bins(&[of_window(0, 9)], 100), None);
        assert_eq!(bins(&[hit, of_window(1, 11)], 100), None);
    }

    #[test]
    fn bins_of_another_width_or_of_recorded_lines_are_not_told() {
        let rows = [alert(0, 1)];
        let mut wide = of(&rows, 100);
        wide.window = Window::Tumbling {
            width: Duration::from_mins(20),
        };
        assert_eq!(evaluate(&truth(), &wide).without_exclusions.bins, None);
        let mut recorded = truth();
        recorded.unlabelled_is_unknown = true;
        let score = evaluate(&recorded, &of(&rows, 100)).without_exclusions;
        assert_eq!(score.bins, None);
        // A row of nobody is then neither right nor false.
        let score = evaluate(&recorded, &of(&[alert(0, 1), alert(0, 4)], 100)).without_exclusions;
        assert_eq!((score.rows.unknown, score.rows.all()), (1, 2));
        assert_eq!(
            (score.bin_precision.hits(), score.bin_precision.of()),
            (1, 1)
        );
    }

    /// Three rows in two days, and again in two: three in each two. Where one dataset does not say how long it is,
    /// nothing is told by the day.
    #[test]
    fn rows_by_the_day() {
        let rows = [alert(0, 1), alert(10, 1), alert(0, 4)];
        let two = |second: &GroundTruth| {
            let mut evaluator = Evaluator::default();
            evaluator.add(&truth(), &of(&rows, 100));
            evaluator.add(second, &of(&rows, 100));
            let score = evaluator.finish().without_exclusions;
            (
                score.rows_a_day,
                score.episodes_a_day,
                score.false_rows_a_day,
            )
        };
        assert_eq!(two(&truth()), (Some(1.5), Some(1.0), Some(0.5)));
        let timeless = GroundTruth {
            days: None,
            ..truth()
        };
        assert_eq!(two(&timeless), (None, None, None));
        let none = GroundTruth {
            days: Some(0.0),
            ..truth()
        };
        assert_eq!(two(&none), (Some(3.0), Some(2.0), Some(1.0)));
        assert_eq!(
            evaluate(&none, &of(&rows, 100))
                .without_exclusions
                .rows_a_day,
            None
        );
    }

    /// The attack begins at 5; its rows reach the threshold at 7 and at 12, and the first is told at 10, or where its
    /// window ends. Of rows that are named by a run the first run's is first, whatever its bin.
    #[test]
    fn delays_are_those_of_the_first_row() {
        let mut rows = [alert(10, 1), alert(0, 1), alert(0, 4)];
        rows[1].port_count = 31;
        let mut told = of(&rows, 100);
        let reached =
            [(0, 12), (1, 7), (2, 1)].map(|(row, minute)| (RowKey::from(&rows[row]), at(minute)));
        told.reached = [reached.into(), Reached::new()];
        let delays = evaluate(&truth(), &told).without_exclusions.delays;
        assert_eq!(delays.streaming_seconds.median, Some(120.0));
        assert_eq!(delays.bin_seconds.median, Some(300.0));
        assert_eq!(delays.ports_in_first_row.median, Some(31.0));
        rows[1].window_end = Some(at(9));
        assert_eq!(score(&rows, 100).delays.bin_seconds.median, Some(240.0));
        rows[0].run = Some(at(60));
        rows[1].run = Some(at(120));
        let delays = score(&rows, 100).delays;
        assert_eq!(delays.bin_seconds.median, Some(900.0));
        assert_eq!(delays.schedule_seconds.median, Some(3300.0));
    }
}
