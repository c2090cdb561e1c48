//! Counts by key and cell, a cell being the widest stretch of time of which all widths are multiples.

use super::{CensusBin, CensusWidth};
use crate::window::millis;
use scanbench_w3c::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

const MS_PER_DAY: i64 = 86_400_000;

/// One key in one cell.
#[derive(Clone, Copy, Debug)]
struct Cell {
    requests: u64,
    not_found: u64,
    first: i64,
    last: i64,
    is_watched: bool,
}

/// Counts that are open, and bins that are done.
pub(super) struct Cells {
    widths: Vec<i64>,
    least: u64,
    cell: i64,
    /// Bins of all widths begin at multiples of this; `None` where those are too far apart to wait for.
    unit: Option<i64>,
    open: HashMap<(u32, i64), Cell>,
    /// Lines before it would come too late.
    closed: i64,
    is_late: bool,
    done: Vec<CensusWidth>,
}

impl Cells {
    pub(super) fn new(widths: &[Duration], least: u64) -> Self {
        let widths: Vec<i64> = widths.iter().map(|width| millis(*width).max(1)).collect();
        let common = |a: i64, b: i64| a / gcd(a, b) * b;
        Self {
            cell: widths.iter().copied().fold(0, gcd).max(1),
            unit: widths.iter().try_fold(1, |unit, width| {
                Some(common(unit, (*width).min(MS_PER_DAY + 1))).filter(|unit| *unit <= MS_PER_DAY)
            }),
            done: vec![CensusWidth::default(); widths.len()],
            widths,
            least,
            open: HashMap::new(),
            closed: i64::MIN,
            is_late: false,
        }
    }

    pub(super) fn add(&mut self, key: u32, time: Timestamp, is_missing: bool, is_watched: bool) {
        let time = time.millis();
        self.is_late |= time < self.closed;
        let cell = self
            .open
            .entry((key, time.div_euclid(self.cell)))
            .or_insert(Cell {
                requests: 0,
                not_found: 0,
                first: time,
                last: time,
                is_watched,
            });
        cell.requests += 1;
        cell.not_found += u64::from(is_missing);
        cell.first = cell.first.min(time);
        cell.last = cell.last.max(time);
    }

    /// Says that no line from before `time` will come.
    pub(super) fn close_before(&mut self, time: Timestamp) {
        let Some(unit) = self.unit else {
            return;
        };
        let closed = time.millis() - time.millis().rem_euclid(unit);
        if closed > self.closed {
            self.closed = closed;
            self.close();
        }
    }

    /// The bins of each width; `None` where a line came too late.
    pub(super) fn finish(mut self) -> Option<Vec<CensusWidth>> {
        self.closed = i64::MAX;
        self.close();
        (!self.is_late).then_some(self.done)
    }

    fn close(&mut self) {
        let (cell, closed) = (self.cell, self.closed);
        let mut ended: Vec<((u32, i64), Cell)> = self
            .open
            .extract_if(|(_, number), _| number.saturating_mul(cell) < closed)
            .collect();
        ended.sort_unstable_by_key(|(place, _)| *place);
        for (width, done) in self.widths.iter().zip(&mut self.done) {
            let bin = |place: &(u32, i64)| (place.0, (place.1 * cell).div_euclid(*width));
            let mut busy: BTreeMap<i64, u64> = BTreeMap::new();
            for cells in ended.chunk_by(|(a, _), (b, _)| bin(a) == bin(b)) {
                if let Some((place, _)) = cells.first() {
                    *busy.entry(bin(place).1 * width).or_default() += 1;
                }
                let sum = |of: fn(&Cell) -> u64| cells.iter().map(|(_, one)| of(one)).sum::<u64>();
                let requests = sum(|one| one.requests);
                if let ([(place, head), ..], [.., (_, tail)]) = (cells, cells)
                    && (requests >= self.least || head.is_watched)
                {
                    let (key, number) = bin(place);
                    done.listed.push(CensusBin {
                        start: Timestamp::from_millis(number * width),
                        key: key as usize,
                        requests,
                        not_found: sum(|one| one.not_found),
                        first: Timestamp::from_millis(head.first),
                        last: Timestamp::from_millis(tail.last),
                    });
                }
            }
            // What closes later begins later, since bins are closed whole.
            let busy = busy.into_iter();
            done.busy
                .extend(busy.map(|(start, keys)| (Timestamp::from_millis(start), keys)));
        }
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
