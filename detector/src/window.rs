//! Stretches of time in which distinct values are counted, and the times at which a scheduled rule runs.

pub(crate) mod moving;

use scanbench_w3c::Timestamp;
use std::time::Duration;

/// How time is cut. All are exact: no sampling, no approximate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// `[n width, (n + 1) width)` from the epoch: the rule's `bin()`.
    Tumbling {
        /// Its width.
        width: Duration,
    },
    /// `[n step, n step + width)` from the epoch: a row for each window with enough values.
    Hopping {
        /// The width of each window.
        width: Duration,
        /// From the start of one to the start of the next.
        step: Duration,
    },
    /// Any stretch of `width`, both ends included: a client is found as soon as some such stretch has enough
    /// values. Stretches that overlap make one row.
    Sliding {
        /// Its width.
        width: Duration,
    },
    /// Lines of one group with no gap longer than `gap` between them.
    Session {
        /// The longest gap.
        gap: Duration,
    },
}

impl Window {
    /// The width of bins such that every window lies in two neighbouring ones; for sessions, such that neighbouring
    /// lines of a session lie in the same bin or in neighbouring ones.
    pub(crate) fn reach(&self) -> Duration {
        match self {
            Self::Tumbling { width } | Self::Hopping { width, .. } | Self::Sliding { width } => {
                *width
            }
            Self::Session { gap } => *gap,
        }
    }

    /// Whether windows stand where the clock says, whatever the lines are.
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self, Self::Tumbling { .. } | Self::Hopping { .. })
    }

    /// The starts of the fixed windows that hold a moment, first to last; none for windows that are not fixed.
    pub(crate) fn starts(&self, time: Timestamp) -> impl Iterator<Item = Timestamp> + use<> {
        let (width, step) = match *self {
            Self::Tumbling { width } => (width, width),
            Self::Hopping { width, step } => (width, step),
            Self::Sliding { .. } | Self::Session { .. } => (Duration::ZERO, Duration::from_secs(1)),
        };
        let last = time.floor(step);
        let (width, step) = (millis(width), millis(step).max(1));
        // Start s holds the moment where s <= time < s + width.
        let before = (width - 1 - (time.millis() - last.millis())).div_euclid(step);
        (0..=before)
            .rev()
            .map(move |back| Timestamp::from_millis(last.millis() - back * step))
    }

    /// The end of a fixed window that starts here, exclusive.
    #[must_use]
    pub fn end(&self, start: Timestamp) -> Timestamp {
        start.plus(self.reach())
    }
}

/// When a scheduled rule runs, and over what: each run looks at `[run - period, run)` alone, as the look-back of a
/// Sentinel rule does, so bins are cut at the edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The first run.
    pub start: Timestamp,
    /// From one run to the next (`queryFrequency`).
    pub every: Duration,
    /// How far a run looks back (`queryPeriod`).
    pub period: Duration,
}

impl Schedule {
    /// The runs that see a moment, first to last. None sees what is older than the first run's look-back.
    pub(crate) fn runs(&self, time: Timestamp) -> impl Iterator<Item = Timestamp> + use<> {
        let (start, every, period) = (
            self.start.millis(),
            millis(self.every).max(1),
            millis(self.period),
        );
        let time = time.millis();
        // The first run after the moment; runs are counted from 0.
        let first = ((time - start).div_euclid(every) + 1).max(0);
        (first..)
            .map(move |run| start + run * every)
            .take_while(move |run| run - period <= time)
            .map(Timestamp::from_millis)
    }
}

pub(crate) fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    /// A look-back of more milliseconds than there are numbers for sees everything that is older than the run.
    #[test]
    fn a_look_back_without_end() {
        let schedule = Schedule {
            start: at(0),
            every: Duration::from_secs(1),
            period: Duration::MAX,
        };
        let year = 365 * 24 * 3_600_000;
        let runs: Vec<i64> = schedule
            .runs(at(-50 * year))
            .take(2)
            .map(Timestamp::millis)
            .collect();
        assert_eq!(runs, [0, 1000]);
    }

    proptest! {
        /// forall widths, steps and moments: exactly the windows that hold the moment.
        #[test]
        fn windows_that_hold_a_moment(width in 1_u64..50, step in 1_u64..50, time in -200_i64..200) {
            let window = Window::Hopping {
                width: Duration::from_millis(width),
                step: Duration::from_millis(step),
            };
            let (width, step) = (width.cast_signed(), step.cast_signed());
            let expected: Vec<i64> = (-300..300)
                .map(|n| n * step)
                .filter(|start| *start <= time && time < start + width)
                .collect();
            let found: Vec<i64> = window.starts(at(time)).map(Timestamp::millis).collect();
            prop_assert_eq!(found, expected);
        }

        /// forall schedules and moments: exactly the runs whose look-back holds the moment.
        #[test]
        fn runs_that_see_a_moment(start in -100_i64..100, every in 1_u64..40, period in 1_u64..90, time in -200_i64..200) {
            let schedule = Schedule {
                start: at(start),
                every: Duration::from_millis(every),
                period: Duration::from_millis(period),
            };
            let expected: Vec<i64> = (0..600)
                .map(|n| start + n * every.cast_signed())
                .filter(|run| run - period.cast_signed() <= time && time < *run)
                .collect();
            let found: Vec<i64> = schedule.runs(at(time)).map(Timestamp::millis).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
