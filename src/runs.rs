//! From the detector to the scores: the rows of a detection, and what sets of exclusions leave of them. It stands apart
//! from `eval`, which takes rows from any engine and does not know the detector.

use crate::eval::{Coalition, Keys, Listed, NamedRule, RowKey, Runs};
use scanbench_detector::{Alert, Detection, Grid, Removals, Rule, Selection, Totals, Window};

impl Coalition for Removals<'_> {
    fn matching(&self, row: usize) -> &[Vec<usize>] {
        self.matching(row)
    }

    fn is_left(&self, row: usize, in_force: &dyn Fn(usize) -> bool) -> bool {
        self.is_left(row, in_force)
    }
}

fn named(rule: &Rule) -> Option<NamedRule> {
    let published = rule.published.as_deref()?;
    Some(NamedRule {
        id: published.id.clone(),
        name: published.name.clone(),
        severity: published.severity.clone(),
        tactics: published.tactics.clone(),
        techniques: published.techniques.clone(),
    })
}

impl<'d> From<&'d Detection> for Runs<'d> {
    fn from(detection: &'d Detection) -> Self {
        let removals = detection.removals();
        let list = detection.exclusions().list();
        let listed = list.iter().enumerate().map(|(index, exclusion)| Listed {
            id: exclusion.id().to_owned(),
            stage: exclusion.stage(),
            lines: detection.matched_lines(index),
            expect: exclusion.expect(),
        });
        Self {
            window: detection.rule().window,
            is_published_rule: detection.rule().is_as_published(),
            rule: named(detection.rule()),
            without: removals.rows().cloned().collect(),
            with: detection.alerts(&Selection::All),
            exclusions: listed.collect(),
            reached: Default::default(),
            keys: None,
            coalition: Box::new(removals),
        }
    }
}

impl Runs<'_> {
    /// The alerts of another engine. Of our detection on the same logs only the counts are taken.
    #[must_use]
    pub fn of_alerts(alerts: Vec<Alert>, ours: &Detection, totals: &Totals) -> Self {
        // Rows without a key cannot be told apart by it, so whether they agree with the truth is unmeasured.
        let is_keyed = |alert: &Alert| !alert.computer.is_empty() && !alert.s_ip.is_empty();
        let runs = Self {
            window: ours.rule().window,
            is_published_rule: ours.rule().is_as_published(),
            rule: named(ours.rule()),
            with: alerts.clone(),
            exclusions: Vec::new(),
            reached: Default::default(),
            keys: None,
            coalition: Box::new(()),
            without: alerts,
        }
        .with_keys(totals);
        Self {
            is_published_rule: runs.is_published_rule && runs.without.iter().all(is_keyed),
            ..runs
        }
    }

    /// The same, knowing when rows reached the threshold. The grid is of the same logs, rule and exclusions.
    #[must_use]
    pub fn with_moments(self, grid: &Grid, rule: &Rule) -> Self {
        let Window::Tumbling { width } = rule.window else {
            return self;
        };
        let reached = [Selection::None, Selection::All].map(|selection| {
            let crossings = grid.crossings(width, rule.threshold, &selection);
            let moments = crossings.iter().map(|crossing| {
                let key = &grid.keys()[crossing.key];
                let row = RowKey {
                    bin: crossing.start,
                    c_ip: key.c_ip.clone(),
                    computer: key.computer.clone(),
                    s_ip: key.s_ip.clone(),
                };
                (row, crossing.reached)
            });
            moments.collect()
        });
        Self { reached, ..self }
    }

    /// The same, knowing what the detector counted on its way of keys that made no row. It counts only where bins are
    /// closed one by one: not for tables and sessions.
    #[must_use]
    pub fn with_keys(self, totals: &Totals) -> Self {
        let stats = totals
            .stats
            .filter(|stats| self.is_published_rule && stats.groups > 0);
        Self {
            keys: stats.map(|stats| Keys {
                all: stats.groups,
                near: stats.near_misses,
            }),
            ..self
        }
    }
}
