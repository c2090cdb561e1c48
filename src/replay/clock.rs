//! When a line is due.

use std::time::Duration;

/// How fast time goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// So many times as fast as it was.
    Speed(f64),
    /// So many lines a second, whatever their times.
    Rate(f64),
}

impl Pace {
    /// When a line is due, counted from the first: the lines before it, and the milliseconds of the log since the first.
    /// Reckoned from the begin, so that errors of single lines do not add up.
    #[must_use]
    pub fn due(self, lines: u64, millis: i64) -> Duration {
        #[expect(
            clippy::cast_precision_loss,
            reason = "2^53 milliseconds are 285,000 years, and as many lines more than anybody has"
        )]
        let seconds = match self {
            Self::Speed(speed) => millis.max(0) as f64 / 1000.0 / speed,
            Self::Rate(rate) => lines as f64 / rate,
        };
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn true_multiples_and_exact_rates() {
        let day = Pace::Speed(60.0).due(7, 86_400_000);
        assert_eq!(day, Duration::from_mins(24));
        let twelve_million = Pace::Rate(20_000.0).due(12_000_000, 5);
        assert_eq!(twelve_million, Duration::from_mins(10));
        assert_eq!(Pace::Rate(3.0).due(1, 0), Duration::from_nanos(333_333_333));
        assert_eq!(Pace::Speed(1.0).due(0, -5), Duration::ZERO);
        assert_eq!(Pace::Speed(1e-300).due(0, 1), Duration::MAX);
    }
}
