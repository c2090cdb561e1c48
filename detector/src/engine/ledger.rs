//! The pieces of all logs put together, bin by bin, as far as time has passed.
//!
//! A bin is final once every log that is not done has passed it. Then whoever reached the threshold in it is known,
//! what remains is looked at again, and the bin is forgotten: memory follows the bins that are open, not the logs.

use super::chains::Chains;
use super::lens::{Who, WhoSet};
use super::marks::MOST_MARKS;
use super::piece::{Piece, Range};
use super::table::{Table, Value};
use crate::Window;
use crate::detection::Counters;
use scanbench_w3c::Counts;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// Where the text of a piece is.
#[derive(Clone)]
pub(super) enum Text {
    /// In its file, to be read again.
    File,
    /// Here, since what it came from cannot be read again; the byte in the stream where it begins.
    Kept(Arc<Vec<u8>>, u64),
    /// Gone; what it came from is read again from front to back when all else is done.
    Again,
}

/// Lines of a stretch to be looked at again.
#[derive(Clone)]
pub(super) struct Look {
    /// The log, by its place in the list.
    pub(super) log: usize,
    pub(super) text: Text,
    pub(super) range: Range,
    /// Whose lines are wanted, by bin: out of order, many bins share a stretch.
    pub(super) wanted: HashMap<i64, Vec<Arc<WhoSet>>>,
}

/// What the first look can tell besides rows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tables {
    pub(super) groups: u64,
    pub(super) bins: u64,
    pub(super) near_misses: u64,
    pub(super) most: u64,
}

struct Bin<V> {
    tables: HashMap<u64, Table<V>>,
    /// Of sessions, who has a line without a value.
    bare: WhoSet,
    texts: Vec<(usize, Text, Range)>,
    /// Who was already looked at in this bin.
    looked: WhoSet,
}

impl<V> Default for Bin<V> {
    fn default() -> Self {
        Self {
            tables: HashMap::new(),
            bare: WhoSet::default(),
            texts: Vec::new(),
            looked: WhoSet::default(),
        }
    }
}

/// A log that is being read, or not yet.
#[derive(Clone, Copy, Debug)]
struct Progress {
    /// No line of it that is still to come belongs to an earlier bin, if it is in order of time.
    floor: i64,
    is_done: bool,
}

pub(super) struct Ledger<V> {
    window: Window,
    threshold: usize,
    /// From which count on a group is a near miss.
    near: usize,
    /// Read whole before anything is final.
    unsorted: bool,
    logs: Vec<Progress>,
    /// Logs before this one in the list are begun.
    begun: usize,
    /// Of these, those that are not done.
    open: Vec<usize>,
    done: usize,
    bins: BTreeMap<i64, Bin<V>>,
    /// The bin that became final last, kept for windows that reach into the next one.
    before: Option<(i64, Bin<V>)>,
    chains: Chains<V>,
    /// The bins that chains of sessions may still have to go back to, without their tables.
    behind: VecDeque<(i64, Bin<V>)>,
    /// Bins before this one are final.
    final_before: i64,
    pub(super) counts: Counts,
    pub(super) counters: Counters,
    pub(super) tables: Tables,
    /// A table came after its bin was final.
    pub(super) is_late: bool,
    /// To be looked at with what becomes final next.
    postponed: Vec<Look>,
    /// Marks of all bins that are open.
    marks: usize,
    /// Bytes that tables of open bins take.
    held: usize,
}

impl<V: Value> Ledger<V> {
    /// `floors` has the first bin of each log.
    pub(super) fn new(
        window: Window,
        threshold: u64,
        unsorted: bool,
        floors: impl IntoIterator<Item = i64>,
        counters: Counters,
    ) -> Self {
        let threshold = usize::try_from(threshold).unwrap_or(usize::MAX);
        let near = threshold.saturating_mul(2).div_ceil(3);
        Self {
            window,
            threshold,
            near,
            unsorted,
            logs: floors
                .into_iter()
                .map(|floor| Progress {
                    floor,
                    is_done: false,
                })
                .collect(),
            begun: 0,
            open: Vec::new(),
            done: 0,
            bins: BTreeMap::new(),
            before: None,
            chains: Chains::new(threshold, near),
            behind: VecDeque::new(),
            final_before: i64::MIN,
            counts: Counts::default(),
            counters,
            tables: Tables::default(),
            is_late: false,
            postponed: Vec::new(),
            marks: 0,
            held: 0,
        }
    }

    /// Bytes that it takes, as far as they grow with what clients send.
    pub(super) fn held(&self) -> usize {
        self.held + self.chains.held()
    }

    /// Takes a piece of a log, the next in its order, with its text. From now on the log gives nothing for bins
    /// before `floor`.
    pub(super) fn enter(&mut self, log: usize, piece: Piece<V>, text: &Text, floor: i64) {
        self.counts.add(&piece.counts);
        self.counters.add(&piece.counters);
        for ((bin, server), table) in piece.tables {
            if bin < self.final_before {
                self.is_late = true;
                continue;
            }
            let bin = self.bins.entry(bin).or_default();
            match bin.tables.entry(server) {
                std::collections::hash_map::Entry::Occupied(mut mine) => {
                    // The smaller goes into the larger.
                    let mut table = table;
                    let before = mine.get().bytes();
                    if table.len() > mine.get().len() {
                        std::mem::swap(mine.get_mut(), &mut table);
                    }
                    mine.get_mut().merge(&table, self.threshold);
                    self.held = self.held + mine.get().bytes() - before;
                }
                std::collections::hash_map::Entry::Vacant(free) => {
                    self.held += table.bytes();
                    free.insert(table);
                }
            }
        }
        for (bin, who) in piece.bare {
            if bin < self.final_before {
                self.is_late = true;
            } else {
                let is_new = self.bins.entry(bin).or_default().bare.insert(who);
                self.held += usize::from(is_new) * BARE_BYTES;
            }
        }
        for mut range in piece.ranges {
            if range.bin >= self.final_before {
                // Where many logs of the same time keep their bins open, memory is not to follow their lines; then
                // bins are looked at whole.
                if self.marks > MOST_MARKS {
                    range.marks = None;
                }
                self.marks += marks_of(&range);
                let bin = self.bins.entry(range.bin).or_default();
                bin.texts.push((log, text.clone(), range));
            }
        }
        let progress = &mut self.logs[log];
        progress.floor = progress.floor.max(floor);
    }

    /// Has something looked at later.
    pub(super) fn postpone(&mut self, looks: Vec<Look>) {
        self.postponed.extend(looks);
    }

    /// Notes that nothing more comes from a log; once for each.
    pub(super) fn done(&mut self, log: usize) {
        self.logs[log].is_done = true;
        self.done += 1;
    }

    /// Makes final what can be, and gives what is to be looked at again. `begun` is the first log in the list that
    /// is not begun: logs are begun in the order of their first bins.
    pub(super) fn settle(&mut self, begun: usize) -> Vec<Look> {
        // There may be many thousands of logs, and few of them are open.
        self.open.extend(self.begun..begun);
        self.begun = begun;
        self.open.retain(|log| !self.logs[*log].is_done);
        let floor = if self.done == self.logs.len() {
            i64::MAX
        } else if self.unsorted {
            return Vec::new();
        } else {
            // Logs that are not begun start no earlier than the first of them.
            let open = self.open.iter().chain([&begun]);
            open.filter_map(|log| self.logs.get(*log))
                .map(|log| log.floor)
                .min()
                .unwrap_or(i64::MIN)
        };
        let mut looks = std::mem::take(&mut self.postponed);
        while let Some(entry) = self.bins.first_entry() {
            if *entry.key() >= floor {
                break;
            }
            let (number, bin) = entry.remove_entry();
            if matches!(self.window, Window::Session { .. }) {
                self.settle_chains(number, bin, &mut looks);
            } else {
                self.marks -= bin.marks();
                self.settle_bin(number, bin, &mut looks);
            }
        }
        if floor == i64::MAX && matches!(self.window, Window::Session { .. }) {
            self.chains.finish();
            (self.tables.near_misses, self.tables.most) =
                (self.chains.near_misses, self.chains.most as u64);
        }
        self.final_before = self.final_before.max(floor);
        together(looks)
    }

    fn settle_bin(&mut self, number: i64, mut bin: Bin<V>, looks: &mut Vec<Look>) {
        self.tables.bins += 1;
        for table in bin.tables.values() {
            self.tables.groups += table.len() as u64;
            self.tables.most = self.tables.most.max(table.most() as u64);
            let near = table.with_at_least(self.near);
            self.tables.near_misses += near
                .filter(|(_, values)| values.len() < self.threshold)
                .count() as u64;
        }
        if matches!(self.window, Window::Tumbling { .. }) {
            let wanted = full(&bin);
            bin.look(wanted, looks);
            self.held -= bin.bytes();
            return;
        }
        // Windows that are not the bin itself reach into its neighbours: whoever has enough values in both together
        // is looked at in both.
        let mut wanted = full(&bin);
        if let Some((before_number, mut before)) = self.before.take() {
            self.held -= before.bytes();
            if before_number + 1 == number {
                let both = enough_together(&before, &bin, self.threshold);
                wanted.extend(&both);
                wanted.extend(full(&before));
                before.look(wanted.iter().copied().collect(), looks);
            }
        }
        bin.look(wanted, looks);
        self.before = Some((number, bin));
    }
}

impl<V: Value> Ledger<V> {
    /// The same for sessions.
    fn settle_chains(&mut self, number: i64, mut bin: Bin<V>, looks: &mut Vec<Look>) {
        self.tables.bins += 1;
        self.held -= bin.bytes();
        let (tables, mut bare) = (
            std::mem::take(&mut bin.tables),
            std::mem::take(&mut bin.bare),
        );
        let with_values = tables.iter().flat_map(|(server, table)| {
            self.tables.groups += table.len() as u64;
            table.with_at_least(1).map(|(client, values)| {
                let server = *server;
                (Who { server, client }, values)
            })
        });
        let with_values: Vec<(Who, &[V])> = with_values.collect();
        for (who, _) in &with_values {
            bare.remove(who);
        }
        let all = with_values.into_iter();
        let wanted = self.chains.take(
            number,
            all.chain(bare.into_iter().map(|who| (who, &[][..]))),
        );
        bin.look(wanted.here, looks);
        let mut back: BTreeMap<i64, WhoSet> = BTreeMap::new();
        for (who, first) in wanted.back {
            for (number, _) in self.behind.iter().filter(|(number, _)| *number >= first) {
                back.entry(*number).or_default().insert(who);
            }
        }
        for (number, bin) in &mut self.behind {
            if let Some(who) = back.remove(number) {
                bin.look(who, looks);
            }
        }
        self.behind.push_back((number, bin));
        let from = self.chains.reach_back().unwrap_or(i64::MAX);
        while let Some((_, bin)) = self.behind.pop_front_if(|(number, _)| *number < from) {
            self.marks -= bin.marks();
        }
    }
}

fn marks_of(range: &Range) -> usize {
    range.marks.as_ref().map_or(0, super::marks::Marks::len)
}

fn full<V: Value>(bin: &Bin<V>) -> WhoSet {
    let clients = |(server, table): (&u64, &Table<V>)| -> Vec<Who> {
        let who = |client: &u64| Who {
            server: *server,
            client: *client,
        };
        table.full().iter().map(who).collect()
    };
    bin.tables.iter().flat_map(clients).collect()
}

/// Who has the threshold of values in both bins together.
fn enough_together<V: Value>(before: &Bin<V>, bin: &Bin<V>, threshold: usize) -> WhoSet {
    let mut found = WhoSet::default();
    for (server, table) in &bin.tables {
        let Some(other) = before.tables.get(server) else {
            continue;
        };
        // Whoever has too few here for any partner there is passed over; where that is all, so is the table.
        let few = threshold.saturating_sub(other.most()).max(1);
        for (client, values) in table.with_at_least(few) {
            let others = other.values(client);
            let new = others
                .iter()
                .filter(|value| !values.contains(value))
                .count();
            if values.len() + new >= threshold {
                found.insert(Who {
                    server: *server,
                    client,
                });
            }
        }
    }
    found
}

impl<V: Value> Bin<V> {
    /// Bytes of its tables.
    fn bytes(&self) -> usize {
        let tables: usize = self.tables.values().map(Table::bytes).sum();
        tables + self.bare.len() * BARE_BYTES
    }
}

/// What one of those without a value takes in their set.
const BARE_BYTES: usize = 2 * size_of::<Who>();

impl<V> Bin<V> {
    fn marks(&self) -> usize {
        self.texts.iter().map(|(_, _, range)| marks_of(range)).sum()
    }

    /// Has those looked at that were not yet.
    fn look(&mut self, mut wanted: WhoSet, looks: &mut Vec<Look>) {
        wanted.retain(|who| self.looked.insert(*who));
        if wanted.is_empty() {
            return;
        }
        let wanted = Arc::new(wanted);
        looks.extend(self.texts.iter().map(|(log, text, range)| Look {
            log: *log,
            text: text.clone(),
            range: range.clone(),
            wanted: HashMap::from([(range.bin, vec![Arc::clone(&wanted)])]),
        }));
    }
}

/// Bins whose lines stand in the same stretch are looked at in one go: there may be as many as lines.
pub(super) fn together(looks: Vec<Look>) -> Vec<Look> {
    let mut places = HashMap::new();
    let mut merged: Vec<Look> = Vec::new();
    for look in looks {
        let stretch = (look.log, look.range.start, look.range.end);
        let place = *places.entry(stretch).or_insert(merged.len());
        match merged.get_mut(place) {
            Some(first) => {
                for (bin, who) in look.wanted {
                    first.wanted.entry(bin).or_default().extend(who);
                }
            }
            None => merged.push(look),
        }
    }
    merged
}
