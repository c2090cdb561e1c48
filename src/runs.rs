//! From the detector to the scores: the rows of a detection under each choice of exclusions that scores compare. It
//! stands apart from `eval`, which takes rows from any engine and does not know the detector.

use crate::eval::{AloneRun, Runs};
use scanbench_detector::{Detection, Selection};

impl From<&Detection> for Runs {
    fn from(detection: &Detection) -> Self {
        let list = detection.exclusions().list();
        let alone = list.iter().enumerate().map(|(index, exclusion)| AloneRun {
            id: exclusion.id().to_owned(),
            stage: exclusion.stage(),
            lines: detection.matched_lines(index),
            expect: exclusion.expect(),
            rows: detection.alerts(&Selection::Only(index)),
        });
        Self {
            without: detection.alerts(&Selection::None),
            with: detection.alerts(&Selection::All),
            alone: alone.collect(),
        }
    }
}
