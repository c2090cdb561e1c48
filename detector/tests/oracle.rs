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
use oracle::rules::{MIDNIGHT, rule};
use proptest::prelude::*;
use scanbench_detector::{Detector, Rule, Schedule, Selection, Window};
use scanbench_w3c::{Field, Item, Reader, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;

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
        let taken_out = lines
            .iter()
            .filter(|line| chosen.iter().any(|index| {
                let (alert, matches) = EXCLUSIONS[*index].1;
                !alert && matches(line)
            }))
            .count();
        prop_assert_eq!(detection.suppressed_lines(), taken_out as u64);
        prop_assert_eq!(detection.lines(), lines.len() as u64);
        if !chosen.is_empty() {
            let seconds = || lines.iter().map(|line| MIDNIGHT + i64::from(line.second));
            let span = seconds().min().zip(seconds().max());
            let found = detection.span().map(|(first, last)| (first.millis(), last.millis()));
            prop_assert_eq!(found, span.map(|(first, last)| (first * 1000, last * 1000)));
        }
    }

    /// forall logs, rules and sets of exclusions: of a row of the rule alone something is left just where the oracle
    /// still has a row in its window; and those that stand together do the same.
    #[test]
    fn what_is_left_is_what_the_oracle_still_finds(
        lines in prop::collection::vec(line(), 0..200),
        rule in rule(),
        in_force in prop::collection::btree_set(0..EXCLUSIONS.len(), 0..=EXCLUSIONS.len()),
    ) {
        let every: Vec<usize> = (0..EXCLUSIONS.len()).collect();
        let detection = detector(&rule, &every, &lines, false).finish();
        let oracle = |in_force: &BTreeSet<usize>| {
            let picked: Vec<Oracle> = in_force.iter().map(|index| EXCLUSIONS[*index].1).collect();
            expected(&lines, &rule, &picked)
        };
        let selection = Selection::These(in_force.clone());
        let rows: Vec<(String, Row)> = detection.alerts(&selection).iter().map(as_row).collect();
        prop_assert_eq!(&rows, &oracle(&in_force));

        let removals = detection.removals();
        let alone: Vec<String> = removals.rows().map(|alert| as_row(alert).0).collect();
        let expected_alone: Vec<String> = oracle(&BTreeSet::new()).into_iter().map(|row| row.0).collect();
        prop_assert_eq!(&alone, &expected_alone);
        for (row, key) in alone.iter().enumerate() {
            let left = removals.is_left(row, &|index| in_force.contains(&index));
            prop_assert_eq!(left, rows.iter().any(|other| is_within(&rule, &other.0, key)), "{}", key);
            for alike in removals.matching(row) {
                for index in alike {
                    let swapped = |one: usize| {
                        let mut set = in_force.clone();
                        set.retain(|member| !alike.contains(member));
                        set.insert(one);
                        removals.is_left(row, &|index| set.contains(&index))
                    };
                    prop_assert_eq!(swapped(alike[0]), swapped(*index));
                }
            }
        }
        let gone: Vec<String> = detection.suppressed().iter().map(|row| as_row(&row.alert).0).collect();
        let all = oracle(&every.into_iter().collect());
        let expected_gone: Vec<String> = alone
            .into_iter()
            .filter(|key| !all.iter().any(|other| is_within(&rule, &other.0, key)))
            .collect();
        prop_assert_eq!(gone, expected_gone);
    }

    /// forall logs and scheduled rules: of the rows of all data at once, as many as the oracle says are of no run, and
    /// of several.
    #[test]
    fn cuts_are_those_of_the_oracle(
        lines in prop::collection::vec(line(), 0..200),
        mut rule in rule(),
        (start, every, period) in (0_i64..100, 20_u64..100, 10_u64..150),
        chosen in prop::sample::subsequence((0..EXCLUSIONS.len()).collect::<Vec<_>>(), 0..=2),
    ) {
        rule.schedule = Some(Schedule {
            start: Timestamp::from_millis((MIDNIGHT + start) * 1000),
            every: Duration::from_secs(every),
            period: Duration::from_secs(period),
        });
        let picked: Vec<Oracle> = chosen.iter().map(|index| EXCLUSIONS[*index].1).collect();
        let of_runs = expected(&lines, &rule, &picked);
        let at_once = expected(&lines, &Rule { schedule: None, ..rule.clone() }, &picked);
        let runs: Vec<usize> = at_once
            .iter()
            .map(|(key, _)| {
                let same = of_runs.iter().filter(|(other, _)| is_same_window(&rule, key, other));
                same.map(|(other, _)| other.split(' ').next()).collect::<BTreeSet<_>>().len()
            })
            .collect();
        let count = |holds: fn(usize) -> bool| runs.iter().filter(|runs| holds(**runs)).count() as u64;
        let cut = detector(&rule, &chosen, &lines, false).finish().cut(&Selection::All).unwrap();
        prop_assert_eq!(
            (cut.rows, cut.missed, cut.repeated),
            (count(|_| true), count(|runs| runs == 0), count(|runs| runs > 1))
        );
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

/// Whether windows stand where the clock says.
fn is_fixed(rule: &Rule) -> bool {
    matches!(
        rule.window,
        Window::Tumbling { .. } | Window::Hopping { .. }
    )
}

/// Run, start, end and keys of a row.
fn parts(key: &str) -> Vec<&str> {
    key.splitn(4, ' ').collect()
}

/// Whether a row stands in the window of another: the same where windows are fixed, else inside its span.
fn is_within(rule: &Rule, inner: &str, outer: &str) -> bool {
    let (inner, outer) = (parts(inner), parts(outer));
    let span = if is_fixed(rule) {
        inner[1] == outer[1]
    } else {
        outer[1] <= inner[1] && inner[2] <= outer[2]
    };
    inner[0] == outer[0] && inner[3] == outer[3] && span
}

/// Whether two rows have the same keys and window; of windows that move, whether one begins while the other lasts.
fn is_same_window(rule: &Rule, one: &str, other: &str) -> bool {
    let (one, other) = (parts(one), parts(other));
    let begins_in = |a: &[&str], b: &[&str]| (b[1]..=b[2]).contains(&a[1]);
    one[3] == other[3]
        && if is_fixed(rule) {
            one[1] == other[1]
        } else {
            begins_in(&one, &other) || begins_in(&other, &one)
        }
}
