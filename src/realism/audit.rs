//! What in a single line, ports left aside, tells scans from look-alikes: by one field, by two, or by a tree of three
//! questions. Each rule is learnt on some campaigns and tried on others, so that knowing an address by heart helps nobody.
//! Whatever is right much more often than a coin, and than chance makes the best of so many rules, is a leak: a detector
//! could learn it instead of the behaviour.

mod chance;
mod learn;
mod line;
mod read;

pub use read::{AuditError, read};

use self::chance::Deals;
use self::learn::{Tree, Values, balanced, bits};
use self::line::{FIELDS, Line};
use crate::realism::profile::float;
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Version of the shape of [`Audit`] in JSON.
pub const SCHEMA_VERSION: u32 = 2;
/// More balanced accuracy than this on campaigns held out is a leak, if it stands out of chance.
pub const LEAK: f64 = 0.6;
/// It stands out where chance is as right in at most this part of deals.
pub const CHANCE: f64 = 0.05;
/// Campaigns are dealt into so many parts, of which each is held out once.
const FOLDS: usize = 5;
/// Actors of each class that an audit needs. Of three and three there are 20 deals, two of which leave the classes as they
/// are or exchange them, so nothing could stand out of chance.
const LEAST_ACTORS: usize = 4;
/// Pairs that are told.
const TOLD_PAIRS: usize = 10;
/// Lines that are named for a leak.
const TOLD_PLACES: usize = 5;
/// Times that campaigns are drawn again.
const DRAWS: usize = 400;
/// For the draws.
const SEED: u64 = 1;

/// What was found.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Version of this shape.
    pub schema_version: u32,
    /// Campaigns that are attacks, with lines.
    pub scans: usize,
    /// Campaigns that are look-alikes, with lines.
    pub look_alikes: usize,
    /// Campaigns that somebody allowed: neither.
    pub left_aside: usize,
    /// Lines that were looked at: at most two hundred of each campaign.
    pub lines: usize,
    /// Each field by itself, the best first.
    pub fields: Vec<Rule>,
    /// The best pairs.
    pub pairs: Vec<Rule>,
    /// The tree of three questions; `null` where unmeasured.
    pub tree: Option<Rule>,
    /// Why nothing could be measured.
    pub unmeasured: Option<String>,
}

/// A rule that guesses the class of a line.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The fields that it looks at.
    pub fields: Vec<String>,
    /// Balanced accuracy on campaigns held out: a coin has 0.5.
    pub accuracy: f64,
    /// Its 95 % interval, from campaigns drawn again.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// In what part of deals chance makes the best of the rules that were looked at as right as this one. Of the tree it
    /// is that of trees, and `null` where its accuracy is no leak anyhow.
    pub chance: Option<f64>,
    /// What the fields tell of the class, in bits of 1; `null` for trees.
    pub bits: Option<f64>,
    /// Whether it is a leak.
    pub leaks: bool,
    /// The value that tells most, and of which class; as logged.
    pub value: Option<String>,
    /// Lines with that value, as `file:line`.
    pub places: Vec<String>,
}

/// A campaign with some of its lines.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// The actor: campaigns of one actor on several servers are not held out apart.
    pub(crate) actor: String,
    /// Whether it is an attack.
    pub(crate) is_scan: bool,
    pub(crate) lines: Vec<Line>,
}

/// What was read of datasets.
#[derive(Clone, Debug, Default)]
pub struct Material {
    pub(crate) campaigns: Vec<Campaign>,
    pub(crate) left_aside: usize,
    pub(crate) texts: line::Texts,
    pub(crate) files: Vec<String>,
}

/// The JSON Schema of `audit.json`.
#[must_use]
pub fn audit_schema() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Audit>();
    schema.insert("title".to_owned(), "An audit of scanbench".into());
    schema.to_value()
}

impl Audit {
    /// All rules that are leaks.
    pub fn leaks(&self) -> impl Iterator<Item = &Rule> {
        self.fields
            .iter()
            .chain(&self.pairs)
            .chain(&self.tree)
            .filter(|rule| rule.leaks)
    }
}

/// Looks for leaks.
#[must_use]
pub fn audit(material: &Material) -> Audit {
    let campaigns = &material.campaigns;
    let of_class = |is_scan| campaigns.iter().filter(move |one| one.is_scan == is_scan);
    let mut audit = Audit {
        schema_version: SCHEMA_VERSION,
        scans: of_class(true).count(),
        look_alikes: of_class(false).count(),
        left_aside: material.left_aside,
        lines: campaigns.iter().map(|one| one.lines.len()).sum(),
        fields: Vec::new(),
        pairs: Vec::new(),
        tree: None,
        unmeasured: None,
    };
    let actors = |is_scan| {
        of_class(is_scan)
            .map(|one| &one.actor)
            .collect::<BTreeSet<_>>()
            .len()
    };
    if actors(true).min(actors(false)) < LEAST_ACTORS {
        audit.unmeasured = Some(format!(
            "there are lines of {} attackers and {} look-alikes, and what is learnt of some must be tried on others",
            actors(true),
            actors(false)
        ));
        return audit;
    }
    let folds = folds(campaigns);
    let looks: Vec<Vec<usize>> = (0..FIELDS.len())
        .map(|field| vec![field])
        .chain(
            (0..FIELDS.len())
                .flat_map(|first| (first + 1..FIELDS.len()).map(move |second| vec![first, second])),
        )
        .collect();
    let values: Vec<Values> = looks
        .iter()
        .map(|fields| Values::of(campaigns, fields))
        .collect();
    let deals = Deals::of_rules(campaigns, &values);
    for (fields, values) in looks.iter().zip(&values) {
        let found = values.held_out(campaigns, &folds);
        let rule = rule(material, &found, &deals, fields);
        if fields.len() == 1 {
            audit.fields.push(rule);
        } else {
            audit.pairs.push(rule);
        }
    }
    let best_first = |one: &Rule, other: &Rule| other.accuracy.total_cmp(&one.accuracy);
    audit.fields.sort_by(best_first);
    audit.pairs.sort_by(best_first);
    audit.pairs.truncate(TOLD_PAIRS);
    audit.tree = Some(tree(material, &folds));
    audit
}

fn tree(material: &Material, folds: &[usize]) -> Rule {
    let campaigns = &material.campaigns;
    let found = held_out(folds, campaigns, |train, test| {
        let tree = Tree::grow(train);
        test.iter().map(|one| tree.accuracy(one)).collect()
    });
    let all: Vec<&Campaign> = campaigns.iter().collect();
    let whole = Tree::grow(&all);
    let (accuracy, low, high) = scored(campaigns, &found);
    // Growing trees takes long, so it is done only where it matters.
    let chance = (accuracy > LEAK).then(|| Deals::of_trees(campaigns).as_right(accuracy));
    Rule {
        fields: whole
            .fields()
            .into_iter()
            .map(|field| FIELDS[field].name().to_owned())
            .collect(),
        accuracy,
        low,
        high,
        chance,
        bits: None,
        leaks: is_leak(accuracy, chance),
        value: Some(whole.told(&material.texts)),
        places: Vec::new(),
    }
}

fn is_leak(accuracy: f64, chance: Option<f64>) -> bool {
    accuracy > LEAK && chance.is_some_and(|chance| chance <= CHANCE)
}

/// The fold of each campaign: actors of each class are dealt in the order of their names.
fn folds(campaigns: &[Campaign]) -> Vec<usize> {
    let mut dealt: BTreeMap<(bool, &str), usize> = campaigns
        .iter()
        .map(|one| ((one.is_scan, one.actor.as_str()), 0))
        .collect();
    let mut next = [0; 2];
    for ((is_scan, _), fold) in &mut dealt {
        let next = &mut next[usize::from(*is_scan)];
        *fold = *next % FOLDS;
        *next += 1;
    }
    campaigns
        .iter()
        .map(|one| dealt[&(one.is_scan, one.actor.as_str())])
        .collect()
}

/// The accuracy on each campaign, by what was learnt without its fold.
fn held_out(
    folds: &[usize],
    campaigns: &[Campaign],
    learn: impl Fn(&[&Campaign], &[&Campaign]) -> Vec<f64>,
) -> Vec<f64> {
    let mut found = vec![0.5; campaigns.len()];
    for fold in 0..FOLDS {
        let (test, train): (Vec<usize>, Vec<usize>) =
            (0..campaigns.len()).partition(|at| folds[*at] == fold);
        let of = |at: &[usize]| -> Vec<&Campaign> { at.iter().map(|at| &campaigns[*at]).collect() };
        for (at, accuracy) in test.iter().zip(learn(&of(&train), &of(&test))) {
            found[*at] = accuracy;
        }
    }
    found
}

/// What was found of scans, and of look-alikes.
fn of_classes(campaigns: &[Campaign], found: &[f64]) -> [Vec<f64>; 2] {
    [true, false].map(|is_scan| {
        let both = campaigns.iter().zip(found);
        both.filter(|(one, _)| one.is_scan == is_scan)
            .map(|(_, accuracy)| *accuracy)
            .collect()
    })
}

/// Balanced accuracy, and its interval from campaigns drawn again in each class.
fn scored(campaigns: &[Campaign], found: &[f64]) -> (f64, f64, f64) {
    let classes = of_classes(campaigns, found);
    let mut chance = Pcg64::seed_from_u64(SEED);
    let mut drawn: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let again = classes.each_ref().map(|class| {
                let count = u64::try_from(class.len()).unwrap_or(1);
                let mut one = || {
                    class[usize::try_from(((chance.next_u64() >> 32) * count) >> 32).unwrap_or(0)]
                };
                (0..count).map(|_| one()).collect::<Vec<f64>>()
            });
            balanced(&again)
        })
        .collect();
    drawn.sort_by(f64::total_cmp);
    (
        balanced(&classes),
        drawn[DRAWS / 40],
        drawn[DRAWS - 1 - DRAWS / 40],
    )
}

fn rule(material: &Material, found: &[f64], deals: &Deals, fields: &[usize]) -> Rule {
    let campaigns = &material.campaigns;
    let (accuracy, low, high) = scored(campaigns, found);
    let chance = Some(deals.as_right(accuracy));
    let leaks = is_leak(accuracy, chance);
    let mut rule = Rule {
        fields: fields
            .iter()
            .map(|field| FIELDS[*field].name().to_owned())
            .collect(),
        accuracy,
        low,
        high,
        chance,
        bits: Some(bits(campaigns, fields)),
        leaks,
        value: None,
        places: Vec::new(),
    };
    if leaks {
        tell(&mut rule, material, fields);
    }
    rule
}

/// Names the value that tells most, and lines that have it.
fn tell(rule: &mut Rule, material: &Material, fields: &[usize]) {
    let shares = learn::shares(&material.campaigns.iter(), fields);
    let apart = |(scan, other): (f64, f64)| (scan - other).abs();
    // Of two that tell as much, the one of scans is named.
    let most = shares.iter().max_by(|(_, one), (_, two)| {
        apart(**one)
            .total_cmp(&apart(**two))
            .then((one.0 - one.1).total_cmp(&(two.0 - two.1)))
    });
    let Some((value, (scan, other))) = most else {
        return;
    };
    let texts: Vec<String> = fields
        .iter()
        .zip(value)
        .map(|(field, code)| format!("{} {}", FIELDS[*field].name(), material.texts.text(*code)))
        .collect();
    rule.value = Some(format!(
        "{}: {:.0} % of lines of scans, {:.0} % of look-alikes",
        texts.join(", "),
        scan * 100.0,
        other * 100.0
    ));
    let is_scan = scan > other;
    let of_class = material
        .campaigns
        .iter()
        .filter(|one| one.is_scan == is_scan);
    let lines = of_class.flat_map(|one| &one.lines);
    let same = lines.filter(|line| {
        fields
            .iter()
            .zip(value)
            .all(|(field, code)| line.values[*field] == *code)
    });
    rule.places = same
        .take(TOLD_PLACES)
        .map(|line| format!("{}:{}", material.files[line.file], line.number))
        .collect();
}

/// A mean; 0 of nothing.
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / float(values.len().max(1) as u64)
}

#[cfg(test)]
mod tests;
