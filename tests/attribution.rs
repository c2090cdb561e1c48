//! Attribution against brute force: real detections under every subset of arbitrary exclusion lists.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use proptest::prelude::*;
use scanbench::eval::{Evaluation, GroundTruth, Runs, Worth, evaluate};
use scanbench_detector::{Alert, Detection, Detector, Exclusions, Rule, Selection};
use scanbench_generator::truth::{Campaign, Class, Kind, Window};
use scanbench_spec::Source;
use scanbench_w3c::{Item, Reader, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;

/// A campaign's name, kind and class.
type Behind = (&'static str, Kind, Class);

/// A client, and what is behind it.
const CLIENTS: [(&str, Option<Behind>); 5] = [
    ("10.0.0.1", Some(("scan", Kind::Scan, Class::Malicious))),
    ("10.0.0.2", Some(("scan", Kind::Scan, Class::Malicious))),
    (
        "10.0.0.3",
        Some(("backend", Kind::Backend, Class::LookAlike)),
    ),
    (
        "10.0.0.4",
        Some(("discovery", Kind::Discovery, Class::Authorised)),
    ),
    ("10.0.0.5", None),
];

/// Twins, overlaps, both stages, and port lists that only together bring a row under the threshold.
const EXCLUSIONS: [&str; 8] = [
    "stage = \"event\"\nmatch.s-port = [8000, 8001]",
    "stage = \"event\"\nmatch.s-port = [8002, 8003]",
    "stage = \"event\"\nmatch.s-port = [\"8000-8001\"]",
    "stage = \"alert\"\nmatch.s-port = [\"8000-8004\"]",
    "stage = \"alert\"\nmatch.c-ip = [\"10.0.0.0/30\"]",
    "stage = \"event\"\nmatch.c-ip = [\"10.0.0.3\", \"10.0.0.4\"]",
    "stage = \"event\"\nmatch.c-ip = [\"10.0.0.4\", \"10.0.0.5\", \"10.0.0.1\"]\nmatch.s-port = [\"8000-8003\"]",
    "stage = \"alert\"\nmatch.c-ip = [\"10.0.0.1\", \"10.0.0.5\"]",
];

/// Minute of the hour, client, port.
type Line = (i64, usize, u16);

fn midnight() -> Timestamp {
    "2026-11-02T00:00:00Z".parse().unwrap()
}

fn detect(lines: &[Line], chosen: &[usize]) -> Detection {
    let mut file = "version = 1\n".to_owned();
    for index in chosen {
        let _ = writeln!(
            file,
            "[[exclusion]]\nid = \"x{index}\"\n{}",
            EXCLUSIONS[*index]
        );
    }
    let exclusions = Exclusions::from_source(&Source::new("exclusions.toml", file)).unwrap();
    let rule = Rule {
        threshold: 3,
        ..Rule::default()
    };
    let mut log = "#Fields: date time s-ip s-port c-ip\n".to_owned();
    for (minute, client, port) in lines {
        let _ = writeln!(
            log,
            "2026-11-02 00:{minute:02}:00 10.1.0.1 {port} {}",
            CLIENTS[*client].0
        );
    }
    let mut detector = Detector::new(rule, exclusions);
    let mut reader = Reader::new(log.as_bytes()).unwrap();
    while let Some(item) = reader.next_item().unwrap() {
        let Item::Entry(entry) = item else {
            unreachable!("a bad line was written");
        };
        detector.push(&entry, "WEB01");
    }
    detector.finish()
}

fn truth(lines: &[Line]) -> GroundTruth {
    let mut campaigns: BTreeMap<&str, Campaign> = BTreeMap::new();
    let mut windows: BTreeMap<(i64, usize), Window> = BTreeMap::new();
    for (minute, client, _) in lines {
        let (address, Some((id, kind, class))) = CLIENTS[*client] else {
            continue;
        };
        let c_ip: IpAddr = address.parse().unwrap();
        let time = Timestamp::from_millis(midnight().millis() + minute * 60_000);
        let campaign = campaigns.entry(id).or_insert_with(|| Campaign {
            id: id.to_owned(),
            kind,
            class,
            clients: Vec::new(),
            server: "WEB01".to_owned(),
            first: Some(time),
            last: Some(time),
            ports_probed: 0,
            ports_logged: 0,
            lines: 0,
            contacts: 0,
            expected_to_fire: false,
            reason: None,
        });
        campaign.first = campaign.first.min(Some(time));
        campaign.last = campaign.last.max(Some(time));
        let bin = minute / 10;
        windows.entry((bin, *client)).or_insert_with(|| Window {
            bin: Timestamp::from_millis(midnight().millis() + bin * 600_000),
            c_ip,
            computer: "WEB01".to_owned(),
            s_ip: "10.1.0.1".parse().unwrap(),
            ports: 0,
            lines: 0,
            campaigns: vec![id.to_owned()],
            must_fire: false,
        });
    }
    GroundTruth {
        scenario: "small".to_owned(),
        campaigns: campaigns.into_values().collect(),
        windows: windows.into_values().collect(),
        ..GroundTruth::default()
    }
}

/// A row as brute force sees it: bin and client.
type Key = (i64, usize);

fn keys(rows: &[Alert]) -> BTreeSet<Key> {
    rows.iter()
        .map(|row| {
            let bin = (row.time_generated.millis() - midnight().millis()) / 600_000;
            let client = CLIENTS.iter().position(|one| one.0 == row.c_ip).unwrap();
            (bin, client)
        })
        .collect()
}

fn class(client: usize) -> Option<Class> {
    CLIENTS[client].1.map(|(_, _, class)| class)
}

/// What is gone, counted plainly, in the order of the fields of `Worth`.
fn worth(alone: &BTreeSet<Key>, left: &BTreeSet<Key>) -> [f64; 7] {
    let gone = |key: &Key| !left.contains(key);
    let is_false =
        |client: usize| !matches!(class(client), Some(Class::Malicious | Class::Authorised));
    let rows =
        |fits: &dyn Fn(usize) -> bool| alone.iter().filter(|key| fits(key.1) && gone(key)).count();
    let mut episodes: Vec<Vec<Key>> = Vec::new();
    for client in 0..CLIENTS.len() {
        for key in alone.iter().filter(|key| key.1 == client) {
            match episodes.last_mut() {
                Some(open) if open[0].1 == client && open[open.len() - 1].0 + 1 == key.0 => {
                    open.push(*key);
                }
                _ => episodes.push(vec![*key]),
            }
        }
    }
    let ended = |fits: &dyn Fn(usize) -> bool| {
        episodes
            .iter()
            .filter(|rows| fits(rows[0].1) && rows.iter().all(gone))
            .count()
    };
    // There is one malicious campaign, with two clients.
    let scan = |key: &&Key| class(key.1) == Some(Class::Malicious);
    let (had, has) = (
        alone.iter().filter(scan).count(),
        left.iter().filter(scan).count(),
    );
    let authorised = |client: usize| class(client) == Some(Class::Authorised);
    [
        rows(&is_false),
        ended(&is_false),
        rows(&authorised),
        ended(&authorised),
        rows(&|client| class(client) == Some(Class::Malicious)),
        usize::from(had > 0 && has == 0),
        usize::from(has > 0 && has < had),
    ]
    .map(|count| f64::from(u32::try_from(count).unwrap()))
}

fn numbers<N: Copy + Into<f64>>(worth: &Worth<N>) -> [f64; 7] {
    [
        worth.false_rows.into(),
        worth.false_episodes.into(),
        worth.authorised_rows.into(),
        worth.authorised_episodes.into(),
        worth.true_rows.into(),
        worth.campaigns_hidden.into(),
        worth.campaigns_hidden_in_part.into(),
    ]
}

fn whole(worth: &Worth<i64>) -> [f64; 7] {
    let narrow = |number: i64| i32::try_from(number).unwrap();
    numbers(&Worth {
        false_rows: narrow(worth.false_rows),
        false_episodes: narrow(worth.false_episodes),
        authorised_rows: narrow(worth.authorised_rows),
        authorised_episodes: narrow(worth.authorised_episodes),
        true_rows: narrow(worth.true_rows),
        campaigns_hidden: narrow(worth.campaigns_hidden),
        campaigns_hidden_in_part: narrow(worth.campaigns_hidden_in_part),
    })
}

fn near(a: [f64; 7], b: [f64; 7]) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9)
}

fn measured(lines: &[Line], chosen: &[usize]) -> (Evaluation, Detection) {
    let detection = detect(lines, chosen);
    let evaluation = evaluate(&truth(lines), &Runs::from(&detection));
    (evaluation, detection)
}

fn factorial(n: usize) -> f64 {
    (1..=n)
        .map(|k| f64::from(u32::try_from(k).unwrap()))
        .product()
}

proptest! {
    /// forall logs and exclusion lists: what each exclusion is credited with is what the definition gives over all
    /// subsets of the list, each detected by itself.
    #[test]
    fn credits_are_those_of_all_subsets(
        lines in prop::collection::vec((0_i64..40, 0..CLIENTS.len(), 8000_u16..8006), 0..160),
        chosen in prop::sample::subsequence((0..EXCLUSIONS.len()).collect::<Vec<_>>(), 0..=5),
    ) {
        let (evaluation, detection) = measured(&lines, &chosen);
        let n = chosen.len();
        let alone = keys(&detection.alerts(&Selection::None));
        let worths: Vec<[f64; 7]> = (0_usize..1 << n)
            .map(|set| {
                let these = (0..n).filter(|index| set >> index & 1 == 1).collect();
                worth(&alone, &keys(&detection.alerts(&Selection::These(these))))
            })
            .collect();
        let mut sum = [0.0; 7];
        for (index, outcome) in evaluation.exclusions.iter().enumerate() {
            let one = 1 << index;
            let mut shapley = [0.0; 7];
            for set in (0..worths.len()).filter(|set| set & one == 0) {
                let before = set.count_ones() as usize;
                let weight = factorial(before) * factorial(n - 1 - before) / factorial(n);
                for (number, share) in shapley.iter_mut().enumerate() {
                    *share += weight * (worths[set | one][number] - worths[set][number]);
                }
            }
            let all = worths.len() - 1;
            let mut last = worths[all];
            last.iter_mut().zip(worths[all & !one]).for_each(|(with, without)| *with -= without);
            let found = &outcome.attribution;
            prop_assert!(near(whole(&found.alone), worths[one]), "{:?} {:?}", found, worths[one]);
            prop_assert!(near(whole(&found.last), last), "{:?} {:?}", found, last);
            prop_assert!(near(numbers(&found.shapley), shapley), "{:?} {:?}", found, shapley);
            prop_assert!(near(numbers(&found.shapley_error), [0.0; 7]));
            sum.iter_mut().zip(numbers(&found.shapley)).for_each(|(sum, share)| *sum += share);
        }
        // The shares sum to the whole.
        prop_assert!(near(sum, worths[worths.len() - 1]));
        let together = &evaluation.exclusions_together;
        let counts = [
            (together.rows_removed.false_rows(), 0),
            (together.episodes_removed.false_rows(), 1),
            (together.campaigns_hidden.len() as u64, 5),
            (together.campaigns_hidden_in_part.len() as u64, 6),
        ];
        for (count, number) in counts {
            let expected = worths[worths.len() - 1][number];
            prop_assert!((f64::from(u32::try_from(count).unwrap()) - expected).abs() < 1e-9);
        }
    }
}

/// Five ports, of which three make a row: one list takes two of them and three are left, the other takes two others.
/// Only both together bring the row under the threshold.
#[test]
fn two_port_lists_that_only_together_drop_a_bin() {
    let lines: Vec<Line> = (8000..8005).map(|port| (1, 2, port)).collect();
    let (evaluation, _) = measured(&lines, &[0, 1]);
    for one in &evaluation.exclusions {
        assert_eq!(one.effect.rows_removed.false_rows(), 0);
        assert_eq!(one.attribution.last.false_episodes, 1);
        assert!((one.attribution.shapley.false_episodes - 0.5).abs() < 1e-12);
    }
    assert_eq!(evaluation.exclusions_together.rows_removed.false_rows(), 1);
}

/// The same ports taken twice: each has half, and neither is missed.
#[test]
fn twins_share() {
    let lines: Vec<Line> = (8000..8004).map(|port| (1, 0, port)).collect();
    let (evaluation, _) = measured(&lines, &[0, 2]);
    for one in &evaluation.exclusions {
        assert_eq!(one.effect.campaigns_hidden, ["scan"]);
        assert_eq!(
            (
                one.attribution.alone.campaigns_hidden,
                one.attribution.last.campaigns_hidden
            ),
            (1, 0)
        );
        assert!((one.attribution.shapley.campaigns_hidden - 0.5).abs() < 1e-12);
        assert_eq!(
            one.attribution.campaigns_back_without_it,
            Vec::<String>::new()
        );
    }
}

/// At stage "alert" worth is a coverage function: what is hidden by m exclusions counts 1/m for each.
#[test]
fn the_closed_form_at_stage_alert() {
    // 10.0.0.1 on four ports: matched by x3 (its ports), x4 (its network) and x7 (its address).
    let lines: Vec<Line> = (8000..8004).map(|port| (1, 0, port)).collect();
    let (evaluation, _) = measured(&lines, &[3, 4, 7]);
    for one in &evaluation.exclusions {
        assert!(
            (one.attribution.shapley.true_rows - 1.0 / 3.0).abs() < 1e-12,
            "{one:?}"
        );
    }
}
