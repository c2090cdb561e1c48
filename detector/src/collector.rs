//! Lines into groups, with all that rows need: the careful, general half of the detector. It takes lines in any
//! order, for any window and schedule.
//!
//! Lines are kept apart by the exclusions that match them (their signature), so that the rows under any choice of
//! exclusions can be told afterwards, exactly.

use crate::facts::{Facts, TEXT_SETS};
use crate::names::{Names, Signature, SignatureId, Signatures};
use crate::tally::Tally;
use crate::window::moving::{Stretch, sessions, sliding};
use crate::window::{Window, millis};
use crate::{Count, GroupBy, Rule};
use foldhash::fast::RandomState;
use scanbench_w3c::{Field, Record, Timestamp};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;

/// What lines share to be counted together, besides the window; texts by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GroupKey {
    pub(crate) client: u32,
    pub(crate) computer: u32,
    pub(crate) server: u32,
}

impl GroupKey {
    fn renumbered(self, number: &mut impl FnMut(u32) -> u32) -> Self {
        Self {
            client: number(self.client),
            computer: number(self.computer),
            server: number(self.server),
        }
    }
}

/// A fixed window, as a run sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Instance {
    pub(crate) start: Timestamp,
    /// `None` for all data at once.
    pub(crate) run: Option<Timestamp>,
}

/// The lines of one group in one fixed window, apart by signature. Most have one or two.
pub(crate) type Parts = Vec<(SignatureId, Tally)>;

/// A line that is kept, for windows that move; texts by number.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) time: i64,
    pub(crate) port: Option<u16>,
    pub(crate) counted: Option<u32>,
    pub(crate) signature: SignatureId,
    texts: [u32; TEXT_SETS.len()],
}

impl Kept {
    /// The value that counts, by number.
    pub(crate) fn value(&self, count: Count) -> Option<u32> {
        match count {
            Count::Port => self.port.map(u32::from),
            _ => self.counted,
        }
    }
}

/// The three keys of a line, as texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyTexts<'a> {
    pub(crate) client: &'a [u8],
    pub(crate) computer: &'a [u8],
    pub(crate) server: &'a [u8],
}

impl<'a> KeyTexts<'a> {
    pub(crate) fn of(record: &'a impl Record, client: &'a [u8], computer: &'a [u8]) -> Self {
        Self {
            client,
            computer,
            server: record.get(Field::SIp).unwrap_or_default(),
        }
    }

    /// Those that the rule groups by; the others are the empty text.
    pub(crate) fn picked(self, by: GroupBy) -> Self {
        let pick = |wanted: bool, text| if wanted { text } else { &b""[..] };
        Self {
            client: pick(by.client, self.client),
            computer: pick(by.computer, self.computer),
            server: pick(by.server, self.server),
        }
    }

    /// The same by number.
    pub(crate) fn numbered(self, mut number: impl FnMut(&[u8]) -> u32) -> GroupKey {
        GroupKey {
            client: number(self.client),
            computer: number(self.computer),
            server: number(self.server),
        }
    }
}

/// Groups of lines.
#[derive(Clone, Debug)]
pub(crate) struct Collector {
    pub(crate) rule: Rule,
    pub(crate) names: Names,
    pub(crate) signatures: Signatures,
    /// By window, for those that are fixed.
    pub(crate) fixed: BTreeMap<Instance, HashMap<GroupKey, Parts>>,
    /// For windows that move.
    pub(crate) moving: HashMap<GroupKey, Vec<Kept>, RandomState>,
    last: Last,
    /// Bytes of groups and kept lines, without texts.
    bytes: usize,
}

/// What a group takes at the least, with its place among others.
pub(crate) const GROUP_BYTES: usize = 2 * size_of::<(GroupKey, Parts)>();
/// What the lines of one signature take at the least.
pub(crate) const PART_BYTES: usize = size_of::<(SignatureId, Tally)>() + 16;

/// The texts of the last line, by their numbers, column by column.
#[derive(Clone, Debug)]
struct Last {
    key: GroupKey,
    texts: [u32; TEXT_SETS.len()],
}

impl Collector {
    pub(crate) fn new(rule: Rule) -> Self {
        Self {
            rule,
            names: Names::default(),
            signatures: Signatures::default(),
            fixed: BTreeMap::new(),
            moving: HashMap::default(),
            last: Last {
                key: GroupKey {
                    client: 0,
                    computer: 0,
                    server: 0,
                },
                texts: [0; TEXT_SETS.len()],
            },
            bytes: 0,
        }
    }

    /// Bytes that it takes, estimated.
    pub(crate) fn held(&self) -> usize {
        self.bytes + self.names.bytes()
    }

    /// Adds a line. Where a rule is scheduled, a line is counted for all data at once too, so that rows can be
    /// compared with what runs see of them.
    pub(crate) fn add(
        &mut self,
        record: &impl Record,
        client: &[u8],
        computer: &[u8],
        signature: &Signature,
    ) {
        let facts = Facts::of(record, self.rule.count);
        let group = self.group(KeyTexts::of(record, client, computer));
        let signature = self.signatures.number(signature);
        let time = record.time();
        if !self.rule.window.is_fixed() {
            let mut texts = [0; TEXT_SETS.len()];
            let last = self.last.texts.iter_mut();
            for ((number, last), text) in texts.iter_mut().zip(last).zip(&facts.texts) {
                *number = self.names.number_after(last, text);
            }
            let kept = Kept {
                time: time.millis(),
                port: facts.port,
                counted: facts.counted.map(|value| self.names.number(value)),
                signature,
                texts,
            };
            // A vector that grows is there one and a half times over.
            self.bytes += size_of::<Kept>() * 3 / 2;
            self.moving.entry(group).or_default().push(kept);
            return;
        }
        let limit = self.rule.set_limit;
        let runs = self
            .rule
            .schedule
            .iter()
            .flat_map(|schedule| schedule.runs(time));
        for run in std::iter::once(None).chain(runs.map(Some)) {
            for start in self.rule.window.starts(time) {
                let groups = self.fixed.entry(Instance { start, run }).or_default();
                let parts = groups.entry(group).or_default();
                self.bytes += usize::from(parts.is_empty()) * GROUP_BYTES;
                let before = parts.len();
                let more = tally_of(parts, signature).add(&facts, limit);
                let grown = self.bytes + (parts.len() - before) * PART_BYTES;
                self.bytes = grown.saturating_add_signed(more);
            }
        }
    }

    /// The group of a line: a key by which the rule does not group is the empty text.
    fn group(&mut self, keys: KeyTexts<'_>) -> GroupKey {
        let keys = keys.picked(self.rule.group_by);
        let (names, last) = (&mut self.names, &mut self.last.key);
        GroupKey {
            client: names.number_after(&mut last.client, keys.client),
            computer: names.number_after(&mut last.computer, keys.computer),
            server: names.number_after(&mut last.server, keys.server),
        }
    }

    /// Forgets what ended before `time` and makes no row, now that no earlier line will come.
    pub(crate) fn close_before(&mut self, time: Timestamp) {
        let (rule, count, limit) = (&self.rule, self.rule.count, self.rule.set_limit);
        let open = self.fixed.range(
            ..Instance {
                start: time,
                run: None,
            },
        );
        let ended: Vec<Instance> = open
            .map(|(instance, _)| *instance)
            .filter(|instance| rule.window.end(instance.start) <= time)
            .collect();
        for instance in ended {
            if let Some(groups) = self.fixed.get_mut(&instance) {
                groups.retain(|_, parts| distinct(parts, count, limit) >= rule.threshold);
                groups.shrink_to_fit();
            }
        }
        self.moving.retain(|_, lines| {
            forget(rule, lines, time.millis());
            !lines.is_empty()
        });
    }

    /// The facts of a kept line, as they were.
    pub(crate) fn facts(&self, kept: &Kept) -> Facts<'_> {
        Facts {
            port: kept.port,
            counted: kept.counted.map(|number| self.names.text(number)),
            texts: kept
                .texts
                .map(|number| Cow::Borrowed(self.names.text(number))),
        }
    }

    /// Adds what another collector of the same rule saw.
    pub(crate) fn absorb(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
        } else {
            self.take_in(other);
        }
    }

    /// Forgets all that makes no row, the texts of its lines too.
    pub(crate) fn rows_only(mut self) -> Self {
        self.keep_rows();
        let mut rows = Self::new(self.rule.clone());
        rows.take_in(self);
        rows
    }

    /// Forgets the groups that make no row.
    pub(crate) fn keep_rows(&mut self) {
        let rule = &self.rule;
        for groups in self.fixed.values_mut() {
            groups.retain(|_, parts| distinct(parts, rule.count, rule.set_limit) >= rule.threshold);
        }
        self.fixed.retain(|_, groups| !groups.is_empty());
        for lines in self.moving.values_mut() {
            lines.sort_by_key(|line| line.time);
        }
        self.moving
            .retain(|_, lines| !stretches(rule, lines).is_empty());
    }

    /// Adds groups of another collector of the same rule, and of its texts those that they have.
    pub(crate) fn take_in(&mut self, other: Self) {
        let limit = self.rule.set_limit;
        let (mine, mut bytes) = (&mut self.names, 0_usize);
        // Each text and signature is looked up once, however many lines have it.
        let theirs = other.names;
        let mut numbers: Vec<Option<u32>> = vec![None; theirs.len()];
        let mut number = |their: u32| match numbers.get_mut(their as usize) {
            Some(known) => *known.get_or_insert_with(|| mine.number(theirs.text(their))),
            None => u32::MAX,
        };
        let signatures: Vec<SignatureId> = other
            .signatures
            .iter()
            .map(|signature| self.signatures.number(signature))
            .collect();
        for (instance, groups) in other.fixed {
            let mine = self.fixed.entry(instance).or_default();
            for (key, parts) in groups {
                let mine = mine.entry(key.renumbered(&mut number)).or_default();
                bytes += usize::from(mine.is_empty()) * GROUP_BYTES;
                for (id, tally) in parts {
                    let id = signatures[id.index()];
                    if let Some((_, known)) = mine.iter_mut().find(|(other, _)| *other == id) {
                        bytes = bytes.saturating_add_signed(known.merge(&tally, limit));
                    } else {
                        bytes += PART_BYTES + tally.bytes();
                        mine.push((id, tally));
                    }
                }
            }
        }
        for (key, lines) in other.moving {
            let mine = self.moving.entry(key.renumbered(&mut number)).or_default();
            bytes += lines.len() * size_of::<Kept>() * 3 / 2;
            mine.extend(lines.into_iter().map(|kept| Kept {
                counted: kept.counted.map(&mut number),
                texts: kept.texts.map(&mut number),
                signature: signatures[kept.signature.index()],
                ..kept
            }));
        }
        self.bytes += bytes;
    }

    /// Whether it saw nothing.
    fn is_empty(&self) -> bool {
        self.fixed.is_empty() && self.moving.is_empty()
    }

    /// Lines that are kept one by one.
    pub(crate) fn kept(&self) -> usize {
        self.moving.values().map(Vec::len).sum()
    }
}

/// Forgets the lines that make no row and that no window can hold together with a line from `time` on.
fn forget(rule: &Rule, lines: &mut Vec<Kept>, time: i64) {
    lines.sort_by_key(|line| line.time);
    let reach = millis(rule.window.reach());
    let mut keep = vec![false; lines.len()];
    for stretch in stretches(rule, lines) {
        keep[stretch.first..=stretch.last].fill(true);
    }
    // Whatever a line from `time` on can stand together with, and what that hangs together with.
    let mut from = lines.partition_point(|line| line.time + reach < time);
    if matches!(rule.window, Window::Session { .. }) {
        while from > 0 && from < lines.len() && lines[from].time - lines[from - 1].time <= reach {
            from -= 1;
        }
    }
    keep[from..].fill(true);
    let mut keep = keep.into_iter();
    lines.retain(|_| keep.next().unwrap_or(true));
}

/// The stretches of lines that make rows, under a rule whose windows move; lines in order of time.
pub(crate) fn stretches(rule: &Rule, lines: &[impl std::borrow::Borrow<Kept>]) -> Vec<Stretch> {
    let values: Vec<(i64, Option<u32>)> = lines
        .iter()
        .map(|line| (line.borrow().time, line.borrow().value(rule.count)))
        .collect();
    match rule.window {
        Window::Sliding { width } => sliding(&values, millis(width), rule.threshold),
        Window::Session { gap } => sessions(&values, millis(gap), rule.threshold),
        Window::Tumbling { .. } | Window::Hopping { .. } => Vec::new(),
    }
}

/// The tally of a signature's lines, an empty one where there are none. Most groups have one, and there are many
/// groups: by itself a vector would begin with room for four.
pub(crate) fn tally_of(parts: &mut Parts, signature: SignatureId) -> &mut Tally {
    let place = parts.iter().position(|(id, _)| *id == signature);
    let place = place.unwrap_or_else(|| {
        parts.reserve_exact(1);
        parts.push((signature, Tally::default()));
        parts.len() - 1
    });
    &mut parts[place].1
}

/// Distinct values of all lines of a group. Most groups have one part, which is asked as it is.
pub(crate) fn distinct(parts: &Parts, count: Count, limit: Option<NonZeroUsize>) -> u64 {
    if let [(_, only)] = parts.as_slice() {
        return only.distinct(count);
    }
    merged(parts, limit).distinct(count)
}

/// All lines of a group together.
pub(crate) fn merged(parts: &Parts, limit: Option<NonZeroUsize>) -> Tally {
    let mut sum = Tally::default();
    for (_, tally) in parts {
        sum.merge(tally, limit);
    }
    sum
}
