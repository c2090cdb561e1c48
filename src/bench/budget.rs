//! How long a run may take, and what there is time for.

use std::time::{Duration, Instant};

/// Fewer rounds than this tell nothing, so what cannot have them is left out.
pub(super) const LEAST_ROUNDS: u32 = 3;

/// A run may take this and [`TIMES_COUNTING`], if its description says nothing.
const AT_LEAST: Duration = Duration::from_mins(1);
/// So many times what counting the newlines takes. A plain script takes 80 times, and some are slower than it.
const TIMES_COUNTING: f64 = 1000.0;

/// How long a run may take whose description does not say, where counting the newlines takes `counting_s`.
pub(super) fn default_limit(counting_s: f64) -> Duration {
    let more = Duration::try_from_secs_f64(counting_s * TIMES_COUNTING).unwrap_or_default();
    AT_LEAST.saturating_add(more)
}

/// Time for everything, and what of it is promised.
#[derive(Debug)]
pub(super) struct Budget {
    /// When it is used up; `None` where time does not matter.
    ends: Option<Instant>,
    /// What a round of all that was let in takes.
    round: Duration,
}

impl Budget {
    pub(super) fn new(begun: Instant, whole: Option<Duration>) -> Self {
        Self {
            ends: whole.and_then(|whole| begun.checked_add(whole)),
            round: Duration::ZERO,
        }
    }

    /// What is left; `None` where time does not matter.
    pub(super) fn left(&self) -> Option<Duration> {
        self.ends
            .map(|ends| ends.saturating_duration_since(Instant::now()))
    }

    /// How long one run of what comes next may take, so that it can be checked and have its rounds, and so can all that
    /// was let in before; `None` where time does not matter.
    pub(super) fn room(&self) -> Option<Duration> {
        self.left().map(|left| room(left, self.round))
    }

    /// Lets something in, one run of which takes so long.
    pub(super) fn let_in(&mut self, run: Duration) {
        self.round = self.round.saturating_add(run);
    }

    /// Whether another round fits, if it takes as long as the last one did.
    pub(super) fn has_round(&self, last: Option<Duration>) -> bool {
        let round = last.unwrap_or(self.round);
        self.left().is_none_or(|left| left > round)
    }
}

fn room(left: Duration, round: Duration) -> Duration {
    left.saturating_sub(round.saturating_mul(LEAST_ROUNDS)) / (LEAST_ROUNDS + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Of 100 s, 20 s a round are promised: three rounds leave 40 s, for a check and three rounds of what is new.
    #[test]
    fn room_for_one_more() {
        assert_eq!(room(s(100), s(20)), s(10));
        assert_eq!(room(s(50), s(20)), s(0));
        assert_eq!(room(s(100), s(0)), s(25));
    }

    #[test]
    fn without_a_budget_all_fits() {
        let mut budget = Budget::new(Instant::now(), None);
        budget.let_in(s(1_000_000));
        assert_eq!(budget.room(), None);
        assert!(budget.has_round(None));
    }

    #[test]
    fn a_budget_runs_out() {
        let mut budget = Budget::new(Instant::now(), Some(s(1000)));
        budget.let_in(s(100));
        let room = budget.room().unwrap();
        assert!(room <= s(175) && room > s(100), "{room:?}");
        assert!(budget.has_round(None) && !budget.has_round(Some(s(1001))));
        let over = Budget::new(Instant::now(), Some(s(0)));
        assert!(!over.has_round(None) && over.room() == Some(s(0)));
    }

    /// A gigabyte takes about 0.1 s to count, so 160 s.
    #[test]
    fn limits_follow_the_data() {
        assert_eq!(default_limit(0.1), s(160));
        assert_eq!(default_limit(f64::NAN), s(60));
    }
}
