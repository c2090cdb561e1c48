//! Windows that stand where the clock says.

use super::{Distinct, Grid, GridRow};
use crate::collector::Kept;
use crate::{Selection, Window};
use scanbench_w3c::Timestamp;

impl Grid {
    /// The rows of tumbling or hopping windows at the detection's own threshold, by start and key.
    pub(super) fn fixed(&self, window: &Window, selection: &Selection) -> Vec<GridRow> {
        let rule = self.detection.rule();
        let mut rows = Vec::new();
        for (key, lines) in self.lines(selection) {
            let mut distinct = Distinct::of(lines.iter().copied(), rule.count);
            for (start, lines) in windows(window, &lines) {
                distinct.begin();
                let values = lines.iter().map(|line| line.value(rule.count));
                let found = values.filter(|value| distinct.is_new(*value)).count() as u64;
                if let (Some(first), Some(last)) = (lines.first(), lines.last())
                    && found >= rule.threshold
                    && !self.is_hidden(lines, selection)
                {
                    rows.push(GridRow {
                        start,
                        key,
                        first: Timestamp::from_millis(first.time),
                        last: Timestamp::from_millis(last.time),
                        distinct: self.capped(found),
                    });
                }
            }
        }
        rows.sort_unstable();
        rows
    }
}

/// The windows that hold any of the lines, which are in order of time, each with its lines.
pub(super) fn windows<'l, 'k>(
    window: &Window,
    lines: &'l [&'k Kept],
) -> Vec<(Timestamp, &'l [&'k Kept])> {
    let mut starts: Vec<Timestamp> = Vec::new();
    for line in lines {
        for start in window.starts(Timestamp::from_millis(line.time)) {
            if starts.last().is_none_or(|last| *last < start) {
                starts.push(start);
            }
        }
    }
    // Windows follow each other, so where one begins and ends is looked for from the last one on.
    let (mut from, mut to) = (0, 0);
    starts
        .into_iter()
        .map(|start| {
            let end = window.end(start);
            while lines
                .get(from)
                .is_some_and(|line| line.time < start.millis())
            {
                from += 1;
            }
            to = to.max(from);
            while lines.get(to).is_some_and(|line| line.time < end.millis()) {
                to += 1;
            }
            (start, &lines[from..to])
        })
        .collect()
}
