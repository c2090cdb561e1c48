//! How visits are spread over the day and the week.

use crate::request::Block;
use crate::spec::Hours;
use scanbench_w3c::Timestamp;

/// How many visits there are, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rhythm {
    pub(crate) per_day: f64,
    pub(crate) hours: Hours,
    /// A Saturday's or Sunday's visits as a share of a weekday's.
    pub(crate) weekend: f64,
    /// Milliseconds that the visitors' clocks are ahead of UTC.
    pub(crate) offset: i64,
}

impl Rhythm {
    /// Mean milliseconds between arrivals in a block, which is judged by the hour in which it begins.
    pub(crate) fn mean_gap(&self, scale: f64, block: Block) -> f64 {
        let local = Timestamp::from_millis(block.from + self.offset);
        let weights = self.hours.weights();
        let sum: u16 = weights.iter().sum();
        let hour = usize::try_from(local.millis_of_day() / 3_600_000).unwrap_or(0);
        let share = if local.weekday() > 4 {
            self.weekend
        } else {
            1.0
        };
        let per_hour = self.per_day * scale * share * f64::from(weights[hour]) / f64::from(sum);
        3_600_000.0 / per_hour.max(1e-9)
    }
}

impl Hours {
    /// Weight of each hour of the day.
    const fn weights(self) -> [u16; 24] {
        match self {
            Self::Public => [
                18, 12, 8, 6, 6, 9, 16, 28, 42, 50, 54, 56, 60, 57, 56, 58, 62, 68, 78, 90, 96, 84,
                58, 34,
            ],
            Self::Office => [
                3, 2, 2, 2, 3, 6, 20, 55, 95, 110, 108, 100, 84, 98, 106, 100, 85, 55, 26, 12, 8,
                6, 5, 4,
            ],
            Self::Flat => [1; 24],
        }
    }

    /// A weekend day's share of a weekday's visits, where the scenario does not say it: a company rests.
    pub(crate) const fn weekend(self) -> f64 {
        match self {
            Self::Office => 0.15,
            Self::Public | Self::Flat => 1.0,
        }
    }
}
