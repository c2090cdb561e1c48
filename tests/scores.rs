//! Every metric on one small dataset, worked out by hand.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use scanbench::eval::{Evaluation, GroundTruth, Keys, Runs, evaluate};
use scanbench_detector::{Alert, Detection, Detector, Exclusions, Rule, Window as Cut};
use scanbench_generator::truth::{Campaign, Class, Kind, Window};
use scanbench_w3c::{Item, Reader, Timestamp};
use std::fmt::Write as _;
use std::time::Duration;

/// Who: id, kind, class, client.
const WHO: [(&str, Kind, Class, &str); 5] = [
    ("fast", Kind::Scan, Class::Malicious, "203.0.113.1"),
    ("slow", Kind::Scan, Class::Malicious, "203.0.113.2"),
    ("batch", Kind::Backend, Class::LookAlike, "10.0.0.3"),
    ("device", Kind::Device, Class::LookAlike, "10.0.0.4"),
    ("inventory", Kind::Discovery, Class::Authorised, "10.0.0.5"),
];

/// Who did what: place in `WHO`, bin of the day, ports. All at the fifth minute of the bin.
///
/// - fast: 40 ports in bin 6 (01:00) and 35 in bin 7, so two rows, one episode, caught;
/// - slow: 5 ports in each of bins 9, 10 and 11, no row, missed;
/// - batch: 30 ports in bins 18 and 20, so two rows and, as bin 19 is empty, two episodes;
/// - device: 25 ports in bin 30, near the threshold;
/// - inventory: 31 ports in bin 40, an authorised row.
const DID: [(usize, i64, u16); 9] = [
    (0, 6, 40),
    (0, 7, 35),
    (1, 9, 5),
    (1, 10, 5),
    (1, 11, 5),
    (2, 18, 30),
    (2, 20, 30),
    (3, 30, 25),
    (4, 40, 31),
];

fn moment(minutes: i64) -> Timestamp {
    let midnight: Timestamp = "2026-11-02T00:00:00Z".parse().unwrap();
    Timestamp::from_millis(midnight.millis() + minutes * 60_000)
}

fn detection() -> Detection {
    let mut log = "#Fields: date time s-ip s-port c-ip\n".to_owned();
    for (who, bin, ports) in DID {
        let minute = bin * 10 + 5;
        for port in 8000..8000 + ports {
            let client = WHO[who].3;
            let _ = writeln!(
                log,
                "2026-11-02 {:02}:{:02}:00 10.1.0.1 {port} {client}",
                minute / 60,
                minute % 60
            );
        }
    }
    let mut detector = Detector::new(Rule::default(), Exclusions::default());
    let mut reader = Reader::new(log.as_bytes()).unwrap();
    while let Some(item) = reader.next_item().unwrap() {
        if let Item::Entry(entry) = item {
            detector.push(&entry, "WEB01");
        }
    }
    detector.finish()
}

fn truth() -> GroundTruth {
    let campaigns = WHO
        .iter()
        .enumerate()
        .map(|(place, (id, kind, class, client))| {
            let bins: Vec<i64> = DID
                .iter()
                .filter(|did| did.0 == place)
                .map(|did| did.1)
                .collect();
            Campaign {
                id: (*id).to_owned(),
                kind: *kind,
                class: *class,
                clients: vec![client.parse().unwrap()],
                server: "WEB01".to_owned(),
                first: Some(moment(bins[0] * 10 + 5)),
                last: Some(moment(bins[bins.len() - 1] * 10 + 5)),
                ports_probed: 0,
                ports_logged: 0,
                lines: 0,
                contacts: 0,
                expected_to_fire: *id != "slow" && *id != "device",
                reason: None,
            }
        });
    let windows = DID.iter().map(|(who, bin, ports)| Window {
        bin: moment(bin * 10),
        c_ip: WHO[*who].3.parse().unwrap(),
        computer: "WEB01".to_owned(),
        s_ip: "10.1.0.1".parse().unwrap(),
        ports: u64::from(*ports),
        lines: u64::from(*ports),
        campaigns: vec![WHO[*who].0.to_owned()],
        must_fire: *ports >= 30,
    });
    GroundTruth {
        scenario: "by hand".to_owned(),
        unlabelled_is_unknown: false,
        days: Some(0.5),
        campaigns: campaigns.collect(),
        windows: windows.collect(),
        ..GroundTruth::default()
    }
}

/// The truth's nine keys are among 1,000, of which four are near the threshold: the device and three of the background.
fn evaluation() -> Evaluation {
    let detection = detection();
    let runs = Runs {
        keys: Some(Keys { all: 1000, near: 4 }),
        ..Runs::from(&detection)
    };
    evaluate(&truth(), &runs)
}

#[test]
fn every_metric_by_hand() {
    let evaluation = evaluation();
    let score = &evaluation.without_exclusions;
    let share = |share: scanbench::eval::Share| (share.hits(), share.of());
    assert_eq!(
        (
            score.rows.malicious,
            score.rows.authorised,
            score.rows.false_rows()
        ),
        (2, 1, 2)
    );
    assert_eq!(
        (
            score.episodes.malicious,
            score.episodes.authorised,
            score.episodes.false_rows()
        ),
        (1, 1, 2)
    );
    assert_eq!(share(score.bin_precision), (2, 4));
    assert_eq!(share(score.episode_precision), (1, 3));
    assert_eq!(share(score.campaign_recall), (1, 2));

    // Five malicious keys, one authorised: 1000 - 5 - 1 = 994 are benign, two of them with a row.
    let bins = score.bins.as_ref().unwrap();
    let counts = &bins.bins;
    assert_eq!(
        (
            counts.true_positives,
            counts.false_negatives,
            counts.false_positives,
            counts.true_negatives
        ),
        (2, 3, 2, 992)
    );
    assert_eq!(bins.recall, Some(0.4));
    // 2*2 / (2*2 + 2 + 3).
    assert!((bins.f1.unwrap() - 4.0 / 9.0).abs() < 1e-12);
    // (2*992 - 2*3) / sqrt(4 * 5 * 994 * 995) = 1978 / 4447.5.
    assert!(
        (bins.mcc.unwrap() - 0.444_744).abs() < 1e-5,
        "{:?}",
        bins.mcc
    );

    // Half a day.
    assert_eq!(score.rows_a_day, Some(10.0));
    assert_eq!(score.episodes_a_day, Some(8.0));
    assert_eq!(score.false_rows_a_day, Some(4.0));

    // fast begins at 01:05, its bin ends at 01:10, the daily run is at midnight: 300 s, and 22 h 55 min.
    assert_eq!(score.delays.bin_seconds.median, Some(300.0));
    assert_eq!(score.delays.schedule_seconds.p95, Some(82_500.0));
    assert_eq!(score.delays.ports_in_first_row.median, Some(40.0));
    assert_eq!(score.delays.streaming_seconds.median, None);
    assert_eq!(share(score.delays.never), (1, 2));

    let kinds: Vec<_> = score
        .kinds
        .iter()
        .map(|one| (one.class, one.kind, share(one.with_rows), one.rows))
        .collect();
    assert_eq!(
        kinds,
        [
            (Class::Malicious, Kind::Scan, (1, 2), 2),
            (Class::LookAlike, Kind::Backend, (1, 1), 2),
            (Class::LookAlike, Kind::Device, (0, 1), 0),
            (Class::Authorised, Kind::Discovery, (1, 1), 1),
        ]
    );

    // The near ones: the device, and three of the background; at the threshold: twice the batch.
    assert_eq!(evaluation.reach.benign(), (Some(4), 2));
    assert_eq!(evaluation.reach.authorised.at_threshold, 1);
    assert_eq!(
        (
            evaluation.reach.malicious.near,
            evaluation.reach.malicious.at_threshold
        ),
        (0, 2)
    );
    let agreement = evaluation.agreement.unwrap();
    assert_eq!(
        (
            agreement.missing_rows.len(),
            agreement.unexpected_rows.len()
        ),
        (0, 0)
    );
}

#[test]
fn what_cannot_be_measured_is_null() {
    let detection = detection();
    let truth = GroundTruth {
        unlabelled_is_unknown: false,
        days: None,
        ..truth()
    };
    let json = serde_json::to_value(evaluate(&truth, &Runs::from(&detection))).unwrap();
    let score = &json["without_exclusions"];
    for unmeasured in [
        &score["bins"],
        &score["rows_a_day"],
        &score["delays"]["streaming_seconds"]["median"],
        &json["reach"]["background_near"],
    ] {
        assert!(unmeasured.is_null(), "{unmeasured}");
    }
    // Nothing is hidden by an empty list: that is measured, and it is none.
    assert_eq!(
        json["exclusions_together"]["true_campaigns_hidden"]["value"],
        0.0
    );
}

/// Rows of a window that moves stand in no bin of the truth; they are judged by what they overlap.
#[test]
fn rows_of_moving_windows_are_judged_by_overlap() {
    let rows: Vec<Alert> = detection()
        .alerts(&scanbench_detector::Selection::None)
        .into_iter()
        .map(|row| Alert {
            // From a minute before the bin to its seventh minute.
            time_generated: Timestamp::from_millis(row.time_generated.millis() - 60_000),
            window_end: Some(row.time_generated.plus(Duration::from_mins(7))),
            ..row
        })
        .collect();
    let runs = Runs {
        window: Cut::Sliding {
            width: Duration::from_mins(10),
        },
        is_published_rule: false,
        rule: None,
        without: rows.clone(),
        with: rows,
        exclusions: Vec::new(),
        reached: Default::default(),
        keys: Some(Keys { all: 1000, near: 4 }),
        coalition: Box::new(()),
    };
    let evaluation = evaluate(&truth(), &runs);
    let score = &evaluation.without_exclusions;
    assert_eq!(
        (
            score.rows.malicious,
            score.rows.authorised,
            score.rows.false_rows()
        ),
        (2, 1, 2)
    );
    assert_eq!(
        (score.bins.is_some(), evaluation.agreement.is_some()),
        (false, false)
    );
}
