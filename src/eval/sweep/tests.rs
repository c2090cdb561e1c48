//! A small dataset whose counts were worked out by hand.

use super::*;
use scanbench_detector::{CensusBin, CensusWidth};
use scanbench_generator::truth::{Campaign, Class, Kind, Window as TrueWindow};
use scanbench_w3c::Timestamp;

const WIDTH: Duration = Duration::from_mins(10);

fn at(minute: i64, second: i64) -> Timestamp {
    Timestamp::from_millis(1_793_577_600_000 + (minute * 60 + second) * 1000)
}

fn key(client: &str) -> GridKey {
    GridKey {
        c_ip: client.to_owned(),
        computer: "WEB01".to_owned(),
        s_ip: "10.0.0.1".to_owned(),
    }
}

fn campaign(id: &str, class: Class, client: &str, first: Timestamp, last: Timestamp) -> Campaign {
    Campaign {
        id: id.to_owned(),
        kind: Kind::Scan,
        class,
        clients: vec![client.parse().unwrap()],
        server: "WEB01".to_owned(),
        first: Some(first),
        last: Some(last),
        ports_probed: 40,
        ports_logged: 40,
        lines: 40,
        contacts: 0,
        expected_to_fire: true,
        reason: None,
    }
}

fn window(minute: i64, client: &str, campaign: &str) -> TrueWindow {
    TrueWindow {
        bin: at(minute, 0),
        c_ip: client.parse().unwrap(),
        computer: "WEB01".to_owned(),
        s_ip: "10.0.0.1".parse().unwrap(),
        ports: 40,
        lines: 40,
        campaigns: vec![campaign.to_owned()],
        must_fire: true,
    }
}

/// Two attacks, an allowed scan, and a look-alike over two bins.
fn truth() -> GroundTruth {
    GroundTruth {
        scenario: "small".to_owned(),
        seed: 1,
        lines: 200,
        unlabelled_is_unknown: false,
        days: None,
        campaigns: vec![
            campaign("late", Class::Malicious, "192.0.2.2", at(12, 0), at(13, 0)),
            campaign("early", Class::Malicious, "192.0.2.1", at(2, 0), at(3, 0)),
            campaign("batch", Class::LookAlike, "10.0.0.9", at(1, 0), at(19, 0)),
            campaign(
                "allowed",
                Class::Authorised,
                "10.0.0.8",
                at(11, 0),
                at(14, 0),
            ),
        ],
        windows: vec![
            window(0, "192.0.2.1", "early"),
            window(10, "192.0.2.2", "late"),
            window(0, "10.0.0.9", "batch"),
            window(10, "10.0.0.9", "batch"),
            window(10, "10.0.0.8", "allowed"),
        ],
    }
}

/// From 00:00 to 00:40: five keys in the first bin, six in the second, one in the third.
fn census() -> Census {
    let bin = |minute, key| CensusBin {
        start: at(minute, 0),
        key,
        requests: 40,
        not_found: 0,
        first: at(minute + 2, 0),
        last: at(minute + 3, 0),
    };
    Census {
        widths: vec![CensusWidth {
            busy: vec![(at(0, 0), 5), (at(10, 0), 6), (at(20, 0), 1)],
            listed: vec![bin(0, 0), bin(10, 1), bin(10, 2)],
        }],
        keys: vec![key("192.0.2.1"), key("192.0.2.2"), key("10.0.0.8")],
        first: Some(at(0, 0)),
        last: Some(at(40, 0)),
    }
}

fn keys() -> Vec<GridKey> {
    [
        "192.0.2.1",
        "10.0.0.9",
        "10.0.0.8",
        "198.51.100.1",
        "192.0.2.2",
    ]
    .map(key)
    .to_vec()
}

fn row(minute: i64, key: usize) -> GridRow {
    GridRow {
        start: at(minute, 0),
        key,
        first: at(minute + 2, 0),
        last: at(minute + 3, 0),
        distinct: 40,
    }
}

fn setting(threshold: u64) -> Setting {
    Setting {
        by: By::Ports,
        with_exclusions: false,
        window: WindowKind::Tumbling,
        bin_seconds: 600,
        threshold,
    }
}

fn swept(rows: &[(u64, Vec<GridRow>)], budget: f64) -> Sweep {
    let truth = truth();
    let settings = rows
        .iter()
        .map(|(threshold, _)| (setting(*threshold), true));
    let mut sweeper = Sweeper::new(settings.collect(), Halves::CampaignAndTime);
    let scorer = sweeper.begin(&truth, &census(), &[WIDTH]);
    for (number, (_, rows)) in rows.iter().enumerate() {
        sweeper.add(number, &scorer, &keys(), rows);
    }
    sweeper.finish(Some(128), budget)
}

#[expect(clippy::float_cmp, reason = "quotients of small whole numbers")]
#[test]
fn counts_by_hand() {
    // The early attack, both bins of the look-alike, the allowed scan, and a client that nobody labelled.
    let rows = vec![row(0, 0), row(0, 1), row(10, 1), row(10, 2), row(20, 3)];
    let sweep = swept(&[(30, rows)], 0.0);
    let point = &sweep.points[0];
    let counts = |malicious, authorised, benign| Counts3 {
        malicious,
        authorised,
        benign,
    };
    let share = |rate: &Rate| (rate.hits, rate.of);

    let whole = &point.whole;
    assert_eq!(whole.days * 36.0, 1.0);
    assert_eq!(whole.rows, counts(1, 1, 3));
    // The look-alike's two bins touch: one episode.
    assert_eq!(whole.episodes, counts(1, 1, 2));
    assert_eq!(share(&whole.campaign_recall), (1, 2));
    assert_eq!(share(&whole.episode_precision), (1, 3));
    assert_eq!(share(&whole.bin_precision), (1, 4));
    // Twelve keys with lines, less the bins of two attacks and an allowed scan.
    assert_eq!((whole.benign_bins, whole.benign_bins_hit), (9, 3));
    assert_eq!(whole.false_positive_rate, Some(3.0 / 9.0));
    // The look-alike brings two bins and the client one: 1.96 times the root of 4 + 1, of nine.
    let band = whole.false_positive_band.unwrap();
    assert!(band.low == 0.0 && (band.high - (3.0 + 1.96 * 5.0_f64.sqrt()) / 9.0).abs() < 1e-12);
    assert_eq!(whole.alerts_a_day, Some(144.0));
    assert_eq!(whole.needless_alerts_a_day, Some(108.0));

    // The earlier attack is for tuning, the later one for reporting; what begins from 00:20 on is for reporting.
    let (tuning, reporting) = (&point.tuning, &point.reporting);
    assert_eq!(tuning.rows, counts(1, 1, 2));
    assert_eq!(reporting.rows, counts(0, 0, 1));
    assert_eq!(share(&tuning.campaign_recall), (1, 1));
    assert_eq!(share(&reporting.campaign_recall), (0, 1));
    assert_eq!((tuning.benign_bins, tuning.benign_bins_hit), (8, 2));
    assert_eq!((reporting.benign_bins, reporting.benign_bins_hit), (1, 1));
    assert_eq!(tuning.needless_alerts_a_day, Some(144.0));
    // None of one: Clopper and Pearson's upper end is 1 - 0.025.
    let interval = reporting.campaign_recall.interval.unwrap();
    assert!((interval.high - 0.975).abs() < 1e-12 && interval.low == 0.0);
    assert_eq!(sweep.datasets[0].malicious, 2);
}

#[test]
fn nothing_is_unmeasured_and_not_zero() {
    let truth = GroundTruth::default();
    let mut sweeper = Sweeper::new(vec![(setting(30), true)], Halves::CampaignAndTime);
    let scorer = sweeper.begin(&truth, &Census::default(), &[WIDTH]);
    sweeper.add(0, &scorer, &[], &[]);
    let sweep = sweeper.finish(None, 2.0);
    let whole = &sweep.points[0].whole;
    assert_eq!(whole.campaign_recall.value, None);
    assert_eq!(whole.episode_precision.value, None);
    assert_eq!(whole.false_positive_rate, None);
    assert_eq!(whole.alerts_a_day, None);
    assert_eq!(sweep.best[0].setting, None);
    assert_eq!(sweep.schedule, None);
}

/// A campaign is not behind lines of its client and server that stand in its bin but not in its time.
#[test]
fn campaigns_have_a_time() {
    let truth = truth();
    let behind = behind::Behind::new(&truth);
    let found = |client, first, last| -> Vec<usize> {
        behind.campaigns(&key(client), first, last).collect()
    };
    assert_eq!(found("192.0.2.1", at(3, 0), at(9, 59)), [1]);
    assert!(found("192.0.2.1", at(3, 1), at(9, 59)).is_empty());
    assert!(found("192.0.2.1", at(0, 0), at(1, 59)).is_empty());
    // Over both bins of the look-alike it comes twice.
    assert_eq!(found("10.0.0.9", at(5, 0), at(15, 0)), [2, 2]);
    assert!(found("198.51.100.1", at(0, 0), at(40, 0)).is_empty());
}

/// The best is chosen by the tuning half alone: what catches most there within the budget, then with fewest needless
/// alerts, then nearest to the rule as published.
#[test]
fn the_best_is_chosen_by_the_tuning_half() {
    let early = row(0, 0);
    let rows = [
        (10, vec![early, row(0, 1), row(10, 2)]),
        (20, vec![early]),
        (29, vec![early, row(20, 3)]),
        (40, vec![row(10, 4)]),
    ];
    // Of what catches the early attack without a needless alert before 00:20, 29 is nearest to 30; that it has one
    // later, and that 40 catches the late attack, is not seen.
    let sweep = swept(&rows, 0.0);
    assert_eq!(sweep.best.len(), 1);
    assert_eq!(sweep.best[0].setting, Some(setting(29)));
    // Two needless ones in a seventy-second of a day are 144 a day.
    assert_eq!(swept(&rows[..1], 143.0).best[0].setting, None);
    assert_eq!(swept(&rows[..1], 144.0).best[0].setting, Some(setting(10)));
}

#[test]
fn halves_are_by_dataset_where_each_scenario_has_several() {
    assert_eq!(Halves::of(&["a", "b", "a", "b"]), Halves::Dataset);
    assert_eq!(Halves::of(&["a", "a"]), Halves::Dataset);
    assert_eq!(Halves::of(&["a", "b", "a"]), Halves::CampaignAndTime);
    assert_eq!(Halves::of(&["a", "b", "c"]), Halves::CampaignAndTime);
    let truth = truth();
    let mut sweeper = Sweeper::new(vec![(setting(30), true)], Halves::Dataset);
    for rows in [vec![row(0, 0)], vec![row(0, 0), row(10, 4)]] {
        let scorer = sweeper.begin(&truth, &census(), &[WIDTH]);
        sweeper.add(0, &scorer, &keys(), &rows);
    }
    let point = &sweeper.finish(None, 2.0).points[0];
    let share = |rate: &Rate| (rate.hits, rate.of);
    assert_eq!(share(&point.tuning.campaign_recall), (1, 2));
    assert_eq!(share(&point.reporting.campaign_recall), (2, 2));
    assert_eq!(share(&point.whole.campaign_recall), (3, 4));
    assert_eq!(point.tuning.benign_bins, 9);
}

#[test]
fn a_schedule_by_hand() {
    let truth = truth();
    let mut sweeper = Sweeper::new(Vec::new(), Halves::CampaignAndTime);
    let scorer = sweeper.begin(&truth, &census(), &[WIDTH]);
    // The early attack has enough ports by 00:04 and still from 00:06 on; the late one by 00:17, from 00:13 on.
    let crossing = |start, key, reached, from, first| Crossing {
        start: at(start, 0),
        key,
        reached: at(reached, 0),
        reaches_from: at(from, 0),
        first: at(first, 0),
        last: at(first + 1, 0),
    };
    let rows = [crossing(0, 0, 4, 6, 2), crossing(10, 4, 17, 13, 12)];
    sweeper.add_schedule(&scorer, &keys(), WIDTH, &rows);
    let outcome = sweeper.finish(None, 2.0).schedule.unwrap();
    assert_eq!(outcome.rows, 2);
    let starts = |of: fn(&StartMinute) -> u64| -> Vec<u16> {
        let touched = outcome.starts.iter().filter(|start| of(start) > 0);
        touched.map(|start| start.minute).collect()
    };
    let minutes: Vec<u16> = (1..10).chain(11..20).collect();
    assert_eq!(starts(|start| start.cut), minutes);
    assert_eq!(starts(|start| start.repeated), [5, 6]);
    assert_eq!(starts(|start| start.missed), [14, 15, 16, 17]);
    // A start at :05 stands at the edge that reports the one twice, and at the one that misses the other a day after.
    let fifth = &outcome.by_minute_of_bin[5];
    assert!((fifth.repeated_a_day - 36.0 / 144.0).abs() < 1e-12);
    assert!((fifth.missed_a_day - 36.0 / 144.0).abs() < 1e-12);

    // The early one begins at 00:02 and is told after 2 minutes, the late one at 00:12, after 5.
    assert_eq!(outcome.streaming.median_seconds, Some(120.0));
    assert_eq!(outcome.streaming.p95_seconds, Some(300.0));
    assert_eq!(outcome.at_bin_end.median_seconds, Some(480.0));
    assert_eq!(outcome.at_bin_end.never, Some(0.0));
    // Of 2 x 1440 pairs of campaign and start, four tell nothing.
    assert_eq!(outcome.scheduled.never, Some(4.0 / 2880.0));
}

const DAY: i64 = 1440;

/// When a run tells a row of the bin from 10:00 to 10:10 that has enough ports by 10:04, and still from 10:06 on.
#[test]
fn runs_by_hand() {
    let row = Crossing {
        start: at(600, 0),
        key: 0,
        reached: at(604, 0),
        reaches_from: at(606, 0),
        first: at(600, 0),
        last: at(609, 0),
    };
    let told = |minute| schedule::told_by_run(&row, WIDTH, minute);
    // At the bin's own edges, and elsewhere, the next run tells it, five minutes after its time.
    assert_eq!(told(600), Some(at(DAY + 605, 0)));
    assert_eq!(told(610), Some(at(615, 0)));
    assert_eq!(told(1000), Some(at(1005, 0)));
    // The line at 10:04:00 is not before 10:04, so the run there sees too little, and the next one tells the rest.
    assert_eq!(told(604), Some(at(DAY + 609, 0)));
    assert_eq!(told(605), Some(at(610, 0)));
    let thin = Crossing {
        reached: at(607, 0),
        reaches_from: at(603, 0),
        ..row
    };
    assert_eq!(schedule::told_by_run(&thin, WIDTH, 605), None);
    assert_eq!(schedule::told_by_run(&thin, WIDTH, 608), Some(at(613, 0)));
}

#[test]
fn kinds_of_windows() {
    let width = Duration::from_mins(10);
    let found = [
        WindowKind::Tumbling,
        WindowKind::Hopping,
        WindowKind::Sliding,
    ]
    .map(|kind| (kind.name(), kind.step(width).map(|step| step.as_secs())));
    assert_eq!(
        found,
        [
            ("tumbling", Some(600)),
            ("hopping", Some(300)),
            ("sliding", None)
        ]
    );
}

#[test]
fn points_by_their_settings() {
    let settings = vec![(setting(30), true), (setting(200), false)];
    let sweeper = Sweeper::new(settings.clone(), Halves::CampaignAndTime);
    assert_eq!(sweeper.settings(), settings);
    let sweep = sweeper.finish(None, 2.0);
    for (setting, can_fire) in settings {
        let point = sweep.point(&setting).unwrap();
        assert_eq!((point.setting, point.can_fire), (setting, can_fire));
    }
    assert!(sweep.point(&setting(31)).is_none());
}

/// An allowed scan behind lines makes them allowed, whatever look-alike is behind them too and stands before it.
#[test]
fn the_gravest_is_behind() {
    let truth = truth();
    let behind = behind::Behind::new(&truth);
    let gravest = |places: &[usize]| behind.gravest(places.iter().copied());
    assert_eq!(gravest(&[2, 3]), Some((Class::Authorised, 3)));
    assert_eq!(gravest(&[3, 2, 1, 0]), Some((Class::Malicious, 0)));
    assert_eq!(gravest(&[]), None);
}

/// A setting that catches nothing is not the best of any, however few needless alerts it has; and an allowed scan is as
/// needless as a look-alike.
#[test]
fn the_best_catches_something_and_tells_least() {
    assert_eq!(swept(&[(30, Vec::new())], 1000.0).best[0].setting, None);
    let (early, look_alike, allowed) = (row(0, 0), row(0, 1), row(10, 2));
    let best = |near: Vec<GridRow>, far: Vec<GridRow>| {
        let sweep = swept(&[(29, near), (10, far)], 1000.0);
        sweep.best[0].setting.map(|one| one.threshold)
    };
    assert_eq!(best(vec![early, allowed], vec![early]), Some(10));
    assert_eq!(best(vec![early, look_alike], vec![early]), Some(10));
    assert_eq!(
        best(vec![early, look_alike, allowed], vec![early, allowed]),
        Some(10)
    );
    assert_eq!(best(vec![early, allowed], vec![early, allowed]), Some(29));
}

/// Where no false row is, none is known of how many could be: the rate is 0, and has no band. Rows of one key that are
/// apart are two episodes.
#[test]
fn rates_and_episodes_by_hand() {
    let whole = |rows: Vec<GridRow>| swept(&[(30, rows)], 0.0).points[0].whole;
    let right = whole(vec![row(0, 0)]);
    assert_eq!(right.campaign_recall.value, Some(0.5));
    assert_eq!(
        (right.false_positive_rate, right.false_positive_band),
        (Some(0.0), None)
    );
    let apart = whole(vec![row(0, 3), row(20, 3), row(30, 3)]);
    assert_eq!((apart.rows.benign, apart.episodes.benign), (3, 2));
}

#[test]
fn a_schedule_without_an_attack_tells_no_part() {
    let truth = GroundTruth::default();
    let mut sweeper = Sweeper::new(Vec::new(), Halves::CampaignAndTime);
    let scorer = sweeper.begin(&truth, &census(), &[WIDTH]);
    sweeper.add_schedule(&scorer, &keys(), WIDTH, &[]);
    let outcome = sweeper.finish(None, 2.0).schedule.unwrap();
    assert_eq!(
        (outcome.streaming.never, outcome.scheduled.median_seconds),
        (None, None)
    );
    let minutes: Vec<u16> = outcome.starts.iter().map(|start| start.minute).collect();
    assert_eq!(minutes, (0..1440).collect::<Vec<_>>());
}
