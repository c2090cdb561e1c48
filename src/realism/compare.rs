//! A set beside a real log: how far apart they are in each property, and how far apart the halves of the real log are.

use super::distance::{kolmogorov_smirnov, total_variation, wasserstein};
use super::interval::interval;
use super::profile::{Profile, Property, Sample};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Version of the shape of [`Comparison`] in JSON.
pub const SCHEMA_VERSION: u32 = 2;
/// Names that are shown of a property: as many as a day has hours.
const MOST_VALUES: usize = 24;
/// A set is near where its distance is at most so many times that of the real log's halves.
pub const ROOM: f64 = 2.0;

/// A set beside a real log.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// Version of this shape.
    pub schema_version: u32,
    /// The set.
    pub set: Side,
    /// The real log.
    pub real: Side,
    /// Each property.
    pub properties: Vec<Compared>,
}

/// What was measured of one side.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// Lines.
    pub lines: u64,
    /// Lines that could not be read.
    pub bad_lines: u64,
    /// Logs.
    pub logs: u64,
    /// Files that were passed over.
    pub passed_over: u64,
    /// Time of the first line; `null` where there is none.
    pub first: Option<String>,
    /// Time of the last line.
    pub last: Option<String>,
    /// Stretches of time that are told apart.
    pub stretches: usize,
}

/// What came of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// At most twice as far as the halves of the real log.
    Near,
    /// Farther.
    Far,
    /// The real log is too short for halves.
    NoYardstick,
    /// A side lacks the field.
    Unmeasured,
}

impl Verdict {
    /// As it stands in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Near => "near",
            Self::Far => "far",
            Self::NoYardstick => "no yardstick",
            Self::Unmeasured => "unmeasured",
        }
    }
}

/// One property.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// Which.
    pub property: Property,
    /// What came of it.
    pub verdict: Verdict,
    /// From 0 (alike) to 1: Kolmogorov and Smirnov's of numbers, total variation of names. `null` where unmeasured.
    pub distance: Option<f64>,
    /// Its 95 % interval, from stretches of time drawn again (days for hours, weeks for days of the week); `null` where a
    /// side has fewer than five.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// Of numbers, Wasserstein's distance in doublings.
    pub doublings: Option<f64>,
    /// The distance of the first half of the real log from its second.
    pub yardstick: Option<f64>,
    /// What its values are, on both sides: the commonest names and the rest, or numbers by the power of two.
    pub values: Vec<ValueShares>,
    /// Why it is unmeasured.
    pub reason: Option<String>,
}

/// How common a value is on both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValueShares {
    /// The value.
    pub name: String,
    /// Its share in the set.
    pub set: f64,
    /// Its share in the real log.
    pub real: f64,
}

/// The JSON Schema of `compare.json`.
#[must_use]
pub fn compare_schema() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<Comparison>();
    schema.insert("title".to_owned(), "A comparison of scanbench".into());
    schema.to_value()
}

/// Compares a set with a real log.
#[must_use]
pub fn compare(set: &Profile, real: &Profile) -> Comparison {
    let halves = real.halves();
    Comparison {
        schema_version: SCHEMA_VERSION,
        set: side(set),
        real: side(real),
        properties: Property::ALL
            .into_iter()
            .map(|property| one(property, set, real, halves.as_ref()))
            .collect(),
    }
}

impl Comparison {
    /// How many properties are near, and how many were held against a yardstick.
    #[must_use]
    pub fn near(&self) -> (usize, usize) {
        let count = |verdict| {
            self.properties
                .iter()
                .filter(|one| one.verdict == verdict)
                .count()
        };
        let near = count(Verdict::Near);
        (near, near + count(Verdict::Far))
    }
}

fn side(profile: &Profile) -> Side {
    Side {
        lines: profile.passage.lines,
        bad_lines: profile.passage.bad,
        logs: profile.passage.logs,
        passed_over: profile.passage.passed_over,
        first: profile.span.map(|(first, _)| first.to_string()),
        last: profile.span.map(|(_, last)| last.to_string()),
        stretches: profile.stretches(),
    }
}

fn one(
    property: Property,
    set: &Profile,
    real: &Profile,
    halves: Option<&(Vec<usize>, Vec<usize>)>,
) -> Compared {
    let (ours, theirs) = (set.whole(property), real.whole(property));
    let lacks = match (&ours, &theirs) {
        (Some(_), Some(_)) => None,
        (None, Some(_)) => Some("the set"),
        (Some(_), None) => Some("the real log"),
        (None, None) => Some("both sides"),
    };
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        return Compared {
            property,
            verdict: Verdict::Unmeasured,
            distance: None,
            low: None,
            high: None,
            doublings: None,
            yardstick: None,
            values: Vec::new(),
            reason: lacks.map(|who| format!("{who} lacks {}", property.needs())),
        };
    };
    let found = distance(&ours, &theirs);
    let yardstick = halves.and_then(|(first, second)| {
        distance(
            &real.sample(property, first)?,
            &real.sample(property, second)?,
        )
    });
    let interval = found.and_then(|found| interval(property, set, real, found));
    let verdict = match (found, yardstick) {
        (None, _) => Verdict::Unmeasured,
        (Some(_), None) => Verdict::NoYardstick,
        // Sums of shares are exact to a few parts in 10^16.
        (Some(found), Some(yardstick)) if found <= ROOM * yardstick + 1e-9 => Verdict::Near,
        _ => Verdict::Far,
    };
    let doublings = match (&ours, &theirs) {
        (Sample::Numbers(ours), Sample::Numbers(theirs)) => wasserstein(ours, theirs),
        _ => None,
    };
    Compared {
        property,
        verdict,
        distance: found,
        low: interval.map(|(low, _)| low),
        high: interval.map(|(_, high)| high),
        doublings,
        yardstick,
        values: values(&ours, &theirs),
        reason: None,
    }
}

pub(super) fn distance(one: &Sample, other: &Sample) -> Option<f64> {
    match (one, other) {
        (Sample::Names(one), Sample::Names(other)) => total_variation(one, other),
        (Sample::Numbers(one), Sample::Numbers(other)) => kolmogorov_smirnov(one, other),
        _ => None,
    }
}

/// Shares of values on both sides, few enough for a picture.
fn values(ours: &Sample, theirs: &Sample) -> Vec<ValueShares> {
    match (ours, theirs) {
        (Sample::Names(ours), Sample::Names(theirs)) => {
            let mut all = shares(ours.iter().cloned(), theirs.iter().cloned());
            // In the order of names, so that hours and days stay in theirs.
            if all.len() > MOST_VALUES {
                all.sort_by(|one, other| (other.set + other.real).total_cmp(&(one.set + one.real)));
                let rest = all.split_off(MOST_VALUES - 1);
                all.push(ValueShares {
                    name: "all others".to_owned(),
                    set: rest.iter().map(|one| one.set).sum(),
                    real: rest.iter().map(|one| one.real).sum(),
                });
            }
            all
        }
        (Sample::Numbers(ours), Sample::Numbers(theirs)) => {
            // A number is kept as the binary logarithm of one more.
            let doubling = |(steps, weight): &(f64, f64)| (steps.floor(), *weight);
            let key = |(steps, weight): (f64, f64)| (format!("{steps:02}"), weight);
            let of = |sample: &[(f64, f64)]| -> Vec<(String, f64)> {
                sample.iter().map(doubling).map(key).collect()
            };
            let mut all = shares(of(ours).into_iter(), of(theirs).into_iter());
            for one in &mut all {
                let steps: u32 = one.name.parse().unwrap_or(0);
                let first = 2_u128.saturating_pow(steps) - 1;
                one.name = match first {
                    0 => "0".to_owned(),
                    first => format!("{first} to {}", 2 * first),
                };
            }
            all
        }
        _ => Vec::new(),
    }
}

fn shares(
    ours: impl Iterator<Item = (String, f64)>,
    theirs: impl Iterator<Item = (String, f64)>,
) -> Vec<ValueShares> {
    let mut all: BTreeMap<String, [f64; 2]> = BTreeMap::new();
    let mut sums = [0.0; 2];
    let both = ours.map(|one| (0, one)).chain(theirs.map(|one| (1, one)));
    for (side, (name, weight)) in both {
        all.entry(name).or_default()[side] += weight;
        sums[side] += weight;
    }
    all.into_iter()
        .map(|(name, [set, real])| ValueShares {
            name,
            set: set / sums[0],
            real: real / sums[1],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names by their names, the rest together; numbers by the power of two of one more: 0, 1 to 2, 3 to 6.
    #[test]
    fn values_by_hand() {
        let names = |counts: &[(&str, f64)]| {
            let counts = counts.iter();
            Sample::Names(
                counts
                    .map(|(name, count)| ((*name).to_owned(), *count))
                    .collect(),
            )
        };
        let row = |name: &str, set, real| ValueShares {
            name: name.to_owned(),
            set,
            real,
        };
        assert_eq!(
            values(&names(&[("a", 3.0), ("b", 1.0)]), &names(&[("b", 2.0)])),
            [row("a", 0.75, 0.0), row("b", 0.25, 1.0)]
        );
        // The binary logarithms of one more than 0, 1, 2 and 3.
        let of = |values: &[f64]| {
            Sample::Numbers(
                values
                    .iter()
                    .map(|value| ((value + 1.0).log2(), 1.0))
                    .collect(),
            )
        };
        assert_eq!(
            values(&of(&[0.0, 1.0, 2.0, 3.0]), &of(&[3.0])),
            [
                row("0", 0.25, 0.0),
                row("1 to 2", 0.5, 0.0),
                row("3 to 6", 0.25, 1.0)
            ]
        );
        let many: Vec<(String, f64)> = (0..40)
            .map(|number| (format!("{number:02}"), 1.0))
            .collect();
        let all = values(&Sample::Names(many.clone()), &Sample::Names(many));
        assert_eq!(all.len(), MOST_VALUES);
        let rest = all.last().unwrap();
        assert!(rest.name == "all others" && (rest.set - 17.0 / 40.0).abs() < 1e-12);
    }
}
