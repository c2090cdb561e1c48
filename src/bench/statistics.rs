//! What few noisy times tell: medians, how far they may be off, and which runs stand out.

use rand::{Rng as _, SeedableRng as _};
use rand_pcg::Pcg64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Draws of the bootstrap.
const DRAWS: usize = 2000;

/// How many times its median absolute deviation a run must be off to stand out: ten standard deviations of a normal
/// distribution, as hyperfine has it.
const STANDS_OUT: f64 = 1.4826 * 10.0;

/// A median and the 95 % interval that draws from the same runs give (percentile bootstrap).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The median.
    pub median: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Estimate {
    /// Of these runs; `None` without any.
    #[must_use]
    pub fn of(runs: &[f64]) -> Option<Self> {
        let (low, high) = ends(|random| median(&draw(runs, random)))?;
        Some(Self {
            median: median(runs)?,
            low,
            high,
        })
    }

    /// Of the quotient of the medians of two sets of runs that were not made in turn.
    #[must_use]
    pub fn of_quotient(above: &[f64], below: &[f64]) -> Option<Self> {
        let quotient = |random: &mut Pcg64| {
            Some(median(&draw(above, random))? / median(&draw(below, random))?)
        };
        let (low, high) = ends(quotient)?;
        Some(Self {
            median: median(above)? / median(below)?,
            low,
            high,
        })
    }

    /// How far the ends are from the median, as a share of it.
    #[must_use]
    pub fn relative_width(&self) -> f64 {
        (self.high - self.median).max(self.median - self.low) / self.median
    }
}

/// The ends between which 95 % of what is drawn lie.
fn ends(mut once: impl FnMut(&mut Pcg64) -> Option<f64>) -> Option<(f64, f64)> {
    let mut random = Pcg64::seed_from_u64(0);
    let mut drawn = (0..DRAWS)
        .map(|_| once(&mut random))
        .collect::<Option<Vec<f64>>>()?;
    drawn.sort_by(f64::total_cmp);
    Some((
        *drawn.get(DRAWS * 25 / 1000)?,
        *drawn.get(DRAWS * 975 / 1000)?,
    ))
}

/// As many runs as there are, each drawn from all.
fn draw(runs: &[f64], random: &mut Pcg64) -> Vec<f64> {
    let Ok(count) = u64::try_from(runs.len()) else {
        return Vec::new();
    };
    runs.iter()
        .filter_map(|_| {
            runs.get(usize::try_from(random.next_u64() % count).ok()?)
                .copied()
        })
        .collect()
}

/// The middle one, or the mean of the two in the middle.
#[must_use]
pub fn median(runs: &[f64]) -> Option<f64> {
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(*sorted.get(sorted.len() / 2 - 1)?, upper))
}

/// Which runs stand out, by their place in the order: more than 14.826 median absolute deviations off (Iglewicz
/// and Hoaglin 1993, *How to detect and handle outliers*).
#[must_use]
pub fn outliers(runs: &[f64]) -> Vec<usize> {
    let Some(middle) = median(runs) else {
        return Vec::new();
    };
    let off: Vec<f64> = runs.iter().map(|run| (run - middle).abs()).collect();
    let deviation = median(&off).unwrap_or_default().max(f64::EPSILON);
    let stands_out = |(_, off): &(usize, &f64)| **off / deviation > STANDS_OUT;
    off.iter()
        .enumerate()
        .filter(stands_out)
        .map(|(index, _)| index)
        .collect()
}

/// The exponent of growth: the slope of a straight line through the logarithms, by least squares. `None` with fewer than
/// two different sizes.
#[must_use]
pub fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let count = logs.iter().fold(0.0, |count, _| count + 1.0);
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|one| one.0), mean(|one| one.1));
    let across: f64 = logs.iter().map(|one| (one.0 - x) * (one.1 - y)).sum();
    let along: f64 = logs.iter().map(|one| (one.0 - x).powi(2)).sum();
    (along > 0.0).then(|| across / along)
}

/// The best that an interval from the smallest to the largest of so many runs can do: it holds the true median unless all
/// are on one side of it, so 1 - 2^(1-n).
#[must_use]
pub fn widest_coverage(runs: usize) -> f64 {
    let runs = i32::try_from(runs).unwrap_or(i32::MAX);
    1.0 - 2.0_f64.powi(1_i32.saturating_sub(runs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    /// Of five runs the median of a draw is the smallest where three or more of five are drawn from it: 5.8 % (1 - the
    /// binomial 0 to 2 of 5 at 1/5 = 0.942), more than 2.5 %. So the interval is from the smallest to the largest.
    #[test]
    fn of_five_runs_the_interval_is_all_of_them() {
        let found = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 10.0]).unwrap();
        assert_eq!(
            found,
            Estimate {
                median: 3.0,
                low: 1.0,
                high: 10.0
            }
        );
        // 7 / 3 is larger than 2 / 3.
        assert!((found.relative_width() - 7.0 / 3.0).abs() < 1e-12);
    }

    /// Of nine runs the median is the smallest with 5 or more of 9 at 1/9: 0.15 %, and at most the second smallest with 5
    /// or more of 9 at 2/9: 3.2 %. So 2.5 % lie at the second, and at the other end at the eighth.
    #[test]
    fn of_nine_runs_the_interval_leaves_out_the_ends() {
        let runs: Vec<f64> = (1..=9).map(f64::from).collect();
        let found = Estimate::of(&runs).unwrap();
        assert_eq!(
            found,
            Estimate {
                median: 5.0,
                low: 2.0,
                high: 8.0
            }
        );
    }

    #[test]
    fn a_quotient() {
        let found = Estimate::of_quotient(&[2.0, 2.0, 2.0], &[1.0, 1.0, 1.0]).unwrap();
        assert_eq!(
            found,
            Estimate {
                median: 2.0,
                low: 2.0,
                high: 2.0
            }
        );
        assert_eq!(Estimate::of_quotient(&[1.0], &[]), None);
    }

    /// Median 10, deviations 1, 0, 1, 0, 2, 1, x: their median is 1. 14.826 is the border.
    #[test]
    fn what_stands_out() {
        let runs = |last: f64| [9.0, 10.0, 11.0, 10.0, 8.0, 11.0, last];
        assert_eq!(outliers(&runs(24.8)), [0_usize; 0]);
        assert_eq!(outliers(&runs(24.9)), [6]);
    }

    /// y = 3 x^1.5; and by hand through (1, 1), (e, e), (e^2, e^4): logs (0,0), (1,1), (2,4), slope (0*... -1*(-5/3) +
    /// 1*(7/3)) / 2 = 2.
    #[test]
    fn exponents() {
        let power = [1.0, 4.0, 9.0].map(|x: f64| (x, 3.0 * x.powf(1.5)));
        assert!((exponent(&power).unwrap() - 1.5).abs() < 1e-12);
        let e = std::f64::consts::E;
        let found = exponent(&[(1.0, 1.0), (e, e), (e.powi(2), e.powi(4))]).unwrap();
        assert!((found - 2.0).abs() < 1e-12, "{found}");
        assert_eq!(exponent(&[(2.0, 1.0), (2.0, 3.0)]), None);
        assert_eq!(exponent(&[]), None);
    }

    #[test]
    fn coverage() {
        assert!((widest_coverage(5) - 0.9375).abs() < 1e-12);
        assert!((widest_coverage(6) - 0.96875).abs() < 1e-12);
    }
}
