//! What was counted in one fixed window of one server, or in what one run of a scheduled rule sees of it.

use super::bins::Seen;
use super::row::{State, row_id};
use crate::collector::{
    Collector, GROUP_BYTES, GroupKey, Instance, KeyTexts, PART_BYTES, Parts, tally_of,
};
use crate::detection::{Counters, Detection};
use crate::facts::Facts;
use crate::names::{Names, Signatures};
use crate::{Alert, Exclusions, Rule, Selection};
use scanbench_w3c::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A window, and when it closes; in the order of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    /// Its end; of what a run sees, the moment of the run, since nothing is told before.
    pub(super) end: i64,
    pub(super) run: Option<Timestamp>,
    pub(super) start: Timestamp,
}

impl Slot {
    /// All that a moment belongs to.
    pub(super) fn of(rule: &Rule, time: Timestamp) -> impl Iterator<Item = Self> + use<> {
        let (window, schedule) = (rule.window, rule.schedule);
        let runs = schedule
            .into_iter()
            .flat_map(move |schedule| schedule.runs(time));
        let whole = schedule.is_none().then_some(None);
        whole
            .into_iter()
            .chain(runs.map(Some))
            .flat_map(move |run| {
                window.starts(time).map(move |start| Self {
                    end: run.unwrap_or(window.end(start)).millis(),
                    run,
                    start,
                })
            })
    }
}

/// Groups that were dropped to keep within a limit of memory.
#[derive(Clone, Debug)]
pub(super) struct Shed {
    pub(super) server: String,
    pub(super) start: Timestamp,
    pub(super) groups: u64,
    pub(super) lines: u64,
    /// The most distinct values that one of them had.
    pub(super) most: u64,
}

#[derive(Default)]
pub(super) struct Bin {
    names: Names,
    signatures: Signatures,
    groups: HashMap<GroupKey, Group>,
    /// Where the first line of each file in it begins.
    firsts: HashMap<u64, u64>,
    /// Bytes of groups, without texts.
    bytes: usize,
    /// Whether groups were dropped: those that come new may have had lines before.
    is_shed: bool,
}

#[derive(Default)]
struct Group {
    parts: Parts,
    /// Sum of distinct values over the parts, and the parts, when a row was last looked for.
    looked: (u64, usize),
    told: bool,
    bytes: usize,
    /// It may have had lines that were dropped.
    is_partial: bool,
}

impl Group {
    fn sum(&self, rule: &Rule) -> u64 {
        self.parts
            .iter()
            .map(|(_, tally)| tally.distinct(rule.count))
            .sum()
    }

    /// Whether a row can be there now and could not when last looked for. The parts' sum is a bound that costs
    /// nothing; only where it moves or a part comes can the outcome change.
    fn may_be_new(&mut self, rule: &Rule) -> bool {
        let now = (self.sum(rule), self.parts.len());
        let before = std::mem::replace(&mut self.looked, now);
        now != before && now.0 >= rule.threshold
    }
}

impl Bin {
    /// Counts a line; gives its group.
    pub(super) fn count(&mut self, seen: &Seen<'_>, facts: &Facts<'_>, rule: &Rule) -> GroupKey {
        self.firsts.entry(seen.file).or_insert(seen.offset);
        let keys = seen.keys.picked(rule.group_by);
        let key = keys.numbered(|text| self.names.number(text));
        let signature = self.signatures.number(seen.signature);
        let is_partial = self.is_shed;
        let group = self.groups.entry(key).or_insert_with(|| Group {
            bytes: GROUP_BYTES + size_of::<Group>(),
            is_partial,
            ..Group::default()
        });
        let (before, parts) = (group.bytes, group.parts.len());
        let is_new = parts == 0;
        let more = tally_of(&mut group.parts, signature).add(facts, rule.set_limit);
        let grown = group.bytes + (group.parts.len() - parts) * PART_BYTES;
        group.bytes = grown.saturating_add_signed(more);
        self.bytes += group.bytes;
        self.bytes -= if is_new { 0 } else { before };
        key
    }

    /// Bytes that it takes.
    pub(super) fn held(&self) -> usize {
        self.bytes + self.names.bytes()
    }

    /// Whether a group was not told, and may be now.
    pub(super) fn may_be_told(&mut self, key: GroupKey, rule: &Rule) -> bool {
        let group = self.groups.get_mut(&key);
        group.is_some_and(|group| !group.told && group.may_be_new(rule))
    }

    /// Notes that a group was told; whether it may have had lines that were dropped.
    pub(super) fn tell(&mut self, key: GroupKey) -> bool {
        let group = self.groups.get_mut(&key);
        group.is_some_and(|group| {
            group.told = true;
            group.is_partial
        })
    }

    pub(super) fn is_partial(&self, key: GroupKey) -> bool {
        self.groups.get(&key).is_some_and(|group| group.is_partial)
    }

    /// Groups that may make a row.
    pub(super) fn full(&self, rule: &Rule) -> impl Iterator<Item = GroupKey> {
        let full = |(_, group): &(&GroupKey, &Group)| group.sum(rule) >= rule.threshold;
        self.groups.iter().filter(full).map(|(key, _)| *key)
    }

    /// Where the first line of a file in it begins.
    pub(super) fn first(&self, file: u64) -> Option<u64> {
        self.firsts.get(&file).copied()
    }

    /// Adds the bytes of its groups to those with as many distinct values.
    pub(super) fn weigh(&self, rule: &Rule, sizes: &mut BTreeMap<u64, usize>) {
        // Texts are shared among groups; each is given its part of them.
        let texts = self.names.bytes() / self.groups.len().max(1);
        for group in self.groups.values() {
            *sizes.entry(group.sum(rule)).or_default() += group.bytes + texts;
        }
    }

    /// Drops groups with so many distinct values or fewer.
    pub(super) fn shed(&mut self, fewest: u64, rule: &Rule) -> Shed {
        let mut shed = Shed {
            server: String::new(),
            start: Timestamp::from_millis(0),
            groups: 0,
            lines: 0,
            most: 0,
        };
        // Texts are kept for those that stay alone.
        let names = std::mem::take(&mut self.names);
        let groups = std::mem::take(&mut self.groups);
        self.bytes = 0;
        for (key, group) in groups {
            let count = group.sum(rule);
            if count <= fewest {
                shed.groups += 1;
                let lines = group.parts.iter().map(|(_, tally)| tally.lines());
                shed.lines += lines.sum::<u64>();
                shed.most = shed.most.max(count);
                continue;
            }
            self.bytes += group.bytes;
            let key = texts(&names, key).numbered(|text| self.names.number(text));
            self.groups.insert(key, group);
        }
        self.is_shed |= shed.groups > 0;
        shed
    }

    /// The row of a group, by the same code as for whole logs; and the rows that exclusions took away.
    pub(super) fn look(
        &self,
        key: GroupKey,
        slot: Slot,
        rule: &Rule,
        exclusions: &Arc<Exclusions>,
    ) -> (Option<Alert>, u64) {
        let Some(group) = self.groups.get(&key) else {
            return (None, 0);
        };
        let mut alone = Collector::new(rule.clone());
        let key = texts(&self.names, key).numbered(|text| alone.names.number(text));
        let parts = group
            .parts
            .iter()
            .map(|(id, tally)| {
                let signature = self.signatures.get(*id);
                (alone.signatures.number(signature), tally.clone())
            })
            .collect();
        let instance = Instance {
            start: slot.start,
            run: slot.run,
        };
        alone.fixed.insert(instance, HashMap::from([(key, parts)]));
        let detection = Detection::new(Arc::clone(exclusions), alone, Counters::new(exclusions));
        match detection.alerts(&Selection::All).pop() {
            Some(alert) => (Some(alert), 0),
            None => (None, detection.suppressed().len() as u64),
        }
    }

    pub(super) fn id(&self, key: GroupKey, slot: Slot, state: State) -> String {
        row_id(slot.start, slot.run, texts(&self.names, key), state)
    }
}

fn texts(names: &Names, key: GroupKey) -> KeyTexts<'_> {
    KeyTexts {
        client: names.text(key.client),
        computer: names.text(key.computer),
        server: names.text(key.server),
    }
}
