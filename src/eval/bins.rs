//! Every key of every bin as one decision: right or wrong, fired or not.

use schemars::JsonSchema;
use serde::Serialize;

/// Shares of malicious keys for which precision is told, beside the share that the dataset happens to have.
pub const BASE_RATES: [f64; 5] = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6];

/// Keys of bins (bin, client, computer, server address) by what they are and whether the rule fired. Keys of authorised
/// scans are neither right nor wrong and stand in none of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Bins {
    /// Malicious, with a row.
    pub true_positives: u64,
    /// Malicious, with none: those of a slow scan too, which has few ports in each.
    pub false_negatives: u64,
    /// Benign, with a row.
    pub false_positives: u64,
    /// Benign, with none. Nearly all keys are, so whatever counts them looks good.
    pub true_negatives: u64,
}

/// Numbers made of [`Bins`]; `None`, in JSON null, where nothing can be measured.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct BinScore {
    /// The keys.
    #[serde(flatten)]
    pub bins: Bins,
    /// Of malicious keys, those with a row: TPR.
    pub recall: Option<f64>,
    /// Of benign keys, those with a row: FPR.
    pub false_positive_rate: Option<f64>,
    /// The harmonic mean of precision and recall. It moves with the dataset's mix, so it compares detectors on one
    /// dataset and tells nothing of another.
    pub f1: Option<f64>,
    /// Matthews' correlation of being malicious and having a row; the same caveat.
    pub mcc: Option<f64>,
    /// Precision if malicious keys had other shares.
    pub at_base_rates: Vec<AtBaseRate>,
}

/// Precision at a share of malicious keys.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize)]
pub struct AtBaseRate {
    /// Malicious keys of all.
    pub base_rate: f64,
    /// TPR p / (TPR p + FPR (1 - p)): Axelsson 2000, *The base-rate fallacy*.
    pub precision: Option<f64>,
}

impl Bins {
    pub(super) fn add(&mut self, other: &Self) {
        self.true_positives += other.true_positives;
        self.false_negatives += other.false_negatives;
        self.false_positives += other.false_positives;
        self.true_negatives += other.true_negatives;
    }

    pub(super) fn score(self) -> BinScore {
        let [tp, missed, fp, tn] = [
            self.true_positives,
            self.false_negatives,
            self.false_positives,
            self.true_negatives,
        ]
        .map(as_f64);
        let recall = ratio(tp, tp + missed);
        let false_positive_rate = ratio(fp, fp + tn);
        let spread =
            (tp + fp).sqrt() * (tp + missed).sqrt() * (tn + fp).sqrt() * (tn + missed).sqrt();
        BinScore {
            bins: self,
            recall,
            false_positive_rate,
            f1: ratio(2.0 * tp, 2.0 * tp + fp + missed),
            mcc: ratio(tp * tn - fp * missed, spread),
            at_base_rates: BASE_RATES
                .into_iter()
                .map(|base_rate| AtBaseRate {
                    base_rate,
                    precision: recall.zip(false_positive_rate).and_then(|(recall, wrong)| {
                        ratio(
                            recall * base_rate,
                            recall * base_rate + wrong * (1.0 - base_rate),
                        )
                    }),
                })
                .collect(),
        }
    }
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 6 of 8 malicious keys and 1 of 4 benign ones have a row.
    #[test]
    fn a_small_table() {
        let bins = Bins {
            true_positives: 6,
            false_negatives: 2,
            false_positives: 1,
            true_negatives: 3,
        };
        let score = bins.score();
        assert_eq!(
            (score.recall, score.false_positive_rate),
            (Some(0.75), Some(0.25))
        );
        // 12 / (12 + 1 + 2).
        assert_eq!(score.f1, Some(0.8));
        // (6*3 - 1*2) / sqrt(7 * 8 * 4 * 5) = 16 / sqrt(1120) = 0.478091.
        assert!((score.mcc.unwrap() - 0.478_091).abs() < 1e-6);
        // At one in a hundred: 0.0075 / (0.0075 + 0.2475) = 0.0294118.
        assert!((score.at_base_rates[0].precision.unwrap() - 0.029_411_8).abs() < 1e-7);
    }

    #[test]
    fn nothing_is_unmeasured() {
        let score = Bins::default().score();
        assert_eq!((score.recall, score.f1, score.mcc), (None, None, None));
        assert_eq!(score.at_base_rates[0].precision, None);
        // Without a malicious key there is no recall and no correlation, but wrong rows have their rate.
        let benign = Bins {
            false_positives: 1,
            true_negatives: 3,
            ..Bins::default()
        };
        let score = benign.score();
        assert_eq!((score.recall, score.mcc, score.f1), (None, None, Some(0.0)));
        assert_eq!(score.false_positive_rate, Some(0.25));
    }
}
