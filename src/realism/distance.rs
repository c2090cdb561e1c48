//! Distances between two samples, given as values with weights.

/// Half the sum of absolute differences of shares: from 0 (alike) to 1 (nothing in common). `None` where a side is empty.
#[must_use]
pub fn total_variation<K: Ord>(one: &[(K, f64)], other: &[(K, f64)]) -> Option<f64> {
    let (all_one, all_other) = (sum(one), sum(other));
    if all_one <= 0.0 || all_other <= 0.0 {
        return None;
    }
    let mut shares: std::collections::BTreeMap<&K, f64> = std::collections::BTreeMap::new();
    for (key, weight) in one {
        *shares.entry(key).or_default() += weight / all_one;
    }
    for (key, weight) in other {
        *shares.entry(key).or_default() -= weight / all_other;
    }
    Some(shares.values().map(|share| share.abs()).sum::<f64>() / 2.0)
}

/// The largest difference of the two distribution functions (Kolmogorov and Smirnov), from 0 to 1. Values ascend.
#[must_use]
pub fn kolmogorov_smirnov(one: &[(f64, f64)], other: &[(f64, f64)]) -> Option<f64> {
    let mut most = 0.0_f64;
    walk(one, other, |_, _, apart| most = most.max(apart))?;
    Some(most)
}

/// The area between the two distribution functions (Wasserstein's first distance), in units of the values. Values ascend.
#[must_use]
pub fn wasserstein(one: &[(f64, f64)], other: &[(f64, f64)]) -> Option<f64> {
    let mut area = 0.0;
    walk(one, other, |from, to, apart| area += (to - from) * apart)?;
    Some(area)
}

/// Goes over all values; shows each stretch from one value to the next, and how far the distribution functions are apart
/// in it.
fn walk(
    one: &[(f64, f64)],
    other: &[(f64, f64)],
    mut each: impl FnMut(f64, f64, f64),
) -> Option<()> {
    let (all_one, all_other) = (sum(one), sum(other));
    if all_one <= 0.0 || all_other <= 0.0 {
        return None;
    }
    let (mut at_one, mut at_other) = (0, 0);
    let (mut below_one, mut below_other) = (0.0, 0.0);
    let next = |at_one: usize, at_other: usize| match (one.get(at_one), other.get(at_other)) {
        (Some((value, _)), Some((second, _))) => Some(value.min(*second)),
        (Some((value, _)), None) | (None, Some((value, _))) => Some(*value),
        (None, None) => None,
    };
    while let Some(value) = next(at_one, at_other) {
        while let Some((_, weight)) = one.get(at_one).filter(|(own, _)| *own <= value) {
            below_one += weight / all_one;
            at_one += 1;
        }
        while let Some((_, weight)) = other.get(at_other).filter(|(own, _)| *own <= value) {
            below_other += weight / all_other;
            at_other += 1;
        }
        let until = next(at_one, at_other).unwrap_or(value);
        each(value, until, f64::abs(below_one - below_other));
    }
    Some(())
}

fn sum<K>(sample: &[(K, f64)]) -> f64 {
    sample.iter().map(|(_, weight)| weight).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!(
            (found - expected).abs() < 1e-12,
            "{found} is not {expected}"
        );
    }

    /// 3 of 4 and 1 of 4 against 1 of 2 and 1 of 2: a quarter must move. Nothing in common: all of it.
    #[test]
    fn total_variation_by_hand() {
        near(
            total_variation(&[("a", 3.0), ("b", 1.0)], &[("a", 1.0), ("b", 1.0)]),
            0.25,
        );
        near(total_variation(&[("a", 2.0)], &[("b", 7.0)]), 1.0);
        near(
            total_variation(&[("a", 2.0), ("a", 2.0)], &[("a", 1.0)]),
            0.0,
        );
        assert_eq!(total_variation::<u8>(&[], &[(1, 1.0)]), None);
    }

    /// {0, 1, 3} against {5, 6, 8}: every value moves by 5, and no value is shared (the example of scipy's own page).
    /// {1, 2} against {2, 3}: at 1 one half is apart, at 2 another half; area 1.
    #[test]
    fn distribution_functions_by_hand() {
        let of = |values: &[f64]| -> Vec<(f64, f64)> {
            values.iter().map(|value| (*value, 1.0)).collect()
        };
        let (low, high) = (of(&[0.0, 1.0, 3.0]), of(&[5.0, 6.0, 8.0]));
        near(wasserstein(&low, &high), 5.0);
        near(kolmogorov_smirnov(&low, &high), 1.0);
        let (one, other) = (of(&[1.0, 2.0]), of(&[2.0, 3.0]));
        near(wasserstein(&one, &other), 1.0);
        near(kolmogorov_smirnov(&one, &other), 0.5);
        // Weights count: two of four against one of four.
        near(
            kolmogorov_smirnov(&[(1.0, 2.0), (2.0, 2.0)], &[(1.0, 1.0), (2.0, 3.0)]),
            0.25,
        );
        near(
            wasserstein(&[(1.0, 2.0), (2.0, 2.0)], &[(1.0, 1.0), (2.0, 3.0)]),
            0.25,
        );
        assert_eq!(wasserstein(&[], &one), None);
    }
}
