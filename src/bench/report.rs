//! `bench.json`: every run, and what follows from them.

use super::check::Rows;
use super::statistics::{Estimate, exponent, median, outliers, widest_coverage};
use crate::report::number::grouped;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of `bench.json`.
pub const SCHEMA_VERSION: u32 = 2;

/// A difference that matters: smaller ones are "no change", and where noise is larger than it the reader is warned.
pub const MATTERS: f64 = 0.05;

/// Seconds under which a time is mostly noise.
const SHORT: f64 = 0.005;

/// All that was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BenchReport {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The version of this program.
    pub version: String,
    /// When it began, in UTC.
    pub began: String,
    /// The command line, without this program's place.
    pub command: Vec<String>,
    /// The system and processor it ran on.
    pub machine: Machine,
    /// The detectors, also those that are not measured.
    pub detectors: Vec<Described>,
    /// How often all of them ran, in turn.
    pub rounds: usize,
    /// The datasets, smallest first, then logs that differ in the number of clients. Detectors are compared on the first.
    pub datasets: Vec<Data>,
    /// The detectors on the datasets; the first is the one that others are held against.
    pub measured: Vec<Measured>,
    /// How time grows, by detector.
    pub growth: Vec<Growth>,
    /// What was left out because there was no time for it.
    pub dropped: Vec<String>,
    /// What a reader should know before believing the numbers.
    pub warnings: Vec<String>,
}

/// A detector as its description has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Described {
    /// Its name.
    pub name: String,
    /// What it says of its version; `null` where nobody asks it.
    pub version: Option<String>,
    /// Why its rows are other ones by design: it then has accuracy and no speed.
    pub differs: Option<String>,
    /// Why it cannot answer the question.
    pub cannot: Option<String>,
}

/// Where it ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// The operating system.
    pub system: String,
    /// The architecture.
    pub architecture: String,
    /// The processor as it calls itself; `null` where the system does not tell.
    pub processor: Option<String>,
    /// Memory, in bytes; `null` where the system does not tell.
    pub memory_bytes: Option<u64>,
    /// Threads that can run at once.
    pub threads: usize,
}

/// A dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// So many times the background of scale 1.
    pub scale: f64,
    /// Distinct clients, where the logs were made to differ in them only; `null` for datasets of a scenario.
    pub clients: Option<u64>,
    /// Lines of its logs.
    pub lines: u64,
    /// Bytes of its logs.
    pub bytes: u64,
    /// SHA-256 over the checksums of its files.
    pub fingerprint: String,
    /// Seconds for counting the newlines, by round.
    pub calibration_s: Vec<f64>,
}

/// A detector on a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The detector's name.
    pub detector: String,
    /// Threads that it was told to use; `null` where it does not let itself be told.
    pub threads: Option<usize>,
    /// Which dataset, from 0.
    pub dataset: usize,
    /// How its rows agree with the truth; `null` where it gave none that could be read.
    pub rows: Option<Rows>,
    /// Why it has no speed: its rows are wrong, or it did not end well, or in time.
    pub refused: Option<String>,
    /// Its speed; `null` where it is refused.
    pub speed: Option<Speed>,
}

/// One run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// From start to end, in seconds.
    pub wall_s: f64,
    /// Processor time over all threads, in seconds; `null` where the system does not tell.
    pub cpu_s: Option<f64>,
    /// The largest resident set, in bytes.
    pub peak_bytes: Option<u64>,
}

/// How fast a detector is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Speed {
    /// Every run, by round.
    pub runs: Vec<Run>,
    /// Seconds from start to end.
    pub wall_s: Estimate,
    /// Seconds of processor time.
    pub cpu_s: Option<Estimate>,
    /// Bytes of the largest resident set.
    pub peak_bytes: Option<Estimate>,
    /// Lines a second.
    pub lines_per_s: Estimate,
    /// Billions of bytes a second.
    pub gb_per_s: Estimate,
    /// Wall time over that of counting the newlines, by round.
    pub to_calibration: Estimate,
    /// Wall time over that of the first detector, by round; `null` for itself, and where that has no speed.
    pub to_first: Option<Estimate>,
}

/// How the time of a detector grows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Growth {
    /// The detector.
    pub detector: String,
    /// With what.
    pub by: By,
    /// Lines, clients or threads, smallest first.
    pub at: Vec<u64>,
    /// Median seconds there.
    pub wall_s: Vec<f64>,
    /// The exponent of growth, fitted in each round: 1 for lines is twice the time for twice the lines; -1 for threads
    /// is half the time for twice the threads.
    pub exponent: Estimate,
}

/// What time grows with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The number of lines.
    Lines,
    /// The number of distinct clients, in as many lines.
    Clients,
    /// The number of threads.
    Threads,
}

/// What a quotient of times says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Less time, beyond noise and by more than [`MATTERS`].
    Faster,
    /// More time, likewise.
    Slower,
    /// Neither.
    NoChange,
}

impl Verdict {
    /// Of a quotient of times.
    #[must_use]
    pub fn of(quotient: &Estimate) -> Self {
        if quotient.low > 1.0 && quotient.median > 1.0 + MATTERS {
            Self::Slower
        } else if quotient.high < 1.0 && quotient.median < 1.0 / (1.0 + MATTERS) {
            Self::Faster
        } else {
            Self::NoChange
        }
    }
}

impl Speed {
    /// Of runs on a dataset, beside those of the first detector in the same rounds.
    #[must_use]
    pub fn of(runs: Vec<Run>, data: &Data, first: Option<&[Run]>) -> Option<Self> {
        let walls: Vec<f64> = runs.iter().map(|run| run.wall_s).collect();
        let all = |of: fn(&Run) -> Option<f64>| {
            let values: Option<Vec<f64>> = runs.iter().map(of).collect();
            values.and_then(|values| Estimate::of(&values))
        };
        let rate = |number: u64| {
            let rates: Vec<f64> = walls.iter().map(|wall| as_f64(number) / wall).collect();
            Estimate::of(&rates)
        };
        let quotients = |others: &mut dyn Iterator<Item = f64>| -> Vec<f64> {
            walls
                .iter()
                .zip(others)
                .map(|(wall, other)| wall / other)
                .collect()
        };
        let to_calibration = quotients(&mut data.calibration_s.iter().copied());
        let to_first = first.map(|first| quotients(&mut first.iter().map(|run| run.wall_s)));
        let gb = rate(data.bytes)?;
        Some(Self {
            wall_s: Estimate::of(&walls)?,
            cpu_s: all(|run| run.cpu_s),
            peak_bytes: all(|run| run.peak_bytes.map(as_f64)),
            lines_per_s: rate(data.lines)?,
            gb_per_s: Estimate {
                median: gb.median / 1e9,
                low: gb.low / 1e9,
                high: gb.high / 1e9,
            },
            to_calibration: Estimate::of(&to_calibration)?,
            to_first: to_first.and_then(|quotients| Estimate::of(&quotients)),
            runs,
        })
    }

    /// Wall times, by round.
    #[must_use]
    pub fn walls(&self) -> Vec<f64> {
        self.runs.iter().map(|run| run.wall_s).collect()
    }
}

impl BenchReport {
    /// Fits the growth and finds what is to be warned of, once all is measured.
    pub fn conclude(&mut self) {
        self.growth = self.fit();
        let mut warnings = Vec::new();
        let coverage = widest_coverage(self.rounds);
        if self.rounds > 0 && coverage < 0.95 {
            warnings.push(format!(
                "with {} rounds no interval of a median holds it more than {:.0} % of the time: use more --rounds",
                self.rounds,
                coverage * 100.0
            ));
        }
        for one in &self.datasets {
            if median(&one.calibration_s).is_some_and(|count| count < SHORT) {
                warnings.push(format!(
                    "{}: counting the newlines takes less than 5 ms, so ratios to it are mostly noise: use a larger --scale",
                    name_of_data(one)
                ));
            }
        }
        for one in &self.measured {
            let Some(speed) = &one.speed else { continue };
            let name = self.name_of(one);
            let off = outliers(&speed.walls());
            match off.as_slice() {
                [] => {}
                [0, ..] => warnings.push(format!(
                    "{name}: the first run took far longer or shorter than the others; a cache may have been cold, warm-up \
                     runs help"
                )),
                _ => warnings.push(format!(
                    "{name}: {} of {} runs stand out; something else used the machine",
                    off.len(),
                    speed.runs.len()
                )),
            }
            let width = speed.to_calibration.relative_width();
            if width > MATTERS {
                warnings.push(format!(
                    "{name}: noise of {:.0} %, so changes smaller than that are not seen: use more --rounds or a calm machine",
                    width * 100.0
                ));
            }
        }
        self.warnings = warnings;
    }

    /// What people call a measurement.
    #[must_use]
    pub fn name_of(&self, one: &Measured) -> String {
        let threads = match one.threads {
            None => String::new(),
            Some(1) => ", 1 thread".to_owned(),
            Some(threads) => format!(", {threads} threads"),
        };
        let on = self
            .datasets
            .get(one.dataset)
            .map_or_else(String::new, name_of_data);
        format!("{}{threads}, {on}", one.detector)
    }

    /// Why a detector's rows are other ones by design.
    #[must_use]
    pub fn differs(&self, detector: &str) -> Option<&str> {
        let found = self.detectors.iter().find(|one| one.name == detector)?;
        found.differs.as_deref()
    }

    fn fit(&self) -> Vec<Growth> {
        let mut names: Vec<&str> = self
            .measured
            .iter()
            .map(|one| one.detector.as_str())
            .collect();
        names.dedup();
        let mut found = Vec::new();
        for name in names {
            let with_speed = self.measured.iter().filter_map(|one| {
                let speed = one.speed.as_ref().filter(|_| one.detector == name)?;
                Some((one, speed))
            });
            let most = with_speed
                .clone()
                .map(|(one, _)| one.threads)
                .max()
                .flatten();
            let on = |of: fn(&Data) -> Option<u64>| -> Vec<(u64, &Speed)> {
                let with_most = with_speed.clone().filter(|(one, _)| one.threads == most);
                with_most
                    .filter_map(|(one, speed)| Some((of(self.datasets.get(one.dataset)?)?, speed)))
                    .collect()
            };
            let by_lines = on(|data| data.clients.is_none().then_some(data.lines));
            let by_clients = on(|data| data.clients);
            let by_threads = with_speed
                .clone()
                .filter(|(one, _)| one.dataset == 0)
                .filter_map(|(one, speed)| Some((u64::try_from(one.threads?).ok()?, speed)));
            found.extend(growth(name, By::Lines, by_lines));
            found.extend(growth(name, By::Clients, by_clients));
            found.extend(growth(name, By::Threads, by_threads.collect()));
        }
        found
    }
}

/// What people call a dataset.
pub(super) fn name_of_data(data: &Data) -> String {
    match data.clients {
        Some(1) => "1 client".to_owned(),
        Some(clients) => format!("{} clients", grouped(clients)),
        None => format!("scale {}", data.scale),
    }
}

fn growth(detector: &str, by: By, mut points: Vec<(u64, &Speed)>) -> Option<Growth> {
    points.sort_by_key(|(at, _)| *at);
    let rounds = points.iter().map(|(_, speed)| speed.runs.len()).min()?;
    let fits: Option<Vec<f64>> = (0..rounds)
        .map(|round| {
            let of_round = points
                .iter()
                .filter_map(|(at, speed)| Some((as_f64(*at), speed.runs.get(round)?.wall_s)));
            exponent(&of_round.collect::<Vec<_>>())
        })
        .collect();
    Some(Growth {
        detector: detector.to_owned(),
        by,
        at: points.iter().map(|(at, _)| *at).collect(),
        wall_s: points
            .iter()
            .filter_map(|(_, speed)| median(&speed.walls()))
            .collect(),
        exponent: Estimate::of(&fits?)?,
    })
}

/// The JSON Schema of `bench.json`: draft 2020-12, made from the types that are written.
#[must_use]
pub fn bench_schema() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<BenchReport>();
    schema.insert("title".to_owned(), "Measurements of scanbench bench".into());
    schema.to_value()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "lines and bytes stay far below 2^52"
)]
pub(super) fn as_f64(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        let of = |median, low, high| Verdict::of(&Estimate { median, low, high });
        assert_eq!(of(1.2, 1.1, 1.3), Verdict::Slower);
        assert_eq!(of(1.2, 0.9, 1.3), Verdict::NoChange);
        assert_eq!(of(1.03, 1.01, 1.04), Verdict::NoChange);
        assert_eq!(of(0.8, 0.7, 0.9), Verdict::Faster);
        assert_eq!(of(0.8, 0.7, 1.1), Verdict::NoChange);
        assert_eq!(of(0.97, 0.96, 0.98), Verdict::NoChange);
    }

    /// Ratios are taken within a round: a machine of half the speed in the second round changes nothing.
    #[test]
    fn what_drifts_drops_out() {
        let data = Data {
            scenario: "s".into(),
            seed: 1,
            scale: 1.0,
            clients: None,
            lines: 100,
            bytes: 2_000_000_000,
            fingerprint: String::new(),
            calibration_s: vec![1.0, 2.0, 1.0],
        };
        let runs = |walls: [f64; 3]| {
            walls
                .map(|wall_s| Run {
                    wall_s,
                    cpu_s: Some(1.0),
                    peak_bytes: None,
                })
                .to_vec()
        };
        let first = runs([4.0, 8.0, 4.0]);
        let speed = Speed::of(runs([2.0, 4.0, 2.0]), &data, Some(&first)).unwrap();
        assert_eq!(
            speed.to_calibration,
            Estimate {
                median: 2.0,
                low: 2.0,
                high: 2.0
            }
        );
        assert_eq!(
            speed.to_first,
            Some(Estimate {
                median: 0.5,
                low: 0.5,
                high: 0.5
            })
        );
        assert_eq!(
            (speed.lines_per_s.median, speed.gb_per_s.median),
            (50.0, 1.0)
        );
        assert_eq!(speed.peak_bytes, None);
    }
}
