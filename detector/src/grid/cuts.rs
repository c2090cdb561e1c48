//! What the edge of a run does to a bin: the moments from which, and up to which, a bin still has enough values.

use super::fixed::windows;
use super::{Distinct, Grid};
use crate::collector::Kept;
use crate::{Selection, Window};
use scanbench_w3c::Timestamp;
use std::time::Duration;

/// A bin that makes a row, and how it stands being cut. A run's edge at `t` leaves what is earlier than `t` to one
/// run and the rest to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Crossing {
    /// Start of the bin.
    pub start: Timestamp,
    /// Its client and server, by their place in [`Grid::keys`].
    pub key: usize,
    /// The line with which the bin reaches the threshold: the lines before an edge make a row where this one is
    /// before it.
    pub reached: Timestamp,
    /// The latest line such that it and the later ones reach the threshold: the lines from an edge on make a row
    /// where this one is not before it.
    pub reaches_from: Timestamp,
    /// The first line.
    pub first: Timestamp,
    /// The last line.
    pub last: Timestamp,
}

impl Crossing {
    /// How many of the two runs return the bin's row where an edge between them stands at `edge`, which lies inside
    /// the bin: 0 means that it is missed, 2 that it is reported twice.
    #[must_use]
    pub fn runs(&self, edge: Timestamp) -> u8 {
        u8::from(self.reached < edge) + u8::from(self.reaches_from >= edge)
    }
}

impl Grid {
    /// The rows of tumbling bins of a width at a threshold, with where they may be cut, over the lines that a selection
    /// of exclusions at stage "event" leaves; what stage "alert" hides is there too. None below the detection's
    /// threshold, above the set limit, or wider than its window.
    #[must_use]
    pub fn crossings(
        &self,
        width: Duration,
        threshold: u64,
        selection: &Selection,
    ) -> Vec<Crossing> {
        let rule = self.detection.rule();
        if threshold < rule.threshold || !self.can_fire(threshold) || width > self.width {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (key, lines) in self.lines(selection) {
            let mut distinct = Distinct::of(lines.iter().copied(), rule.count);
            for (start, lines) in windows(&Window::Tumbling { width }, &lines) {
                let mut crossing = |lines: &mut dyn Iterator<Item = &&Kept>| {
                    distinct.begin();
                    lines
                        .filter(|line| distinct.is_new(line.value(rule.count)))
                        .zip(1..)
                        .find(|(_, number)| *number == threshold)
                        .map(|(line, _)| Timestamp::from_millis(line.time))
                };
                let forth = crossing(&mut lines.iter());
                let back = crossing(&mut lines.iter().rev());
                if let (Some(reached), Some(reaches_from)) = (forth, back)
                    && let (Some(first), Some(last)) = (lines.first(), lines.last())
                {
                    found.push(Crossing {
                        start,
                        key,
                        reached,
                        reaches_from,
                        first: Timestamp::from_millis(first.time),
                        last: Timestamp::from_millis(last.time),
                    });
                }
            }
        }
        found.sort_unstable();
        found
    }
}
