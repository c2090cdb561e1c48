//! Windows that slide: how many distinct values each holds is counted once, and then asked at every threshold.

use super::{Grid, GridRow};
use crate::Selection;
use crate::collector::Kept;
use scanbench_w3c::Timestamp;
use std::time::Duration;

/// A group's lines, and the windows that end at each moment that has a line.
#[derive(Clone, Debug)]
pub(super) struct Counted<'k> {
    key: usize,
    lines: Vec<&'k Kept>,
    windows: Vec<Ending>,
    /// The most distinct values in any of them.
    most: u64,
}

/// The window that ends at a moment.
#[derive(Clone, Copy, Debug)]
struct Ending {
    time: i64,
    first: usize,
    last: usize,
    distinct: u64,
}

impl Grid {
    /// The sliding windows of each group.
    pub(super) fn moving(&self, width: Duration, selection: &Selection) -> Vec<Counted<'_>> {
        let (count, width) = (self.detection.rule().count, crate::window::millis(width));
        self.lines(selection)
            .map(|(key, lines)| {
                let windows = endings(&lines, width, count);
                Counted {
                    key,
                    most: windows.iter().map(|one| one.distinct).max().unwrap_or(0),
                    lines,
                    windows,
                }
            })
            .collect()
    }
}

/// For each moment with a line: the closed window that ends there. Values are counted as they come in on the right
/// and go out on the left.
fn endings(lines: &[&Kept], width: i64, count: crate::Count) -> Vec<Ending> {
    let value = |line: &Kept| line.value(count).map(|value| value as usize);
    let most = lines.iter().filter_map(|line| value(line)).max();
    let mut inside = vec![0_u32; most.map_or(0, |most| most + 1)];
    let (mut left, mut right, mut distinct) = (0, 0, 0);
    let mut endings = Vec::new();
    while let Some(line) = lines.get(right) {
        let time = line.time;
        while let Some(line) = lines.get(right).filter(|line| line.time == time) {
            if let Some(value) = value(line) {
                distinct += u64::from(inside[value] == 0);
                inside[value] += 1;
            }
            right += 1;
        }
        while lines[left].time < time - width {
            if let Some(value) = value(lines[left]) {
                inside[value] -= 1;
                distinct -= u64::from(inside[value] == 0);
            }
            left += 1;
        }
        endings.push(Ending {
            time,
            first: left,
            last: right - 1,
            distinct,
        });
    }
    endings
}

impl Counted<'_> {
    /// The rows at a threshold: windows that reach it, joined where they overlap or touch.
    pub(super) fn rows(
        &self,
        grid: &Grid,
        selection: &Selection,
        width: i64,
        threshold: u64,
    ) -> Vec<GridRow> {
        if self.most < threshold {
            return Vec::new();
        }
        let mut stretches: Vec<Ending> = Vec::new();
        for window in self.windows.iter().filter(|one| one.distinct >= threshold) {
            match stretches.last_mut() {
                Some(open) if open.time >= window.time - width => {
                    open.time = window.time;
                    open.last = window.last;
                    open.distinct = open.distinct.max(window.distinct);
                }
                _ => stretches.push(*window),
            }
        }
        let time = |index: usize| Timestamp::from_millis(self.lines[index].time);
        stretches
            .into_iter()
            .filter(|one| !grid.is_hidden(&self.lines[one.first..=one.last], selection))
            .map(|one| GridRow {
                start: time(one.first),
                key: self.key,
                first: time(one.first),
                last: time(one.last),
                distinct: grid.capped(one.distinct),
            })
            .collect()
    }
}
