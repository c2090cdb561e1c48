//! The rule's numbers.

use std::num::NonZeroUsize;
use std::time::Duration;

/// What makes a row. The default is the rule as published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Width of a bin, counted from the epoch (`timeBin`): 10 minutes.
    pub bin: Duration,
    /// Distinct ports that make a row, inclusive (`portThreshold`): 30.
    pub threshold: u64,
    /// Most values that a set keeps; `None` for no limit. The query's `makeset` is the deprecated name of
    /// `make_set`, with "a default maxSize limit of 128" (Microsoft, *make-set aggregation function*), so no
    /// row can count more than 128 ports. Which values survive is not documented; here the smallest do, so that
    /// rows do not depend on the order of input.
    pub set_limit: Option<NonZeroUsize>,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            bin: Duration::from_mins(10),
            threshold: 30,
            set_limit: NonZeroUsize::new(128),
        }
    }
}

impl Rule {
    /// Whether any row can reach the threshold: a set that is cut at its limit cannot count past it.
    #[must_use]
    pub fn can_fire(&self) -> bool {
        self.set_limit
            .is_none_or(|limit| limit.get() as u64 >= self.threshold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_over_the_limit_cannot_fire() {
        assert!(Rule::default().can_fire());
        let rule = Rule {
            threshold: 129,
            ..Rule::default()
        };
        assert!(!rule.can_fire());
        let rule = Rule {
            set_limit: None,
            ..rule
        };
        assert!(rule.can_fire());
    }
}
