//! Which of the fields and values that exclusions name are in the data at all. Each becomes an exclusion of its own, so
//! the detector counts the lines that have it.

use super::text::{TextKind, TextTest};
use super::{Condition, Exclusion, Exclusions, Expectation, Stage, Subject, Test};
use std::collections::HashMap;
use std::sync::Arc;

/// What one exclusion of the probing list looks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Probe {
    /// Lines that have any value of this field.
    Field(Subject),
    /// Lines with one value of a condition.
    Value(Subject, String),
}

/// The probing list and what each of its exclusions looks for.
#[derive(Clone, Debug, Default)]
pub struct Probes {
    /// To be given to the detector in place of the list itself.
    pub exclusions: Exclusions,
    places: HashMap<Probe, usize>,
}

impl Probes {
    /// The probes that a list needs: one for each field, and for each value where a condition has several.
    #[must_use]
    pub fn of(list: &Exclusions) -> Self {
        let mut probes = Self::default();
        for condition in list.list().iter().flat_map(Exclusion::conditions) {
            let subject = condition.subject();
            if *subject != Subject::Time
                && let Ok(empty) = TextTest::new(TextKind::Equals, "", false)
            {
                let has_some = Test::Texts(vec![empty]);
                probes.add(Probe::Field(subject.clone()), subject, has_some, true);
            }
            for (shown, test) in condition.test().each() {
                probes.add(Probe::Value(subject.clone(), shown), subject, test, false);
            }
        }
        probes
    }

    /// The place in the probing list of what looks for this.
    #[must_use]
    pub fn place(&self, probe: &Probe) -> Option<usize> {
        self.places.get(probe).copied()
    }

    fn add(&mut self, probe: Probe, subject: &Subject, test: Test, negated: bool) {
        let place = self.exclusions.list.len();
        if *self.places.entry(probe).or_insert(place) != place {
            return;
        }
        Arc::make_mut(&mut self.exclusions.list).push(Exclusion {
            id: format!("probe-{place}"),
            name: None,
            reason: None,
            owner: None,
            ticket: None,
            enabled: true,
            stage: Stage::Alert,
            starts: None,
            expires: None,
            conditions: vec![Condition {
                subject: subject.clone(),
                negated,
                test,
                span: 0..0,
            }],
            expect: Expectation::default(),
            span: 0..0,
        });
    }
}

impl Test {
    /// Each value as people write it, and as a test of its own.
    #[must_use]
    pub fn each(&self) -> Vec<(String, Self)> {
        match self {
            Self::Addresses(list) => list
                .iter()
                .map(|range| (range.to_string(), Self::Addresses(vec![*range])))
                .collect(),
            Self::Ports(list) => list
                .iter()
                .map(|range| {
                    let shown = shown(range.start(), range.end(), false);
                    (shown, Self::Ports(vec![range.clone()]))
                })
                .collect(),
            Self::Numbers(list) => list
                .iter()
                .map(|range| {
                    let shown = shown(range.start(), range.end(), *range.end() == u64::MAX);
                    (shown, Self::Numbers(vec![range.clone()]))
                })
                .collect(),
            Self::Texts(list) => list
                .iter()
                .map(|test| (test.to_string(), Self::Texts(vec![test.clone()])))
                .collect(),
            Self::Times(list) => list
                .iter()
                .map(|hours| (hours.to_string(), Self::Times(vec![*hours])))
                .collect(),
        }
    }
}

fn shown<T: PartialEq + std::fmt::Display>(first: &T, last: &T, is_open: bool) -> String {
    if first == last {
        first.to_string()
    } else if is_open {
        format!("{first}-")
    } else {
        format!("{first}-{last}")
    }
}
