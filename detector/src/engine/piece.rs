//! A stretch of one log as the first look leaves it: who reached how many values in each bin, and where the lines of
//! each bin stand, so that those of a few can be looked at again.

use super::Job;
use super::budget::Part;
use super::lens::Who;
use super::marks::{MOST_MARKS, Mark, Marks};
use super::table::{Table, Value};
use super::walk::{Place, Sink};
use crate::detection::Counters;
use crate::exclusion::Memo;
use crate::{Exclusions, Window};
use scanbench_w3c::{BadLine, Counts, Entry, Header, Record, Timestamp};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// The lines of one bin that stand together.
#[derive(Clone, Debug)]
pub(super) struct Range {
    pub(super) bin: i64,
    /// Bytes in the file.
    pub(super) start: u64,
    pub(super) end: u64,
    /// The directives in force at its start.
    pub(super) header: Arc<Header>,
    /// Whose each line is, in brief, where that was noted.
    pub(super) marks: Option<Marks>,
}

/// More ranges than this in one piece mean that it is far from the order of time; then all its bins share one range.
const MOST_RANGES: usize = 1 << 12;

/// Bad lines of one piece that are told one by one. A file may hold nothing else, and each takes much more memory
/// than its line.
const MOST_BAD: usize = 1 << 12;

/// What the first look found in a piece.
pub(super) struct Piece<V> {
    pub(super) tables: HashMap<(i64, u64), Table<V>>,
    /// Of sessions, who has a line without a value in a bin: it holds a session together all the same.
    pub(super) bare: HashSet<(i64, Who), foldhash::fast::RandomState>,
    pub(super) ranges: Vec<Range>,
    /// The first of its bad lines; `counts` has how many there are.
    pub(super) bad: Vec<BadLine>,
    pub(super) counters: Counters,
    pub(super) counts: Counts,
    pub(super) header_before: Header,
    pub(super) header_after: Header,
    /// Whether it may hold lines that tell no day, so that the day before it matters whatever its first lines tell.
    pub(super) needs_day: bool,
    /// First and last moment; `None` where it has no entry.
    pub(super) times: Option<(Timestamp, Timestamp)>,
    /// Whether times ran backwards inside it.
    pub(super) is_unsorted: bool,
}

/// Fills a piece.
pub(super) struct Gather<'a, V> {
    /// The groups that are counted; `None` for all.
    part: Option<Part>,
    exclusions: &'a Exclusions,
    threshold: usize,
    tables: Vec<((i64, u64), Table<V>)>,
    places: HashMap<(i64, u64), usize>,
    /// Tables of the last servers: most logs have one, and merged ones a few.
    recent: [(i64, u64, usize); RECENT],
    next_recent: usize,
    /// Of these, that of the last line, which the next one mostly shares.
    last_recent: usize,
    /// Values that are counted a few lines later, when the memory that they go to has come: table, client, value.
    waiting: [(usize, u64, Option<V>); WAITING],
    next_waiting: usize,
    /// As in the piece; `None` where windows are no sessions.
    bare: Option<HashSet<(i64, Who), foldhash::fast::RandomState>>,
    ranges: Vec<Range>,
    /// The marks of all lines, and how many there were when each range began; `None` where they are given up.
    marks: Option<Vec<Mark>>,
    first_marks: Vec<usize>,
    /// The bins, where they share one range: their lines stand too much apart, or a line's day depends on those
    /// before it.
    shared: Option<BTreeSet<i64>>,
    bin: i64,
    header: Arc<Header>,
    header_before: Header,
    bad: Vec<BadLine>,
    counters: Counters,
    has_exclusions: bool,
    /// Whether the lines that they match are counted.
    counts_matches: bool,
    /// What was seen of values in the pieces before.
    memo: Memo,
    first: Option<Timestamp>,
    /// The first moment; another than that of the first line only where times ran backwards.
    earliest: Timestamp,
    last: Timestamp,
    is_unsorted: bool,
    /// Bytes in the file.
    start: u64,
    end: u64,
}

const RECENT: usize = 8;

/// Lines between a look at a client's memory and its use.
const WAITING: usize = 8;

impl<'a, V: Value> Gather<'a, V> {
    /// `memo` is that of the exclusions.
    pub(super) fn new(job: &Job<'a>, header: &Header, start: u64, memo: Memo) -> Self {
        let exclusions = job.exclusions;
        let is_session = matches!(job.rule.window, Window::Session { .. });
        Self {
            part: Some(job.part).filter(|part| !part.is_whole()),
            exclusions,
            threshold: usize::try_from(job.rule.threshold).unwrap_or(usize::MAX),
            tables: Vec::new(),
            places: HashMap::new(),
            recent: [(i64::MIN, 0, 0); RECENT],
            next_recent: 0,
            last_recent: 0,
            waiting: [(0, 0, None); WAITING],
            next_waiting: 0,
            bare: is_session.then(HashSet::default),
            ranges: Vec::new(),
            marks: header.is_self_contained().then(Vec::new),
            first_marks: Vec::new(),
            shared: (!header.is_self_contained()).then(BTreeSet::new),
            bin: i64::MIN,
            header: Arc::new(header.clone()),
            header_before: header.clone(),
            bad: Vec::new(),
            counters: Counters::new(exclusions),
            has_exclusions: !exclusions.list().is_empty(),
            counts_matches: job.options.counts_matches && !exclusions.list().is_empty(),
            memo,
            first: None,
            earliest: Timestamp::from_millis(i64::MAX),
            last: Timestamp::from_millis(i64::MIN),
            is_unsorted: false,
            start,
            end: start,
        }
    }

    /// The piece, and what is known of values for those to come.
    pub(super) fn finish(mut self, counts: Counts, header_after: &Header) -> (Piece<V>, Memo) {
        for _ in 0..WAITING {
            self.wait(0, 0, None);
        }
        if let (true, Some(first)) = (self.has_exclusions, self.first) {
            self.counters.span = Some((first.min(self.earliest), self.last));
        }
        let header = Arc::new(self.header_before.clone());
        let needs_day = self.shared.is_some();
        let ranges = match self.shared {
            None => marked(self.ranges, self.marks, &self.first_marks),
            Some(bins) => bins
                .into_iter()
                .map(|bin| Range {
                    bin,
                    start: self.start,
                    end: self.end,
                    header: Arc::clone(&header),
                    marks: None,
                })
                .collect(),
        };
        let piece = Piece {
            tables: self.tables.into_iter().collect(),
            bare: self.bare.unwrap_or_default(),
            ranges,
            bad: self.bad,
            counters: self.counters,
            counts,
            header_before: self.header_before,
            header_after: header_after.clone(),
            needs_day,
            times: self.first.map(|first| (first, self.last)),
            is_unsorted: self.is_unsorted,
        };
        (piece, self.memo)
    }

    /// Says where whole lines begin: what is looked at again begins there, and not in the middle of a line, whose rest
    /// may look like a directive.
    pub(super) fn begin_at(&mut self, offset: u64) {
        self.start = offset;
    }

    #[inline]
    fn table(&mut self, bin: i64, server: u64) -> usize {
        let is_it = |recent: &(i64, u64, usize)| recent.1 == server && recent.0 == bin;
        let last = &self.recent[self.last_recent % RECENT];
        if is_it(last) {
            return last.2;
        }
        match self.recent.iter().position(is_it) {
            Some(place) => {
                self.last_recent = place;
                self.recent[place].2
            }
            None => self.other_table(bin, server),
        }
    }

    /// Counts what waited longest, and has this wait.
    #[inline]
    fn wait(&mut self, table: usize, client: u64, value: Option<V>) {
        let slot = &mut self.waiting[self.next_waiting % WAITING];
        self.next_waiting += 1;
        if let (table, client, Some(value)) = std::mem::replace(slot, (table, client, value)) {
            self.tables[table].1.add(client, value, self.threshold);
        }
    }

    #[cold]
    fn other_table(&mut self, bin: i64, server: u64) -> usize {
        let before = self.recent.iter().position(|recent| recent.1 == server);
        // A server's bins are of about one size.
        let room = before
            .and_then(|before| self.tables.get(self.recent[before].2))
            .map_or(0, |(_, table)| table.len());
        let tables = &mut self.tables;
        let place = *self.places.entry((bin, server)).or_insert_with(|| {
            tables.push(((bin, server), Table::with_room(room)));
            tables.len() - 1
        });
        let slot = before.unwrap_or_else(|| {
            self.next_recent = (self.next_recent + 1) % RECENT;
            self.next_recent
        });
        self.recent[slot] = (bin, server, place);
        place
    }

    #[cold]
    fn other_bin(&mut self, at: &Place) {
        if self.first.is_none() {
            self.first = Some(at.time);
        }
        self.bin = at.bin;
        if self.ranges.len() == MOST_RANGES && self.shared.is_none() {
            self.marks = None;
            self.shared = Some(self.ranges.iter().map(|range| range.bin).collect());
        }
        if let Some(bins) = &mut self.shared {
            bins.insert(at.bin);
            return;
        }
        self.ranges.push(Range {
            bin: at.bin,
            start: at.offset,
            end: at.next,
            header: Arc::clone(&self.header),
            marks: None,
        });
        self.first_marks
            .push(self.marks.as_ref().map_or(0, Vec::len));
        self.end = at.offset;
    }

    /// Notes whose a line is, for the second look.
    #[inline]
    fn mark(&mut self, at: &Place) {
        if let Some(marks) = &mut self.marks {
            if marks.len() == MOST_MARKS {
                self.marks = None;
                return;
            }
            marks.push(Mark::new(at.who, at.next - self.end));
        }
    }
}

/// Gives each range its marks.
fn marked(mut ranges: Vec<Range>, marks: Option<Vec<Mark>>, first: &[usize]) -> Vec<Range> {
    let Some(all) = marks.map(Arc::new) else {
        return ranges;
    };
    let ends = first.iter().skip(1).copied().chain([all.len()]);
    for (range, (first, end)) in ranges.iter_mut().zip(first.iter().zip(ends)) {
        range.marks = Some(Marks {
            all: Arc::clone(&all),
            range: *first..end,
        });
    }
    ranges
}

impl<V: Value> Sink<V> for Gather<'_, V> {
    #[inline]
    fn line<'c>(
        &mut self,
        at: Place,
        value: Option<V>,
        record: &impl Record,
        client: &[u8],
        computer: impl Fn() -> &'c [u8],
    ) -> bool {
        if at.time < self.last {
            self.is_unsorted = true;
            self.earliest = self.earliest.min(at.time);
        } else {
            self.last = at.time;
        }
        if self.bin != at.bin {
            self.other_bin(&at);
        } else if let Some(range) = self.ranges.last_mut() {
            range.end = at.next;
        }
        self.mark(&at);
        self.end = at.next;
        if self.part.is_some_and(|part| !part.holds(at.who)) {
            // Another reading counts them.
        } else if let Some(value) = value {
            let Who { server, client } = at.who;
            let table = self.table(at.bin, server);
            self.tables[table].1.touch(client);
            self.wait(table, client, Some(value));
        } else if let Some(bare) = &mut self.bare {
            bare.insert((at.bin, at.who));
        }
        self.counters.lines += 1;
        if self.counts_matches {
            let client = (client, at.who.client);
            let (memo, counters) = (&mut self.memo, &mut self.counters);
            let is_dropped =
                self.exclusions
                    .count(memo, record, client, computer, &mut counters.matched);
            counters.suppressed_lines += u64::from(is_dropped);
        }
        false
    }

    fn whole(&mut self, _: &Entry<'_>, _: &[u8], _: &[u8]) {}

    fn bad(&mut self, bad: BadLine) {
        if self.bad.len() < MOST_BAD {
            self.bad.push(bad);
        }
    }

    fn header(&mut self, _: u64, header: &Header) {
        // IIS repeats its header, and a header that says the same changes nothing.
        if !self.header.reads_like(header) {
            self.header = Arc::new(header.clone());
            // The next line begins a range of its own.
            self.bin = i64::MIN;
            if !header.is_self_contained() && self.shared.is_none() {
                self.marks = None;
                self.shared = Some(self.ranges.iter().map(|range| range.bin).collect());
            }
        }
    }
}
