//! Tables that measured background draws from: quantiles, weights, and the paths and agents of an actor.

use crate::dice::{Dice, whole};
use crate::family::Family;
use crate::scenario::Checker;
use crate::text::{Piece, Stem, Texts};
use scanbench_spec::Spanned;

/// The greatest value of a table.
const MOST: f64 = 1e12;
/// Points of the longest table.
const MOST_POINTS: usize = 1_001;
/// Paths that have a text of their own; those of higher ranks end in characters that follow from the rank.
const MOST_PATHS: u32 = 4_096;

/// Values at even distances of probability, the least and the greatest among them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Quantiles(Vec<f64>);

impl Quantiles {
    pub(super) fn check(list: &Spanned<Vec<f64>>, checker: &mut Checker<'_>) -> Self {
        let values = list.get_ref();
        let is_right = (2..=MOST_POINTS).contains(&values.len())
            && values.is_sorted()
            && values.iter().all(|value| (0.0..=MOST).contains(value));
        if is_right {
            return Self(values.clone());
        }
        checker.say_at(
            list.span(),
            format!("expected 2 to {MOST_POINTS} quantiles in ascending order, from 0 to {MOST}"),
        );
        Self(vec![1.0, 1.0])
    }

    /// The table, or this one value where there is none.
    pub(super) fn or(
        list: Option<&Spanned<Vec<f64>>>,
        value: f64,
        checker: &mut Checker<'_>,
    ) -> Self {
        list.map_or_else(
            || Self(vec![value, value]),
            |list| Self::check(list, checker),
        )
    }

    /// The greatest value.
    pub(super) fn most(&self) -> f64 {
        self.0.last().copied().unwrap_or(0.0)
    }

    /// A value. Between two points it grows as a power does: tails are long.
    pub(super) fn draw(&self, dice: &mut Dice) -> f64 {
        let cells = u32::try_from(self.0.len().saturating_sub(1)).unwrap_or(1);
        let at = dice.unit() * f64::from(cells);
        let cell = whole(at - 0.5).min(cells.saturating_sub(1));
        let point = |number: u32| self.0.get(number as usize).copied().unwrap_or(0.0);
        let (low, high) = (point(cell), point(cell + 1));
        if high - low < 1e-9 {
            return low;
        }
        let part = (at - f64::from(cell)).clamp(0.0, 1.0);
        let (from, to) = (libm::log1p(low), libm::log1p(high));
        libm::expm1(from + (to - from) * part)
    }
}

/// Positions drawn by weight.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Weighted(Vec<f64>);

impl Weighted {
    pub(super) fn new(weights: Vec<f64>) -> Self {
        let mut sum = 0.0;
        Self(
            weights
                .into_iter()
                .map(|weight| {
                    sum += weight;
                    sum
                })
                .collect(),
        )
    }

    /// A position; 0 where there is none.
    pub(super) fn draw(&self, dice: &mut Dice) -> usize {
        let wanted = dice.unit() * self.0.last().copied().unwrap_or(0.0);
        self.0
            .partition_point(|below| *below <= wanted)
            .min(self.0.len().saturating_sub(1))
    }
}

/// A share of something, 0 or more.
pub(super) fn weight(value: &Spanned<f64>, checker: &mut Checker<'_>) -> f64 {
    checker.share(Some(value), 1.0)
}

/// What each hour or weekday is of an even one.
pub(super) fn rates(
    list: Option<&Spanned<Vec<f64>>>,
    length: usize,
    checker: &mut Checker<'_>,
) -> Vec<f64> {
    let Some(list) = list else {
        return vec![1.0; length];
    };
    let values = list.get_ref();
    if values.len() == length && values.iter().all(|value| (0.0..=1e6).contains(value)) {
        return values.clone();
    }
    checker.say_at(
        list.span(),
        format!("expected {length} numbers from 0 to 1000000"),
    );
    vec![1.0; length]
}

/// The words of an actor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vocabulary {
    /// Paths by rank, the commonest first.
    pub(crate) paths: Vec<Piece>,
    /// Agents of each of its families.
    pub(crate) agents: Vec<Vec<Piece>>,
}

impl Vocabulary {
    pub(super) fn new(
        (first, ranks): (Option<&str>, f64),
        families: &[Family],
        (seed, id): (u64, &str),
        texts: &mut Texts,
    ) -> Self {
        let mut dice = Dice::new(seed, &["paths", id], 0);
        let paths = (1..=whole(ranks).clamp(1, MOST_PATHS))
            .map(|rank| match first {
                Some(first) if rank == 1 => texts.add(first),
                _ => texts.add(&path(rank, &mut dice)),
            })
            .collect();
        let agents = families
            .iter()
            .map(|family| texts.add_all(family.agents().iter().copied()))
            .collect();
        Self { paths, agents }
    }
}

/// A path as sites have them.
fn path(rank: u32, dice: &mut Dice) -> String {
    const FOLDERS: [&str; 8] = [
        "content", "images", "scripts", "css", "news", "products", "account", "api",
    ];
    const NAMES: [&str; 12] = [
        "overview", "list", "details", "logo", "main", "item", "report", "photo", "start",
        "update", "search", "index",
    ];
    const ENDINGS: [&str; 6] = [".aspx", ".js", ".css", ".png", ".jpg", ""];
    format!(
        "/{}/{}-{rank}{}",
        dice.pick(&FOLDERS),
        dice.pick(&NAMES),
        dice.pick(&ENDINGS)
    )
}

/// The path of a rank.
pub(super) fn stem(paths: &[Piece], rank: u32, slash: Piece) -> Stem {
    match paths.get(rank.max(1) as usize - 1) {
        Some(piece) => (*piece).into(),
        None => Stem {
            piece: slash,
            random: rank,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the quantiles 0, 0, 10, 10 a third of draws is 0, a third 10 and a third between, half of it under 2.3: the
    /// root of 11 less 1.
    #[test]
    fn quantiles_are_drawn() {
        let table = Quantiles(vec![0.0, 0.0, 10.0, 10.0]);
        let mut dice = Dice::new(1, &["test"], 0);
        let drawn: Vec<f64> = (0..30_000).map(|_| table.draw(&mut dice)).collect();
        let share = |of: &dyn Fn(f64) -> bool| {
            f64::from(u32::try_from(drawn.iter().filter(|value| of(**value)).count()).unwrap())
                / 30_000.0
        };
        assert!((share(&|value| value <= 0.0) - 1.0 / 3.0).abs() < 0.015);
        assert!((share(&|value| value >= 10.0) - 1.0 / 3.0).abs() < 0.015);
        assert!((share(&|value| value < 2.3166) - 0.5).abs() < 0.015);
    }

    #[test]
    fn weights_are_drawn() {
        let table = Weighted::new(vec![1.0, 0.0, 3.0]);
        let mut dice = Dice::new(1, &["test"], 0);
        let mut counts = [0_u32; 3];
        for _ in 0..20_000 {
            counts[table.draw(&mut dice)] += 1;
        }
        assert_eq!(counts[1], 0);
        // A quarter, and four standard deviations of 61.
        assert!(counts[0].abs_diff(5_000) < 245, "{counts:?}");
        assert_eq!(Weighted::new(Vec::new()).draw(&mut dice), 0);
    }
}
