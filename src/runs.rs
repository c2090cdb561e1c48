//! From the detector to the scores: the rows of a detection, and what sets of exclusions leave of them. It stands apart
//! from `eval`, which takes rows from any engine and does not know the detector.

use crate::eval::{Coalition, Listed, Runs};
use scanbench_detector::{Detection, Removals, Rule, Selection};

impl Coalition for Removals<'_> {
    fn matching(&self, row: usize) -> &[Vec<usize>] {
        self.matching(row)
    }

    fn is_left(&self, row: usize, in_force: &dyn Fn(usize) -> bool) -> bool {
        self.is_left(row, in_force)
    }
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
            is_published_rule: *detection.rule() == Rule::default(),
            without: removals.rows().cloned().collect(),
            with: detection.alerts(&Selection::All),
            exclusions: listed.collect(),
            coalition: Box::new(removals),
        }
    }
}
