//! What a daily run does to the rule's rows, for every minute of the day at which it may start.
//!
//! A scheduled rule looks at the day before each run alone, and its first run is when it was made (Microsoft,
//! *Scheduled analytics rules in Microsoft Sentinel*), so the edge between two runs stands at any minute of the day. The
//! bin in which it stands is parted: its row is missed if neither part has enough ports, and is reported twice if both have.

use super::Scorer;
use super::measure::as_f64;
use super::tally::malicious;
use scanbench_detector::{Crossing, GridKey};
use scanbench_w3c::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

const MS_PER_MINUTE: i64 = 60_000;
const MINUTES_PER_DAY: u16 = 1440;
/// A run starts so long after the time that it is scheduled for (Microsoft, same page).
const RUN_DELAY_MS: i64 = 5 * MS_PER_MINUTE;

/// What a daily run does to rows.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct ScheduleOutcome {
    /// Width of a bin, in seconds.
    pub bin_seconds: u64,
    /// Days of logs.
    pub days: f64,
    /// Rows of all data at once.
    pub rows: u64,
    /// For each minute of the day at which a run may start, in order: rows that are cut, missed, and reported twice.
    pub starts: Vec<StartMinute>,
    /// The same by how far into a bin the run starts, in means over all such starts.
    pub by_minute_of_bin: Vec<MinuteOfBin>,
    /// How long malicious campaigns go on before they are told: as soon as the threshold is reached.
    pub streaming: Delays,
    /// At the end of the bin.
    pub at_bin_end: Delays,
    /// By a daily run, over all starts.
    pub scheduled: Delays,
}

/// Rows that the edge of a run at one minute of the day touches, over all days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct StartMinute {
    /// Minute of the day, UTC.
    pub minute: u16,
    /// Rows whose bin the edge parts.
    pub cut: u64,
    /// Of these, rows that no run returns.
    pub missed: u64,
    /// Of these, rows that two runs return.
    pub repeated: u64,
}

/// Means over the starts that stand so far in a bin.
#[derive(Clone, Copy, Debug, Default, PartialEq, JsonSchema, Serialize)]
pub struct MinuteOfBin {
    /// Minutes from the start of the bin to the start of the run.
    pub minute: u16,
    /// Rows cut a day.
    pub cut_a_day: f64,
    /// Rows missed a day.
    pub missed_a_day: f64,
    /// Rows reported twice a day.
    pub repeated_a_day: f64,
}

/// Times from a campaign's first contact to its first row. Those that are never told are counted apart.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Delays {
    /// Half of those that are told are told within so many seconds; `None` where none is.
    pub median_seconds: Option<f64>,
    /// 95 of 100 of them are.
    pub p95_seconds: Option<f64>,
    /// The part of all malicious campaigns, and of all starts of the schedule, that is never told.
    pub never: Option<f64>,
}

/// Delays as they come in.
#[derive(Clone, Debug, Default)]
struct Seen {
    told: Vec<i64>,
    never: u64,
}

impl Seen {
    fn add(&mut self, delay: Option<i64>) {
        match delay {
            Some(delay) => self.told.push(delay),
            None => self.never += 1,
        }
    }

    fn finish(mut self) -> Delays {
        self.told.sort_unstable();
        let told = self.told.len();
        // The nearest rank: the smallest delay within which so many of a hundred lie.
        let quantile = |percent: usize| {
            let rank = (told * percent).div_ceil(100).max(1);
            let delay = u64::try_from(*self.told.get(rank - 1)?).unwrap_or(0);
            Some(as_f64(delay) / 1000.0)
        };
        let all = told as u64 + self.never;
        Delays {
            median_seconds: quantile(50),
            p95_seconds: quantile(95),
            never: (all > 0).then(|| as_f64(self.never) / as_f64(all)),
        }
    }
}

/// Adds up datasets.
#[derive(Debug, Default)]
pub(super) struct Adder {
    width: Duration,
    days: f64,
    rows: u64,
    starts: Vec<StartMinute>,
    streaming: Seen,
    at_bin_end: Seen,
    scheduled: Seen,
}

impl Adder {
    pub(super) fn add(
        &mut self,
        scorer: &Scorer<'_>,
        keys: &[GridKey],
        width: Duration,
        rows: &[Crossing],
    ) {
        self.width = width;
        self.days += scorer.days;
        self.rows += rows.len() as u64;
        if self.starts.is_empty() {
            let minutes = 0..MINUTES_PER_DAY;
            self.starts = minutes
                .map(|minute| StartMinute {
                    minute,
                    ..StartMinute::default()
                })
                .collect();
        }
        for start in &mut self.starts {
            for row in rows {
                if let Some(edge) = edge_in(row, width, start.minute) {
                    let runs = row.runs(edge);
                    start.cut += 1;
                    start.missed += u64::from(runs == 0);
                    start.repeated += u64::from(runs == 2);
                }
            }
        }
        self.delays(scorer, keys, rows);
    }

    fn delays(&mut self, scorer: &Scorer<'_>, keys: &[GridKey], rows: &[Crossing]) {
        let mut by_campaign: BTreeMap<usize, Vec<&Crossing>> = BTreeMap::new();
        for row in rows {
            let key = &keys[row.key];
            for place in scorer.behind.campaigns(key, row.first, row.last) {
                by_campaign.entry(place).or_default().push(row);
            }
        }
        for place in malicious(scorer.truth) {
            let Some(begin) = scorer.truth.campaigns[place].first else {
                continue;
            };
            let rows = by_campaign.get(&place).map_or(&[][..], Vec::as_slice);
            let first = |told: &dyn Fn(&Crossing) -> Option<Timestamp>| {
                let told = rows.iter().filter_map(|row| told(row)).min()?;
                Some((told.millis() - begin.millis()).max(0))
            };
            let width = self.width;
            self.streaming.add(first(&|row| Some(row.reached)));
            self.at_bin_end
                .add(first(&|row| Some(row.start.plus(width))));
            for minute in 0..MINUTES_PER_DAY {
                self.scheduled
                    .add(first(&|row| told_by_run(row, width, minute)));
            }
        }
    }

    pub(super) fn finish(self) -> Option<ScheduleOutcome> {
        if self.starts.is_empty() {
            return None;
        }
        let minutes_of_bin = u16::try_from(self.width.as_secs() / 60).unwrap_or(u16::MAX);
        let by_minute_of_bin = (0..minutes_of_bin.min(MINUTES_PER_DAY)).map(|minute| {
            let starts = || {
                let all = self.starts.iter();
                all.filter(move |start| start.minute % minutes_of_bin == minute)
            };
            let days = self.days.max(f64::MIN_POSITIVE) * as_f64(starts().count() as u64);
            let mean = |of: fn(&StartMinute) -> u64| as_f64(starts().map(of).sum()) / days;
            MinuteOfBin {
                minute,
                cut_a_day: mean(|start| start.cut),
                missed_a_day: mean(|start| start.missed),
                repeated_a_day: mean(|start| start.repeated),
            }
        });
        Some(ScheduleOutcome {
            bin_seconds: self.width.as_secs(),
            days: self.days,
            rows: self.rows,
            by_minute_of_bin: by_minute_of_bin.collect(),
            starts: self.starts,
            streaming: self.streaming.finish(),
            at_bin_end: self.at_bin_end.finish(),
            scheduled: self.scheduled.finish(),
        })
    }
}

/// The first run at or after a moment, where runs are at this minute of each day.
fn run_from(moment: Timestamp, minute: u16) -> Timestamp {
    let day = i64::from(MINUTES_PER_DAY) * MS_PER_MINUTE;
    let (moment, offset) = (moment.millis(), i64::from(minute) * MS_PER_MINUTE);
    let run = moment - (moment - offset).rem_euclid(day);
    Timestamp::from_millis(if run < moment { run + day } else { run })
}

/// The edge of a run inside the row's bin.
fn edge_in(row: &Crossing, width: Duration, minute: u16) -> Option<Timestamp> {
    let edge = run_from(Timestamp::from_millis(row.start.millis() + 1), minute);
    Some(edge).filter(|edge| *edge < row.start.plus(width))
}

/// When a run first tells the row; `None` where none does.
pub(super) fn told_by_run(row: &Crossing, width: Duration, minute: u16) -> Option<Timestamp> {
    let late = |run: Timestamp| Timestamp::from_millis(run.millis() + RUN_DELAY_MS);
    match edge_in(row, width, minute) {
        Some(edge) if row.reached < edge => Some(late(edge)),
        Some(edge) if row.reaches_from < edge => None,
        _ => Some(late(run_from(row.start.plus(width), minute))),
    }
}
