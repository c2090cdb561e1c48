//! A set beside a real log: how far apart they are in each property, and how far apart the halves of the real log are.

use super::distance::{kolmogorov_smirnov, total_variation, wasserstein};
use super::interval::interval;
use super::profile::{Profile, Property, Sample};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Version of the shape of [`Comparison`] in JSON.
pub const SCHEMA_VERSION: u32 = 1;
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
    /// Why it is unmeasured.
    pub reason: Option<String>,
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
