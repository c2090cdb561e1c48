//! The grid against detections of its own, one for each window and threshold.

use super::*;
use crate::{Alert, Detector, Exclusions, Schedule};
use proptest::prelude::*;
use scanbench_spec::Source;
use scanbench_w3c::{Item, Reader};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::num::NonZeroUsize;

const EXCLUSIONS: &str = "version = 1
[[exclusion]]
id = \"port\"
stage = \"event\"
match.s-port = [8000, 8003]
[[exclusion]]
id = \"client\"
stage = \"alert\"
match.c-ip = \"192.0.2.1\"
match.not-s-port = 8001
";

type Line = (u32, u8, u8, Option<u16>);

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let port = prop::option::weighted(0.95, 8000_u16..8012);
    prop::collection::vec((0_u32..600, 0_u8..3, 0_u8..2, port), 0..160)
}

fn detect(lines: &[Line], rule: &Rule) -> Detection {
    let exclusions = Exclusions::from_source(&Source::new("x.toml", EXCLUSIONS)).unwrap();
    let mut detector = Detector::new(rule.clone(), exclusions);
    let mut log = "#Fields: date time s-ip s-port c-ip\n".to_owned();
    for (second, client, server, port) in lines {
        let port = port.map_or("-".to_owned(), |port| port.to_string());
        writeln!(
            log,
            "2026-11-02 00:{:02}:{:02} 10.0.0.{server} {port} 192.0.2.{client}",
            second / 60,
            second % 60
        )
        .unwrap();
    }
    let mut reader = Reader::new(log.as_bytes()).unwrap();
    while let Some(item) = reader.next_item().unwrap() {
        if let Item::Entry(entry) = item {
            detector.push(&entry, "WEB01");
        }
    }
    detector.finish()
}

fn rule(threshold: u64, limit: Option<usize>) -> Rule {
    Rule {
        threshold,
        set_limit: limit.and_then(NonZeroUsize::new),
        ..Rule::default()
    }
}

/// What a row and an alert have in common.
type Common = (Timestamp, String, String, u64);

fn of_alert(alert: &Alert) -> Common {
    (
        alert.time_generated,
        alert.c_ip.clone(),
        alert.s_ip.clone(),
        alert.distinct(),
    )
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn window() -> impl Strategy<Value = Window> {
    prop_oneof![
        (1_u64..=120).prop_map(|width| Window::Tumbling {
            width: seconds(width)
        }),
        (1_u64..=120, 1_u64..=60).prop_map(|(width, step)| Window::Hopping {
            width: seconds(width),
            step: seconds(step)
        }),
        (1_u64..=120).prop_map(|width| Window::Sliding {
            width: seconds(width)
        }),
    ]
}

proptest! {
    /// forall lines, windows, thresholds, limits and choices of exclusions: the rows of the grid are the rows of a
    /// detection with that window and threshold.
    #[test]
    fn rows_are_those_of_a_detection(
        lines in lines(),
        (lowest, above) in (1_u64..4, 0_u64..10),
        window in window(),
        limit in prop::option::of(4_usize..9),
        selection in prop::sample::select(vec![
            Selection::None,
            Selection::All,
            Selection::Only(1),
            Selection::Without(1),
        ]),
    ) {
        let one = Grid::rule(&rule(0, limit), seconds(120), lowest);
        let grid = Grid::new(detect(&lines, &one)).unwrap();
        let series = grid.series(&window, &selection).unwrap();
        for threshold in [lowest, lowest + above] {
            let other = Rule { window, ..rule(threshold, limit) };
            let expected: BTreeSet<Common> = if other.can_fire() {
                detect(&lines, &other).alerts(&selection).iter().map(of_alert).collect()
            } else {
                BTreeSet::new()
            };
            let rows = series.rows(threshold);
            prop_assert_eq!(rows.len(), expected.len());
            let found: BTreeSet<Common> = rows
                .iter()
                .map(|row| {
                    let key = &grid.keys()[row.key];
                    (row.start, key.c_ip.clone(), key.s_ip.clone(), row.distinct)
                })
                .collect();
            prop_assert_eq!(found, expected, "{:?} at {}", window, threshold);
        }
    }

    /// forall lines, widths, thresholds and starts of a schedule: what crossings say of cuts is what the detection
    /// under that schedule says.
    #[test]
    fn cuts_are_those_of_a_scheduled_detection(
        lines in lines(),
        width in 30_u64..=120,
        threshold in 2_u64..7,
        start in 0_u64..200,
    ) {
        let midnight: Timestamp = "2026-11-02T00:00:00Z".parse().unwrap();
        let window = Window::Tumbling { width: seconds(width) };
        let every = seconds(200);
        let schedule = Schedule { start: midnight.plus(seconds(start)), every, period: every };
        let scheduled = Rule { window, schedule: Some(schedule), ..rule(threshold, None) };
        let cut = detect(&lines, &scheduled).cut(&Selection::None).unwrap();

        let one = Grid::rule(&rule(0, None), seconds(120), 2);
        let grid = Grid::new(detect(&lines, &one)).unwrap();
        let crossings = grid.crossings(seconds(width), threshold, &Selection::None);
        prop_assert_eq!(crossings.len() as u64, cut.rows);
        let (mut missed, mut repeated) = (0, 0);
        for row in crossings {
            // A bin of at most 120 s has at most one edge of runs that are 200 s apart.
            let edge = (0..=4)
                .map(|run| midnight.plus(seconds(start + run * 200)))
                .find(|edge| row.start < *edge && *edge < row.start.plus(seconds(width)));
            let runs = edge.map_or(1, |edge| row.runs(edge));
            missed += u64::from(runs == 0);
            repeated += u64::from(runs == 2);
        }
        prop_assert_eq!((missed, repeated), (cut.missed, cut.repeated));
    }
}

/// Six ports a second apart around the edge of a minute, worked out by hand: of the minute's four lines at :56 to
/// :59, an edge at :58 leaves two to each run.
#[test]
fn a_cut_by_hand() {
    let lines: Vec<Line> = (0..6)
        .map(|n| (56 + u32::from(n), 1, 1, Some(8004 + n)))
        .collect();
    let grid = Grid::new(detect(&lines, &Grid::rule(&rule(0, None), seconds(60), 2))).unwrap();
    let crossings = grid.crossings(seconds(60), 3, &Selection::None);
    assert_eq!(crossings.len(), 1);
    let at = |second: u64| crossings[0].start.plus(seconds(second));
    assert_eq!(
        (crossings[0].reached, crossings[0].reaches_from),
        (at(58), at(57))
    );
    let runs: Vec<u8> = [56, 57, 58, 59]
        .map(|second| crossings[0].runs(at(second)))
        .to_vec();
    assert_eq!(runs, [1, 1, 0, 1]);
    assert!(grid.crossings(seconds(61), 3, &Selection::None).is_empty());
    assert!(
        grid.series(&Window::Session { gap: seconds(1) }, &Selection::None)
            .is_none()
    );
}

/// Of the same minute's four ports: none below the threshold of the detection, which forgot groups of fewer, and none
/// above the limit of sets, which never count past it.
#[test]
fn thresholds_that_cannot_be_told() {
    let lines: Vec<Line> = (0..4)
        .map(|n| (56 + u32::from(n), 1, 1, Some(8004 + n)))
        .collect();
    let of = |limit: Option<usize>| {
        let rule = Grid::rule(&rule(0, limit), seconds(60), 3);
        Grid::new(detect(&lines, &rule)).unwrap()
    };
    let found = |limit: Option<usize>, threshold: u64| {
        let grid = of(limit);
        let window = Window::Tumbling { width: seconds(60) };
        let series = grid.series(&window, &Selection::None).unwrap();
        let crossings = grid.crossings(seconds(60), threshold, &Selection::None);
        assert_eq!(series.rows(threshold).len(), crossings.len());
        crossings.len()
    };
    assert_eq!([2, 3, 4, 5].map(|n| found(None, n)), [0, 1, 1, 0]);
    assert_eq!([2, 3, 4, 5].map(|n| found(Some(3), n)), [0, 1, 0, 0]);
    let tells = |window: Window| of(None).series(&window, &Selection::None).is_some();
    for (width, is_told) in [(59, true), (60, true), (61, false)] {
        let (width, step) = (seconds(width), seconds(10));
        assert_eq!(tells(Window::Tumbling { width }), is_told);
        assert_eq!(tells(Window::Hopping { width, step }), is_told);
        assert_eq!(tells(Window::Sliding { width }), is_told);
    }
}
