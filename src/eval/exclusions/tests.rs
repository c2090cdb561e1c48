//! Promises at their limits, and what exclusions take away, counted by hand.

use super::super::made::{alert, campaign, runs, window};
use super::super::{GroundTruth, Runs, evaluate};
use super::*;

/// Every promise is held at its limit, and broken one beyond it.
#[test]
fn promises_hold_at_their_limits() {
    let effect = Effect {
        rows_removed: RowCounts {
            malicious: 4,
            authorised: 6,
            background: 2,
            ..RowCounts::default()
        },
        episodes_removed: RowCounts::default(),
        false_episodes_removed: Share::of_clusters(&[]),
        campaigns_hidden: vec!["a".to_owned(), "b".to_owned()],
        campaigns_hidden_in_part: Vec::new(),
        true_campaigns_hidden: Share::of_clusters(&[]),
    };
    let held = |[campaigns, rows, authorised, alerts]: [u64; 4]| -> Vec<(&str, u64, u64, bool)> {
        let expect = Expectation {
            max_hidden_campaigns: Some(campaigns),
            max_hidden_rows: Some(rows),
            max_hidden_authorised: Some(authorised),
            min_removed_alerts: Some(alerts),
        };
        let found = promises(&expect, &effect).into_iter();
        found
            .map(|(one, holds)| (one.promise, one.promised, one.measured, holds))
            .collect()
    };
    let expected = [
        ("max-hidden-campaigns", 2, 2, true),
        ("max-hidden-rows", 4, 4, true),
        ("max-hidden-authorised", 6, 6, true),
        ("min-removed-alerts", 12, 12, true),
    ];
    assert_eq!(held([2, 4, 6, 12]), expected);
    let holds = |limits| held(limits).iter().map(|one| one.3).collect::<Vec<_>>();
    assert_eq!(holds([1, 3, 5, 13]), [false; 4]);
    assert_eq!(holds([3, 5, 7, 11]), [true; 4]);
    assert_eq!(promises(&Expectation::default(), &effect), []);
}

/// Two datasets with the same attack of two rows, work of two episodes and an allowed scan. The first exclusion takes
/// one row of the attack and the first episode of the work, the second all of the attack, and the third the scan.
fn truth() -> GroundTruth {
    GroundTruth {
        campaigns: vec![
            campaign("attack", Class::Malicious, (0, 15)),
            campaign("work", Class::LookAlike, (0, 55)),
            campaign("allowed", Class::Authorised, (0, 5)),
        ],
        windows: vec![
            window(0, 1, 40, &["attack"]),
            window(10, 1, 40, &["attack"]),
            window(0, 2, 40, &["work"]),
            window(50, 2, 40, &["work"]),
            window(0, 3, 40, &["allowed"]),
        ],
        ..GroundTruth::default()
    }
}

fn taken() -> Runs<'static> {
    let mut runs = runs(&[
        (alert(0, 1), &[0, 1]),
        (alert(10, 1), &[1]),
        (alert(0, 2), &[0]),
        (alert(50, 2), &[]),
        (alert(0, 3), &[2]),
    ]);
    runs.exclusions[0].expect.max_hidden_rows = Some(1);
    runs.exclusions[1].expect.max_hidden_rows = Some(3);
    runs
}

#[test]
fn two_datasets_by_hand() {
    let mut evaluator = super::super::Evaluator::default();
    evaluator.add(&truth(), &taken());
    evaluator.add(&truth(), &taken());
    let evaluation = evaluator.finish();
    let share = |share: Share| (share.hits(), share.of());
    let [part, whole, allowed] = &evaluation.exclusions[..] else {
        panic!("three exclusions were listed");
    };
    assert_eq!((part.lines, part.promises), (20, 1));
    let both = ["attack (, seed 0)", "attack (, seed 0)"];
    // The first alone: one row of the attack and one of the work in each dataset.
    assert_eq!(
        (
            part.effect.rows_removed.malicious,
            part.effect.rows_removed.false_rows()
        ),
        (2, 2)
    );
    assert_eq!(share(part.effect.false_episodes_removed), (2, 4));
    assert_eq!(part.effect.campaigns_hidden_in_part, both);
    assert_eq!(part.effect.campaigns_hidden, Vec::<String>::new());
    assert_eq!(share(part.effect.true_campaigns_hidden), (0, 2));
    // It promised that one row at most would be hidden, the second three; they are two, and four.
    let broken = |one: &ExclusionOutcome| {
        one.broken
            .iter()
            .map(|one| one.measured)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (broken(part), broken(whole), broken(allowed)),
        (vec![2], vec![4], vec![])
    );
    // The second alone hides the attack whole, so it is not hidden in part.
    assert_eq!(whole.effect.campaigns_hidden, both);
    assert_eq!(whole.effect.campaigns_hidden_in_part, Vec::<String>::new());
    assert_eq!(share(whole.effect.true_campaigns_hidden), (2, 2));
    assert_eq!(whole.attribution.campaigns_back_without_it, both);
    assert_eq!(
        part.attribution.campaigns_back_without_it,
        Vec::<String>::new()
    );
    // Who hides it alone has the whole of it, and half of the row that both take.
    let credits = |one: &ExclusionOutcome| {
        let share = &one.attribution.shapley;
        (
            share.campaigns_hidden,
            share.true_rows,
            share.false_episodes,
            share.authorised_rows,
        )
    };
    assert_eq!(credits(part), (0.0, 1.0, 2.0, 0.0));
    assert_eq!(credits(whole), (2.0, 3.0, 0.0, 0.0));
    assert_eq!(credits(allowed), (0.0, 0.0, 0.0, 2.0));
    let together = &evaluation.exclusions_together;
    assert_eq!(together.rows_removed.all(), 8);
    assert_eq!(
        (
            together.episodes_removed.malicious,
            together.episodes_removed.false_rows()
        ),
        (2, 2)
    );
    assert_eq!(share(together.false_episodes_removed), (2, 4));
}

#[test]
fn one_dataset_has_plain_names() {
    let evaluation = evaluate(&truth(), &taken());
    assert_eq!(evaluation.exclusions[1].effect.campaigns_hidden, ["attack"]);
}
