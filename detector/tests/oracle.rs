//! The detector against a slow, obvious oracle: arbitrary logs, windows, schedules, keys, counted fields, limits and
//! exclusions.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod oracle {
    pub(crate) mod exclusions;
    pub(crate) mod lines;
    pub(crate) mod rows;
    pub(crate) mod rules;
}

use oracle::exclusions::{EXCLUSIONS, Oracle, exclusions};
use oracle::lines::{Line, line, write_log};
use oracle::rows::{Row, as_row, expected};
use oracle::rules::rule;
use proptest::prelude::*;
use scanbench_detector::{Detector, Rule, Selection};
use scanbench_w3c::{Field, Item, Reader, Timestamp};
use std::collections::BTreeSet;

fn detector(rule: &Rule, chosen: &[usize], lines: &[Line], closing: bool) -> Detector {
    let mut detector = Detector::new(rule.clone(), exclusions(chosen));
    let log = write_log(lines);
    let mut reader = Reader::new(log.as_bytes()).unwrap();
    let mut latest = 0;
    while let Some(item) = reader.next_item().unwrap() {
        let Item::Entry(entry) = item else {
            unreachable!("a bad line was written");
        };
        if closing && entry.time().millis() > latest {
            latest = entry.time().millis();
            detector.close_before(Timestamp::from_millis(latest));
        }
        detector.push(&entry, entry.get(Field::SComputername).unwrap());
    }
    detector
}

proptest! {
    /// forall logs, rules, lists of exclusions and choices of them: the detector's rows are the oracle's rows.
    #[test]
    fn rows_are_those_of_the_oracle(
        lines in prop::collection::vec(line(), 0..200),
        rule in rule(),
        chosen in prop::sample::subsequence((0..EXCLUSIONS.len()).collect::<Vec<_>>(), 0..=EXCLUSIONS.len()),
    ) {
        let detection = detector(&rule, &chosen, &lines, false).finish();
        let rows = |selection: &Selection| -> Vec<(String, Row)> {
            detection.alerts(selection).iter().map(as_row).collect()
        };
        let picked = |holds: &dyn Fn(usize) -> bool| -> Vec<Oracle> {
            (0..chosen.len()).filter(|i| holds(*i)).map(|i| EXCLUSIONS[chosen[i]].1).collect()
        };
        prop_assert_eq!(rows(&Selection::None), expected(&lines, &rule, &[]));
        prop_assert_eq!(rows(&Selection::All), expected(&lines, &rule, &picked(&|_| true)));
        for index in 0..chosen.len() {
            prop_assert_eq!(
                rows(&Selection::Only(index)),
                expected(&lines, &rule, &picked(&|i| i == index))
            );
            prop_assert_eq!(
                rows(&Selection::Without(index)),
                expected(&lines, &rule, &picked(&|i| i != index))
            );
            let matched = lines.iter().filter(|line| (EXCLUSIONS[chosen[index]].1.1)(line)).count();
            prop_assert_eq!(detection.matched_lines(index), matched as u64);
        }
        if rule.window.is_fixed_for_tests() {
            let gone: BTreeSet<String> =
                detection.suppressed().iter().map(|row| as_row(&row.alert).0).collect();
            let kept: BTreeSet<String> = rows(&Selection::All).into_iter().map(|row| row.0).collect();
            let expected: BTreeSet<String> = rows(&Selection::None)
                .into_iter()
                .map(|row| row.0)
                .filter(|key| !kept.contains(key))
                .collect();
            prop_assert_eq!(gone, expected);
        }
    }

    /// forall logs in order of time, and rules: forgetting what has passed changes no row.
    #[test]
    fn forgetting_changes_nothing(
        mut lines in prop::collection::vec(line(), 0..150),
        rule in rule(),
        chosen in prop::sample::subsequence((0..EXCLUSIONS.len()).collect::<Vec<_>>(), 0..=2),
    ) {
        lines.sort_by_key(|line| line.second);
        let (all, forgetful) = (
            detector(&rule, &chosen, &lines, false).finish(),
            detector(&rule, &chosen, &lines, true).finish(),
        );
        for selection in [Selection::None, Selection::All] {
            prop_assert_eq!(all.alerts(&selection), forgetful.alerts(&selection));
        }
    }
}

trait ForTests {
    fn is_fixed_for_tests(&self) -> bool;
}

impl ForTests for scanbench_detector::Window {
    fn is_fixed_for_tests(&self) -> bool {
        matches!(self, Self::Tumbling { .. } | Self::Hopping { .. })
    }
}
