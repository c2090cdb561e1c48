//! The lines and stretches of one client, computer and server address.

use super::bins::{Told, ToldStretch};
use super::moving::{kept_from, slice_width};
use super::row::{FollowedRow, State, group_digest, row_id};
use super::stretch::{Line, Lines, Run, Shape, Walk};
use crate::collector::{KeyTexts, Parts, distinct, merged, tally_of};
use crate::detection::is_hidden;
use crate::facts::Facts;
use crate::names::{Names, Signatures};
use crate::tally::RowKey;
use crate::{Alert, Exclusions, Rule};
use scanbench_w3c::Timestamp;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

/// Texts by the slice of time that lines are in.
pub(super) type SliceNames = BTreeMap<i64, Names>;

/// What a row's key is made of, besides the time: client, computer and server address in one piece of memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GroupKey(Box<[u8]>);

impl GroupKey {
    /// Packs the three behind the lengths of the first two.
    pub(super) fn pack(packed: &mut Vec<u8>, keys: KeyTexts<'_>) {
        packed.clear();
        packed.extend_from_slice(&keys.client.len().to_le_bytes());
        packed.extend_from_slice(&keys.computer.len().to_le_bytes());
        for text in [keys.client, keys.computer, keys.server] {
            packed.extend_from_slice(text);
        }
    }

    pub(super) fn texts(&self) -> KeyTexts<'_> {
        let (lengths, texts) = self.0.split_at(2 * size_of::<usize>());
        let length = |bytes: &[u8]| bytes.try_into().map_or(0, usize::from_le_bytes);
        let (client, computer) = lengths.split_at(size_of::<usize>());
        let (client, rest) = texts.split_at(length(client).min(texts.len()));
        let (computer, server) = rest.split_at(length(computer).min(rest.len()));
        KeyTexts {
            client,
            computer,
            server,
        }
    }

    pub(super) fn digest(&self) -> String {
        group_digest(self.texts())
    }

    pub(super) fn id(&self, start: i64, state: State) -> String {
        row_id(Timestamp::from_millis(start), None, self.texts(), state)
    }

    pub(super) fn told(&self, state: State, (start, end): (i64, i64), server: &str) -> Told {
        Told {
            server: server.to_owned(),
            end,
            stretch: Some(ToldStretch {
                group: self.digest(),
                start,
                state,
            }),
        }
    }
}

/// A moment up to which all lines are there, and what is the same for all groups then.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) upto: i64,
    pub(super) shape: Shape,
    pub(super) names: &'a SliceNames,
    pub(super) rule: &'a Rule,
}

/// How far lines were walked over for good, and the lines so far of the run that goes on.
pub(super) struct Side {
    pub(super) walk: Walk,
    pub(super) parts: Parts,
}

/// Lines and stretches.
pub(super) struct Group {
    pub(super) key: GroupKey,
    pub(super) lines: Lines,
    /// The first line that was not walked over for good.
    pub(super) next: u64,
    /// Values of its lines: their numbers, and how many lines have them.
    values: HashMap<Box<[u8]>, (u32, u32)>,
    next_value: u32,
    /// As the rule counts, under all exclusions.
    pub(super) counted: Side,
    /// As it would be without exclusions, where there are any.
    bare: Option<Side>,
    /// Rows that were told of stretches that go on.
    pub(super) told: Vec<(i64, i64)>,
    /// Rows that closed inside of the bare run.
    stood: Vec<(i64, i64)>,
    /// When the first line came since rows were last looked for.
    pub(super) touched: Option<Instant>,
}

impl Group {
    pub(super) fn new(packed: &[u8], exclusions: &Exclusions) -> Self {
        let has_bare = !exclusions.list().is_empty();
        Self {
            key: GroupKey(packed.into()),
            lines: Lines::default(),
            next: 0,
            values: HashMap::new(),
            next_value: 0,
            counted: Side::new(Walk::new(false)),
            bare: has_bare.then(|| Side::new(Walk::new(true))),
            told: Vec::new(),
            stood: Vec::new(),
            touched: None,
        }
    }

    /// The number of a value of one more line.
    pub(super) fn number(&mut self, value: &[u8]) -> u32 {
        if let Some((number, lines)) = self.values.get_mut(value) {
            *lines += 1;
            return *number;
        }
        // A number that was used before is free again long before all are used up.
        let number = self.next_value;
        self.next_value = self.next_value.wrapping_add(1);
        self.values.insert(value.into(), (number, 1));
        number
    }

    /// Distinct values of all lines that are kept.
    pub(super) fn distinct(&self) -> u64 {
        self.values.len() as u64
    }

    /// Walks on for good; gives the stretches that are over, with their lines.
    pub(super) fn pass(&mut self, step: Step<'_>) -> Vec<(Run, Parts)> {
        let begin = self.next;
        self.next = self.lines.place_at(begin, step.upto);
        self.counted.pass(&self.lines, begin, step)
    }

    /// The same without exclusions, from `begin` on; gives how many rows exclusions took away.
    pub(super) fn pass_bare(&mut self, begin: u64, step: Step<'_>) -> u64 {
        let Some(bare) = &mut self.bare else {
            return 0;
        };
        let Step { shape, rule, .. } = step;
        let mut suppressed = 0;
        for (run, parts) in bare.pass(&self.lines, begin, step) {
            let is_row =
                shape.is_sliding || distinct(&parts, rule.count, rule.set_limit) >= rule.threshold;
            let before = self.stood.len();
            self.stood.retain(|stood| !overlap(*stood, &run));
            suppressed += u64::from(is_row && self.stood.len() == before);
        }
        if bare.walk.run.is_none() {
            self.stood.clear();
        }
        suppressed
    }

    /// Forgets lines that nothing reaches back to any more.
    pub(super) fn forget(&mut self, step: Step<'_>) {
        let Step { upto, shape, .. } = step;
        for side in [&mut self.counted].into_iter().chain(&mut self.bare) {
            side.walk.slide_to(&self.lines, self.next, upto, &shape);
        }
        let width = slice_width(step.rule);
        let kept_from = kept_from(upto, &shape);
        while let Some(line) = self.lines.pop_before(kept_from, self.next) {
            if line.value.is_none() {
                continue;
            }
            let port = line.port.map(u16::to_le_bytes);
            let text = match (line.counted, &port) {
                (Some(number), _) => step
                    .names
                    .get(&line.time.div_euclid(width))
                    .map_or(&b""[..], |names| names.text(number)),
                (None, Some(port)) => port,
                (None, None) => continue,
            };
            if let Some((_, lines)) = self.values.get_mut(text) {
                *lines -= 1;
                if *lines == 0 {
                    self.values.remove(text);
                }
            }
        }
    }

    /// Whether nothing is left of it.
    pub(super) fn is_over(&self) -> bool {
        let mut sides = [&self.counted].into_iter().chain(&self.bare);
        self.lines.is_empty() && sides.all(|side| side.walk.run.is_none())
    }

    /// Notes that a row closed.
    pub(super) fn close(&mut self, run: &Run) {
        self.told.retain(|told| !overlap(*told, run));
        if self.bare.is_some() {
            self.stood.push((run.start, run.last));
        }
    }

    /// The row of a stretch with these lines, where they make one.
    pub(super) fn row(
        &self,
        run: &Run,
        parts: &Parts,
        signatures: &Signatures,
        rule: &Rule,
        exclusions: &Exclusions,
    ) -> Option<Alert> {
        let limit = rule.set_limit;
        let sum = merged(parts, limit);
        let peak = match run.peak {
            0 => sum.distinct(rule.count),
            peak => limit.map_or(peak, |limit| peak.min(limit.get() as u64)),
        };
        let signatures = parts.iter().map(|(id, _)| signatures.get(*id));
        if peak < rule.threshold || is_hidden(signatures, exclusions, &|_| true) {
            return None;
        }
        let keys = self.key.texts();
        let key = RowKey {
            start: Timestamp::from_millis(run.start),
            end: Some(Timestamp::from_millis(run.last)),
            run: None,
            client: keys.client,
            computer: keys.computer,
            server: keys.server,
        };
        Some(sum.alert(&key, peak, rule))
    }

    pub(super) fn followed(
        &self,
        run: &Run,
        state: State,
        alert: &Alert,
        arrived: Option<Instant>,
        server: &str,
    ) -> FollowedRow {
        let completed = arrived.map(|arrived| (arrived, Timestamp::from_millis(run.last)));
        let told = self.key.told(state, (run.start, run.last), server);
        FollowedRow::new(self.key.id(run.start, state), state, alert, completed, told)
    }
}

/// Whether a stretch of time and a run have a moment in common.
pub(super) fn overlap((start, end): (i64, i64), run: &Run) -> bool {
    start <= run.last && run.start <= end
}

impl Side {
    pub(super) fn new(walk: Walk) -> Self {
        Self {
            walk,
            parts: Parts::new(),
        }
    }

    /// Walks on for good over the lines from `begin` on; gives the stretches that are over, with their lines.
    fn pass(&mut self, lines: &Lines, begin: u64, step: Step<'_>) -> Vec<(Run, Parts)> {
        let Self { walk, parts } = self;
        let shape = &step.shape;
        let mut over = Vec::new();
        let end = walk.on(lines, begin, step.upto, shape, &mut over);
        walk.end_before(step.upto.saturating_sub(shape.reach), &mut over);
        let over = over
            .into_iter()
            .map(|run| {
                let mut all = if run.is_tallied {
                    std::mem::take(parts)
                } else {
                    Parts::new()
                };
                tally(&mut all, lines, &run, walk, step);
                (run, all)
            })
            .collect();
        if let Some(mut run) = walk.run {
            if !run.is_tallied {
                parts.clear();
            }
            let from = tally(parts, lines, &run, walk, step);
            // What comes behind may still turn out to be in it, but for a session, which takes every line.
            run.from = if shape.is_sliding { from } else { end };
            run.is_tallied = true;
            walk.run = Some(run);
        }
        over
    }
}

/// Adds the lines of a run that are not in its tally yet; gives the place behind them.
pub(super) fn tally(
    parts: &mut Parts,
    lines: &Lines,
    run: &Run,
    walk: &Walk,
    step: Step<'_>,
) -> u64 {
    let width = slice_width(step.rule);
    let mut place = run.from.max(lines.first());
    while let Some(line) = lines.get(place).filter(|line| line.time <= run.last) {
        place += 1;
        if !walk.takes(line) || line.time < run.since {
            continue;
        }
        let Some(names) = step.names.get(&line.time.div_euclid(width)) else {
            continue;
        };
        tally_of(parts, line.signature).add(&facts(line, names), step.rule.set_limit);
    }
    place
}

/// The facts of a kept line, as they were.
fn facts<'a>(line: &Line, names: &'a Names) -> Facts<'a> {
    Facts {
        port: line.port,
        counted: line.counted.map(|number| names.text(number)),
        texts: line.texts.map(|number| Cow::Borrowed(names.text(number))),
    }
}
