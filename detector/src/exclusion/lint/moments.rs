//! The moments at which an exclusion can match, as ranges of milliseconds.
//!
//! Hours of the week are spread over real time, by the zone's clock as it stood and will stand; so what is compared is
//! exact, summer time included. Where neither side begins or ends, the years from 2000 to 2040 stand for all time:
//! within 28 years every day of the week has met every date.

use super::sets::{Range, Ranges};
use crate::exclusion::{Condition, Exclusion, Hours, Test};
use scanbench_w3c::{Timestamp, Zone};
use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// From the first to before the second, milliseconds since the epoch; `i64::MIN` and `i64::MAX` are open ends.
pub(super) type Base = (i64, i64);

const DAY: i64 = 86_400_000;
/// 2000-01-01 and 2040-01-01.
const YEARS: (i64, i64) = (946_684_800_000, 2_208_988_800_000);
/// After so long every day of the week has met every date, and 29 February.
const CYCLE: i64 = 28 * 366 * DAY;
/// What is looked at lies within this, where all ends lie in those years.
const WIDE: Base = (YEARS.0 - CYCLE, YEARS.1 + CYCLE);

/// The stretch from `starts` to `expires`.
pub(super) fn base(exclusion: &Exclusion) -> Base {
    (
        exclusion.starts().map_or(i64::MIN, Timestamp::millis),
        exclusion.expires().map_or(i64::MAX, Timestamp::millis),
    )
}

/// When zones set their clocks: the moments, in order. To find them takes far longer than to use them, and lists
/// name few zones.
#[derive(Debug, Default)]
pub(super) struct Clocks(RefCell<HashMap<Zone, Rc<[i64]>>>);

impl Clocks {
    /// Those of a zone within [`WIDE`].
    fn of(&self, zone: Zone) -> Rc<[i64]> {
        let find = || {
            let (mut changes, mut start) = (Vec::new(), WIDE.0);
            while start < WIDE.1 {
                start = next_change(zone, start, WIDE.1);
                changes.push(start);
            }
            changes.into()
        };
        Rc::clone(self.0.borrow_mut().entry(zone).or_insert_with(find))
    }
}

/// When an exclusion can match: its stretch and the hours within it.
#[derive(Clone, Debug)]
pub(super) struct When<'e> {
    base: Base,
    hours: Vec<&'e Condition>,
    clocks: &'e Clocks,
    /// Its hours within [`WIDE`], whatever its stretch; made when they are first asked for. Each exclusion is held
    /// against many others.
    wide: OnceCell<Ranges>,
}

/// Moments of a stretch, as ranges in order, apart from each other.
struct Moments<'w> {
    /// Those that lie in the stretch or reach into it.
    list: Cow<'w, [Range]>,
    stretch: Range,
}

impl Moments<'_> {
    fn iter(&self) -> impl Iterator<Item = Range> {
        let (from, to) = self.stretch;
        self.list
            .iter()
            .map(move |(first, last)| (from.max(*first), to.min(*last)))
    }

    /// Whether all of these are among `others`.
    fn is_subset(&self, others: &Self) -> bool {
        let mut others = others.iter().peekable();
        self.iter().all(|(first, last)| {
            while others.next_if(|(_, end)| *end < first).is_some() {}
            others
                .peek()
                .is_some_and(|(begin, end)| *begin <= first && last <= *end)
        })
    }

    /// Whether any of these is among `others`.
    fn intersects(&self, others: &Self) -> bool {
        let mut others = others.iter().peekable();
        self.iter().any(|(first, last)| {
            while others.next_if(|(_, end)| *end < first).is_some() {}
            others.peek().is_some_and(|(begin, _)| *begin <= last)
        })
    }
}

impl<'e> When<'e> {
    pub(super) fn new(base: Base, clocks: &'e Clocks) -> Self {
        Self {
            base,
            hours: Vec::new(),
            clocks,
            wide: OnceCell::new(),
        }
    }

    /// Adds hours; all that are added must hold.
    pub(super) fn within_hours(&mut self, condition: &'e Condition) {
        self.hours.push(condition);
        self.wide = OnceCell::new();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.base.0 >= self.base.1
            || (!self.hours.is_empty() && self.within(span(self.base, self.base)).list.is_empty())
    }

    pub(super) fn is_subset(&self, other: &Self) -> bool {
        let is_inside = other.base.0 <= self.base.0 && self.base.1 <= other.base.1;
        if other.hours.is_empty() && is_inside {
            return true;
        }
        if is_inside && same(&self.hours, &other.hours) {
            return true;
        }
        let span = span(self.base, other.base);
        self.within(span).is_subset(&other.within(span))
    }

    pub(super) fn intersects(&self, other: &Self) -> bool {
        let base = (self.base.0.max(other.base.0), self.base.1.min(other.base.1));
        if base.0 >= base.1 {
            return false;
        }
        if self.hours.is_empty() && other.hours.is_empty() {
            return true;
        }
        let span = span(base, base);
        self.within(span).intersects(&other.within(span))
    }

    /// The moments inside a stretch.
    fn within(&self, (from, to): Base) -> Moments<'_> {
        let (from, to) = (from.max(self.base.0), to.min(self.base.1));
        if from >= to {
            return Moments {
                list: Cow::Borrowed(&[]),
                stretch: (0, 0),
            };
        }
        let stretch = (number(from), number(to - 1));
        let list = if WIDE.0 <= from && to <= WIDE.1 {
            let wide = self.wide.get_or_init(|| self.hours_within(WIDE.0, WIDE.1));
            let list = wide.list();
            let begin = list.partition_point(|(_, last)| *last < stretch.0);
            let end = list.partition_point(|(first, _)| *first <= stretch.1);
            Cow::Borrowed(&list[begin..end])
        } else {
            Cow::Owned(self.hours_within(from, to).list().to_vec())
        };
        Moments { list, stretch }
    }

    /// From one moment to before another those at which all hours hold.
    fn hours_within(&self, from: i64, to: i64) -> Ranges {
        let mut all = Ranges::new([(number(from), number(to - 1))]);
        for condition in &self.hours {
            let Test::Times(list) = condition.test() else {
                continue;
            };
            let mut ranges = Vec::new();
            for hours in list {
                spread(hours, self.clocks, from, to, &mut ranges);
            }
            let ranges = Ranges::new(ranges);
            all = all.intersect(&if condition.is_negated() {
                ranges.complement(u128::MAX)
            } else {
                ranges
            });
        }
        all
    }
}

fn same(mine: &[&Condition], theirs: &[&Condition]) -> bool {
    let is_in = |one: &&Condition, list: &[&Condition]| {
        list.iter()
            .any(|other| other.test() == one.test() && other.is_negated() == one.is_negated())
    };
    theirs.iter().all(|one| is_in(one, mine))
}

/// What is looked at of two stretches: all of it where that is bounded, else a whole cycle of the calendar beyond every
/// end that there is.
fn span(mine: Base, theirs: Base) -> Base {
    let ends = [mine.0, mine.1, theirs.0, theirs.1];
    let ends = || {
        ends.into_iter()
            .filter(|end| *end != i64::MIN && *end != i64::MAX)
    };
    let first = ends()
        .min()
        .map_or(YEARS.0, |end| end.min(YEARS.0).saturating_sub(CYCLE));
    let last = ends()
        .max()
        .map_or(YEARS.1, |end| end.max(YEARS.0).saturating_add(CYCLE));
    let (from, to) = (mine.0.min(theirs.0), mine.1.max(theirs.1));
    (from.max(first), to.min(last))
}

/// Milliseconds as a number that is not negative.
fn number(millis: i64) -> u128 {
    (i128::from(millis) - i128::from(i64::MIN)).unsigned_abs()
}

/// Adds the moments from `from` to before `to` that hours hold.
fn spread(hours: &Hours, clocks: &Clocks, from: i64, to: i64, out: &mut Vec<Range>) {
    let is_wide = (from, to) == WIDE && !hours.zone().is_fixed();
    let known = is_wide.then(|| clocks.of(hours.zone()));
    let mut known = known.iter().flat_map(|known| known.iter().copied());
    let mut start = from;
    while start < to {
        let offset = hours.zone().offset(Timestamp::from_millis(start));
        let end = known
            .next()
            .unwrap_or_else(|| next_change(hours.zone(), start, to));
        let shift = i64::from(offset) * 1000;
        let (first, last) = (start.saturating_add(shift), end.saturating_add(shift));
        let length = i64::from(if hours.is_over_midnight() {
            86_400 - hours.from() + hours.to()
        } else {
            hours.to() - hours.from()
        }) * 1000;
        let mut day = first.div_euclid(DAY) * DAY - DAY;
        while day < last {
            if hours.begins_on(Timestamp::from_millis(day).weekday()) {
                let begins = day + i64::from(hours.from()) * 1000;
                let (a, b) = (begins.max(first), (begins + length).min(last));
                if a < b {
                    out.push((number(a - shift), number(b - shift - 1)));
                }
            }
            day += DAY;
        }
        start = end;
    }
}

/// The first moment after `start` at which a zone's clock is set, or `to`.
fn next_change(zone: Zone, start: i64, to: i64) -> i64 {
    if zone.is_fixed() {
        return to;
    }
    let offset = |millis: i64| zone.offset(Timestamp::from_millis(millis));
    let before = offset(start);
    let mut low = start;
    // No zone sets its clock twice within three days.
    loop {
        let high = low.saturating_add(3 * DAY).min(to);
        if offset(high) != before {
            let (mut low, mut high) = (low, high);
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if offset(middle) == before {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            return high;
        }
        if high >= to {
            return to;
        }
        low = high;
    }
}
