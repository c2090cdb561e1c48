//! Who is to be credited with what exclusions do together: alone, last, and Shapley's fair share.
//!
//! A *game* here is one thing that exclusions may take away (a row, an episode, all rows of a campaign): a set of them
//! takes it or does not, and more of them never take less. What a list of exclusions is worth is the sum of many such
//! games, and since Shapley's value of a sum is the sum of the values (Shapley 1953, the axiom of additivity), each is
//! solved by itself, among those few exclusions that match its lines. That keeps the enumeration small however long the
//! list is.

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_pcg::Pcg64;
use std::collections::HashMap;

/// Up to so many players that act differently, all sets are tried; above it, orders are drawn by lot.
pub(super) const EXACT_PLAYERS: usize = 12;
/// Orders that are drawn where there are more.
pub(super) const ORDERS: u32 = 2_000;

/// What one exclusion is credited with in one game.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Credit {
    /// It takes the thing away with no other in force.
    pub(super) alone: bool,
    /// With it gone and all others in force, the thing is back.
    pub(super) last: bool,
    /// Its fair share, 0 to 1: in how many of all orders in which exclusions could come into force the thing goes when
    /// it comes.
    pub(super) share: f64,
    /// The variance of `share`; 0 where it is exact.
    pub(super) variance: f64,
}

/// Whether a set, told by who is in it, takes the thing away.
pub(super) type Game<'g> = dyn Fn(&dyn Fn(usize) -> bool) -> bool + 'g;

/// Stands for a player that is not in the game.
const NO_CLASS: usize = usize::MAX;

/// Solves games, and remembers those it has solved: most of a list are alike.
#[derive(Debug, Default)]
pub(super) struct Solver {
    /// Shares by the sizes of classes and the outcome of every set of them.
    solved: HashMap<(Vec<usize>, Vec<bool>), Vec<f64>>,
    /// Games that were solved by lot: each has draws of its own.
    sampled: u64,
    class_of: Vec<usize>,
}

impl Solver {
    /// The credits of each class of `players`. The members of a class do the very same, so they share evenly, and each
    /// of them has the credit that is given. `takes` says whether a set takes the thing away.
    pub(super) fn solve(&mut self, players: &[Vec<usize>], takes: &Game<'_>) -> Vec<Credit> {
        if !takes(&|_| true) {
            return vec![Credit::default(); players.len()];
        }
        // A table by the player's number, kept from game to game: it is asked for every line's exclusions.
        let mut class_of = std::mem::take(&mut self.class_of);
        for (class, members) in players.iter().enumerate() {
            for member in members {
                if class_of.len() <= *member {
                    class_of.resize(member + 1, NO_CLASS);
                }
                class_of[*member] = class;
            }
        }
        let with = |classes: &dyn Fn(usize) -> bool| {
            takes(&|player| match class_of.get(player) {
                None | Some(&NO_CLASS) => false,
                Some(class) => classes(*class),
            })
        };
        let credits = if players.len() <= EXACT_PLAYERS {
            let table: Vec<bool> = (0_usize..1 << players.len())
                .map(|set| with(&|class| set >> class & 1 == 1))
                .collect();
            let sizes: Vec<usize> = players.iter().map(Vec::len).collect();
            let shares = self
                .solved
                .entry((sizes, table.clone()))
                .or_insert_with_key(|(sizes, table)| exact(sizes, table));
            let all = table.len() - 1;
            let credit = |(class, share): (usize, &f64)| Credit {
                alone: table[1 << class],
                last: players[class].len() == 1 && !table[all ^ 1 << class],
                share: *share,
                variance: 0.0,
            };
            shares.iter().enumerate().map(credit).collect()
        } else {
            self.sampled += 1;
            let shares = sampled(players, &with, self.sampled);
            let credit = |(class, (share, variance)): (usize, (f64, f64))| Credit {
                alone: with(&|other| other == class),
                last: players[class].len() == 1 && !with(&|other| other != class),
                share,
                variance,
            };
            shares.into_iter().enumerate().map(credit).collect()
        };
        for member in players.iter().flatten() {
            class_of[*member] = NO_CLASS;
        }
        self.class_of = class_of;
        credits
    }
}

/// The share of one member of each class, from the outcome of every set of classes.
///
/// Let every player come at a time of its own, evenly from 0 to 1: their order is then any order with the same
/// chance. At time t a class of m players has come with probability 1 - (1-t)^m, and a member of class c decides the
/// game if it comes then, none of its own class came before, and the game turns with c (Owen 1972, *Multilinear
/// extensions of games*). That is a polynomial in t of a degree below the number of players, which Gauss's rule
/// integrates without error.
fn exact(sizes: &[usize], table: &[bool]) -> Vec<f64> {
    // Past 127 players the rule is no longer without error, but far below what is shown.
    let nodes = gauss(sizes.iter().sum::<usize>().div_ceil(2).clamp(1, 64));
    let mut shares = vec![0.0; sizes.len()];
    for (time, weight) in nodes {
        let absent: Vec<f64> = sizes
            .iter()
            .map(|size| (1.0 - time).powf(as_f64(*size)))
            .collect();
        for (class, share) in shares.iter_mut().enumerate() {
            let turns: f64 = (0..table.len())
                .filter(|set| !table[*set] && table[set | 1 << class])
                .map(|set| {
                    let others = (0..sizes.len()).filter(|other| *other != class);
                    others
                        .map(|other| match set >> other & 1 {
                            0 => absent[other],
                            _ => 1.0 - absent[other],
                        })
                        .product::<f64>()
                })
                .sum();
            *share += weight * turns * (1.0 - time).powf(as_f64(sizes[class] - 1));
        }
    }
    shares
}

/// Gauss and Legendre's nodes and weights on 0 to 1, by Newton's method from the usual first guess.
fn gauss(count: usize) -> Vec<(f64, f64)> {
    let n = as_f64(count);
    (0..count)
        .map(|index| {
            let mut x = (std::f64::consts::PI * (as_f64(index) + 0.75) / (n + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..20 {
                let (mut before, mut value) = (1.0, x);
                for degree in 2..=count {
                    let k = as_f64(degree);
                    (before, value) = (
                        value,
                        ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k,
                    );
                }
                slope = n * (x * value - before) / (x * x - 1.0);
                x -= value / slope;
            }
            (f64::midpoint(1.0, x), 1.0 / ((1.0 - x * x) * slope * slope))
        })
        .collect()
}

/// Shares and their variances from orders drawn by lot, always the same ones. The game turns once in each order, since
/// more exclusions never take less.
fn sampled(players: &[Vec<usize>], with: &Game<'_>, seed: u64) -> Vec<(f64, f64)> {
    let mut random = Pcg64::seed_from_u64(seed);
    let mut order: Vec<usize> = players
        .iter()
        .enumerate()
        .flat_map(|(class, members)| std::iter::repeat_n(class, members.len()))
        .collect();
    let mut turns = vec![0_u32; players.len()];
    for _ in 0..ORDERS {
        for last in (1..order.len()).rev() {
            order.swap(last, random.random_range(0..=last));
        }
        // The shortest beginning of the order that takes the thing away.
        let (mut too_few, mut enough) = (0, order.len());
        while too_few + 1 < enough {
            let middle = usize::midpoint(too_few, enough);
            let taken = with(&|class| order[..middle].contains(&class));
            if taken {
                enough = middle;
            } else {
                too_few = middle;
            }
        }
        turns[order[too_few]] += 1;
    }
    turns
        .into_iter()
        .zip(players)
        .map(|(turns, members)| {
            let share = f64::from(turns) / f64::from(ORDERS);
            let size = as_f64(members.len());
            let variance = share * (1.0 - share) / f64::from(ORDERS);
            (share / size, variance / (size * size))
        })
        .collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of exclusions stay far below 2^52"
)]
fn as_f64(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Shapley's value as it is defined: over every order of all players, who turns the game.
    fn by_every_order(count: usize, takes: &Game<'_>) -> Vec<f64> {
        fn orders(rest: &[usize]) -> Vec<Vec<usize>> {
            if rest.is_empty() {
                return vec![Vec::new()];
            }
            let with_first = |first: &usize| {
                let first = *first;
                let others: Vec<usize> = rest.iter().copied().filter(|one| *one != first).collect();
                orders(&others).into_iter().map(move |mut order| {
                    order.insert(0, first);
                    order
                })
            };
            rest.iter().flat_map(with_first).collect()
        }
        let all = orders(&(0..count).collect::<Vec<_>>());
        let mut turns = vec![0_u32; count];
        for order in &all {
            let turn = (0..count)
                .find(|come| takes(&|player| order[..=*come].contains(&player)))
                .map(|come| order[come]);
            if let Some(player) = turn {
                turns[player] += 1;
            }
        }
        turns
            .iter()
            .map(|turns| f64::from(*turns) / as_f64(all.len()))
            .collect()
    }

    /// Sets of players each of which is enough: any game in which more never take less.
    fn winning() -> impl Strategy<Value = Vec<Vec<usize>>> {
        prop::collection::vec(
            prop::sample::subsequence((0..4).collect::<Vec<usize>>(), 1..=4),
            0..5,
        )
    }

    proptest! {
        /// forall games of four classes with one to three members: the credits are those of the definition, they sum
        /// to the whole, and drawing orders by lot comes near.
        #[test]
        fn credits_are_those_of_the_definition(
            winning in winning(),
            sizes in prop::collection::vec(1_usize..=2, 4),
        ) {
            let mut next = 0;
            let players: Vec<Vec<usize>> = sizes
                .iter()
                .map(|size| { next += size; (next - size..next).collect() })
                .collect();
            let takes = |in_force: &dyn Fn(usize) -> bool| {
                let active = |class: &usize| players[*class].iter().any(|player| in_force(*player));
                winning.iter().any(|set| set.iter().all(active))
            };
            let count: usize = sizes.iter().sum();
            // Seven players have 5,040 orders, eight have 40,320: the first seven tell enough.
            prop_assume!(count <= 7);
            let expected = by_every_order(count, &takes);
            let credits = Solver::default().solve(&players, &takes);
            let mut sum = 0.0;
            for (class, members) in players.iter().enumerate() {
                for member in members {
                    prop_assert!((credits[class].share - expected[*member]).abs() < 1e-12);
                    prop_assert_eq!(credits[class].alone, takes(&|player| player == *member));
                    let back = takes(&|_| true) && !takes(&|player| player != *member);
                    prop_assert_eq!(credits[class].last, back);
                    sum += credits[class].share;
                }
            }
            prop_assert!((sum - f64::from(u8::from(takes(&|_| true)))).abs() < 1e-12);
            if takes(&|_| true) {
                let class_takes = |classes: &dyn Fn(usize) -> bool| {
                    winning.iter().any(|set| set.iter().all(|class| classes(*class)))
                };
                for (class, (share, variance)) in sampled(&players, &class_takes, 7).into_iter().enumerate() {
                    // Five standard errors, and one order for where the error itself is estimated as none.
                    let room = 5.0 * variance.sqrt() + 5.0 / f64::from(ORDERS);
                    prop_assert!((share - credits[class].share).abs() <= room);
                }
            }
        }
    }

    #[test]
    fn what_any_of_m_takes_is_shared_by_m() {
        // At stage "alert" everything is like this: the closed form is 1/m.
        let players: Vec<Vec<usize>> = vec![vec![0], vec![1, 2], vec![3]];
        let credits = Solver::default().solve(&players, &|in_force| (0..4).any(in_force));
        for credit in credits {
            assert!((credit.share - 0.25).abs() < 1e-12 && credit.alone && !credit.last);
        }
    }

    #[test]
    fn many_players_are_drawn_by_lot() {
        // Twenty that all are needed: each has a twentieth, and an error that says how sure that is.
        let players: Vec<Vec<usize>> = (0..20).map(|player| vec![player]).collect();
        let credits = Solver::default().solve(&players, &|in_force| (0..20).all(in_force));
        let error = (0.05_f64 * 0.95 / 2000.0).sqrt();
        for credit in &credits {
            assert!((credit.share - 0.05).abs() < 5.0 * error, "{credit:?}");
            assert!(
                (credit.variance.sqrt() - error).abs() < error / 2.0,
                "{credit:?}"
            );
            assert!(credit.last && !credit.alone);
        }
        let sum: f64 = credits.iter().map(|credit| credit.share).sum();
        assert!((sum - 1.0).abs() < 1e-12);
    }

    /// By hand, thirteen that act differently: the first and one of a pair are needed, the others do nothing. The first
    /// decides where it does not come before both of the pair, in 2 of 3 orders, and each of the pair in 1 of 6.
    #[test]
    fn a_pair_among_many() {
        let mut players: Vec<Vec<usize>> = (0..12).map(|player| vec![player]).collect();
        players.push(vec![12, 13]);
        let takes =
            |in_force: &dyn Fn(usize) -> bool| in_force(0) && (in_force(12) || in_force(13));
        let mut solver = Solver::default();
        let credits = solver.solve(&players, &takes);
        let drawn = |share: f64| share * (1.0 - share) / f64::from(ORDERS);
        let (first, pair) = (credits[0], credits[12]);
        let room = 5.0 * drawn(2.0 / 3.0).sqrt();
        assert!((first.share - 2.0 / 3.0).abs() < room, "{first:?}");
        assert!((pair.share - 1.0 / 6.0).abs() < room / 2.0, "{pair:?}");
        // Of the pair's share each has half, and so a quarter of its variance.
        assert!((first.variance - drawn(first.share)).abs() < 1e-15);
        assert!((pair.variance - drawn(2.0 * pair.share) / 4.0).abs() < 1e-15);
        assert!(first.last && !first.alone && !pair.last && !pair.alone);
        for idle in &credits[1..12] {
            assert_eq!(*idle, Credit::default());
        }
        // Another game has draws of its own.
        let again = solver.solve(&players, &takes);
        assert_ne!(again[0], first);
        // One that is enough alone is not missed where another is enough too.
        let credits = solver.solve(&players, &|in_force| in_force(0) || in_force(1));
        assert!(credits[0].alone && !credits[0].last && !credits[2].alone);
    }
}
