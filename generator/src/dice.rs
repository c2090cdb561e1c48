//! Chance: one small PCG for each purpose, whose stream never changes, and the distributions that the generator draws
//! from. All arithmetic is on integers, or on floats by `+`, `-`, `*`, `/`, or by `libm`: nothing comes from the system's
//! mathematics, whose last digits differ from machine to machine.

mod tables;

use self::tables::{Quantiles, exponentials, normals};
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64Mcg;
use sha2::{Digest, Sha256};

/// A stream of random numbers of one owner. Two owners never share a stream, so that one can be added or
/// changed without moving the other.
#[derive(Clone, Debug)]
pub(crate) struct Dice {
    chance: Pcg64Mcg,
    exponentials: &'static Quantiles,
    normals: &'static Quantiles,
}

/// All streams of one owner, by purpose and number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream([u64; 2]);

impl Stream {
    /// The streams of the owner with this name.
    pub(crate) fn new(seed: u64, path: &[&str]) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        for part in path {
            // The length in front keeps ["ab", "c"] and ["a", "bc"] apart.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let hash: [u8; 32] = hash.finalize().into();
        let half = |from: usize| {
            hash[from..from + 8]
                .iter()
                .fold(0_u64, |value, byte| value << 8 | u64::from(*byte))
        };
        Self([half(0), half(8)])
    }

    /// The stream for one purpose; `number` counts within (block, client). A visit needs one, so it must be cheap.
    pub(crate) fn dice(self, purpose: &str, number: u64) -> Dice {
        let mut mixed = scrambled(number ^ (purpose.len() as u64) << 56);
        for word in purpose.as_bytes().chunks(8) {
            let mut padded = [0; 8];
            padded[..word.len()].copy_from_slice(word);
            mixed = scrambled(mixed ^ u64::from_le_bytes(padded));
        }
        let high = scrambled(self.0[0] ^ mixed);
        let low = scrambled(self.0[1] ^ mixed.rotate_left(32));
        Dice {
            chance: Pcg64Mcg::new(u128::from(high) << 64 | u128::from(low)),
            exponentials: exponentials(),
            normals: normals(),
        }
    }
}

impl Dice {
    /// The stream of one owner: `path` names it (actor, purpose), `number` counts within (block, client).
    pub(crate) fn new(seed: u64, path: &[&str], number: u64) -> Self {
        Stream::new(seed, path).dice("", number)
    }

    /// A whole number below `bound`; 0 where `bound` is 0.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        high_of(self.any(), bound)
    }

    /// Any number.
    #[inline]
    pub(crate) fn any(&mut self) -> u64 {
        self.chance.random()
    }

    /// 128 random bits.
    pub(crate) fn bits(&mut self) -> u128 {
        self.chance.random()
    }

    /// Four chances at the price of one number.
    #[inline]
    pub(crate) fn lots(&mut self) -> Lots {
        Lots {
            bits: self.any(),
            #[cfg(debug_assertions)]
            left: 4,
        }
    }

    /// Dice that go their own way from here on.
    pub(crate) fn split(&mut self) -> Self {
        Self {
            chance: Pcg64Mcg::new(self.bits()),
            ..self.clone()
        }
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
    #[inline]
    pub(crate) fn unit(&mut self) -> f64 {
        unit(self.any())
    }

    /// `true` with this probability, which is brought into 0 to 1.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Exponential with this mean.
    #[inline]
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        let mut sum = 0.0;
        loop {
            match self.exponentials.at(self.chance.random()) {
                Ok(value) => return mean * (sum + value),
                // What is longer than the last quantile is that much longer, and as likely as at the beginning.
                Err(last) => sum += last,
            }
        }
    }

    /// Normal, mean 0 and deviation 1.
    #[inline]
    fn normal(&mut self) -> f64 {
        let bits = self.any();
        let size = match self.normals.at(bits) {
            Ok(value) => value,
            Err(last) => self.tail(last),
        };
        // The lowest bit decides nothing else.
        if bits & 1 == 0 { size } else { -size }
    }

    /// The normal distribution beyond `last` (Marsaglia 1964).
    #[cold]
    fn tail(&mut self, last: f64) -> f64 {
        loop {
            let beyond = self.exponential(1.0 / last);
            if 2.0 * self.exponential(1.0) > beyond * beyond {
                return last + beyond;
            }
        }
    }

    /// Lognormal: `mu` and `sd` of the logarithm.
    #[inline]
    pub(crate) fn lognormal(&mut self, mu: f64, sd: f64) -> f64 {
        exp(mu + sd * self.normal())
    }

    /// How many, at least 1, geometric with this mean.
    pub(crate) fn count(&mut self, mean: f64) -> u32 {
        1 + whole(self.exponential((mean - 1.0).max(0.0)))
    }

    /// Brings a list into random order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        items.shuffle(&mut self.chance);
    }
}

/// Four independent chances, each in steps of 1/65,536.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lots {
    bits: u64,
    /// How many there still are: a fifth would always be 0.
    #[cfg(debug_assertions)]
    left: u8,
}

impl Lots {
    /// From 0 up to but without 1.
    #[inline]
    pub(crate) fn unit(&mut self) -> f64 {
        #[cfg(debug_assertions)]
        {
            assert!(self.left > 0, "a fifth chance of four");
            self.left -= 1;
        }
        let lot = self.bits & 0xffff;
        self.bits >>= 16;
        f64::from(u32::try_from(lot).unwrap_or(0)) / 65_536.0
    }

    /// `true` with this probability, which is brought into 0 to 1.
    #[inline]
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }
}

/// From 0 up to but without 1.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "53 bits are left")]
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / 9_007_199_254_740_992.0
}

/// A number below `bound` by the upper half of random bits: off by less than one in 2^32 / `bound`.
#[inline]
fn high_of(bits: u64, bound: u32) -> u32 {
    u32::try_from(((bits >> 32) * u64::from(bound)) >> 32).unwrap_or(0)
}

/// Positions drawn with a chance that falls with the rank: the k-th has weight k^-exponent (Zipf). A table, for the
/// few things of a site.
#[derive(Clone, Debug)]
pub(crate) struct Popularity(Vec<Alias>);

/// One cell of Walker's table: its own position up to a threshold in 2^32, beyond that another's.
#[derive(Clone, Copy, Debug)]
struct Alias {
    threshold: u32,
    other: u32,
}

impl Popularity {
    pub(crate) fn zipf(length: usize, exponent: f64) -> Self {
        let weights: Vec<f64> = (1..=u32::try_from(length).unwrap_or(u32::MAX))
            .map(|rank| libm::pow(f64::from(rank), -exponent))
            .collect();
        Self(aliases(&weights))
    }

    /// A position below the length; 0 where that is 0.
    #[inline]
    pub(crate) fn draw(&self, dice: &mut Dice) -> usize {
        let bits = dice.any();
        let length = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let position = high_of(bits, length) as usize;
        let rest = u32::try_from(bits & 0xffff_ffff).unwrap_or(0);
        match self.0.get(position) {
            Some(cell) if rest >= cell.threshold => cell.other as usize,
            _ => position,
        }
    }
}

/// Walker's table for these weights (Vose 1991).
fn aliases(weights: &[f64]) -> Vec<Alias> {
    let sum: f64 = weights.iter().sum();
    let count = f64::from(u32::try_from(weights.len()).unwrap_or(u32::MAX));
    let mut shares: Vec<f64> = weights.iter().map(|weight| weight / sum * count).collect();
    let mut cells: Vec<Alias> = (0..)
        .take(weights.len())
        .map(|position| Alias {
            threshold: u32::MAX,
            other: position,
        })
        .collect();
    let (mut small, mut large): (Vec<usize>, Vec<usize>) =
        (0..weights.len()).partition(|position| shares[*position] < 1.0);
    while let (Some(less), Some(more)) = (small.pop(), large.last().copied()) {
        cells[less] = Alias {
            threshold: whole(shares[less] * 4_294_967_295.0),
            other: u32::try_from(more).unwrap_or(0),
        };
        shares[more] -= 1.0 - shares[less];
        if shares[more] < 1.0 {
            large.pop();
            small.push(more);
        }
    }
    cells
}

/// People by how often they come: the k-th of n with weight about k^-0.9. Needs no table, so that there can be millions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Population {
    people: u32,
    /// The tenth root of `people + 1`, less 1.
    span: f64,
}

impl Population {
    pub(crate) fn new(people: u32) -> Self {
        Self {
            people,
            span: libm::pow(f64::from(people) + 1.0, 0.1) - 1.0,
        }
    }

    /// A number from 0 on. The integral of x^-0.9 is ten times the tenth root of x, so a rank is a tenth power.
    #[inline]
    pub(crate) fn draw(&self, dice: &mut Dice) -> u64 {
        let root = 1.0 + self.span * dice.unit();
        let square = root * root;
        let fourth = square * square;
        let rank = whole(fourth * fourth * square - 0.5);
        u64::from(rank.clamp(1, self.people.max(1)) - 1)
    }
}

/// Another number that follows from this one and looks like chance (`SplitMix64`'s finaliser).
#[inline]
pub(crate) const fn scrambled(number: u64) -> u64 {
    let mut value = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// e to the `power`, to seven digits: plenty for sizes and spans, and several times as fast as all sixteen.
#[inline]
fn exp(power: f64) -> f64 {
    /// 1.5 * 2^52: added, it leaves the nearest whole number in the lowest bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let twos = (power * std::f64::consts::LOG2_E).clamp(-1000.0, 1000.0);
    let shifted = twos + ROUND;
    let rest = (twos - (shifted - ROUND)) * std::f64::consts::LN_2;
    let sum = 1.0
        + rest
            * (1.0
                + rest
                    * (0.5
                        + rest
                            * (1.0 / 6.0
                                + rest * (1.0 / 24.0 + rest * (1.0 / 120.0 + rest / 720.0)))));
    let power_of_two = shifted.to_bits().wrapping_add(1023) << 52;
    sum * f64::from_bits(power_of_two)
}

/// The nearest whole number that fits, for counts and sizes; not-a-number is 0.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast from a float saturates, which is what is wanted"
)]
pub(crate) fn whole(value: f64) -> u32 {
    (value + 0.5) as u32
}

/// The same for spans of time in milliseconds, below 0 too.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast from a float saturates, which is what is wanted"
)]
pub(crate) fn millis(value: f64) -> i64 {
    (value + 0.5_f64.copysign(value)) as i64
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
        let stream = Stream::new(1, &["ab"]);
        let mut all: Vec<u64> = ["", "person", "persons", "block", "a longer purpose"]
            .iter()
            .flat_map(|purpose| (0..1_000).map(|number| stream.dice(purpose, number).any()))
            .collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 5_000);
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

    /// forall quantiles: what is drawn lies below it as often as the distribution says, within four standard errors; the
    /// expected shares are those of printed tables.
    #[test]
    fn distributions_have_their_shape() {
        let mut dice = Dice::new(8, &["shape"], 0);
        let rounds = 200_000_u32;
        let mut held = |draw: &mut dyn FnMut(&mut Dice) -> f64, points: &[(f64, f64)]| {
            let drawn: Vec<f64> = (0..rounds).map(|_| draw(&mut dice)).collect();
            for (point, expected) in points {
                let below = drawn.iter().filter(|value| *value < point).count();
                let share = f64::from(u32::try_from(below).unwrap()) / f64::from(rounds);
                let error = libm::sqrt(expected * (1.0 - expected) / f64::from(rounds));
                assert!(
                    (share - expected).abs() < 4.0 * error,
                    "{point}: {share}, {expected}"
                );
            }
        };
        let normal = [
            (-3.5, 0.000_233),
            (-3.0, 0.001_350),
            (-1.0, 0.158_655),
            (0.0, 0.5),
            (0.5, 0.691_462),
            (2.0, 0.977_250),
            (3.3, 0.999_517),
        ];
        held(&mut |dice| dice.normal(), &normal);
        let exponential = [
            (0.1, 0.095_163),
            (1.0, 0.632_121),
            (5.0, 0.993_262),
            (8.0, 0.999_665),
        ];
        held(&mut |dice| dice.exponential(1.0), &exponential);
        // The first of 1,000 by weight k^-0.9: the integral from 1 to 2 over that from 1 to 1001.
        let people = Population::new(1_000);
        let firsts = [(0.5, 0.072_101)];
        held(
            &mut |dice| f64::from(u32::try_from(people.draw(dice)).unwrap()),
            &firsts,
        );
    }

    #[test]
    fn four_chances_and_no_more() {
        let mut lots = Dice::new(9, &["lots"], 0).lots();
        for _ in 0..4 {
            assert!((0.0..1.0).contains(&lots.unit()));
        }
        #[cfg(debug_assertions)]
        assert!(std::panic::catch_unwind(move || lots.unit()).is_err());
    }

    #[test]
    fn powers_of_e() {
        for power in [-20.0, -1.0, 0.0, 0.1, 1.0, 6.5, 13.3, 30.0] {
            let exact = libm::exp(power);
            assert!((exp(power) - exact).abs() < exact * 1e-6, "{power}");
        }
        assert!(exp(-1e9) < 1e-200 && exp(1e9) > 1e200);
    }
}
