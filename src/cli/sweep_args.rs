//! Lists and ranges of numbers on the command line.

use clap::ValueEnum;
use scanbench::eval::sweep::WindowKind;
use scanbench_spec::parse_duration;
use std::ops::RangeInclusive;
use std::time::Duration;

/// How time is cut.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum WindowArg {
    Tumbling,
    Hopping,
    Sliding,
}

impl From<WindowArg> for WindowKind {
    fn from(window: WindowArg) -> Self {
        match window {
            WindowArg::Tumbling => Self::Tumbling,
            WindowArg::Hopping => Self::Hopping,
            WindowArg::Sliding => Self::Sliding,
        }
    }
}

/// `7` or `6..45`, both ends included.
pub(crate) fn range(text: &str) -> Result<RangeInclusive<u64>, String> {
    /// More make no curve smoother, and a slip of the keyboard no endless work.
    const MOST: u64 = 10_000;

    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let last = last.strip_prefix('=').unwrap_or(last);
    let range = match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) if first <= last => first..=last,
        _ => {
            return Err(
                "expected a number, or a range such as 6..45, both ends included".to_owned(),
            );
        }
    };
    if range.end() - range.start() >= MOST {
        return Err(format!("expected at most {MOST} numbers"));
    }
    Ok(range)
}

/// The same from 1 on.
pub(crate) fn positive_range(text: &str) -> Result<RangeInclusive<u64>, String> {
    range(text).and_then(|range| {
        if *range.start() == 0 {
            Err("expected at least 1".to_owned())
        } else {
            Ok(range)
        }
    })
}

/// A width in whole seconds, up to a day.
pub(crate) fn width(text: &str) -> Result<Duration, String> {
    let width = parse_duration(text)?;
    if width.subsec_nanos() > 0 || width.is_zero() || width > Duration::from_hours(24) {
        return Err("expected whole seconds, from 1s to 1d".to_owned());
    }
    Ok(width)
}

/// A finite number above zero.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("expected a number above 0".to_owned()),
    }
}

/// The numbers of some ranges, each once, in order.
pub(crate) fn numbers(ranges: &[RangeInclusive<u64>]) -> Vec<u64> {
    let mut all: Vec<u64> = ranges.iter().cloned().flatten().collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(range("7"), Ok(7..=7));
        assert_eq!(range("6..45"), Ok(6..=45));
        assert_eq!(range("6..=45"), Ok(6..=45));
        assert!(range("45..6").is_err());
        assert!(range("6..").is_err());
        assert!(range("0..10000").is_err());
        assert!(positive_range("0..3").is_err());
        assert_eq!(numbers(&[6..=8, 7..=7, 1..=1]), [1, 6, 7, 8]);
        assert!(width("500ms").is_err() && width("25h").is_err());
        assert_eq!(width("90s"), Ok(Duration::from_secs(90)));
        assert!(positive("0").is_err() && positive("inf").is_err() && positive("x").is_err());
    }
}
