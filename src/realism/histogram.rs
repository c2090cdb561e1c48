//! Whole numbers counted in bounded room: exact up to 255, and beyond to eight binary digits, which is within 0.8 %.

use std::collections::BTreeMap;

/// Exact up to so many binary digits.
const DIGITS: u32 = 8;

/// How often each number occurred.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Histogram(BTreeMap<u64, u64>);

impl Histogram {
    pub(super) fn add(&mut self, value: u64) {
        self.add_many(value, 1);
    }

    pub(super) fn add_many(&mut self, value: u64, times: u64) {
        let digits = u64::BITS - value.leading_zeros();
        let drop = digits.saturating_sub(DIGITS);
        *self.0.entry(value >> drop << drop).or_default() += times;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (value, times) in &other.0 {
            *self.0.entry(*value).or_default() += times;
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.0.values().sum()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().map(|(value, times)| (*value, *times))
    }

    /// So many quantiles at even distances, the least and the greatest value among them; none of nothing.
    pub(super) fn quantiles(&self, points: u64) -> Vec<u64> {
        let count = self.count();
        if count == 0 || points < 2 {
            return Vec::new();
        }
        let mut values = self.iter().peekable();
        let mut below = 0;
        (0..points)
            .map(|point| {
                // The value of the line that stands at this part of all of them.
                let wanted = u128::from(point) * u128::from(count - 1) / u128::from(points - 1);
                while let Some((_, times)) = values.peek()
                    && u128::from(below + times) <= wanted
                {
                    below += times;
                    values.next();
                }
                values.peek().map_or(0, |(value, _)| *value)
            })
            .collect()
    }

    /// The commonest value.
    pub(super) fn mode(&self) -> Option<u64> {
        let most = self
            .iter()
            .max_by_key(|(value, times)| (*times, std::cmp::Reverse(*value)));
        most.map(|(value, _)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_by_hand() {
        let mut counted = Histogram::default();
        for value in [5, 1, 1, 9, 3] {
            counted.add(value);
        }
        // In order: 1 1 3 5 9.
        assert_eq!(counted.quantiles(5), [1, 1, 3, 5, 9]);
        assert_eq!(counted.quantiles(3), [1, 3, 9]);
        assert_eq!(counted.quantiles(2), [1, 9]);
        assert_eq!(counted.mode(), Some(1));
        assert_eq!(Histogram::default().quantiles(5), Vec::<u64>::new());
    }

    /// forall numbers: what is kept is at most 0.8 % less, and small ones are exact.
    #[test]
    fn numbers_are_kept_to_eight_digits() {
        for value in [0, 1, 255, 256, 257, 1023, 65_535, 1_000_003, u64::MAX] {
            let mut counted = Histogram::default();
            counted.add(value);
            let (kept, _) = counted.iter().next().unwrap();
            assert!(
                kept <= value && value - kept <= value / 128,
                "{value}: {kept}"
            );
            assert!(value > 255 || kept == value);
        }
    }
}
