//! What an exclusion matches, as a product of what each of its fields may be: exact for addresses, ports, numbers and
//! times.

use super::moments::{Clocks, When, base};
use super::sets::Values;
use super::texts;
use crate::exclusion::{Condition, Exclusion, Stage, Subject, Test};
use std::collections::BTreeMap;

/// What an exclusion matches.
#[derive(Clone, Debug)]
pub(super) struct Space<'e> {
    pub(super) exclusion: &'e Exclusion,
    values: BTreeMap<&'e Subject, Values>,
    texts: BTreeMap<&'e Subject, Vec<&'e Condition>>,
    when: When<'e>,
}

impl<'e> Space<'e> {
    pub(super) fn of(exclusion: &'e Exclusion, clocks: &'e Clocks) -> Self {
        let mut space = Self {
            exclusion,
            values: BTreeMap::new(),
            texts: BTreeMap::new(),
            when: When::new(base(exclusion), clocks),
        };
        for condition in exclusion.conditions() {
            let subject = condition.subject();
            match condition.test() {
                Test::Texts(_) => space.texts.entry(subject).or_default().push(condition),
                Test::Times(_) => space.when.within_hours(condition),
                _ => {
                    let Some(values) = Values::of(condition) else {
                        continue;
                    };
                    let both = match space.values.get(subject) {
                        Some(known) => known.intersect(&values),
                        None => values,
                    };
                    space.values.insert(subject, both);
                }
            }
        }
        space
    }

    /// What keeps it from ever matching, where something does.
    pub(super) fn contradiction(&self) -> Option<String> {
        if let Some((subject, _)) = self.values.iter().find(|(_, values)| values.is_empty()) {
            return Some(format!("no value of {subject} can pass"));
        }
        let no_text = self
            .texts
            .iter()
            .find(|(_, list)| texts::finite(list).is_some_and(|values| values.is_empty()));
        if let Some((subject, _)) = no_text {
            return Some(format!("no value of {subject} can pass"));
        }
        self.when
            .is_empty()
            .then(|| "none of its hours lies between starts and expires".to_owned())
    }

    /// Whether all that it matches is taken by `other` before it could do anything. Neither may be contradictory.
    pub(super) fn is_shadowed_by(&self, other: &Self) -> bool {
        let acts_first = other.exclusion.stage() == Stage::Event
            || other.exclusion.stage() == self.exclusion.stage();
        acts_first && self.is_subset(other)
    }

    pub(super) fn is_subset(&self, other: &Self) -> bool {
        let values = other
            .values
            .iter()
            .all(|(subject, theirs)| match self.values.get(subject) {
                Some(mine) => mine.is_subset(theirs),
                None => theirs.is_all(),
            });
        let texts = || {
            other.texts.iter().all(|(subject, theirs)| {
                self.texts
                    .get(subject)
                    .is_some_and(|mine| theirs.iter().all(|one| texts::implied(mine, one)))
            })
        };
        values && texts() && self.when.is_subset(&other.when)
    }

    /// Whether some line surely matches both. Neither may be contradictory.
    pub(super) fn intersects(&self, other: &Self) -> bool {
        let values = self.values.iter().all(|(subject, mine)| {
            other
                .values
                .get(subject)
                .is_none_or(|theirs| !mine.intersect(theirs).is_empty())
        });
        let texts = || {
            self.texts.iter().all(|(subject, mine)| {
                let theirs = other.texts.get(subject).map_or(&[][..], |list| list);
                texts::intersect(mine, theirs) == Some(true)
            })
        };
        values && texts() && self.when.intersects(&other.when)
    }

    /// The first and last client address, by family, to find neighbours by; `None` where it may be any or none.
    pub(super) fn clients(&self) -> Option<[(u8, u128); 2]> {
        let values = self.values.get(&Subject::Client)?;
        if values.absent {
            return None;
        }
        let mut all = values.parts.iter().zip(0_u8..).flat_map(|(part, family)| {
            part.list()
                .iter()
                .map(move |(first, last)| [(family, *first), (family, *last)])
        });
        let first = all.next()?;
        let last = all.last().unwrap_or(first);
        Some([first[0], last[1]])
    }
}
