//! Profiles of small logs, counted by hand.

use super::*;
use scanbench_detector::find_logs;
use std::fmt::Write as _;
use std::fs;

fn measured(text: &str) -> Profile {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("u_ex261102.log"), text).unwrap();
    let (logs, errors) = find_logs(&[folder.path().to_owned()]);
    assert!(errors.is_empty());
    measure(&logs, &AtomicBool::new(false)).unwrap()
}

fn names(profile: &Profile, property: Property) -> Vec<(String, f64)> {
    match profile.whole(property).unwrap() {
        Sample::Names(names) => names,
        Sample::Numbers(_) => unreachable!("{property:?} has names"),
    }
}

/// Values as counted, not as logarithms.
fn numbers(profile: &Profile, property: Property) -> Vec<(f64, f64)> {
    match profile.whole(property).unwrap() {
        Sample::Numbers(numbers) => numbers
            .into_iter()
            .map(|(step, times)| (step.exp2().round() - 1.0, times))
            .collect(),
        Sample::Names(_) => unreachable!("{property:?} has numbers"),
    }
}

const LOG: &str = "#Software: Microsoft Internet Information Services 10.0
#Fields: date time c-ip cs-uri-stem cs(User-Agent) sc-status sc-substatus sc-win32-status sc-bytes
2026-11-02 10:00:00 192.0.2.1 / curl/8.0 200 0 0 100
2026-11-02 10:00:04 192.0.2.1 /a curl/8.0 404 0 2 1245
2026-11-02 10:00:04 192.0.2.2 / - 200 0 0 100
#Software: Microsoft Internet Information Services 10.0
#Fields: date time c-ip cs-uri-stem cs(User-Agent) sc-status sc-substatus sc-win32-status sc-bytes
2026-11-02 11:00:04 192.0.2.1 / curl/8.0 200 0 0 100
2026-11-03 12:00:04 192.0.2.1 / curl/8.0 200 0 0 -
";

/// Five lines: counted by hand.
#[test]
fn a_log_counted_by_hand() {
    let profile = measured(LOG);
    assert_eq!(profile.passage.lines, 5);
    let named = |pairs: &[(&str, f64)]| -> Vec<(String, f64)> {
        pairs
            .iter()
            .map(|(name, lines)| ((*name).to_owned(), *lines))
            .collect()
    };
    assert_eq!(
        names(&profile, Property::Hours),
        named(&[("10", 3.0), ("11", 1.0), ("12", 1.0)])
    );
    assert_eq!(
        names(&profile, Property::Weekdays),
        named(&[("1 Mon", 4.0), ("2 Tue", 1.0)])
    );
    assert_eq!(
        names(&profile, Property::Statuses),
        named(&[("200.0/0", 4.0), ("404.0/2", 1.0)])
    );
    assert_eq!(
        names(&profile, Property::Agents),
        named(&[("library", 4.0), ("none", 1.0)])
    );
    assert_eq!(names(&profile, Property::Probes), named(&[("none", 5.0)]));
    // Visits of 2, 1 and 1 requests of one client, and of 1 of the other.
    assert_eq!(
        numbers(&profile, Property::Sessions),
        [(1.0, 3.0), (2.0, 1.0)]
    );
    assert_eq!(numbers(&profile, Property::Gaps), [(4.0, 1.0)]);
    assert_eq!(
        numbers(&profile, Property::Popularity),
        [(1.0, 4.0), (2.0, 1.0)]
    );
    assert_eq!(
        numbers(&profile, Property::Sizes),
        [(100.0, 3.0), (1240.0, 1.0)]
    );
    assert_eq!(profile.whole(Property::Times), None);
    // 90,000 s are kept to eight binary digits.
    assert_eq!(
        numbers(&profile, Property::Silences),
        [(0.0, 1.0), (4.0, 1.0), (3600.0, 1.0), (89_600.0, 1.0)]
    );
    assert_eq!(
        numbers(&profile, Property::Headers),
        [(2.0, 1.0), (3.0, 1.0)]
    );
    // Three lines at 10, and two later.
    assert_eq!(profile.halves(), Some((vec![0], vec![1, 2])));
}

/// forall lengths of a log: stretches stay few, and none of its lines is lost when they are joined.
#[test]
fn stretches_are_joined_and_nothing_is_lost() {
    let mut text = "#Fields: date time c-ip\n".to_owned();
    for year in 2000..2020 {
        for month in 1..=12 {
            writeln!(text, "{year}-{month:02}-03 04:05:06 192.0.2.1").unwrap();
        }
    }
    let profile = measured(&text);
    assert!(
        (2..=MOST_PARTS).contains(&profile.stretches()),
        "{}",
        profile.stretches()
    );
    let hours = names(&profile, Property::Hours);
    assert_eq!(hours, [("04".to_owned(), 240.0)]);
    assert_eq!(numbers(&profile, Property::Sessions), [(1.0, 240.0)]);
    let (first, second) = profile.halves().unwrap();
    let lines = |at: &[usize]| -> u64 { at.iter().map(|at| profile.parts[*at].lines).sum() };
    assert!(lines(&first).abs_diff(lines(&second)) <= 20);
}
