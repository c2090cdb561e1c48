//! How long malicious campaigns go on before somebody is told, and how far they have come by then.

use super::share::{Hits, Share, Trials};
use scanbench_w3c::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// The published rule runs once a day; here at midnight UTC.
const DAILY: Duration = Duration::from_hours(24);

/// From the first touch of a campaign to what tells of it, over the campaigns that are told of at all.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Delays {
    /// To the line with which the first row reaches the threshold: what somebody who follows the logs would wait. Rows
    /// do not say when that is, so it is unmeasured for other engines and for windows that are not tumbling.
    pub streaming_seconds: Spread,
    /// To the end of the first row's window.
    pub bin_seconds: Spread,
    /// To the run that returns it: the one that the row names, else the next midnight UTC.
    pub schedule_seconds: Spread,
    /// Distinct values in the first row: how far the campaign had come in its window.
    pub ports_in_first_row: Spread,
    /// Malicious campaigns without a row, which no delay speaks of.
    pub never: Share,
}

/// The middle and the far end of some numbers, by the nearest rank; `None` where there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, JsonSchema, Serialize)]
pub struct Spread {
    /// Half of them are at most this.
    pub median: Option<f64>,
    /// Of a hundred, 95 are at most this.
    pub p95: Option<f64>,
}

impl Spread {
    fn of(mut numbers: Vec<f64>) -> Self {
        numbers.sort_by(f64::total_cmp);
        let rank = |percent: usize| {
            let rank = (numbers.len() * percent).div_ceil(100).max(1);
            numbers.get(rank - 1).copied()
        };
        Self {
            median: rank(50),
            p95: rank(95),
        }
    }
}

/// The first row of a campaign.
#[derive(Clone, Copy, Debug)]
pub(super) struct FirstRow {
    pub(super) window_end: Timestamp,
    pub(super) run: Option<Timestamp>,
    pub(super) distinct: u64,
}

/// Collects delays over datasets.
#[derive(Debug, Default)]
pub(super) struct DelayCounter {
    streaming: Vec<f64>,
    bin: Vec<f64>,
    schedule: Vec<f64>,
    ports: Vec<f64>,
    never: (Trials, Hits),
}

impl DelayCounter {
    /// Counts a malicious campaign that began then.
    pub(super) fn add(
        &mut self,
        dataset: usize,
        id: &str,
        began: Option<Timestamp>,
        row: Option<FirstRow>,
        reached: Option<Timestamp>,
    ) {
        let number = self.never.0.add(&(dataset, id.to_owned()));
        let Some(row) = row else {
            *self.never.1.entry(number).or_default() += 1;
            return;
        };
        self.ports.push(as_f64(row.distinct.cast_signed()));
        let Some(began) = began else {
            return;
        };
        let since = |told: Timestamp| as_f64(told.millis() - began.millis()) / 1000.0;
        let midnight = row.window_end.floor(DAILY);
        let next = if midnight == row.window_end {
            midnight
        } else {
            midnight.plus(DAILY)
        };
        self.streaming.extend(reached.map(since));
        self.bin.push(since(row.window_end));
        self.schedule.push(since(row.run.unwrap_or(next)));
    }

    pub(super) fn finish(self) -> Delays {
        Delays {
            streaming_seconds: Spread::of(self.streaming),
            bin_seconds: Spread::of(self.bin),
            schedule_seconds: Spread::of(self.schedule),
            ports_in_first_row: Spread::of(self.ports),
            never: self.never.0.share(&self.never.1),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds and counts stay far below 2^52"
)]
fn as_f64(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(clock: &str) -> Timestamp {
        format!("2026-11-02T{clock}Z").parse().unwrap()
    }

    /// By hand: scans from 03:02 and 23:51, reach the threshold at 03:12:30 and 23:51:40, are told of at the ends of their bins, 03:20 and midnight, and both by the run
    /// at midnight; a third one never.
    #[test]
    fn delays_of_three_scans() {
        let mut counter = DelayCounter::default();
        let row = |window_end, distinct| {
            Some(FirstRow {
                window_end,
                run: None,
                distinct,
            })
        };
        counter.add(
            0,
            "a",
            Some(at("03:02:00")),
            row(at("03:20:00"), 31),
            Some(at("03:12:30")),
        );
        counter.add(
            0,
            "b",
            Some(at("23:51:00")),
            row(at("23:50:00").plus(Duration::from_mins(10)), 60),
            Some(at("23:51:40")),
        );
        counter.add(0, "c", Some(at("12:00:00")), None, None);
        let delays = counter.finish();
        let spread = |median, p95| Spread {
            median: Some(median),
            p95: Some(p95),
        };
        assert_eq!(delays.bin_seconds, spread(540.0, 1080.0));
        // 20:58 hours from 03:02, nine minutes from 23:51.
        assert_eq!(delays.schedule_seconds, spread(540.0, 75_480.0));
        assert_eq!(delays.ports_in_first_row, spread(31.0, 60.0));
        // 10:30 minutes and 40 seconds.
        assert_eq!(delays.streaming_seconds, spread(40.0, 630.0));
        assert_eq!((delays.never.hits(), delays.never.of()), (1, 3));
    }

    #[test]
    fn nearest_ranks() {
        let numbers: Vec<f64> = (1..=40).rev().map(f64::from).collect();
        let spread = Spread::of(numbers);
        assert_eq!((spread.median, spread.p95), (Some(20.0), Some(38.0)));
        assert_eq!(Spread::of(vec![7.0]).p95, Some(7.0));
    }
}
