//! Chance: one PCG-64 for each purpose, whose stream never changes, and the distributions of `rand` and
//! `rand_distr` over it, whose versions are pinned by the lock file. Logarithms and powers come from `libm`, not
//! from the system.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_distr::weighted::WeightedAliasIndex;
use rand_distr::{Distribution, Exp1, StandardNormal, Zipf};
use rand_pcg::Pcg64;
use sha2::{Digest, Sha256};

/// A stream of random numbers of one owner. Two owners never share a stream, so that one can be added or
/// changed without moving the other.
#[derive(Clone, Debug)]
pub(crate) struct Dice(Pcg64);

impl Dice {
    /// The stream of one owner: `path` names it (actor, purpose), `number` counts within (block, client).
    pub(crate) fn new(seed: u64, path: &[&str], number: u64) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        for part in path {
            // The length in front keeps ["ab", "c"] and ["a", "bc"] apart.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        hash.update(number.to_le_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        let half = |from: usize| {
            hash[from..from + 16]
                .iter()
                .fold(0_u128, |value, byte| value << 8 | u128::from(*byte))
        };
        Self(Pcg64::new(half(0), half(16)))
    }

    /// A whole number below `bound`; 0 where `bound` is 0.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        if bound == 0 {
            0
        } else {
            self.0.random_range(0..bound)
        }
    }

    /// Any number.
    pub(crate) fn any(&mut self) -> u64 {
        self.0.random()
    }

    /// 128 random bits.
    pub(crate) fn bits(&mut self) -> u128 {
        self.0.random()
    }

    /// A position in a list of `length`.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        self.below(u32::try_from(length).unwrap_or(u32::MAX)) as usize
    }

    /// One of `items`.
    pub(crate) fn pick<T: Copy, const N: usize>(&mut self, items: &[T; N]) -> T {
        items[self.index(N)]
    }

    /// One of `items`; the default where there is none.
    pub(crate) fn pick_of<T: Copy + Default>(&mut self, items: &[T]) -> T {
        items
            .get(self.index(items.len()))
            .copied()
            .unwrap_or_default()
    }

    /// From 0 up to but without 1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// `true` with this probability, which is brought into 0 to 1.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Exponential with this mean.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        mean * self.0.sample::<f64, _>(Exp1)
    }

    /// Lognormal: `mu` and `sd` of the logarithm.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "seven digits are plenty for sizes and spans, and cost a third"
    )]
    pub(crate) fn lognormal(&mut self, mu: f64, sd: f64) -> f64 {
        let normal: f64 = self.0.sample(StandardNormal);
        f64::from(libm::expf((mu + sd * normal) as f32))
    }

    /// How many, at least 1, geometric with this mean.
    pub(crate) fn count(&mut self, mean: f64) -> u32 {
        1 + whole(libm::floor(self.exponential((mean - 1.0).max(0.0)) + 0.5))
    }

    /// Brings a list into random order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        items.shuffle(&mut self.0);
    }
}

/// Positions drawn with a chance that falls with the rank: the k-th has weight k^-exponent (Zipf). A table, for the
/// few things of a site.
#[derive(Clone, Debug)]
pub(crate) struct Popularity(Option<WeightedAliasIndex<f64>>);

impl Popularity {
    pub(crate) fn zipf(length: usize, exponent: f64) -> Self {
        let weights = (1..=u32::try_from(length).unwrap_or(u32::MAX))
            .map(|rank| libm::pow(f64::from(rank), -exponent))
            .collect();
        Self(WeightedAliasIndex::new(weights).ok())
    }

    /// A position below the length; 0 where that is 0.
    pub(crate) fn draw(&self, dice: &mut Dice) -> usize {
        self.0
            .as_ref()
            .map_or(0, |weights| weights.sample(&mut dice.0))
    }
}

/// People by how often they come: the k-th of n with weight k^-0.9. Needs no table, so that there can be millions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Population(Option<Zipf<f64>>);

impl Population {
    pub(crate) fn new(people: u32) -> Self {
        Self(Zipf::new(f64::from(people), 0.9).ok())
    }

    /// A number from 0 on.
    pub(crate) fn draw(&self, dice: &mut Dice) -> u64 {
        self.0.map_or(0, |zipf| {
            u64::from(whole(zipf.sample(&mut dice.0)).saturating_sub(1))
        })
    }
}

/// Another number that follows from this one and looks like chance (`SplitMix64`'s finaliser).
pub(crate) const fn scrambled(number: u64) -> u64 {
    let mut value = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The nearest whole number that fits, for counts and sizes; not-a-number is 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast from a float saturates, which is what is wanted"
)]
pub(crate) fn whole(value: f64) -> u32 {
    (value + 0.5) as u32
}

/// The same for spans of time in milliseconds, below 0 too.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast from a float saturates, which is what is wanted"
)]
pub(crate) fn millis(value: f64) -> i64 {
    libm::round(value) as i64
}

/// A span of time in milliseconds as a float: exact below 285,000 years.
#[expect(
    clippy::cast_precision_loss,
    reason = "a scenario is shorter than 2^53 ms"
)]
pub(crate) fn float(millis: i64) -> f64 {
    millis as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_every_part_of_their_name() {
        let first = |seed, path: &[&str], number| Dice::new(seed, path, number).any();
        let base = first(1, &["ab", "c"], 0);
        assert_eq!(base, first(1, &["ab", "c"], 0));
        for other in [
            first(2, &["ab", "c"], 0),
            first(1, &["a", "bc"], 0),
            first(1, &["ab", "c"], 1),
            first(1, &["abc"], 0),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn means_are_as_asked() {
        let mut dice = Dice::new(7, &["means"], 0);
        let rounds = 20_000;
        let mean = |sum: f64| sum / f64::from(rounds);
        let sum = (0..rounds).map(|_| dice.exponential(5.0)).sum();
        assert!((mean(sum) - 5.0).abs() < 0.2, "{}", mean(sum));
        let sum = (0..rounds).map(|_| f64::from(dice.count(4.0))).sum();
        assert!((mean(sum) - 4.0).abs() < 0.2, "{}", mean(sum));
        let below = (0..rounds)
            .filter(|_| dice.lognormal(2.0, 1.0) < libm::exp(2.0))
            .count();
        assert!((9_600..10_400).contains(&below), "{below}");
        let popularity = Popularity::zipf(3, 1.0);
        let firsts = (0..rounds)
            .filter(|_| popularity.draw(&mut dice) == 0)
            .count();
        // 1 / (1 + 1/2 + 1/3) = 6/11
        assert!((10_500..11_300).contains(&firsts), "{firsts}");
        let people = Population::new(1_000_000);
        assert!((0..rounds).all(|_| people.draw(&mut dice) < 1_000_000));
    }
}
