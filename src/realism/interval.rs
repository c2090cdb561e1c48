//! How far a distance between two samples may be from that between what they were drawn from.
//!
//! Distances of stretches drawn again say it badly: drawing adds noise, noise adds distance, and so the middle 95 % of them
//! may lie beyond the distance itself. But both distances here are norms of a difference (half the sum of all, or the
//! largest of the distribution functions), and norms of two differences are no farther apart than the norm of what is
//! between them. How large that is, drawing again does say: the bootstrap of empirical distributions is right in these
//! norms (Bickel and Freedman 1981) where that of a distance itself is not. So the interval always holds the distance, and
//! holds the true one in 95 % of cases or more, at nothing apart too.

use super::compare::distance;
use super::profile::{Profile, Property, Sample};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use std::collections::BTreeMap;

/// Times that stretches are drawn again.
const DRAWS: usize = 200;
/// Days, weeks or stretches that both sides must have for an interval.
const LEAST: usize = 5;
/// For the draws.
const SEED: u64 = 1;

/// The 95 % interval of a distance that was found; `None` where a side has too little that could be drawn again.
pub(super) fn interval(
    property: Property,
    set: &Profile,
    real: &Profile,
    found: f64,
) -> Option<(f64, f64)> {
    let (of_set, of_real) = (units(property, set), units(property, real));
    if of_set.len().min(of_real.len()) < LEAST {
        return None;
    }
    let (ours, theirs) = (set.whole(property)?, real.whole(property)?);
    let mut chance = Pcg64::seed_from_u64(SEED);
    let mut off: Vec<f64> = (0..DRAWS)
        .filter_map(|_| {
            let our_draw = set.sample(property, &draw(&of_set, &mut chance))?;
            let their_draw = real.sample(property, &draw(&of_real, &mut chance))?;
            // (our draw - their draw) - (ours - theirs), as a difference of two mixtures.
            let one = mixture(&our_draw, &theirs)?;
            let other = mixture(&their_draw, &ours)?;
            Some(2.0 * distance(&one, &other)?)
        })
        .collect();
    off.sort_by(f64::total_cmp);
    let most = *off.get((off.len() * 95).div_ceil(100).checked_sub(1)?)?;
    Some(((found - most).max(0.0), (found + most).min(1.0)))
}

/// What is drawn together. Hours of one day are no draws of each other where hours are asked for, nor days of one week.
fn units(property: Property, profile: &Profile) -> Vec<Vec<usize>> {
    let hours = match property {
        Property::Hours => 24,
        Property::Weekdays => 168,
        _ => 1,
    };
    let mut units: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (at, begin) in profile.begins.iter().enumerate() {
        units.entry(begin.div_euclid(hours)).or_default().push(at);
    }
    units.into_values().collect()
}

fn draw(units: &[Vec<usize>], chance: &mut Pcg64) -> Vec<usize> {
    let count = u64::try_from(units.len()).unwrap_or(1);
    let mut drawn = Vec::new();
    for _ in units {
        // The upper half times the count: off by less than one in 2^26.
        let at = ((chance.next_u64() >> 32) * count) >> 32;
        if let Some(unit) = usize::try_from(at).ok().and_then(|at| units.get(at)) {
            drawn.extend(unit);
        }
    }
    drawn
}

/// Both samples with the same weight.
fn mixture(one: &Sample, other: &Sample) -> Option<Sample> {
    fn both<K: Clone>(one: &[(K, f64)], other: &[(K, f64)]) -> Option<Vec<(K, f64)>> {
        let all = |sample: &[(K, f64)]| sample.iter().map(|(_, weight)| weight).sum::<f64>();
        let (all_one, all_other) = (all(one), all(other));
        if all_one <= 0.0 || all_other <= 0.0 {
            return None;
        }
        let part = |sample: &[(K, f64)], all: f64| -> Vec<(K, f64)> {
            let share = |(value, weight): &(K, f64)| (value.clone(), weight / all);
            sample.iter().map(share).collect()
        };
        Some([part(one, all_one), part(other, all_other)].concat())
    }
    match (one, other) {
        (Sample::Names(one), Sample::Names(other)) => Some(Sample::Names(both(one, other)?)),
        (Sample::Numbers(one), Sample::Numbers(other)) => {
            let mut numbers = both(one, other)?;
            numbers.sort_by(|one, other| one.0.total_cmp(&other.0));
            Some(Sample::Numbers(numbers))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::profile::Part;
    use super::*;

    /// So many logs of so many stretches are drawn for a figure.
    const TRIES: usize = 100;
    const STRETCHES: usize = 24;

    fn below(chance: &mut Pcg64, count: u64) -> u64 {
        ((chance.next_u64() >> 32) * count) >> 32
    }

    /// A log in which each stretch has lines of a few visits: all lines of a visit have one status and one size, drawn
    /// from these shares of 100.
    fn log(chance: &mut Pcg64, shares: &[u64]) -> Profile {
        let mut profile = Profile::default();
        for at in 0..STRETCHES {
            let mut part = Part::default();
            for _ in 0..4 + below(chance, 8) {
                let mut left = below(chance, 100);
                let mut value = 0;
                for share in shares {
                    if left < *share {
                        break;
                    }
                    left -= share;
                    value += 1;
                }
                let lines = 1 + below(chance, 3);
                *part.statuses.entry((200 + value, 0, 0)).or_default() += lines;
                part.sizes.add_many(1 << value, lines);
            }
            profile.parts.push(part);
            profile.begins.push(i64::try_from(at).unwrap());
        }
        profile
    }

    /// Of how many pairs of logs the interval holds the true distance, and how wide it is on average.
    fn held(property: Property, shares: [&[u64]; 2], truth: f64) -> (usize, f64) {
        let mut chance = Pcg64::seed_from_u64(20_261_124);
        let (mut held, mut width) = (0, 0.0);
        for _ in 0..TRIES {
            let [set, real] = shares.map(|shares| log(&mut chance, shares));
            let found = distance(
                &set.whole(property).unwrap(),
                &real.whole(property).unwrap(),
            )
            .unwrap();
            let (low, high) = interval(property, &set, &real, found).unwrap();
            assert!(low <= found && found <= high, "{low} {found} {high}");
            held += usize::from(low <= truth && truth <= high);
            width += (high - low) / 100.0;
        }
        (held, width)
    }

    /// Known distributions and so known distances: of names half the sum of what is apart, of numbers the largest
    /// difference of sums from the left. At 95 % fewer than 88 of 100 held would be the chance of
    /// one in 200.
    #[test]
    fn intervals_hold_the_true_distance() {
        let (even, skew) = (&[20, 20, 20, 20, 20][..], &[50, 20, 10, 10, 10][..]);
        for (property, shares, truth) in [
            (Property::Statuses, [even, even], 0.0),
            (Property::Statuses, [even, skew], 0.3),
            (Property::Sizes, [even, even], 0.0),
            (Property::Sizes, [even, skew], 0.3),
        ] {
            let (held, width) = held(property, shares, truth);
            assert!(held >= 88, "{property:?} {truth}: {held} of {TRIES}");
            // One that says nothing would hold everything.
            assert!(width < 0.35, "{property:?} {truth}: {width} wide");
        }
    }

    /// Two days by the hour are two draws of a day, not 48.
    #[test]
    fn hours_are_drawn_by_day_and_weekdays_by_week() {
        let profile = Profile {
            parts: vec![Part::default(); 48],
            begins: (0..48).collect(),
            ..Profile::default()
        };
        let count = |property| units(property, &profile).len();
        assert_eq!(count(Property::Hours), 2);
        assert_eq!(count(Property::Weekdays), 1);
        assert_eq!(count(Property::Sizes), 48);
    }
}
