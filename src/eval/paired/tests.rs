//! Pairs and draws counted by hand, and reports as they stood in earlier versions.

use super::super::made::{alert, campaign, runs, window};
use super::super::{GroundTruth, evaluate};
use super::*;
use serde_json::{Value, json};

fn paired(both: usize, here: usize, there: usize, neither: usize) -> Paired {
    let names = |count: usize| (0..count).map(|one| one.to_string()).collect();
    let mut paired = Paired {
        both,
        only_here: names(here),
        only_there: names(there),
        neither,
        ..Paired::default()
    };
    paired.settle();
    paired
}

fn assert_near(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() < 1e-12, "{what}: {found}");
}

/// By hand: five worse of five is 1/32; three of four is (4 + 1)/16; none of none is certain.
#[test]
fn the_exact_test() {
    for (worse, better, chance) in [
        (5, 0, 1.0 / 32.0),
        (3, 1, 5.0 / 16.0),
        (0, 0, 1.0),
        (0, 3, 1.0),
        (1, 0, 0.5),
    ] {
        assert_near(mcnemar(worse, better), chance, &format!("{worse} {better}"));
    }
}

/// By hand. Ten campaigns, of which the others alone have five: a draw of ten loses as many as heads fall in ten
/// throws of a coin. No more than 1 has probability (1 + 10)/1024 = 1.1 %, no more than 2 (1 + 10 + 45)/1024 =
/// 5.5 %, so 2.5 % lies at 2, and by symmetry 97.5 % at 8. All five one way: 2/32 of both sides.
#[test]
fn half_of_ten_lost() {
    let found = paired(5, 0, 5, 0);
    assert_near(found.difference.unwrap(), -0.5, "difference");
    let interval = found.interval.unwrap();
    assert_near(interval.low, -0.8, "low");
    assert_near(interval.high, -0.2, "high");
    assert_near(found.chance, 2.0 / 32.0, "chance");
}

/// By hand. Two campaigns, one of each alone: draws sum to -2, 0 and 2 with 1/4, 1/2 and 1/4.
#[test]
fn one_each_way() {
    let found = paired(0, 1, 1, 0);
    assert_near(found.difference.unwrap(), 0.0, "difference");
    let interval = found.interval.unwrap();
    assert_near(interval.low, -1.0, "low");
    assert_near(interval.high, 1.0, "high");
    assert_near(found.chance, 1.0, "chance");
}

#[test]
fn where_all_do_the_same_draws_tell_nothing() {
    for same in [paired(3, 0, 0, 2), paired(0, 4, 0, 0), paired(0, 0, 4, 0)] {
        assert_eq!(same.interval, None, "{same:?}");
    }
    let none = paired(0, 0, 0, 0);
    assert_eq!((none.difference, none.interval), (None, None));
    assert_near(none.chance, 1.0, "chance");
}

/// Of 400 draws of how often 30 campaigns are won and lost, and of the campaigns, the interval holds the difference
/// about as often as the simulations above say.
#[test]
fn the_interval_holds_the_difference() {
    let mut random = Pcg64::seed_from_u64(5);
    let mut part = || f64::from(random.random_range(0..1_000_u32)) / 1000.0;
    let (mut held, mut told) = (0_u32, 0_u32);
    for _ in 0..400 {
        let (first, second) = (part(), part());
        let (win, lose) = (first.min(second), (first - second).abs());
        let (mut more, mut fewer) = (0, 0);
        for _ in 0..30 {
            match part() {
                at if at < win => more += 1,
                at if at < win + lose => fewer += 1,
                _ => {}
            }
        }
        if let Some(found) = drawn(more, fewer, 30, 1_000) {
            told += 1;
            held += u32::from(found.low <= win - lose && win - lose <= found.high);
        }
    }
    let held = f64::from(held) / f64::from(told);
    assert!((0.89..=0.97).contains(&held), "{held} of {told}");
}

/// A sum belongs to the tail while no more than 2.5 of 100 draws are passed: one of forty is not more.
#[test]
fn a_fortieth_is_the_tail() {
    assert_eq!(behind_tail(&[1, 39], 40, 0..2), Some(1));
    assert_eq!(behind_tail(&[2, 38], 40, 0..2), Some(0));
}

/// Four attacks, three look-alikes and a scan that is allowed.
const WHO: [(&str, Class); 8] = [
    ("a", Class::Malicious),
    ("b", Class::Malicious),
    ("c", Class::Malicious),
    ("d", Class::Malicious),
    ("p", Class::LookAlike),
    ("q", Class::LookAlike),
    ("r", Class::LookAlike),
    ("allowed", Class::Authorised),
];

/// Those of `fired` have a row; those of `taken` lose it to an exclusion.
fn evaluation(fired: &[&str], taken: &[&str]) -> Evaluation {
    let places = || (0_u8..).zip(WHO);
    let truth = GroundTruth {
        scenario: "pairs".to_owned(),
        seed: 7,
        campaigns: places()
            .map(|(place, (id, class))| {
                let begin = i64::from(place) * 10;
                campaign(id, class, (begin, begin + 5))
            })
            .collect(),
        windows: places()
            .map(|(place, (id, _))| window(i64::from(place) * 10, place, 40, &[id]))
            .collect(),
        ..GroundTruth::default()
    };
    let rows: Vec<_> = places()
        .filter(|(_, (id, _))| fired.contains(id))
        .map(|(place, (id, _))| {
            let by: &[usize] = if taken.contains(&id) { &[0] } else { &[] };
            (alert(i64::from(place) * 10, place), by)
        })
        .collect();
    evaluate(&truth, &runs(&rows))
}

/// What is both here and there, only here, only there, and in neither.
fn four(paired: &Paired) -> (usize, Vec<&str>, Vec<&str>, usize) {
    (
        paired.both,
        paired.only_here.iter().map(String::as_str).collect(),
        paired.only_there.iter().map(String::as_str).collect(),
        paired.neither,
    )
}

#[test]
fn two_detectors_campaign_by_campaign() {
    let here = evaluation(&["a", "b", "p", "allowed"], &[]);
    let there = evaluation(&["b", "c", "p", "q"], &[]);
    let found = Comparison::with_ours(&here, &there).unwrap();
    assert_eq!(found.beside, Beside::OurDetector);
    assert_eq!(four(&found.attacks), (1, vec!["a"], vec!["c"], 1));
    assert_eq!(four(&found.look_alikes), (1, vec![], vec!["q"], 1));
    assert_eq!(found.attacks.campaigns(), 4);
    assert_near(found.attacks.difference.unwrap(), 0.0, "attacks");
    assert_near(
        found.look_alikes.difference.unwrap(),
        -1.0 / 3.0,
        "look-alikes",
    );
    assert_near(found.look_alikes.chance, 1.0, "chance");
}

/// With exclusions in force a campaign has the rows that they leave.
#[test]
fn rows_are_those_in_force() {
    let here = evaluation(&["a", "b", "p"], &["b"]);
    let there = evaluation(&["a", "b"], &[]);
    let found = Comparison::with_ours(&here, &there).unwrap();
    assert_eq!(four(&found.attacks), (1, vec![], vec!["b"], 2));
    let other_way = Comparison::with_ours(&there, &here).unwrap();
    assert_eq!(four(&other_way.attacks), (1, vec!["b"], vec![], 2));
}

#[test]
fn other_campaigns_cannot_be_paired() {
    let mut fewer = evaluation(&["a"], &[]);
    let all = fewer.clone();
    fewer.campaigns.pop();
    let told = Comparison::with_ours(&all, &fewer).unwrap_err();
    assert_eq!(told, "the baseline does not know the campaign allowed");
    let told = Comparison::with_ours(&fewer, &all).unwrap_err();
    assert_eq!(told, "the baseline has 8 campaigns, these datasets have 7");
}

fn of_names(attacks: (usize, usize), look_alikes: (usize, usize)) -> Option<String> {
    let comparison = Comparison {
        beside: Beside::EarlierReport,
        attacks: paired(3, attacks.0, attacks.1, 3),
        look_alikes: paired(3, look_alikes.0, look_alikes.1, 3),
    };
    comparison.gate().failed
}

/// By hand: all five of five one way is 1/32, which is less than 0.05; four of four are 1/16, which is not. Attacks are
/// lost where only the others have them, look-alikes are new where only these have them.
#[test]
fn a_gate_holds_what_chance_could_do() {
    for held in [
        ((0, 0), (0, 0)),
        ((0, 4), (4, 0)),
        ((9, 0), (0, 9)),
        ((1, 5), (5, 1)),
    ] {
        assert_eq!(of_names(held.0, held.1), None, "{held:?}");
    }
    assert_eq!(
        of_names((0, 5), (0, 0)).as_deref(),
        Some(
            "5 malicious campaigns were lost (0, 1, 2, 3, 4), 0 the other way: chance alone would do that with \
             probability 0.031"
        )
    );
    // Seven of eight or more: (8 + 1)/256.
    let told = of_names((0, 5), (7, 1)).unwrap();
    assert!(
        told.ends_with(
            "; 7 look-alikes fire that did not (0, 1, 2, 3, 4, 5, 6), 1 the other way: chance alone would do that with \
             probability 0.035"
        ),
        "{told}"
    );
}

/// A report of the evaluation in which `b`, `c` and `q` have rows and an exclusion takes that of `c`, changed.
fn earlier(change: &dyn Fn(&mut Value)) -> Result<EarlierReport, String> {
    let mut report = serde_json::to_value(evaluation(&["b", "c", "q"], &["c"])).unwrap();
    change(&mut report);
    serde_json::from_value(report).map_err(|error| error.to_string())
}

#[test]
fn an_earlier_report_is_what_was_in_force_then() {
    let now = evaluation(&["a", "c"], &[]);
    let attacks = |change: &dyn Fn(&mut Value)| {
        let found = earlier(change).unwrap().compare(&now).unwrap();
        assert_eq!(found.beside, Beside::EarlierReport);
        let four = four(&found.attacks);
        (four.0, four.1.join(" "), four.2.join(" "), four.3)
    };
    let text = |text: &str| text.to_owned();
    let with_list = (0, text("a c"), text("b"), 1);
    assert_eq!(attacks(&|_| {}), with_list);
    let without = (1, text("a"), text("b"), 1);
    assert_eq!(attacks(&|report| report["exclusions"] = json!([])), without);
    // Version 1 names its one dataset at the top, and does not tell its exclusions: rows are those with them.
    let first = |report: &mut Value| {
        let object = report.as_object_mut().unwrap();
        object.remove("datasets");
        object.remove("exclusions");
        object.insert("schema_version".to_owned(), json!(1));
        object.insert("scenario".to_owned(), json!("pairs"));
        object.insert("seed".to_owned(), json!(7));
        for one in object["campaigns"].as_array_mut().unwrap() {
            one.as_object_mut().unwrap().remove("dataset");
        }
    };
    assert_eq!(attacks(&first), with_list);
}

#[test]
fn what_is_no_earlier_report_of_these_datasets() {
    for (version, is_read) in [
        (0, false),
        (1, true),
        (SCHEMA_VERSION, true),
        (SCHEMA_VERSION + 1, false),
    ] {
        let found = earlier(&|report| report["schema_version"] = json!(version));
        let told = format!(
            "its schema_version is {version}, and this program reads 1 to {SCHEMA_VERSION}"
        );
        match found {
            Ok(_) => assert!(is_read, "{version}"),
            Err(error) => assert!(!is_read && error.contains(&told), "{error}"),
        }
    }
    let now = evaluation(&["a"], &[]);
    for (key, value) in [("seed", json!(8)), ("scenario", json!("others"))] {
        let other = earlier(&|report| report["datasets"][0][key] = value.clone()).unwrap();
        let told = other.compare(&now).unwrap_err();
        assert!(
            told.starts_with("the baseline is of other datasets"),
            "{told}"
        );
    }
    let nameless = earlier(&|report| report["datasets"] = Value::Null).unwrap_err();
    assert!(nameless.contains("it names no dataset"), "{nameless}");
}
