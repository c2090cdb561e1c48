//! Groups into rows, under any choice of exclusions.

use crate::detector::{Detector, Group, GroupKey, SignatureId};
use crate::tally::Tally;
use crate::{Alert, Exclusions, Rule, Stage};
use std::num::NonZeroUsize;

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

/// What a detector found. Rows can be asked for with all exclusions, with none, or with any other choice.
#[derive(Debug)]
pub struct Detection {
    counted: Detector,
    /// Groups that make a row without exclusions, in the order of rows. Exclusions only take ports away, so no
    /// other group can make a row under any choice.
    firing: Vec<GroupKey>,
    groups: usize,
}

impl Detection {
    pub(crate) fn new(mut counted: Detector) -> Self {
        let groups = counted.groups.len();
        let (limit, threshold) = (counted.rule.set_limit, counted.rule.threshold);
        counted
            .groups
            .retain(|_, group| port_count(group, limit) >= threshold);
        let mut firing: Vec<GroupKey> = counted.groups.keys().copied().collect();
        firing.sort_by(|a, b| {
            let (a, b) = (counted.names.key(a), counted.names.key(b));
            (a.bin, a.client, a.computer, a.server).cmp(&(b.bin, b.client, b.computer, b.server))
        });
        Self {
            counted,
            firing,
            groups,
        }
    }

    /// The rule that was run.
    #[must_use]
    pub fn rule(&self) -> &Rule {
        &self.counted.rule
    }

    /// The exclusions that were read.
    #[must_use]
    pub fn exclusions(&self) -> &Exclusions {
        &self.counted.exclusions
    }

    /// Lines counted.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.counted.lines
    }

    /// Distinct keys: bin, client, computer and server address with at least one line.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Lines that an exclusion at stage "event" takes out.
    #[must_use]
    pub fn suppressed_lines(&self) -> u64 {
        self.counted.suppressed_lines
    }

    /// Lines that an exclusion matched, by its place in the list, at either stage.
    #[must_use]
    pub fn matched_lines(&self, exclusion: usize) -> u64 {
        self.counted.matched.get(exclusion).copied().unwrap_or(0)
    }

    /// The rows, in order.
    #[must_use]
    pub fn alerts(&self, selection: &Selection) -> Vec<Alert> {
        let mut alerts: Vec<Alert> = self
            .firing
            .iter()
            .filter_map(|key| self.alert(key, selection))
            .collect();
        alerts.sort_by(|a, b| a.order().cmp(&b.order()));
        alerts
    }

    /// The rows that all exclusions together take away, in order.
    #[must_use]
    pub fn suppressed(&self) -> Vec<Suppressed> {
        let mut suppressed: Vec<Suppressed> = self
            .firing
            .iter()
            .filter(|key| self.alert(key, &Selection::All).is_none())
            .filter_map(|key| {
                let alert = self.alert(key, &Selection::None)?;
                let matched_by: Vec<usize> = (0..self.exclusions().list().len())
                    .filter(|&index| {
                        self.group(key)
                            .iter()
                            .any(|(id, _)| self.counted.signatures.get(*id).has(index))
                    })
                    .collect();
                let removed_alone_by = matched_by
                    .iter()
                    .copied()
                    .filter(|&index| self.alert(key, &Selection::Only(index)).is_none())
                    .collect();
                Some(Suppressed {
                    alert,
                    matched_by,
                    removed_alone_by,
                })
            })
            .collect();
        suppressed.sort_by(|a, b| a.alert.order().cmp(&b.alert.order()));
        suppressed
    }

    /// The row of one group, where it makes one: the lines that no exclusion at stage "event" takes out must
    /// reach the threshold, and no exclusion at stage "alert" may match all of them.
    fn alert(&self, key: &GroupKey, selection: &Selection) -> Option<Alert> {
        let group = self.group(key);
        let list = self.exclusions().list();
        let at_stage =
            |stage| move |index: &usize| selection.holds(*index) && list[*index].stage() == stage;
        let counts = |id| {
            let signature = self.counted.signatures.get(id);
            !signature.iter().any(|index| at_stage(Stage::Event)(&index))
        };
        let tally = merged(group, counts, self.counted.rule.set_limit);
        if tally.port_count() < self.counted.rule.threshold {
            return None;
        }
        let mut counted = group.iter().filter(|(id, _)| counts(*id));
        let first = self.counted.signatures.get(counted.next()?.0);
        let hidden = first.iter().filter(at_stage(Stage::Alert)).any(|index| {
            counted
                .clone()
                .all(|(id, _)| self.counted.signatures.get(*id).has(index))
        });
        (!hidden).then(|| tally.alert(&self.counted.names.key(key), self.counted.rule.set_limit))
    }

    fn group(&self, key: &GroupKey) -> &Group {
        static EMPTY: Group = Vec::new();
        self.counted.groups.get(key).unwrap_or(&EMPTY)
    }
}

/// Distinct ports of all lines of a group. Most groups have one part, which is asked as it is.
fn port_count(group: &Group, limit: Option<NonZeroUsize>) -> u64 {
    match group.as_slice() {
        [(_, only)] => only.port_count(),
        _ => merged(group, |_| true, limit).port_count(),
    }
}

/// The tally of those lines of a group whose signature counts.
fn merged(
    group: &Group,
    counts: impl Fn(SignatureId) -> bool,
    limit: Option<NonZeroUsize>,
) -> Tally {
    let mut sum = Tally::default();
    for (id, tally) in group {
        if counts(*id) {
            sum.merge(tally, limit);
        }
    }
    sum
}
