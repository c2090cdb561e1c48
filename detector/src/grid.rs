//! Rows at every threshold, for every width and kind of window, from one detection.
//!
//! Whatever reaches a threshold in some window of a width reaches it in a sliding window of that width or more. So one
//! detection with a sliding window of the widest width, at the lowest threshold, has kept every line of every row
//! that any narrower window and higher threshold makes; and rows are counted anew from those lines, which are few. The
//! rows are exactly those that a detection with that window and threshold gives, and a property test holds this.

mod cuts;
mod fixed;
mod moving;
#[cfg(test)]
mod tests;

pub use cuts::Crossing;

use crate::collector::{GroupKey, Kept};
use crate::names::SignatureId;
use crate::{Detection, Rule, Selection, Stage, Window};
use scanbench_w3c::Timestamp;
use std::collections::BTreeSet;
use std::time::Duration;

/// The client, computer and server address of a row, as texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GridKey {
    /// The client.
    pub c_ip: String,
    /// The computer.
    pub computer: String,
    /// The server's address.
    pub s_ip: String,
}

/// A row, without the sets that an [`Alert`](crate::Alert) has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GridRow {
    /// Start of the window; of a sliding one, its first line.
    pub start: Timestamp,
    /// Its client and server, by their place in [`Grid::keys`].
    pub key: usize,
    /// The first line that counts.
    pub first: Timestamp,
    /// The last line that counts.
    pub last: Timestamp,
    /// Distinct values, at most the set limit; of a sliding window, the most in any one of them.
    pub distinct: u64,
}

/// What one detection kept, ready to be asked for the rows of any narrower window and any higher threshold.
#[derive(Clone, Debug)]
pub struct Grid {
    detection: Detection,
    keys: Vec<GridKey>,
    /// The groups of the detection, in the order of `keys`.
    groups: Vec<GroupKey>,
    width: Duration,
}

/// The rows of one window at every threshold.
#[derive(Clone, Debug)]
pub struct Series<'g> {
    grid: &'g Grid,
    selection: Selection,
    kind: Kind<'g>,
}

#[derive(Clone, Debug)]
enum Kind<'g> {
    /// Rows at the lowest threshold; at a higher one, those of them that reach it.
    Fixed(Vec<GridRow>),
    Moving {
        width: i64,
        groups: Vec<moving::Counted<'g>>,
    },
}

impl Grid {
    /// The rule that a detection must have had for [`Grid::new`]: that of `rule`, but sliding, over all data at once.
    #[must_use]
    pub fn rule(rule: &Rule, widest: Duration, lowest: u64) -> Rule {
        Rule {
            window: Window::Sliding { width: widest },
            threshold: lowest,
            schedule: None,
            ..rule.clone()
        }
    }

    /// From a detection under [`Grid::rule`]; `None` where its window is another.
    #[must_use]
    pub fn new(detection: Detection) -> Option<Self> {
        let Window::Sliding { width } = detection.rule().window else {
            return None;
        };
        let names = &detection.collected.names;
        let text = |number| String::from_utf8_lossy(names.text(number)).into_owned();
        // Two texts that differ only in bytes that are not UTF-8 are shown alike and stay two keys.
        let sorted: BTreeSet<(GridKey, GroupKey)> = detection
            .collected
            .moving
            .keys()
            .map(|group| {
                let key = GridKey {
                    c_ip: text(group.client),
                    computer: text(group.computer),
                    s_ip: text(group.server),
                };
                (key, *group)
            })
            .collect();
        let (keys, groups) = sorted.into_iter().unzip();
        Some(Self {
            detection,
            keys,
            groups,
            width,
        })
    }

    /// The keys of all rows.
    #[must_use]
    pub fn keys(&self) -> &[GridKey] {
        &self.keys
    }

    /// Whether a threshold can be reached at all: sets that are cut at their limit cannot count past it.
    #[must_use]
    pub fn can_fire(&self, threshold: u64) -> bool {
        let rule = Rule {
            threshold,
            ..self.detection.rule().clone()
        };
        rule.can_fire()
    }

    /// The rows of one window under a choice of exclusions. `None` for what the detection cannot tell: wider windows
    /// than its own, and sessions.
    #[must_use]
    pub fn series(&self, window: &Window, selection: &Selection) -> Option<Series<'_>> {
        let kind = match window {
            Window::Session { .. } => return None,
            _ if window.reach() > self.width => return None,
            Window::Sliding { width } => Kind::Moving {
                width: crate::window::millis(*width),
                groups: self.moving(*width, selection),
            },
            Window::Tumbling { .. } | Window::Hopping { .. } => {
                Kind::Fixed(self.fixed(window, selection))
            }
        };
        Some(Series {
            grid: self,
            selection: selection.clone(),
            kind,
        })
    }

    /// The lines of each group that no exclusion at stage "event" takes out, in order of time.
    fn lines(&self, selection: &Selection) -> impl Iterator<Item = (usize, Vec<&Kept>)> {
        let collected = &self.detection.collected;
        self.groups.iter().enumerate().map(move |(key, group)| {
            let lines = collected.moving.get(group).map_or(&[][..], Vec::as_slice);
            let counted = lines.iter().filter(|line| {
                self.detection
                    .counts(line.signature, &|index| selection.holds(index))
            });
            (key, counted.collect())
        })
    }

    /// Whether an exclusion at stage "alert" hides a row of these lines.
    fn is_hidden(&self, lines: &[&Kept], selection: &Selection) -> bool {
        let list = self.detection.exclusions().list();
        let hides = |index: usize| selection.holds(index) && list[index].stage() == Stage::Alert;
        if !(0..list.len()).any(hides) {
            return false;
        }
        let mut signatures: Vec<SignatureId> = Vec::new();
        for line in lines {
            if !signatures.contains(&line.signature) {
                signatures.push(line.signature);
            }
        }
        self.detection
            .is_hidden(&signatures, &|index| selection.holds(index))
    }

    /// A count as a row shows it.
    fn capped(&self, distinct: u64) -> u64 {
        let limit = self.detection.rule().set_limit;
        limit.map_or(distinct, |limit| distinct.min(limit.get() as u64))
    }
}

impl Series<'_> {
    /// The rows at a threshold, by start and key. There are none below the detection's own threshold, which it
    /// cannot tell, and none above the set limit.
    #[must_use]
    pub fn rows(&self, threshold: u64) -> Vec<GridRow> {
        if threshold < self.grid.detection.rule().threshold || !self.grid.can_fire(threshold) {
            return Vec::new();
        }
        match &self.kind {
            Kind::Fixed(rows) => rows
                .iter()
                .filter(|row| row.distinct >= threshold)
                .copied()
                .collect(),
            Kind::Moving { width, groups } => {
                let mut rows: Vec<GridRow> = groups
                    .iter()
                    .flat_map(|group| group.rows(self.grid, &self.selection, *width, threshold))
                    .collect();
                rows.sort_unstable();
                rows
            }
        }
    }
}

/// Distinct values of lines as they come in, without a table that is emptied for each window.
struct Distinct {
    /// By value: the round in which it was last seen.
    seen: Vec<u32>,
    round: u32,
}

impl Distinct {
    /// For values of these lines.
    fn of<'k>(lines: impl Iterator<Item = &'k Kept>, count: crate::Count) -> Self {
        let most = lines.filter_map(|line| line.value(count)).max();
        Self {
            seen: vec![0; most.map_or(0, |most| most as usize + 1)],
            round: 0,
        }
    }

    /// Forgets all values.
    fn begin(&mut self) {
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.seen.fill(0);
            self.round = 1;
        }
    }

    /// Whether a value is new in this round.
    fn is_new(&mut self, value: Option<u32>) -> bool {
        value.is_some_and(|value| {
            let seen = &mut self.seen[value as usize];
            std::mem::replace(seen, self.round) != self.round
        })
    }
}
