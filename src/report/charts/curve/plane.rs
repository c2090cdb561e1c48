//! What is drawn against what: where a point lies, how wide its intervals are, and what the axes say.

use super::super::Layout;
use crate::eval::sweep::{Measures, Point};

/// A picture of the points of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plane {
    /// Episode precision against campaign recall.
    PrecisionRecall,
    /// Campaign recall against the rate of false positives among benign bins: the receiver operating characteristic.
    Roc,
}

/// From a lower to an upper end.
pub(super) type Span = (f64, f64);

impl Plane {
    /// The pictures, in the order of the page.
    pub(crate) const ALL: [Self; 2] = [Self::PrecisionRecall, Self::Roc];

    /// The name of its part of the page, and of its file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PrecisionRecall => "precision-recall",
            Self::Roc => "roc",
        }
    }

    /// The words of the link to it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::PrecisionRecall => "Precision and recall",
            Self::Roc => "ROC",
        }
    }

    /// What it shows, in a line.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::PrecisionRecall => "Precision and recall at every threshold",
            Self::Roc => "Attacks caught against false positives at every threshold (ROC)",
        }
    }

    pub(super) fn description(self) -> &'static str {
        match self {
            Self::PrecisionRecall => {
                "Episode precision against campaign recall at every threshold, for the rule and a baseline."
            }
            Self::Roc => {
                "Campaign recall against the rate of false positives among benign bins at every threshold, for the rule \
                 and a baseline, with the band of 95 % intervals of the rule's recall."
            }
        }
    }

    /// What lies to the right, and what lies up.
    pub(super) fn axes(self) -> [&'static str; 2] {
        let recall = "attacks caught (campaign recall)";
        match self {
            Self::PrecisionRecall => [recall, "episode precision"],
            Self::Roc => ["benign bins with a false row, logarithmic", recall],
        }
    }

    /// Where a point lies, where both were measured.
    pub(super) fn place(self, point: &Point) -> Option<(f64, f64)> {
        let Measures {
            campaign_recall,
            episode_precision,
            false_positive_rate,
            ..
        } = &point.whole;
        let recall = campaign_recall.value?;
        let place = match self {
            Self::PrecisionRecall => (recall, episode_precision.value?),
            Self::Roc => ((*false_positive_rate)?, recall),
        };
        point.can_fire.then_some(place)
    }

    /// The intervals of a point, to the right and up.
    pub(super) fn spans(self, point: &Point) -> [Option<Span>; 2] {
        let measures = &point.whole;
        let recall = measures.campaign_recall.interval;
        let recall = recall.map(|one| (one.low, one.high));
        match self {
            Self::PrecisionRecall => {
                let precision = measures.episode_precision.interval;
                [recall, precision.map(|one| (one.low, one.high))]
            }
            Self::Roc => {
                let band = measures.false_positive_band;
                [band.map(|one| (one.low, one.high)), recall]
            }
        }
    }
}

/// The scale to the right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// From 0 to 1.
    Parts,
    /// Powers of ten, with 0 at the left edge: a rate of false positives that matters is far below one in a hundred, and
    /// that of a baseline is not.
    Decades {
        low: i32,
        high: i32,
        /// The part of the width from 0 to the lowest power.
        zero: f64,
    },
}

impl Scale {
    /// On which all of these have room.
    pub(super) fn of(plane: Plane, layout: Layout, values: impl Iterator<Item = f64>) -> Self {
        if plane == Plane::PrecisionRecall {
            return Self::Parts;
        }
        let (mut low, mut high) = (i32::MAX, i32::MIN);
        for value in values.filter(|value| *value > 0.0) {
            low = low.min(exponent(value.log10().floor()));
            high = high.max(exponent(value.log10().ceil()));
        }
        if low > high {
            (low, high) = (-3, 0);
        }
        Self::Decades {
            low,
            high: high.max(low + 1),
            zero: layout.pick(0.06, 0.15),
        }
    }

    /// Where a value lies, from 0 to 1.
    pub(super) fn part(self, value: f64) -> f64 {
        let part = match self {
            Self::Parts => value,
            Self::Decades { low, high, zero } => {
                let least = 10_f64.powi(low);
                if value <= least {
                    zero * value / least
                } else {
                    let decades = f64::from(high - low);
                    zero + (1.0 - zero) * (value.log10() - f64::from(low)) / decades
                }
            }
        };
        part.clamp(0.0, 1.0)
    }

    /// Values that are marked, with their words.
    pub(super) fn ticks(self, layout: Layout) -> Vec<(f64, String)> {
        match self {
            Self::Parts => [25, 50, 75, 100]
                .map(|percent| (f64::from(percent) / 100.0, format!("{percent} %")))
                .to_vec(),
            Self::Decades { low, high, .. } => {
                // On a phone there is room for five.
                let decades = usize::try_from(high - low).unwrap_or(1);
                let step = layout.pick(1, decades.div_ceil(5).max(1));
                let powers = (low..=high).step_by(step).map(|power| {
                    let digits = usize::try_from(-2 - power).unwrap_or(0);
                    let value = 10_f64.powi(power);
                    (value, format!("{:.digits$} %", value * 100.0))
                });
                std::iter::once((0.0, "0".to_owned()))
                    .chain(powers)
                    .collect()
            }
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "exponents of finite numbers have three digits"
)]
fn exponent(value: f64) -> i32 {
    value as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: from 0.02 % to 30 % are four powers of ten, 0.01 % to 100 %; 1 % is half way between them.
    #[test]
    fn powers_of_ten_beside_zero() {
        let rates = [0.0002, 0.0, 0.3];
        let scale = Scale::of(Plane::Roc, Layout::Wide, rates.into_iter());
        let near = |value: f64, part: f64| {
            assert!((scale.part(value) - part).abs() < 1e-9, "{value}");
        };
        near(0.0, 0.0);
        near(0.0001, 0.06);
        near(0.01, 0.06 + 0.94 / 2.0);
        near(1.0, 1.0);
        near(0.00005, 0.03);
        let words: Vec<String> = scale
            .ticks(Layout::Wide)
            .into_iter()
            .map(|(_, words)| words)
            .collect();
        assert_eq!(words, ["0", "0.01 %", "0.1 %", "1 %", "10 %", "100 %"]);
    }

    #[test]
    fn no_false_positive_is_a_scale_too() {
        let scale = Scale::of(Plane::Roc, Layout::Narrow, [0.0].into_iter());
        assert!(scale.part(0.0).abs() < 1e-12);
        assert_eq!(scale.ticks(Layout::Narrow).len(), 5);
    }
}
