//! Groups into rows, under any choice of exclusions.

use crate::collector::{Collector, GroupKey, Instance, Kept, Parts, stretches};
use crate::names::{Signature, SignatureId};
use crate::removal::RowLines;
use crate::tally::{RowKey, Tally};
use crate::window::millis;
use crate::{Alert, Exclusions, Rule, Stage, Window};
use scanbench_w3c::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Which exclusions of the list are in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All of them.
    All,
    /// None: the rule alone.
    None,
    /// One, by its place in the list.
    Only(usize),
    /// All but one.
    Without(usize),
    /// These, by their places in the list.
    These(BTreeSet<usize>),
}

impl Selection {
    /// Whether the exclusion at this place in the list is in force.
    #[must_use]
    pub fn holds(&self, index: usize) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Only(only) => *only == index,
            Self::Without(without) => *without != index,
            Self::These(these) => these.contains(&index),
        }
    }
}

/// A row that the exclusions took away.
#[derive(Clone, Debug)]
pub struct Suppressed {
    /// The row as it is without exclusions.
    pub alert: Alert,
    /// The exclusions that match at least one of its lines, by their place in the list.
    pub matched_by: Vec<usize>,
    /// Those of them that take the row away alone.
    pub removed_alone_by: Vec<usize>,
}

/// What a schedule does to rows, since each run sees its own stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Rows of all data at once.
    pub rows: u64,
    /// Of these, rows that no run returns: the edge of a run cut their window.
    pub missed: u64,
    /// Of these, rows that more than one run returns.
    pub repeated: u64,
}

/// What was counted besides rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    pub(crate) lines: u64,
    /// Lines matched, by exclusion.
    pub(crate) matched: Vec<u64>,
    /// Lines that an exclusion at stage "event" takes out.
    pub(crate) suppressed_lines: u64,
    /// The first and the last moment of a line, where there are exclusions.
    pub(crate) span: Option<(Timestamp, Timestamp)>,
}

impl Counters {
    pub(crate) fn new(exclusions: &Exclusions) -> Self {
        Self {
            matched: vec![0; exclusions.list().len()],
            ..Self::default()
        }
    }

    /// Counts what matches a line of this moment.
    pub(crate) fn count(
        &mut self,
        signature: &Signature,
        exclusions: &Exclusions,
        time: Timestamp,
    ) {
        let (first, last) = self.span.get_or_insert((time, time));
        *first = time.min(*first);
        *last = time.max(*last);
        for index in signature.iter() {
            self.matched[index] += 1;
        }
        self.suppressed_lines += u64::from(exclusions.drops(signature));
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        for (mine, theirs) in self.matched.iter_mut().zip(&other.matched) {
            *mine += theirs;
        }
        self.suppressed_lines += other.suppressed_lines;
        self.span = match (self.span, other.span) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, other) => one.or(other),
        };
    }
}

/// What a detector found. Rows can be asked for with all exclusions, with none, or with any other choice.
#[derive(Clone, Debug)]
pub struct Detection {
    exclusions: Arc<Exclusions>,
    /// What may make rows. Exclusions only take lines away, so nothing else makes a row under any choice.
    pub(crate) collected: Collector,
    counters: Counters,
}

/// A row and what tells it from others.
pub(crate) struct Found {
    group: GroupKey,
    run: Option<Timestamp>,
    start: Timestamp,
    end: Timestamp,
    pub(crate) signatures: Vec<SignatureId>,
    pub(crate) alert: Alert,
}

impl Detection {
    pub(crate) fn new(
        exclusions: Arc<Exclusions>,
        mut collected: Collector,
        counters: Counters,
    ) -> Self {
        collected.keep_rows();
        Self {
            exclusions,
            collected,
            counters,
        }
    }

    /// The rule that was run.
    #[must_use]
    pub fn rule(&self) -> &Rule {
        &self.collected.rule
    }

    /// The exclusions that were read.
    #[must_use]
    pub fn exclusions(&self) -> &Exclusions {
        &self.exclusions
    }

    /// Lines counted.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.counters.lines
    }

    /// Lines that an exclusion at stage "event" takes out; where they were counted, as [`Self::matched_lines`] are.
    #[must_use]
    pub fn suppressed_lines(&self) -> u64 {
        self.counters.suppressed_lines
    }

    /// The moments of the first and the last line; `None` where there are no lines. Without exclusions not always known.
    #[must_use]
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.counters.span
    }

    /// Lines that an exclusion matched, by its place in the list, at either stage; where they were counted
    /// ([`ScanOptions::counts_matches`](crate::ScanOptions::counts_matches)).
    #[must_use]
    pub fn matched_lines(&self, exclusion: usize) -> u64 {
        self.counters.matched.get(exclusion).copied().unwrap_or(0)
    }

    /// The rows, in order: those of each run where the rule is scheduled, else those of all data at once.
    #[must_use]
    pub fn alerts(&self, selection: &Selection) -> Vec<Alert> {
        let mut found = self.found(selection, self.rule().schedule.is_some());
        self.sort(&mut found);
        found.into_iter().map(|row| row.alert).collect()
    }

    /// Puts rows in their order. Bytes that are no text are shown alike, so that keys which differ may look the same:
    /// then the bytes decide.
    pub(crate) fn sort(&self, found: &mut [Found]) {
        let names = &self.collected.names;
        let bytes = |row: &Found| {
            let GroupKey {
                client,
                computer,
                server,
            } = row.group;
            [client, computer, server].map(|name| names.text(name))
        };
        found.sort_by(|a, b| {
            let shown = a.alert.order().cmp(&b.alert.order());
            shown.then_with(|| bytes(a).cmp(&bytes(b)))
        });
    }

    /// What the schedule makes of the rows; `None` where there is none.
    #[must_use]
    pub fn cut(&self, selection: &Selection) -> Option<Cut> {
        self.rule().schedule?;
        let mut by_group: HashMap<GroupKey, Vec<Found>> = HashMap::new();
        for row in self.found(selection, true) {
            by_group.entry(row.group).or_default().push(row);
        }
        let mut cut = Cut {
            rows: 0,
            missed: 0,
            repeated: 0,
        };
        for row in self.found(selection, false) {
            let runs: BTreeSet<Option<Timestamp>> = by_group
                .get(&row.group)
                .into_iter()
                .flatten()
                .filter(|other| self.is_same_window(&row, other))
                .map(|other| other.run)
                .collect();
            cut.rows += 1;
            cut.missed += u64::from(runs.is_empty());
            cut.repeated += u64::from(runs.len() > 1);
        }
        Some(cut)
    }

    /// Whether two rows of one group are of the same window; of windows that move, whether they overlap.
    fn is_same_window(&self, row: &Found, other: &Found) -> bool {
        if self.rule().window.is_fixed() {
            row.start == other.start
        } else {
            other.start <= row.end && row.start <= other.end
        }
    }

    /// The rows of the rule alone, in no order.
    pub(crate) fn rows_alone(&self) -> Vec<Found> {
        self.found(&Selection::None, self.rule().schedule.is_some())
    }

    /// The lines behind a row of the rule alone.
    pub(crate) fn lines_of(&self, row: &Found) -> RowLines<'_> {
        const NO_PARTS: &Parts = &Parts::new();

        if self.rule().window.is_fixed() {
            let instance = Instance {
                start: row.start,
                run: row.run,
            };
            let groups = self.collected.fixed.get(&instance);
            let parts = groups.and_then(|groups| groups.get(&row.group));
            return RowLines::Fixed(parts.unwrap_or(NO_PARTS));
        }
        let lines = self.collected.moving.get(&row.group);
        let lines = lines.map_or(&[][..], Vec::as_slice);
        let first = lines.partition_point(|line| line.time < row.start.millis());
        let behind = lines.partition_point(|line| line.time <= row.end.millis());
        RowLines::Moving(&lines[first..behind])
    }

    pub(crate) fn signature(&self, id: SignatureId) -> &Signature {
        self.collected.signatures.get(id)
    }

    fn found(&self, selection: &Selection, scheduled: bool) -> Vec<Found> {
        let fixed = self
            .collected
            .fixed
            .iter()
            .filter(|(instance, _)| instance.run.is_some() == scheduled)
            .flat_map(|(instance, groups)| {
                groups
                    .iter()
                    .map(move |(group, parts)| (instance, group, parts))
            })
            .filter_map(|(instance, group, parts)| {
                let row = self.counted(parts, selection)?;
                let end = self.rule().window.end(instance.start);
                let shown = matches!(self.rule().window, Window::Hopping { .. }).then_some(end);
                let peak = row.distinct(self.rule().count);
                Some(Found {
                    group: *group,
                    run: instance.run,
                    start: instance.start,
                    end,
                    signatures: parts.iter().map(|(id, _)| *id).collect(),
                    alert: self.alert(&row, *group, instance.start, shown, instance.run, peak),
                })
            });
        let moving = self
            .collected
            .moving
            .iter()
            .flat_map(|(group, lines)| self.moving(*group, lines, selection, scheduled));
        fixed.chain(moving).collect()
    }

    /// The tally of a fixed window's lines that count, where they make a row: the lines that no exclusion at stage
    /// "event" takes out must reach the threshold, and no exclusion at stage "alert" may match all of them.
    fn counted(&self, parts: &Parts, selection: &Selection) -> Option<Tally> {
        let mut sum = Tally::default();
        let mut counted = Vec::new();
        for (id, tally) in parts {
            if self.counts(*id, &|index| selection.holds(index)) {
                sum.merge(tally, self.rule().set_limit);
                counted.push(*id);
            }
        }
        let reaches = sum.distinct(self.rule().count) >= self.rule().threshold;
        (reaches && !self.is_hidden(&counted, &|index| selection.holds(index))).then_some(sum)
    }

    /// Whether lines with this signature are counted.
    pub(crate) fn counts(&self, id: SignatureId, in_force: &dyn Fn(usize) -> bool) -> bool {
        !self
            .signature(id)
            .iter()
            .any(|index| in_force(index) && self.exclusions.list()[index].stage() == Stage::Event)
    }

    /// Whether an exclusion at stage "alert" matches all lines that were counted.
    pub(crate) fn is_hidden(
        &self,
        counted: &[SignatureId],
        in_force: &dyn Fn(usize) -> bool,
    ) -> bool {
        let signatures = counted.iter().map(|id| self.signature(*id));
        is_hidden(signatures, &self.exclusions, in_force)
    }

    /// The rows of one group where windows move.
    fn moving(
        &self,
        group: GroupKey,
        lines: &[Kept],
        selection: &Selection,
        scheduled: bool,
    ) -> Vec<Found> {
        let counted: Vec<&Kept> = lines
            .iter()
            .filter(|line| self.counts(line.signature, &|index| selection.holds(index)))
            .collect();
        let Some(schedule) = self.rule().schedule.filter(|_| scheduled) else {
            return self.moving_in(group, &counted, None, selection);
        };
        let runs: BTreeSet<Timestamp> = counted
            .iter()
            .flat_map(|line| schedule.runs(Timestamp::from_millis(line.time)))
            .collect();
        runs.into_iter()
            .flat_map(|run| {
                let (from, to) = (run.millis() - millis(schedule.period), run.millis());
                let start = counted.partition_point(|line| line.time < from);
                let end = counted.partition_point(|line| line.time < to);
                self.moving_in(group, &counted[start..end], Some(run), selection)
            })
            .collect()
    }

    fn moving_in(
        &self,
        group: GroupKey,
        lines: &[&Kept],
        run: Option<Timestamp>,
        selection: &Selection,
    ) -> Vec<Found> {
        let limit = self.rule().set_limit;
        let row = |stretch: crate::window::moving::Stretch| {
            let lines = &lines[stretch.first..=stretch.last];
            let mut tally = Tally::default();
            let mut signatures: Vec<SignatureId> = Vec::new();
            for line in lines {
                tally.add(&self.collected.facts(line), limit);
                if !signatures.contains(&line.signature) {
                    signatures.push(line.signature);
                }
            }
            if self.is_hidden(&signatures, &|index| selection.holds(index)) {
                return None;
            }
            let time =
                |line: Option<&&Kept>| Timestamp::from_millis(line.map_or(0, |line| line.time));
            let (start, end) = (time(lines.first()), time(lines.last()));
            let peak = limit.map_or(stretch.peak, |limit| stretch.peak.min(limit.get() as u64));
            Some(Found {
                group,
                run,
                start,
                end,
                signatures,
                alert: self.alert(&tally, group, start, Some(end), run, peak),
            })
        };
        stretches(self.rule(), lines)
            .into_iter()
            .filter_map(row)
            .collect()
    }

    fn alert(
        &self,
        tally: &Tally,
        group: GroupKey,
        start: Timestamp,
        end: Option<Timestamp>,
        run: Option<Timestamp>,
        peak: u64,
    ) -> Alert {
        let names = &self.collected.names;
        let key = RowKey {
            start,
            end,
            run,
            client: names.text(group.client),
            computer: names.text(group.computer),
            server: names.text(group.server),
        };
        tally.alert(&key, peak, self.rule())
    }
}

/// Whether an exclusion at stage "alert" matches all lines that were counted, which are those of these signatures.
pub(crate) fn is_hidden<'s>(
    mut counted: impl Iterator<Item = &'s Signature> + Clone,
    exclusions: &Exclusions,
    in_force: &dyn Fn(usize) -> bool,
) -> bool {
    let Some(first) = counted.next() else {
        return false;
    };
    first.iter().any(|index| {
        in_force(index)
            && exclusions.list()[index].stage() == Stage::Alert
            && counted.clone().all(|signature| signature.has(index))
    })
}
