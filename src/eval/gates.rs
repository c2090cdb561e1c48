//! Gates: a score must be so good, and no worse than it was.

use super::{Evaluation, Score, Share};
use scanbench_generator::truth::Class;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::str::FromStr;

/// A number that a gate can hold.
#[derive(Clone, Copy, Debug)]
struct Metric {
    name: &'static str,
    of: fn(&Evaluation, &Score) -> Measured,
}

/// A number with the bounds of its interval; without one, the bounds are the number itself.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Measured(Option<(f64, f64)>);

impl From<Share> for Measured {
    fn from(share: Share) -> Self {
        let value = share.value();
        let bounds = share
            .interval()
            .map(|interval| (interval.low, interval.high));
        // A share that is measured, but of one cluster only, could be anything.
        Self(value.map(|_| bounds.unwrap_or((0.0, 1.0))))
    }
}

impl From<Option<f64>> for Measured {
    fn from(number: Option<f64>) -> Self {
        Self(number.map(|number| (number, number)))
    }
}

const METRICS: [Metric; 11] = [
    metric("recall", |_, score| score.campaign_recall.into()),
    metric("bin-precision", |_, score| score.bin_precision.into()),
    metric("episode-precision", |_, score| {
        score.episode_precision.into()
    }),
    metric("f1", |_, score| {
        score.bins.as_ref().and_then(|bins| bins.f1).into()
    }),
    metric("mcc", |_, score| {
        score.bins.as_ref().and_then(|bins| bins.mcc).into()
    }),
    metric("alerts-per-day", |_, score| score.rows_a_day.into()),
    metric("episodes-per-day", |_, score| score.episodes_a_day.into()),
    metric("false-alerts-per-day", |_, score| {
        score.false_rows_a_day.into()
    }),
    metric("p95-bin-delay", |_, score| {
        score.delays.bin_seconds.p95.into()
    }),
    metric("hidden-campaigns", |evaluation, _| {
        evaluation.exclusions_together.true_campaigns_hidden.into()
    }),
    metric("removed-false-episodes", |evaluation, _| {
        evaluation.exclusions_together.false_episodes_removed.into()
    }),
];

const fn metric(name: &'static str, of: fn(&Evaluation, &Score) -> Measured) -> Metric {
    Metric { name, of }
}

/// A bound on a metric.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    metric: Metric,
    limit: f64,
}

/// `recall=0.95`.
impl FromStr for Bound {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || METRICS.map(|metric| metric.name).join(", ");
        let (name, limit) = text
            .split_once('=')
            .ok_or_else(|| format!("expected NAME=NUMBER; names are {}", names()))?;
        let metric = METRICS.iter().find(|metric| metric.name == name);
        let limit: f64 = limit
            .parse()
            .map_err(|_| format!("\"{limit}\" is no number"))?;
        if !limit.is_finite() {
            return Err("expected a finite number".to_owned());
        }
        Ok(Self {
            metric: *metric
                .ok_or_else(|| format!("\"{name}\" is no metric; names are {}", names()))?,
            limit,
        })
    }
}

/// Which side of a bound is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The lower end of the interval must not be under it.
    NotUnder,
    /// The upper end must not be over it.
    NotOver,
}

/// A gate, and whether it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// What must hold: `recall not under 0.95`.
    pub name: String,
    /// Why it does not.
    pub failed: Option<String>,
}

impl Bound {
    /// Holds the scores to the bound: those with exclusions, where there are any. What is unmeasured holds nothing.
    #[must_use]
    pub fn gate(&self, side: Side, evaluation: &Evaluation) -> Gate {
        let Metric { name, of } = self.metric;
        let limit = self.limit;
        let failed = match (of(evaluation, evaluation.in_force()).0, side) {
            (None, _) => Some(format!("{name} is unmeasured, and must not be")),
            (Some((low, high)), Side::NotUnder) if low < limit => {
                Some(format!("{name} is {}, under {limit}", range(low, high)))
            }
            (Some((low, high)), Side::NotOver) if high > limit => {
                Some(format!("{name} is {}, over {limit}", range(low, high)))
            }
            _ => None,
        };
        let side = match side {
            Side::NotUnder => "under",
            Side::NotOver => "over",
        };
        Gate {
            name: format!("{name} not {side} {limit}"),
            failed,
        }
    }
}

fn range(low: f64, high: f64) -> String {
    if (high - low).abs() < f64::EPSILON {
        format!("{low:.3}")
    } else {
        format!("{low:.3} to {high:.3}")
    }
}

/// What is read of an earlier report.
#[derive(Clone, Debug, Deserialize)]
pub struct EarlierReport {
    datasets: Vec<EarlierDataset>,
    campaigns: Vec<EarlierCampaign>,
    exclusions: Vec<serde::de::IgnoredAny>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct EarlierDataset {
    scenario: String,
    seed: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct EarlierCampaign {
    id: String,
    dataset: usize,
    class: Class,
    rows_without_exclusions: u64,
    rows_with_exclusions: u64,
}

/// How likely it may be that nothing but chance made it worse.
const CHANCE: f64 = 0.05;

/// What changed against an earlier report on the same datasets, campaign by campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Malicious campaigns that had rows then and have none now.
    pub lost: Vec<String>,
    /// Malicious campaigns that have rows now and had none then.
    pub won: Vec<String>,
    /// Look-alikes with rows now and none then.
    pub newly_false: Vec<String>,
    /// Look-alikes with rows then and none now.
    pub no_longer_false: Vec<String>,
}

impl EarlierReport {
    /// What changed.
    ///
    /// # Errors
    /// In words, where the datasets are not the same ones.
    pub fn change(&self, evaluation: &Evaluation) -> Result<Change, String> {
        let datasets = evaluation
            .datasets
            .iter()
            .map(|one| (&one.scenario, one.seed));
        if !datasets.eq(self.datasets.iter().map(|one| (&one.scenario, one.seed))) {
            return Err(
                "the baseline is of other datasets; only the same ones can be compared by campaign"
                    .to_owned(),
            );
        }
        let with = !self.exclusions.is_empty();
        let before: BTreeMap<(usize, &str), u64> = self
            .campaigns
            .iter()
            .map(|one| {
                let rows = if with {
                    one.rows_with_exclusions
                } else {
                    one.rows_without_exclusions
                };
                ((one.dataset, one.id.as_str()), rows)
            })
            .collect();
        let known: BTreeMap<(usize, &str), Class> = self
            .campaigns
            .iter()
            .map(|one| ((one.dataset, one.id.as_str()), one.class))
            .collect();
        let with = !evaluation.exclusions.is_empty();
        let mut change = Change::default();
        for one in &evaluation.campaigns {
            let key = (one.dataset, one.id.as_str());
            let (Some(before), Some(class)) = (before.get(&key), known.get(&key)) else {
                return Err(format!(
                    "the baseline does not know the campaign {}",
                    one.id
                ));
            };
            let now = if with {
                one.rows_with_exclusions
            } else {
                one.rows_without_exclusions
            };
            let list = match (class, *before > 0, now > 0) {
                (Class::Malicious, true, false) => &mut change.lost,
                (Class::Malicious, false, true) => &mut change.won,
                (Class::LookAlike, false, true) => &mut change.newly_false,
                (Class::LookAlike, true, false) => &mut change.no_longer_false,
                _ => continue,
            };
            list.push(evaluation.campaign_name(one));
        }
        Ok(change)
    }
}

impl Change {
    /// What is worse by more than chance: the exact test of Quinn `McNemar` (1947), one-sided, on the campaigns that changed.
    #[must_use]
    pub fn gate(&self) -> Gate {
        let worse = self.worse();
        Gate {
            name: "no worse than the baseline".to_owned(),
            failed: (!worse.is_empty()).then(|| worse.join("; ")),
        }
    }

    fn worse(&self) -> Vec<String> {
        let mut failed = Vec::new();
        for (what, worse, better) in [
            ("malicious campaigns were lost", &self.lost, &self.won),
            (
                "look-alikes fire that did not",
                &self.newly_false,
                &self.no_longer_false,
            ),
        ] {
            let chance = mcnemar(worse.len(), better.len());
            if chance < CHANCE {
                failed.push(format!(
                    "{} {what} ({}), {} the other way: chance alone would do that with probability {chance:.3}",
                    worse.len(),
                    worse.join(", "),
                    better.len(),
                ));
            }
        }
        failed
    }
}

/// The probability that of all that changed so many or more got worse, if either way were as likely.
fn mcnemar(worse: usize, better: usize) -> f64 {
    let all = worse + better;
    // Binomial(all, 1/2), from all worse down to as many as there are.
    let mut term = 0.5_f64.powi(i32::try_from(all).unwrap_or(i32::MAX));
    let mut sum = 0.0;
    for count in (worse..=all).rev() {
        sum += term;
        // From C(n, k) to C(n, k - 1).
        term *= as_f64(count) / as_f64(all - count + 1);
    }
    sum
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of campaigns stay far below 2^52"
)]
fn as_f64(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read() {
        let bound: Bound = "recall=0.95".parse().unwrap();
        assert_eq!(
            (bound.metric.name, bound.limit.to_bits()),
            ("recall", 0.95_f64.to_bits())
        );
        for wrong in ["recall", "recall=x", "recall=NaN", "beauty=1"] {
            assert!(wrong.parse::<Bound>().is_err(), "{wrong}");
        }
    }

    /// By hand: five worse of five is 1/32; three of four is (4 + 1)/16; none of none is certain.
    #[test]
    fn the_exact_test() {
        for (worse, better, chance) in [
            (5, 0, 1.0 / 32.0),
            (3, 1, 5.0 / 16.0),
            (0, 0, 1.0),
            (0, 3, 1.0),
            (1, 0, 0.5),
        ] {
            assert!(
                (mcnemar(worse, better) - chance).abs() < 1e-12,
                "{worse} {better}"
            );
        }
    }
}
