//! A sweep as a report of few tables, and as one tidy table of every point.

use super::number::span;
use super::story::Section;
use crate::eval::Interval;
use crate::eval::sweep::{
    By, Delays, Halves, LEAST_REQUESTS, Measures, Point, Rate, ScheduleOutcome, Setting, Sweep,
    WindowKind,
};
use std::io::{self, Write};

/// The report as sections: the rule as published beside the best settings, what each width needs, what a daily run does.
#[must_use]
pub fn tell(sweep: &Sweep) -> Vec<Section> {
    let mut story = vec![settings(sweep), widths(sweep)];
    story.extend(sweep.schedule.as_ref().map(schedule));
    story
}

fn settings(sweep: &Sweep) -> Section {
    let published = |by, with_exclusions, threshold| {
        let setting = Setting {
            by,
            with_exclusions,
            window: WindowKind::Tumbling,
            bin_seconds: 600,
            threshold,
        };
        sweep.point(&setting)
    };
    let mut rows = Vec::new();
    for (name, point) in [
        ("the rule as published", published(By::Ports, false, 30)),
        ("... with exclusions", published(By::Ports, true, 30)),
        ("baseline: requests", published(By::Requests, false, 30)),
        ("baseline: share of 404", published(By::NotFound, false, 50)),
    ] {
        rows.extend(point.map(|point| setting_row(name, point)));
    }
    for best in &sweep.best {
        let name = match (best.family.by, best.family.with_exclusions) {
            (By::Ports, false) => "best: rule",
            (By::Ports, true) => "best: rule with exclusions",
            (By::Requests, _) => "best: requests",
            (By::NotFound, _) => "best: share of 404",
        };
        let point = best.setting.and_then(|setting| sweep.point(&setting));
        rows.push(if let Some(point) = point {
            setting_row(name, point)
        } else {
            let mut row = vec![String::new(); 8];
            name.clone_into(&mut row[0]);
            best.family.window.name().clone_into(&mut row[1]);
            "catches none within the budget".clone_into(&mut row[3]);
            row
        });
    }
    let halves = match sweep.halves {
        Halves::Dataset => "every second dataset of each scenario",
        Halves::CampaignAndTime => {
            "malicious campaigns in turn, whole, in the order in which they began, and everything else by time"
        }
    };
    Section {
        heading: format!(
            "The rule as published, and the best under {} needless alerts a day",
            number(sweep.budget)
        ),
        header: vec![
            "setting",
            "window",
            "bin",
            "threshold",
            "caught, tuning",
            "caught, other half",
            "needless a day",
            "episode precision",
        ],
        rows,
        notes: vec![
            format!(
                "Best: chosen on the tuning half for the most malicious campaigns caught; the last three columns are of \
                 the other half. Halves: {halves}."
            ),
            "Needless: episodes, which are neighbouring rows of one client and server, with no attack behind them, those \
             of allowed scans too. In brackets: intervals over campaigns, meant to hold 95 of 100 times; they cover what \
             the generator draws by lot, not how far its scenarios are from your network."
                .to_owned(),
            format!(
                "Baselines look at no port: requests of one client on one server in one bin, and the share of them with \
                 status 404 among at least {LEAST_REQUESTS}. The upper two have fixed thresholds."
            ),
        ],
    }
}

fn setting_row(name: &str, point: &Point) -> Vec<String> {
    let (setting, other) = (&point.setting, &point.reporting);
    vec![
        name.to_owned(),
        setting.window.name().to_owned(),
        span(setting.bin_seconds),
        match setting.by {
            By::Ports => format!("{} ports", setting.threshold),
            By::Requests => format!("{} requests", setting.threshold),
            By::NotFound => format!("{} % 404", setting.threshold),
        },
        plain_rate(&point.tuning.campaign_recall),
        rate(&other.campaign_recall),
        other
            .needless_alerts_a_day
            .map_or_else(|| "unmeasured".to_owned(), number),
        rate(&other.episode_precision),
    ]
}

/// For each width and kind of window: the lowest threshold that keeps to the budget, and what it catches.
fn widths(sweep: &Sweep) -> Section {
    let of = |by, with_exclusions| {
        let points = sweep.points.iter();
        points.filter(move |point| {
            point.setting.by == by && point.setting.with_exclusions == with_exclusions
        })
    };
    let with_exclusions = of(By::Ports, true).next().is_some();
    let mut bins: Vec<u64> = of(By::Ports, with_exclusions)
        .map(|point| point.setting.bin_seconds)
        .collect();
    bins.dedup();
    let lowest = |bin: u64, window: WindowKind| {
        let points = of(By::Ports, with_exclusions);
        let mut fits: Vec<&Point> = points
            .filter(|point| point.setting.bin_seconds == bin && point.setting.window == window)
            .collect();
        if fits.is_empty() {
            return String::new();
        }
        fits.retain(|point| {
            let needless = point.whole.needless_alerts_a_day;
            point.can_fire && needless.is_some_and(|needless| needless <= sweep.budget)
        });
        match fits.iter().min_by_key(|point| point.setting.threshold) {
            Some(point) => format!(
                "{}: {}",
                point.setting.threshold,
                plain_rate(&point.whole.campaign_recall)
            ),
            None => "none".to_owned(),
        }
    };
    let rows = bins.iter().map(|bin| {
        let mut row = vec![span(*bin)];
        for window in [
            WindowKind::Tumbling,
            WindowKind::Hopping,
            WindowKind::Sliding,
        ] {
            row.push(lowest(*bin, window));
        }
        row
    });
    let mut notes = vec![format!(
        "On all data{}: the lowest threshold with no more than {} needless alerts a day, and the malicious campaigns that \
         it catches. Hopping windows begin every half width.",
        if with_exclusions {
            ", with exclusions"
        } else {
            ""
        },
        number(sweep.budget)
    )];
    let mut unable: Vec<u64> = sweep
        .points
        .iter()
        .filter(|point| !point.can_fire)
        .map(|point| point.setting.threshold)
        .collect();
    unable.sort_unstable();
    if let (Some(first), Some(limit)) = (unable.first(), sweep.set_limit) {
        notes.push(format!(
            "Thresholds from {first} on can never be reached, since sets are cut at {limit} values: they are marked as \
             unable to fire, and no number is given for them."
        ));
    }
    Section {
        heading: "What each width needs".to_owned(),
        header: vec!["bin", "tumbling", "hopping", "sliding"],
        rows: rows.collect(),
        notes,
    }
}

fn schedule(outcome: &ScheduleOutcome) -> Section {
    let rows = outcome.by_minute_of_bin.iter().map(|one| {
        vec![
            one.minute.to_string(),
            number(one.cut_a_day),
            number(one.missed_a_day),
            number(one.repeated_a_day),
        ]
    });
    let mut notes = vec![format!(
        "The rule as published has {} rows in {} days. Minute: how far into a bin the daily run starts; the columns \
             are means over all hours of such a start, a day.",
        outcome.rows,
        number(outcome.days)
    )];
    let worst = outcome.starts.iter().max_by_key(|start| {
        (
            start.missed,
            start.repeated,
            std::cmp::Reverse(start.minute),
        )
    });
    if let Some(worst) = worst.filter(|start| start.cut > 0) {
        notes.push(format!(
            "The worst start is {:02}:{:02} UTC: {} cut, {} missed, {} reported twice.",
            worst.minute / 60,
            worst.minute % 60,
            worst.cut,
            worst.missed,
            worst.repeated
        ));
    }
    for (name, delays) in [
        ("as soon as the threshold is reached", &outcome.streaming),
        ("at the end of the bin", &outcome.at_bin_end),
        ("by a daily run, over all starts", &outcome.scheduled),
    ] {
        notes.push(format!("Told {name}: {}.", delay(delays)));
    }
    Section {
        heading: "What a daily run does to the rule's rows".to_owned(),
        header: vec!["minute", "cut", "missed", "reported twice"],
        rows: rows.collect(),
        notes,
    }
}

fn delay(delays: &Delays) -> String {
    match (delays.median_seconds, delays.p95_seconds, delays.never) {
        (_, _, None) => "unmeasured, there is no malicious campaign".to_owned(),
        (Some(median), Some(p95), Some(never)) => format!(
            "half of the malicious campaigns that are told within {}, 95 of 100 within {}; {:.1} % never are",
            long(median),
            long(p95),
            never * 100.0
        ),
        _ => "no malicious campaign is".to_owned(),
    }
}

/// `75 s`, `12.5 min`, `18.2 h`.
fn long(seconds: f64) -> String {
    if seconds < 120.0 {
        format!("{} s", number(seconds))
    } else if seconds < 7200.0 {
        format!("{:.1} min", seconds / 60.0)
    } else {
        format!("{:.1} h", seconds / 3600.0)
    }
}

/// At most two digits behind the point.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn plain_rate(rate: &Rate) -> String {
    match rate.value {
        Some(value) => format!("{} of {} ({:.0} %)", rate.hits, rate.of, value * 100.0),
        None => "unmeasured".to_owned(),
    }
}

fn rate(rate: &Rate) -> String {
    match rate.interval {
        Some(Interval { low, high, .. }) => format!(
            "{} [{:.0}-{:.0} %]",
            plain_rate(rate),
            low * 100.0,
            high * 100.0
        ),
        None => plain_rate(rate),
    }
}

/// The columns of the tidy table.
const COLUMNS: [&str; 32] = [
    "by",
    "exclusions",
    "window",
    "bin_seconds",
    "threshold",
    "can_fire",
    "part",
    "days",
    "rows_malicious",
    "rows_authorised",
    "rows_benign",
    "episodes_malicious",
    "episodes_authorised",
    "episodes_benign",
    "campaigns_caught",
    "campaigns",
    "recall",
    "recall_low",
    "recall_high",
    "episode_precision",
    "episode_precision_low",
    "episode_precision_high",
    "bin_precision",
    "bin_precision_low",
    "bin_precision_high",
    "benign_bins",
    "benign_bins_hit",
    "false_positive_rate",
    "false_positive_rate_low",
    "false_positive_rate_high",
    "alerts_a_day",
    "needless_alerts_a_day",
];

/// Writes every point as CSV, a row for each and each part of the data; a cell is empty where nothing was measured.
///
/// # Errors
/// Where the output fails.
pub fn write_csv(out: &mut dyn Write, sweep: &Sweep) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(COLUMNS)?;
    for point in &sweep.points {
        for (part, measures) in [
            ("whole", &point.whole),
            ("tuning", &point.tuning),
            ("reporting", &point.reporting),
        ] {
            table.write_record(csv_row(point, part, measures))?;
        }
    }
    table.flush()
}

fn csv_row(point: &Point, part: &str, measures: &Measures) -> Vec<String> {
    let setting = &point.setting;
    let by = match setting.by {
        By::Ports => "ports",
        By::Requests => "requests",
        By::NotFound => "not-found",
    };
    let mut row = vec![
        by.to_owned(),
        setting.with_exclusions.to_string(),
        setting.window.name().to_owned(),
        setting.bin_seconds.to_string(),
        setting.threshold.to_string(),
        point.can_fire.to_string(),
        part.to_owned(),
    ];
    if !point.can_fire {
        row.resize(COLUMNS.len(), String::new());
        return row;
    }
    row.push(measures.days.to_string());
    for counts in [measures.rows, measures.episodes] {
        let counts = [counts.malicious, counts.authorised, counts.benign];
        row.extend(counts.map(|count| count.to_string()));
    }
    let recall = &measures.campaign_recall;
    row.extend([recall.hits.to_string(), recall.of.to_string()]);
    let or_empty = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    for rate in [recall, &measures.episode_precision, &measures.bin_precision] {
        row.push(or_empty(rate.value));
        row.push(or_empty(rate.interval.map(|interval| interval.low)));
        row.push(or_empty(rate.interval.map(|interval| interval.high)));
    }
    row.extend([
        measures.benign_bins.to_string(),
        measures.benign_bins_hit.to_string(),
        or_empty(measures.false_positive_rate),
        or_empty(measures.false_positive_band.map(|band| band.low)),
        or_empty(measures.false_positive_band.map(|band| band.high)),
        or_empty(measures.alerts_a_day),
        or_empty(measures.needless_alerts_a_day),
    ]);
    row
}
