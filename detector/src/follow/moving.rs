//! One server's windows that move: the lines that they may still reach, and the stretches that are going on.
//!
//! A line is kept as long as a sliding window can reach back to it; what a stretch holds before that is in its tally.
//! Lines are walked over twice: for good, in order of time, once no earlier ones can come; and before that from there
//! on as far as there are lines, so that a row is told as soon as it is there.

use super::bins::{Seen, Told};
use super::carried::RunState;
use super::group::{Group, GroupKey, Side, SliceNames, Step, overlap, tally};
use super::row::{FollowedRow, State};
use super::stretch::{Line, Shape, Walk};
use crate::collector::{KeyTexts, Parts};
use crate::facts::Facts;
use crate::names::Signatures;
use crate::window::millis;
use crate::{Alert, Exclusions, Rule, Window};
use scanbench_w3c::Record;
use std::collections::{BTreeMap, HashMap};

/// Time is cut into so many slices to the reach of a window; texts are forgotten slice by slice.
const SLICES: i64 = 4;

/// Time passes in steps of the reach by so much: each step looks at all groups.
const STEPS: i64 = 64;

/// So many reaches back are lines read again after a restart; stretches that began earlier are in the checkpoint.
const READ_AGAIN: i64 = 4;

/// What is the same for all lines.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) rule: &'a Rule,
    pub(super) exclusions: &'a Exclusions,
    /// The server, by which rows are known to belong together.
    pub(super) server: &'a str,
}

type Groups = HashMap<Box<[u8]>, Group>;

/// Lines and stretches of one server.
pub(super) struct Moving {
    names: SliceNames,
    signatures: Signatures,
    /// Where the first line of each file begins, by slice.
    firsts: BTreeMap<i64, HashMap<u64, u64>>,
    groups: Groups,
    /// Groups with lines since rows were last looked for.
    touched: Vec<Box<[u8]>>,
    /// Lines from before this moment were walked over for good; `None` before the first time.
    passed: Option<i64>,
    /// Stretches that ended before were told in a run of the program before ...
    told_before: i64,
    /// ... and rows of others were, by group.
    restored: Restored,
    /// Of the last line, as groups are found.
    key: Vec<u8>,
}

type Restored = HashMap<String, Vec<(String, Told)>>;

impl Moving {
    /// `closed` is up to where a run of the program before had walked.
    pub(super) fn new(closed: i64, rule: &Rule) -> Self {
        Self {
            names: BTreeMap::new(),
            signatures: Signatures::default(),
            firsts: BTreeMap::new(),
            groups: HashMap::new(),
            touched: Vec::new(),
            passed: None,
            told_before: closed.saturating_sub(millis(rule.window.reach())),
            restored: HashMap::new(),
            key: Vec::new(),
        }
    }

    /// A row that was told in a run of the program before.
    pub(super) fn restore_told(&mut self, id: String, told: Told) {
        if let Some(stretch) = &told.stretch {
            let group = self.restored.entry(stretch.group.clone()).or_default();
            group.push((id, told));
        }
    }

    /// A stretch that was going on then, with all its lines from before `closed`.
    pub(super) fn restore_run(&mut self, state: &RunState, closed: i64, exclusions: &Exclusions) {
        let parts = state.parts(&mut self.signatures, exclusions);
        let [client, computer, server] = &state.texts();
        let keys = KeyTexts {
            client,
            computer,
            server,
        };
        GroupKey::pack(&mut self.key, keys);
        if let Some(group) = group(&mut self.groups, &self.restored, &self.key, exclusions) {
            let walk = Walk::with_run(state.run(), closed);
            group.counted = Side { walk, parts };
        }
    }

    /// Takes a line. Whether it came after its time had passed, and is not counted.
    pub(super) fn add(
        &mut self,
        record: &impl Record,
        seen: &Seen<'_>,
        closed: i64,
        terms: Terms<'_>,
    ) -> bool {
        let time = record.time().millis();
        let is_behind = self.passed.is_some_and(|passed| time < passed);
        if is_behind || (seen.is_new && time < closed) {
            return true;
        }
        let slice = time.div_euclid(slice_width(terms.rule));
        let firsts = self.firsts.entry(slice).or_default();
        firsts.entry(seen.file).or_insert(seen.offset);
        let facts = Facts::of(record, terms.rule.count);
        let names = self.names.entry(slice).or_default();
        GroupKey::pack(&mut self.key, seen.keys.picked(terms.rule.group_by));
        let group = group(
            &mut self.groups,
            &self.restored,
            &self.key,
            terms.exclusions,
        );
        let Some(group) = group else {
            return false;
        };
        let port = facts.port.map(u16::to_le_bytes);
        let value = facts
            .counted
            .or_else(|| port.as_ref().map(<[u8; 2]>::as_slice));
        let line = Line {
            time,
            port: facts.port,
            is_dropped: terms.exclusions.drops(seen.signature),
            signature: self.signatures.number(seen.signature),
            value: value.map(|value| group.number(value)),
            counted: facts.counted.map(|value| names.number(value)),
            texts: facts.texts.each_ref().map(|text| names.number(text)),
        };
        group.lines.insert(line);
        if group.touched.is_none() {
            group.touched = Some(seen.arrived);
            self.touched.push(self.key.as_slice().into());
        }
        false
    }

    /// Looks for rows that are new, where lines came, as far as `limit`.
    pub(super) fn look(&mut self, limit: i64, terms: Terms<'_>, rows: &mut Vec<FollowedRow>) {
        let step = Step {
            upto: limit.saturating_add(1),
            shape: shape(terms.rule),
            names: &self.names,
            rule: terms.rule,
        };
        let shape = step.shape;
        let count = terms.rule.count;
        for key in std::mem::take(&mut self.touched) {
            let Some(group) = self.groups.get_mut(&key) else {
                continue;
            };
            let Some(arrived) = group.touched.take() else {
                continue;
            };
            // A bound that costs little; it is over the threshold for few.
            let parts = &group.counted.parts;
            let before = parts.iter().map(|(_, tally)| tally.distinct(count));
            let before: u64 = if shape.is_sliding { 0 } else { before.sum() };
            if before + group.distinct() < shape.threshold {
                continue;
            }
            let mut walk = group.counted.walk.clone();
            let mut runs = Vec::new();
            let end = walk.on(&group.lines, group.next, step.upto, &shape, &mut runs);
            if group.lines.get(end).is_some() {
                group.touched = Some(arrived);
                self.touched.push(key);
            }
            runs.extend(walk.run);
            for run in runs {
                let is_told = group.told.iter().any(|told| overlap(*told, &run));
                if is_told || run.last < self.told_before {
                    continue;
                }
                let mut parts = Parts::new();
                if run.is_tallied {
                    parts.clone_from(&group.counted.parts);
                }
                tally(&mut parts, &group.lines, &run, &walk, step);
                let row = group.row(&run, &parts, &self.signatures, terms.rule, terms.exclusions);
                if let Some(alert) = row {
                    rows.push(group.followed(
                        &run,
                        State::Open,
                        &alert,
                        Some(arrived),
                        terms.server,
                    ));
                    group.told.push((run.start, run.last));
                }
            }
        }
    }

    /// Whether so much time passed since lines were last walked over for good that it is worth while.
    pub(super) fn is_due(&self, upto: i64, rule: &Rule) -> bool {
        let step = (millis(rule.window.reach()) / STEPS).max(1);
        self.passed.is_none_or(|passed| upto - passed >= step)
    }

    /// Walks over all lines from before `upto` for good: no more of them will come. Gives how many rows exclusions took
    /// away.
    pub(super) fn pass(&mut self, upto: i64, terms: Terms<'_>, rows: &mut Vec<FollowedRow>) -> u64 {
        let step = Step {
            upto,
            shape: shape(terms.rule),
            names: &self.names,
            rule: terms.rule,
        };
        let shape = step.shape;
        let mut found: Vec<(Alert, FollowedRow)> = Vec::new();
        let mut suppressed = 0;
        for group in self.groups.values_mut() {
            let begin = group.next;
            for (run, parts) in group.pass(step) {
                let row = group.row(&run, &parts, &self.signatures, terms.rule, terms.exclusions);
                let Some(alert) = row else {
                    continue;
                };
                group.close(&run);
                let is_new = self.restored.is_empty() || {
                    let told = self.restored.get(&group.key.digest());
                    let closed = |(_, told): &(String, Told)| told.stretch_in(State::Closed);
                    let mut closed = told.into_iter().flatten().filter_map(closed);
                    !closed.any(|told| overlap(told, &run))
                };
                if is_new && run.last >= self.told_before {
                    let row = group.followed(&run, State::Closed, &alert, None, terms.server);
                    found.push((alert, row));
                }
            }
            suppressed += group.pass_bare(begin, step);
            group.forget(step);
        }
        self.groups.retain(|_, group| !group.is_over());
        self.passed = Some(upto);
        found.sort_by(|(a, _), (b, _)| a.order().cmp(&b.order()));
        rows.extend(found.into_iter().map(|(_, row)| row));

        let width = slice_width(terms.rule);
        let from = |time: i64| time.div_euclid(width);
        self.names = self.names.split_off(&from(kept_from(upto, &shape)));
        self.firsts = self
            .firsts
            .split_off(&from(read_again_from(upto, terms.rule)));
        self.restored.retain(|_, told| {
            told.retain(|(_, told)| told.end >= upto - shape.reach);
            !told.is_empty()
        });
        suppressed
    }

    /// Where the first line of a file begins that must be read again after a restart.
    pub(super) fn first(&self, file: u64) -> Option<u64> {
        let firsts = self.firsts.values();
        firsts.filter_map(|firsts| firsts.get(&file).copied()).min()
    }

    /// Stretches that are going on.
    pub(super) fn open(&self) -> u64 {
        let groups = self.groups.values();
        groups
            .filter(|group| group.counted.walk.run.is_some())
            .count() as u64
    }

    /// Rows that were told and may come to be looked at again.
    pub(super) fn told(&self, server: &str) -> Vec<(String, Told)> {
        let mut told: Vec<(String, Told)> = Vec::new();
        for group in self.groups.values() {
            told.extend(group.told.iter().map(|(start, end)| {
                let told = group.key.told(State::Open, (*start, *end), server);
                (group.key.id(*start, State::Open), told)
            }));
        }
        let restored = self.restored.values().flatten();
        told.extend(restored.cloned());
        told
    }

    /// Stretches that began before what is read again.
    pub(super) fn runs(&self, server: &str, rule: &Rule, exclusions: &Exclusions) -> Vec<RunState> {
        let begun_before = self
            .passed
            .map_or(i64::MAX, |passed| read_again_from(passed, rule));
        let carried = |group: &Group| {
            let run = group
                .counted
                .walk
                .run
                .as_ref()
                .filter(|run| run.start < begun_before)?;
            let signatures = &self.signatures;
            Some(RunState::new(
                server,
                group.key.texts(),
                run,
                &group.counted.parts,
                signatures,
                exclusions,
            ))
        };
        self.groups.values().filter_map(carried).collect()
    }
}

fn shape(rule: &Rule) -> Shape {
    Shape {
        reach: millis(rule.window.reach()),
        is_sliding: matches!(rule.window, Window::Sliding { .. }),
        threshold: rule.threshold,
    }
}

pub(super) fn slice_width(rule: &Rule) -> i64 {
    (millis(rule.window.reach()) / SLICES).max(1)
}

/// The first moment of lines that are kept once time has passed.
pub(super) fn kept_from(passed: i64, shape: &Shape) -> i64 {
    if shape.is_sliding {
        passed.saturating_sub(shape.reach)
    } else {
        // All that a session needs of them is in its tally.
        passed
    }
}

fn read_again_from(passed: i64, rule: &Rule) -> i64 {
    passed.saturating_sub(millis(rule.window.reach()).saturating_mul(READ_AGAIN))
}

/// The group of a key, a new one where there is none.
fn group<'g>(
    groups: &'g mut Groups,
    restored: &Restored,
    key: &[u8],
    exclusions: &Exclusions,
) -> Option<&'g mut Group> {
    if !groups.contains_key(key) {
        let mut new = Group::new(key, exclusions);
        if !restored.is_empty()
            && let Some(told) = restored.get(&new.key.digest())
        {
            let open = |(_, told): &(String, Told)| told.stretch_in(State::Open);
            new.told = told.iter().filter_map(open).collect();
        }
        groups.insert(key.into(), new);
    }
    groups.get_mut(key)
}
