//! The same rows at every threshold, width and kind of window: how good the rule is at each, and which point is best
//! under a budget of alerts. What is chosen on one half of the data is reported on the other.

mod behind;
mod best;
mod halves;
mod measure;
mod schedule;
mod tally;
#[cfg(test)]
mod tests;

pub use best::{Best, Family};
pub use halves::Halves;
pub use measure::{Band, Counts3, Measures, Rate};
pub use schedule::{Delays, MinuteOfBin, ScheduleOutcome, StartMinute};
pub use tally::Scorer;

use crate::eval::GroundTruth;
use measure::{Intervals, Tally};
use scanbench_detector::{Census, Crossing, GridKey, GridRow};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// Version of the shape of [`Sweep`] in JSON.
pub const SWEEP_SCHEMA_VERSION: u32 = 1;

/// How time is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowKind {
    /// Bins from the epoch, as in the rule.
    Tumbling,
    /// Windows that begin every half width.
    Hopping,
    /// Any stretch of the width.
    Sliding,
}

impl WindowKind {
    /// As it stands in reports and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tumbling => "tumbling",
            Self::Hopping => "hopping",
            Self::Sliding => "sliding",
        }
    }

    /// From the start of one window to the start of the next; `None` for sliding ones.
    #[must_use]
    pub fn step(self, width: Duration) -> Option<Duration> {
        match self {
            Self::Tumbling => Some(width),
            Self::Hopping => Some(width / 2),
            Self::Sliding => None,
        }
    }
}

/// What decides whether a row is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// Distinct ports: the rule.
    Ports,
    /// Baseline: this many requests of one key in one bin.
    Requests,
    /// Baseline: this many requests of a hundred with status 404, of at least [`LEAST_REQUESTS`].
    NotFound,
}

/// Requests from which on a share of 404 is looked at: of fewer, a share means little. It is the rule's own threshold,
/// so that both baselines see the same keys.
pub const LEAST_REQUESTS: u64 = 30;

/// What makes a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize)]
pub struct Setting {
    /// What is compared with the threshold.
    pub by: By,
    /// Whether the exclusions are in force.
    pub with_exclusions: bool,
    /// How time is cut.
    pub window: WindowKind,
    /// Width of a bin or window, in seconds.
    pub bin_seconds: u64,
    /// Distinct ports, requests, or per cent.
    pub threshold: u64,
}

/// A setting and how good it is.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct Point {
    /// What makes a row.
    #[serde(flatten)]
    pub setting: Setting,
    /// Whether any row can reach the threshold: above the set limit none can, and zeros mean nothing.
    pub can_fire: bool,
    /// On all data.
    pub whole: Measures,
    /// On the half on which points are chosen.
    pub tuning: Measures,
    /// On the other half.
    pub reporting: Measures,
}

/// A dataset that was swept.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct SweptDataset {
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Entries in the logs.
    pub lines: u64,
    /// Days from its first line to its last.
    pub days: f64,
    /// Malicious campaigns.
    pub malicious: u64,
}

/// All points, and the best of them.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct Sweep {
    /// [`SWEEP_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What was swept.
    pub datasets: Vec<SweptDataset>,
    /// Most values that a set keeps; `None` for no limit.
    pub set_limit: Option<u64>,
    /// How halves were made.
    pub halves: Halves,
    /// Alerts a day, with no attack behind them, that are put up with.
    pub budget: f64,
    /// The best of each family of settings.
    pub best: Vec<Best>,
    /// Every point.
    pub points: Vec<Point>,
    /// What a daily run does to the rows of the rule as published, where that is among the points.
    pub schedule: Option<ScheduleOutcome>,
}

/// Adds up datasets.
#[derive(Debug)]
pub struct Sweeper {
    settings: Vec<(Setting, bool)>,
    tallies: Vec<[Tally; 3]>,
    datasets: Vec<SweptDataset>,
    halves: Halves,
    schedule: schedule::Adder,
}

impl Sweeper {
    /// For these settings, each with whether it can fire.
    #[must_use]
    pub fn new(settings: Vec<(Setting, bool)>, halves: Halves) -> Self {
        Self {
            tallies: settings.iter().map(|_| Default::default()).collect(),
            settings,
            datasets: Vec::new(),
            halves,
            schedule: schedule::Adder::default(),
        }
    }

    /// The settings, by the numbers under which rows are added.
    #[must_use]
    pub fn settings(&self) -> &[(Setting, bool)] {
        &self.settings
    }

    /// A scorer for the next dataset. Its census has these widths, and lists all bins of the clients of malicious and
    /// authorised campaigns.
    pub fn begin<'t>(
        &mut self,
        truth: &'t GroundTruth,
        census: &Census,
        widths: &[Duration],
    ) -> Scorer<'t> {
        let before = self.datasets.iter();
        let nth = before.filter(|one| one.scenario == truth.scenario).count();
        let numbers = (self.datasets.len(), nth);
        let scorer = Scorer::new(truth, numbers, self.halves, census, widths);
        self.datasets.push(SweptDataset {
            scenario: truth.scenario.clone(),
            seed: truth.seed,
            lines: truth.lines,
            days: scorer.days,
            malicious: tally::malicious(truth).count() as u64,
        });
        scorer
    }

    /// Adds the rows of one setting on the dataset that the scorer is for.
    pub fn add(&mut self, setting: usize, scorer: &Scorer<'_>, keys: &[GridKey], rows: &[GridRow]) {
        let (about, _) = self.settings[setting];
        scorer.tally(keys, rows, &about, &mut self.tallies[setting]);
    }

    /// Adds what a schedule does to the rows of the rule as published on the dataset that the scorer is for.
    pub fn add_schedule(
        &mut self,
        scorer: &Scorer<'_>,
        keys: &[GridKey],
        width: Duration,
        rows: &[Crossing],
    ) {
        self.schedule.add(scorer, keys, width, rows);
    }

    /// The sum, with the best points under a budget of alerts a day with no attack behind them.
    #[must_use]
    pub fn finish(self, set_limit: Option<u64>, budget: f64) -> Sweep {
        let mut intervals = Intervals::default();
        let points: Vec<Point> = self
            .settings
            .into_iter()
            .zip(self.tallies)
            .map(|((setting, can_fire), [whole, tuning, reporting])| Point {
                setting,
                can_fire,
                whole: whole.measures(&mut intervals),
                tuning: tuning.measures(&mut intervals),
                reporting: reporting.measures(&mut intervals),
            })
            .collect();
        Sweep {
            schema_version: SWEEP_SCHEMA_VERSION,
            datasets: self.datasets,
            set_limit,
            halves: self.halves,
            budget,
            best: best::choose(&points, budget),
            points,
            schedule: self.schedule.finish(),
        }
    }
}

impl Sweep {
    /// The point with this setting.
    #[must_use]
    pub fn point(&self, setting: &Setting) -> Option<&Point> {
        self.points.iter().find(|one| one.setting == *setting)
    }
}
