//! Rules learnt from campaigns. Every campaign weighs the same in its class, and both classes weigh the same: one that
//! makes a million lines teaches no more than one that makes ten.

use super::line::{FIELDS, Line, Texts};
use super::{Campaign, FOLDS, mean};
use crate::realism::profile::float;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Questions of a tree, one below the other.
const DEPTH: u32 = 3;
/// Values of a field that a tree asks for: the commonest.
const MOST_VALUES: usize = 32;

/// The mean accuracy of both classes.
pub(super) fn balanced(classes: &[Vec<f64>; 2]) -> f64 {
    f64::midpoint(mean(&classes[0]), mean(&classes[1]))
}

/// The share of the lines of scans, and of those of look-alikes, that have each value of some fields.
pub(super) fn shares<'c>(
    campaigns: &(impl Iterator<Item = &'c Campaign> + Clone),
    fields: &[usize],
) -> BTreeMap<Vec<u32>, (f64, f64)> {
    let count = |is_scan| {
        float(
            campaigns
                .clone()
                .filter(|one| one.is_scan == is_scan)
                .count()
                .max(1) as u64,
        )
    };
    let (scans, others) = (count(true), count(false));
    let mut shares: BTreeMap<Vec<u32>, (f64, f64)> = BTreeMap::new();
    for campaign in campaigns.clone() {
        let weight = 1.0 / float(campaign.lines.len().max(1) as u64);
        for line in &campaign.lines {
            let both = shares.entry(values(line, fields)).or_default();
            if campaign.is_scan {
                both.0 += weight / scans;
            } else {
                both.1 += weight / others;
            }
        }
    }
    shares
}

fn values(line: &Line, fields: &[usize]) -> Vec<u32> {
    fields.iter().map(|field| line.values[*field]).collect()
}

/// Which values of some fields each campaign's lines have, and what share of them.
pub(super) struct Values {
    campaigns: Vec<Vec<(usize, f64)>>,
    count: usize,
}

impl Values {
    pub(super) fn of(campaigns: &[Campaign], fields: &[usize]) -> Self {
        let mut numbers: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
        let campaigns = campaigns
            .iter()
            .map(|campaign| {
                let mut lines: BTreeMap<usize, u64> = BTreeMap::new();
                for line in &campaign.lines {
                    let next = numbers.len();
                    let number = *numbers.entry(values(line, fields)).or_insert(next);
                    *lines.entry(number).or_default() += 1;
                }
                let all = float(campaign.lines.len().max(1) as u64);
                let share = |(number, lines)| (number, float(lines) / all);
                lines.into_iter().map(share).collect()
            })
            .collect();
        Self {
            campaigns,
            count: numbers.len(),
        }
    }

    /// Learns for each value to which class it belongs, and tries that on the campaigns of the fold that it did not learn
    /// from: the share of each one's lines that are told right. A value never seen is told by a coin.
    pub(super) fn held_out(&self, campaigns: &[Campaign], folds: &[usize]) -> Vec<f64> {
        let mut found = vec![0.5; campaigns.len()];
        for fold in 0..FOLDS {
            // Of look-alikes and of scans: how many campaigns, and the sum of their shares of each value.
            let mut counts = [0_u64; 2];
            let mut sums = vec![[0.0_f64; 2]; self.count];
            let learnt = campaigns.iter().zip(&self.campaigns).zip(folds);
            for ((campaign, shares), _) in learnt.filter(|(_, own)| **own != fold) {
                let class = usize::from(campaign.is_scan);
                counts[class] += 1;
                for (value, share) in shares {
                    sums[*value][class] += share;
                }
            }
            let [others, scans] = counts.map(|count| float(count.max(1)));
            let tried = campaigns.iter().zip(&self.campaigns).zip(folds);
            for (at, ((campaign, shares), _)) in
                tried.enumerate().filter(|(_, (_, own))| **own == fold)
            {
                let told = shares.iter().map(|(value, share)| {
                    let [other, scan] = sums[*value];
                    let apart = scan / scans - other / others;
                    // Sums of shares are exact to a few parts in 10^16.
                    let right = if apart.abs() < 1e-9 {
                        0.5
                    } else {
                        f64::from(u8::from((apart > 0.0) == campaign.is_scan))
                    };
                    share * right
                });
                found[at] = told.sum();
            }
        }
        found
    }
}

/// What some fields tell of the class, in bits (mutual information), where both classes are as likely.
pub(super) fn bits(campaigns: &[Campaign], fields: &[usize]) -> f64 {
    let part = |share: f64, all: f64| {
        if share > 0.0 {
            share / 2.0 * (share / all).log2()
        } else {
            0.0
        }
    };
    shares(&campaigns.iter(), fields)
        .values()
        .map(|(scan, other)| {
            let all = f64::midpoint(*scan, *other);
            part(*scan, all) + part(*other, all)
        })
        .sum()
}

/// A tree of questions whether a field has a value.
#[derive(Debug)]
pub(super) enum Tree {
    /// The guess: how likely a scan.
    Leaf(f64),
    Asks {
        field: usize,
        value: u32,
        yes: Box<Tree>,
        no: Box<Tree>,
    },
}

/// A line that teaches: its values, its weight, and whether it is of a scan.
type Lesson<'c> = (&'c Line, f64, bool);

impl Tree {
    pub(super) fn grow(train: &[&Campaign]) -> Self {
        let count = |is_scan| {
            float(
                train
                    .iter()
                    .filter(|one| one.is_scan == is_scan)
                    .count()
                    .max(1) as u64,
            )
        };
        let counts = [count(false), count(true)];
        let lessons: Vec<Lesson<'_>> = train
            .iter()
            .flat_map(|one| {
                let weight =
                    1.0 / (float(one.lines.len().max(1) as u64) * counts[usize::from(one.is_scan)]);
                one.lines
                    .iter()
                    .map(move |line| (line, weight, one.is_scan))
            })
            .collect();
        Self::node(&lessons, DEPTH)
    }

    fn node(lessons: &[Lesson<'_>], depth: u32) -> Self {
        let all = weigh(lessons.iter());
        let leaf = Self::Leaf(if all.0 + all.1 > 0.0 {
            all.0 / (all.0 + all.1)
        } else {
            0.5
        });
        if depth == 0 || impurity(all) <= 0.0 {
            return leaf;
        }
        let mut best: Option<(f64, usize, u32)> = None;
        for field in 0..FIELDS.len() {
            let mut by_value: HashMap<u32, (f64, f64)> = HashMap::new();
            for (line, weight, is_scan) in lessons {
                let both = by_value.entry(line.values[field]).or_default();
                if *is_scan {
                    both.0 += weight;
                } else {
                    both.1 += weight;
                }
            }
            let mut commonest: Vec<(u32, (f64, f64))> = by_value.into_iter().collect();
            commonest.sort_by(|one, other| {
                let weight = |both: (f64, f64)| both.0 + both.1;
                weight(other.1)
                    .total_cmp(&weight(one.1))
                    .then(one.0.cmp(&other.0))
            });
            for (value, yes) in commonest.into_iter().take(MOST_VALUES) {
                let left = impurity(yes) + impurity((all.0 - yes.0, all.1 - yes.1));
                if best.is_none_or(|(least, _, _)| left < least - 1e-12) {
                    best = Some((left, field, value));
                }
            }
        }
        match best {
            Some((left, field, value)) if left < impurity(all) - 1e-9 => {
                let (yes, no): (Vec<Lesson<'_>>, Vec<Lesson<'_>>) = lessons
                    .iter()
                    .copied()
                    .partition(|(line, _, _)| line.values[field] == value);
                Self::Asks {
                    field,
                    value,
                    yes: Box::new(Self::node(&yes, depth - 1)),
                    no: Box::new(Self::node(&no, depth - 1)),
                }
            }
            _ => leaf,
        }
    }

    /// The share of a campaign's lines that it tells right.
    pub(super) fn accuracy(&self, campaign: &Campaign) -> f64 {
        let right: Vec<f64> = campaign
            .lines
            .iter()
            .map(|line| {
                let guess = self.guess(line);
                if (guess - 0.5).abs() < 1e-9 {
                    0.5
                } else {
                    f64::from(u8::from((guess > 0.5) == campaign.is_scan))
                }
            })
            .collect();
        mean(&right)
    }

    fn guess(&self, line: &Line) -> f64 {
        match self {
            Self::Leaf(guess) => *guess,
            Self::Asks {
                field, value, yes, ..
            } if line.values[*field] == *value => yes.guess(line),
            Self::Asks { no, .. } => no.guess(line),
        }
    }

    /// The fields that it asks for.
    pub(super) fn fields(&self) -> BTreeSet<usize> {
        match self {
            Self::Leaf(_) => BTreeSet::new(),
            Self::Asks { field, yes, no, .. } => {
                let mut fields = yes.fields();
                fields.extend(no.fields());
                fields.insert(*field);
                fields
            }
        }
    }

    /// In words.
    pub(super) fn told(&self, texts: &Texts) -> String {
        match self {
            Self::Leaf(guess) if *guess > 0.5 => "scan".to_owned(),
            Self::Leaf(_) => "look-alike".to_owned(),
            Self::Asks {
                field,
                value,
                yes,
                no,
            } => format!(
                "if {} is \"{}\": ({}), else: ({})",
                FIELDS[*field].name(),
                texts.text(*value),
                yes.told(texts),
                no.told(texts)
            ),
        }
    }
}

fn weigh<'l, 'c: 'l>(lessons: impl Iterator<Item = &'l Lesson<'c>>) -> (f64, f64) {
    lessons.fold((0.0, 0.0), |(scan, other), (_, weight, is_scan)| {
        if *is_scan {
            (scan + weight, other)
        } else {
            (scan, other + weight)
        }
    })
}

/// Gini's, times the weight.
fn impurity((scan, other): (f64, f64)) -> f64 {
    let all = scan + other;
    if all <= 0.0 {
        0.0
    } else {
        2.0 * scan * other / all
    }
}
