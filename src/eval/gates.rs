//! Gates: a score must be so good. That it is no worse than it was is [`super::Comparison::gate`].

use super::{Agreement, Evaluation, RowKey, Score, Share};
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

const METRICS: [Metric; 13] = [
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
    metric("missing-rows", |evaluation, _| {
        rows(evaluation, |agreement| &agreement.missing_rows)
    }),
    metric("unexpected-rows", |evaluation, _| {
        rows(evaluation, |agreement| &agreement.unexpected_rows)
    }),
];

const fn metric(name: &'static str, of: fn(&Evaluation, &Score) -> Measured) -> Metric {
    Metric { name, of }
}

/// How many rows are not as the truth says that they must be: a count of what is known exactly, so without an interval.
/// Of another rule than the published one nothing is known.
fn rows(evaluation: &Evaluation, which: fn(&Agreement) -> &Vec<RowKey>) -> Measured {
    let agreement = evaluation.agreement.as_ref();
    agreement
        .map(|agreement| as_f64(which(agreement).len()))
        .into()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of rows stay far below 2^52"
)]
fn as_f64(number: usize) -> f64 {
    number as f64
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
    if (high - low).abs() < f64::EPSILON && low.fract() == 0.0 {
        format!("{low}")
    } else if (high - low).abs() < f64::EPSILON {
        format!("{low:.3}")
    } else {
        format!("{low:.3} to {high:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::made::{alert, campaign, runs, window};
    use super::super::{GroundTruth, evaluate};
    use super::*;
    use scanbench_generator::truth::Class;

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

    /// Two attacks with a row each and one row of nobody, in a quarter of a day: 12 rows a day. Both of two, by Clopper
    /// and Pearson, is the root of 0.025 or more, 0.158114.
    fn failed(bound: &str, side: Side) -> Option<String> {
        let truth = GroundTruth {
            days: Some(0.25),
            campaigns: vec![
                campaign("a", Class::Malicious, (0, 5)),
                campaign("b", Class::Malicious, (20, 25)),
            ],
            windows: vec![window(0, 1, 40, &["a"]), window(20, 2, 40, &["b"])],
            ..GroundTruth::default()
        };
        let rows = [
            (alert(0, 1), &[][..]),
            (alert(20, 2), &[]),
            (alert(40, 3), &[]),
        ];
        let evaluation = evaluate(&truth, &runs(&rows));
        let gate = bound.parse::<Bound>().unwrap().gate(side, &evaluation);
        let (name, limit) = bound.split_once('=').unwrap();
        let words = match side {
            Side::NotUnder => "not under",
            Side::NotOver => "not over",
        };
        assert_eq!(gate.name, format!("{name} {words} {limit}"));
        gate.failed
    }

    #[test]
    fn the_near_end_is_held_to_the_bound() {
        let held = [
            ("recall=0.158", Side::NotUnder),
            ("recall=1", Side::NotOver),
            ("alerts-per-day=12", Side::NotUnder),
            ("alerts-per-day=12", Side::NotOver),
            ("alerts-per-day=11", Side::NotUnder),
            ("alerts-per-day=13", Side::NotOver),
            ("unexpected-rows=1", Side::NotOver),
            ("missing-rows=0", Side::NotOver),
        ];
        for (bound, side) in held {
            assert_eq!(failed(bound, side), None, "{bound}");
        }
        for (bound, side, told) in [
            (
                "recall=0.159",
                Side::NotUnder,
                "recall is 0.158 to 1.000, under 0.159",
            ),
            (
                "recall=0.9",
                Side::NotOver,
                "recall is 0.158 to 1.000, over 0.9",
            ),
            (
                "alerts-per-day=13",
                Side::NotUnder,
                "alerts-per-day is 12, under 13",
            ),
            (
                "alerts-per-day=11",
                Side::NotOver,
                "alerts-per-day is 12, over 11",
            ),
            (
                "unexpected-rows=0",
                Side::NotOver,
                "unexpected-rows is 1, over 0",
            ),
            ("f1=0", Side::NotUnder, "f1 is unmeasured, and must not be"),
            ("f1=1", Side::NotOver, "f1 is unmeasured, and must not be"),
        ] {
            assert_eq!(failed(bound, side).as_deref(), Some(told));
        }
    }

    #[test]
    fn ranges_are_told_shortly() {
        assert_eq!(range(12.0, 12.0), "12");
        assert_eq!(range(0.5, 0.5), "0.500");
        assert_eq!(range(1.0, 2.0), "1.000 to 2.000");
    }

    /// Three of seven of one campaign could be anything; nothing of nothing is not even that.
    #[test]
    fn one_cluster_could_be_anything() {
        let measured = |clusters: &[(u64, u64)]| Measured::from(Share::of_clusters(clusters)).0;
        assert_eq!(measured(&[(3, 7)]), Some((0.0, 1.0)));
        assert_eq!(measured(&[]), None);
    }
}
