//! What several datasets add up to.

use super::made::{alert, campaign, runs, window};
use super::sweep::By;
use super::*;
use scanbench_generator::truth::Class;
use std::time::Duration;

fn truth(seed: u64) -> GroundTruth {
    GroundTruth {
        scenario: "small".to_owned(),
        seed,
        campaigns: vec![campaign("attack", Class::Malicious, (0, 5))],
        windows: vec![window(0, 1, 40, &["attack"])],
        ..GroundTruth::default()
    }
}

#[test]
fn no_exclusions_take_nothing() {
    let none: &dyn Coalition = &();
    assert!(none.matching(3).is_empty());
    assert!(none.is_left(3, &|_| true));
}

/// Each baseline is one row of the report, however many datasets it was scored on.
#[test]
fn baselines_are_added_up_each_by_itself() {
    let [requests, not_found] = Baseline::beside(Duration::from_mins(10), 30);
    let mut evaluator = Evaluator::default();
    for seed in [1, 2] {
        evaluator.add(&truth(seed), &runs(&[]));
        evaluator.add_baseline(&truth(seed), requests, &[alert(0, 1), alert(0, 2)]);
        evaluator.add_baseline(&truth(seed), not_found, &[alert(0, 2)]);
    }
    let evaluation = evaluator.finish();
    let found: Vec<(By, u64, u64, u64)> = evaluation
        .baselines
        .iter()
        .map(|one| {
            let (recall, rows) = (one.score.campaign_recall, &one.score.rows);
            (one.baseline.by, recall.hits(), recall.of(), rows.background)
        })
        .collect();
    assert_eq!(found, [(By::Requests, 2, 2, 2), (By::NotFound, 0, 2, 2)]);
    // Whose trials hang together is told by the dataset too: two campaigns of one name are two clusters.
    let clusters = evaluation.baselines[0].score.campaign_recall.interval();
    assert_eq!(clusters.map(|one| one.clusters), Some(2));
}

#[test]
fn differences_are_added_up() {
    let mut evaluator = Evaluator::default();
    let width = Duration::from_mins(10);
    for _ in 0..2 {
        evaluator.add(&truth(1), &runs(&[]));
        let found = Differences::between(&[alert(0, 1)], &[], width).unwrap();
        evaluator.add_differences(found);
    }
    assert_eq!(evaluator.finish().differences.unwrap().missing, 2);
    assert_eq!(evaluate(&truth(1), &runs(&[])).differences, None);
}

/// A campaign is named with its dataset where there are several.
#[test]
fn names_say_which_dataset() {
    let one = evaluate(&truth(1), &runs(&[]));
    assert_eq!(one.campaign_name(&one.campaigns[0]), "attack");
    let mut evaluator = Evaluator::default();
    for seed in [1, 2] {
        evaluator.add(&truth(seed), &runs(&[]));
    }
    let two = evaluator.finish();
    assert_eq!(
        two.campaign_name(&two.campaigns[1]),
        "attack (small, seed 2)"
    );
}

/// What is in force: the rows without exclusions where there are none.
#[test]
fn scores_of_what_is_in_force() {
    let (row, other) = ((alert(0, 1), &[0][..]), (alert(0, 2), &[][..]));
    let with = evaluate(&truth(1), &runs(&[row.clone(), other.clone()]));
    assert_eq!(
        (with.in_force().rows.all(), with.in_force().rows.malicious),
        (1, 0)
    );
    let without = evaluate(&truth(1), &runs(&[(row.0, &[]), other]));
    assert_eq!(
        (
            without.in_force().rows.all(),
            without.in_force().rows.malicious
        ),
        (2, 1)
    );
}
