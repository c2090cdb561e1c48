//! Why an exclusion matches a line or does not.

use super::condition::{Condition, Line, Test};
use super::subject::Subject;
use super::text::{TextKind, TextTest};
use super::{Exclusion, Exclusions, Expectation, Stage};
use crate::Alert;
use scanbench_w3c::{Record, Timestamp, visible};
use std::sync::Arc;
use std::time::Duration;

/// One thing that an exclusion asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What is asked for, such as `c-ip: 10.0.0.0/24 or 10.1.0.7`.
    pub wanted: String,
    /// What the line has.
    pub found: String,
    /// Whether it holds.
    pub holds: bool,
}

/// What an exclusion says to a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Its place in the list.
    pub exclusion: usize,
    /// Everything that it asks for.
    pub checks: Vec<Check>,
}

impl Explanation {
    /// Whether it matches.
    #[must_use]
    pub fn matches(&self) -> bool {
        self.misses() == 0
    }

    /// How many of its checks do not hold.
    #[must_use]
    pub fn misses(&self) -> usize {
        self.checks.iter().filter(|check| !check.holds).count()
    }
}

impl Exclusions {
    /// What each exclusion says to a line, in the order of the list.
    pub fn explain(
        &self,
        record: &impl Record,
        client: &[u8],
        computer: &[u8],
    ) -> Vec<Explanation> {
        let computer = || computer;
        let line = Line::new(record, client, &computer);
        let list = self.list.iter().enumerate();
        list.map(|(exclusion, one)| Explanation {
            exclusion,
            checks: checks(one, &line),
        })
        .collect()
    }

    /// A list that tells, when the detector has it in place of this one, how many lines of a row each exclusion and each
    /// of its conditions match. The row must be of a window as wide as `width`.
    ///
    /// For each exclusion there is one for the whole of it and then one for each condition, in their order.
    #[must_use]
    pub fn within_row(&self, row: &Alert, width: Duration) -> Self {
        let text = |subject: Subject, text: &str| {
            let test = TextTest::new(TextKind::Equals, text, false).ok()?;
            Some(Condition {
                subject,
                negated: false,
                test: Test::Texts(vec![test]),
                span: 0..0,
            })
        };
        let of_row: Vec<Condition> = [
            text(Subject::Client, &row.c_ip),
            text(Subject::Computer, &row.computer),
            text(Subject::Server, &row.s_ip),
        ]
        .into_iter()
        .flatten()
        .collect();
        let (begin, end) = (row.time_generated, row.time_generated.plus(width));
        let mut list = Vec::new();
        for exclusion in self.list.iter() {
            let (starts, expires) = (exclusion.starts, exclusion.expires);
            let mut add = |conditions: &[Condition], starts, expires, enabled| {
                list.push(Exclusion {
                    id: format!("probe-{}", list.len()),
                    name: None,
                    reason: None,
                    owner: None,
                    ticket: None,
                    enabled,
                    stage: Stage::Alert,
                    starts: Some(starts),
                    expires: Some(expires),
                    conditions: [conditions, &of_row].concat(),
                    expect: Expectation::default(),
                    span: 0..0,
                });
            };
            let later = starts.map_or(begin, |starts: Timestamp| starts.max(begin));
            let sooner = expires.map_or(end, |expires: Timestamp| expires.min(end));
            add(&exclusion.conditions, later, sooner, exclusion.enabled);
            for condition in &exclusion.conditions {
                add(std::slice::from_ref(condition), begin, end, true);
            }
        }
        Self {
            list: Arc::new(list),
            policy: self.policy.clone(),
            ..Self::default()
        }
    }
}

fn checks(exclusion: &Exclusion, line: &Line<'_, impl Record>) -> Vec<Check> {
    let mut checks = Vec::new();
    if !exclusion.enabled {
        checks.push(Check {
            wanted: "to be switched on".to_owned(),
            found: "enabled = false".to_owned(),
            holds: false,
        });
    }
    let time = line.time();
    if let Some(starts) = exclusion.starts {
        checks.push(Check {
            wanted: format!("time from {starts} on"),
            found: time.to_string(),
            holds: starts <= time,
        });
    }
    if let Some(expires) = exclusion.expires {
        checks.push(Check {
            wanted: format!("time before {expires}"),
            found: time.to_string(),
            holds: time < expires,
        });
    }
    for condition in &exclusion.conditions {
        let found = match condition.subject() {
            Subject::Time => time.to_string(),
            Subject::Port => line
                .port()
                .map_or_else(|| "-".to_owned(), |port| port.to_string()),
            subject => match line.text(subject) {
                b"" => "not in this line".to_owned(),
                text => visible(text),
            },
        };
        checks.push(Check {
            wanted: condition.to_string(),
            found,
            holds: condition.holds(line),
        });
    }
    checks
}
