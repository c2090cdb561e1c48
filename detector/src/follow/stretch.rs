//! Where windows that move begin and end, told line by line as time passes: the same stretches as
//! `window::moving` finds in all lines at once, in memory that does not grow with their length.

use crate::facts::TEXT_SETS;
use crate::names::SignatureId;
use foldhash::fast::RandomState;
use std::collections::{HashMap, VecDeque};

/// A line that is kept as long as a window may reach back to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) time: i64,
    pub(super) port: Option<u16>,
    /// Taken out by an exclusion at stage "event".
    pub(super) is_dropped: bool,
    pub(super) signature: SignatureId,
    /// The value that counts, by its number in the group.
    pub(super) value: Option<u32>,
    /// Texts by their numbers among the names of the line's slice of time.
    pub(super) counted: Option<u32>,
    pub(super) texts: [u32; TEXT_SETS.len()],
}

/// Lines in order of time. Places count from the first line ever, so that they stand when lines are forgotten.
#[derive(Debug, Default)]
pub(super) struct Lines {
    kept: VecDeque<Line>,
    forgotten: u64,
}

impl Lines {
    pub(super) fn get(&self, place: u64) -> Option<&Line> {
        self.kept
            .get(usize::try_from(place.checked_sub(self.forgotten)?).ok()?)
    }

    /// Puts a line behind all that are not later; it is mostly the last one.
    pub(super) fn insert(&mut self, line: Line) {
        match self.kept.back() {
            Some(last) if last.time > line.time => {
                let place = self.kept.partition_point(|other| other.time <= line.time);
                self.kept.insert(place, line);
            }
            _ => self.kept.push_back(line),
        }
    }

    /// Forgets the first line, where it is from before `time` and before `place`.
    pub(super) fn pop_before(&mut self, time: i64, place: u64) -> Option<Line> {
        let first = self.kept.front()?;
        if first.time >= time || self.forgotten >= place {
            return None;
        }
        self.forgotten += 1;
        self.kept.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The place of the first line that is kept.
    pub(super) fn first(&self) -> u64 {
        self.forgotten
    }

    /// The place of the first line from `time` on, at or behind `place`.
    pub(super) fn place_at(&self, place: u64, time: i64) -> u64 {
        let end = self.kept.partition_point(|line| line.time < time);
        place.max(self.forgotten + end as u64)
    }
}

/// What makes a stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// A sliding window's width, or a session's longest gap.
    pub(super) reach: i64,
    pub(super) is_sliding: bool,
    pub(super) threshold: u64,
}

/// A stretch that was begun: a session, or sliding windows with enough values that overlap or touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: i64,
    pub(super) last: i64,
    /// The most distinct values in any sliding window of it; 0 for a session.
    pub(super) peak: u64,
    /// Its first line that is not in its tally yet ...
    pub(super) from: u64,
    /// ... though lines from before this moment are, where it was carried over ...
    pub(super) since: i64,
    /// ... and whether any are.
    pub(super) is_tallied: bool,
}

/// How far lines were walked over, in order of time.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    /// Whether lines that exclusions drop are walked over too.
    pub(super) takes_all: bool,
    /// The first line of the sliding window, and the values in it with their lines.
    left: u64,
    inside: HashMap<u32, u32, RandomState>,
    pub(super) run: Option<Run>,
    /// The run holds the lines from before this moment already: it was carried over from a run of the program before.
    pub(super) carried_to: i64,
}

impl Walk {
    pub(super) fn new(takes_all: bool) -> Self {
        Self {
            takes_all,
            left: 0,
            inside: HashMap::default(),
            run: None,
            carried_to: i64::MIN,
        }
    }

    /// The same as carried over.
    pub(super) fn with_run(run: Run, carried_to: i64) -> Self {
        Self {
            run: Some(run),
            carried_to,
            ..Self::new(false)
        }
    }

    pub(super) fn takes(&self, line: &Line) -> bool {
        self.takes_all || !line.is_dropped
    }

    /// Walks on from `place` over the lines before `upto`, and gives the place behind them. Runs that are over are
    /// given away; one that the last of these lines are in is kept.
    pub(super) fn on(
        &mut self,
        lines: &Lines,
        mut place: u64,
        upto: i64,
        shape: &Shape,
        over: &mut Vec<Run>,
    ) -> u64 {
        while let Some(time) = lines.get(place).map(|line| line.time) {
            if time >= upto {
                break;
            }
            self.end_before(time.saturating_sub(shape.reach), over);
            let first = place;
            let mut is_taken = false;
            // All lines of one moment come in together, for the window holds them all.
            while let Some(line) = lines.get(place).filter(|line| line.time == time) {
                place += 1;
                if !self.takes(line) {
                    continue;
                }
                is_taken = true;
                if let Some(value) = line.value.filter(|_| shape.is_sliding) {
                    *self.inside.entry(value).or_default() += 1;
                }
            }
            if shape.is_sliding {
                self.slide(lines, time.saturating_sub(shape.reach));
            }
            if !is_taken || time < self.carried_to {
                continue;
            }
            let distinct = self.inside.len() as u64;
            if shape.is_sliding && distinct < shape.threshold {
                continue;
            }
            if let Some(run) = &mut self.run {
                run.last = time;
                run.peak = run.peak.max(distinct);
                continue;
            }
            let from = if shape.is_sliding { self.left } else { first };
            let taken = (from..place).filter_map(|place| lines.get(place));
            let start = taken
                .filter(|line| self.takes(line))
                .map(|line| line.time)
                .next();
            self.run = Some(Run {
                start: start.unwrap_or(time),
                last: time,
                peak: distinct,
                from,
                since: i64::MIN,
                is_tallied: false,
            });
        }
        place
    }

    /// Takes lines from before `time` out of the window.
    fn slide(&mut self, lines: &Lines, time: i64) {
        while let Some(line) = lines.get(self.left).filter(|line| line.time < time) {
            if let Some(value) = line.value.filter(|_| self.takes(line))
                && let Some(count) = self.inside.get_mut(&value)
            {
                *count -= 1;
                if *count == 0 {
                    self.inside.remove(&value);
                }
            }
            self.left += 1;
        }
    }

    /// The window as it is where no line comes before `time`: its first lines go out though none came in.
    pub(super) fn slide_to(&mut self, lines: &Lines, place: u64, time: i64, shape: &Shape) {
        if shape.is_sliding {
            self.slide(lines, time.saturating_sub(shape.reach));
        } else {
            self.left = place;
        }
    }

    /// Gives away a run whose last line is from before `time`.
    pub(super) fn end_before(&mut self, time: i64, over: &mut Vec<Run>) {
        over.extend(self.run.take_if(|run| run.last < time));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{Signature, Signatures};
    use crate::window::moving::{Stretch, sessions, sliding};
    use proptest::prelude::*;

    fn line(time: i64, value: Option<u8>, is_dropped: bool) -> Line {
        Line {
            time,
            port: None,
            is_dropped,
            signature: Signatures::default().number(&Signature::default()),
            value: value.map(u32::from),
            counted: None,
            texts: [0; TEXT_SETS.len()],
        }
    }

    proptest! {
        /// forall lines, reaches, thresholds and moments at which time is said to have passed: the stretches are those
        /// of all lines at once, and lines that no window reaches need not be kept.
        #[test]
        fn step_by_step_is_all_at_once(
            mut all in prop::collection::vec((0_i64..60, prop::option::weighted(0.9, 0_u8..8), any::<bool>()), 0..60),
            reach in 0_i64..20,
            threshold in 1_u64..8,
            is_sliding: bool,
            takes_all: bool,
            mut moments in prop::collection::vec(0_i64..70, 0..8),
        ) {
            all.sort_by_key(|line| line.0);
            moments.sort_unstable();
            moments.push(1000);
            let shape = Shape { reach, is_sliding, threshold };
            let taken: Vec<(i64, Option<u8>)> = all
                .iter()
                .filter(|line| takes_all || !line.2)
                .map(|line| (line.0, line.1))
                .collect();
            let time = |stretch: &Stretch| (taken[stretch.first].0, taken[stretch.last].0);
            let expected: Vec<(i64, i64)> = if is_sliding {
                sliding(&taken, reach, threshold).iter().map(time).collect()
            } else {
                sessions(&taken, reach, 0).iter().map(time).collect()
            };
            let (mut lines, mut walk, mut place, mut over) = (Lines::default(), Walk::new(takes_all), 0, Vec::new());
            let mut coming = all.iter().peekable();
            for upto in moments {
                while let Some(next) = coming.next_if(|next| next.0 < upto) {
                    lines.insert(line(next.0, next.1, next.2));
                }
                place = walk.on(&lines, place, upto, &shape, &mut over);
                walk.end_before(upto - reach, &mut over);
                walk.slide_to(&lines, place, upto, &shape);
                while lines.pop_before(upto - reach, place).is_some() {}
            }
            let found: Vec<(i64, i64)> = over.iter().map(|run| (run.start, run.last)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
