//! What was measured, for people: tables and sentences.

use super::compare::Change;
use super::report::{BenchReport, By, Described, Growth, Measured, Speed, Verdict, as_f64};
use super::statistics::Estimate;
use crate::report::number::{counted, grouped};
use crate::report::story::Section;

/// The measurements as sections; `changes` where there is a baseline.
#[must_use]
pub fn tell(report: &BenchReport, changes: Option<&[Change]>) -> Vec<Section> {
    let mut story = vec![machine(report), data(report), rows(report), speed(report)];
    if !report.growth.is_empty() {
        story.push(growth(&report.growth));
    }
    story.extend(changes.map(changed));
    if !report.dropped.is_empty() {
        story.push(Section {
            heading: "Left out, as there was no time".into(),
            notes: report.dropped.clone(),
            ..Section::default()
        });
    }
    if !report.warnings.is_empty() {
        story.push(Section {
            heading: "Warnings".into(),
            notes: report.warnings.clone(),
            ..Section::default()
        });
    }
    story
}

fn machine(report: &BenchReport) -> Section {
    let cells = |one: &Described| {
        let note = match (&one.differs, &one.cannot) {
            (Some(why), _) => format!("other rows by design: {why}"),
            (_, Some(why)) => format!("cannot answer: {why}"),
            _ => "-".to_owned(),
        };
        let version = one.version.clone().unwrap_or_else(|| "-".to_owned());
        vec![one.name.clone(), version, note]
    };
    let machine = &report.machine;
    let mut words = vec![format!("{}, {}", machine.system, machine.architecture)];
    words.extend(machine.processor.clone());
    words.push(counted(machine.threads, "thread"));
    words.extend(
        machine
            .memory_bytes
            .map(|bytes| format!("{} of memory", size(bytes))),
    );
    Section {
        heading: "Detectors".into(),
        header: vec!["detector", "version", "note"],
        rows: report.detectors.iter().map(cells).collect(),
        notes: vec![format!(
            "{}: scanbench {} on {}. Command: {}",
            report.began,
            report.version,
            words.join(", "),
            report.command.join(" ")
        )],
    }
}

/// `7.5 GB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    let bytes = as_f64(bytes);
    match bytes {
        few if few < 1e6 => format!("{:.0} kB", few / 1e3),
        some if some < 1e9 => format!("{:.0} MB", some / 1e6),
        many => format!("{:.1} GB", many / 1e9),
    }
}

fn data(report: &BenchReport) -> Section {
    let rows = report.datasets.iter().map(|one| {
        vec![
            one.scenario.clone(),
            one.seed.to_string(),
            one.scale.to_string(),
            one.clients.map_or("-".to_owned(), grouped),
            grouped(one.lines),
            grouped(one.bytes),
            one.fingerprint.chars().take(16).collect(),
        ]
    });
    Section {
        heading: "Data".into(),
        header: vec![
            "scenario",
            "seed",
            "scale",
            "clients",
            "lines",
            "bytes",
            "fingerprint",
        ],
        rows: rows.collect(),
        notes: Vec::new(),
    }
}

fn rows(report: &BenchReport) -> Section {
    let share = |value: Option<f64>| {
        value.map_or("unmeasured".to_owned(), |value| {
            format!("{:.1} %", value * 100.0)
        })
    };
    let cells = |one: &Measured| {
        let mut cells = vec![report.name_of(one)];
        if let Some(rows) = &one.rows {
            let are = if rows.are_right() {
                "right"
            } else if report.differs(&one.detector).is_some() {
                "other rows"
            } else {
                "wrong rows"
            };
            cells.extend([
                are.to_owned(),
                grouped(rows.expected),
                grouped(rows.found),
                share(rows.bin_precision),
                share(rows.campaign_recall),
            ]);
        } else {
            cells.push("none".to_owned());
            cells.resize(6, "-".to_owned());
        }
        cells
    };
    let refused = report.measured.iter().filter_map(|one| {
        Some(format!(
            "{} has no speed: {}",
            report.name_of(one),
            one.refused.as_ref()?
        ))
    });
    Section {
        heading: "Rows".into(),
        header: vec![
            "detector",
            "rows",
            "expected",
            "found",
            "bin precision",
            "campaign recall",
        ],
        rows: report.measured.iter().map(cells).collect(),
        notes: refused.collect(),
    }
}

fn speed(report: &BenchReport) -> Section {
    let cells = |one: &Measured| {
        let mut cells = vec![report.name_of(one)];
        if let Some(speed) = &one.speed {
            cells.extend(numbers(speed));
        } else {
            let are_wrong = one.rows.as_ref().is_some_and(|rows| !rows.are_right());
            let why = match &one.refused {
                None => "no time",
                Some(_) if report.differs(&one.detector).is_some() => "other rows",
                Some(_) if are_wrong => "wrong rows",
                Some(_) => "failed",
            };
            cells.push(why.to_owned());
            cells.resize(9, "-".to_owned());
        }
        cells
    };
    Section {
        heading: "Speed".into(),
        header: vec![
            "detector",
            "wall s",
            "95 %",
            "lines/s",
            "GB/s",
            "CPU s",
            "peak MiB",
            "to newlines",
            "to the first",
        ],
        rows: report.measured.iter().map(cells).collect(),
        notes: vec![format!(
            "Medians of {} rounds in turn, from the page cache, start of the program included. Ratios are of wall times \
             within a round: to counting the newlines of the same bytes with one thread, and to the first detector with \
             as many threads. Hold ratios, not seconds: machines drift.",
            report.rounds
        )],
    }
}

fn numbers(speed: &Speed) -> [String; 8] {
    let or_unmeasured = |text: Option<String>| text.unwrap_or_else(|| "unmeasured".to_owned());
    [
        short(speed.wall_s.median),
        range(&speed.wall_s),
        whole(speed.lines_per_s.median),
        short(speed.gb_per_s.median),
        or_unmeasured(speed.cpu_s.map(|cpu| short(cpu.median))),
        or_unmeasured(
            speed
                .peak_bytes
                .map(|bytes| format!("{:.1}", bytes.median / 1_048_576.0)),
        ),
        short(speed.to_calibration.median),
        speed
            .to_first
            .map_or("-".to_owned(), |quotient| match Verdict::of(&quotient) {
                Verdict::NoChange => format!("{} (no difference)", short(quotient.median)),
                _ => short(quotient.median),
            }),
    ]
}

fn growth(growth: &[Growth]) -> Section {
    let row = |one: &Growth| {
        let by = match one.by {
            By::Lines => "lines",
            By::Clients => "clients",
            By::Threads => "threads",
        };
        let at: Vec<String> = one.at.iter().map(|at| grouped(*at)).collect();
        let wall: Vec<String> = one.wall_s.iter().map(|wall| short(*wall)).collect();
        vec![
            one.detector.clone(),
            by.to_owned(),
            at.join("; "),
            wall.join("; "),
            format!("{:.2}", one.exponent.median),
            format!("{:.2} to {:.2}", one.exponent.low, one.exponent.high),
        ]
    };
    Section {
        heading: "Growth".into(),
        header: vec!["detector", "by", "at", "wall s", "exponent", "95 %"],
        rows: growth.iter().map(row).collect(),
        notes: vec![
            "Exponents are fitted in each round to the logarithms of wall times. 1 for lines: twice the lines, twice the \
             time; under 1 the start of the program still shows. 0 for clients: their number costs nothing. -1 for threads: twice the threads, half the time. The \
             interval is that of the runs, not of the straight line's fit."
                .into(),
        ],
    }
}

fn changed(changes: &[Change]) -> Section {
    let row = |one: &Change| {
        let verdict = match one.verdict() {
            Verdict::Faster => "faster",
            Verdict::Slower => "SLOWER",
            Verdict::NoChange => "no change",
        };
        vec![
            one.name.clone(),
            short(one.quotient.median),
            range(&one.quotient),
            short(one.fastest),
            verdict.to_owned(),
        ]
    };
    Section {
        heading: "Against the baseline".into(),
        header: vec!["detector", "time now / then", "95 %", "fastest now / then", "so it is"],
        rows: changes.iter().map(row).collect(),
        notes: vec![
            "Times over those of counting newlines. Slower or faster is what lies beyond the noise of the runs and is more \
             than 5 %, of the medians and of the fastest runs: another program on the machine is no change."
                .into(),
        ],
    }
}

fn range(estimate: &Estimate) -> String {
    format!("{} to {}", short(estimate.low), short(estimate.high))
}

/// Three digits that count.
pub(super) fn short(number: f64) -> String {
    let digits = match number.abs() {
        large if large >= 100.0 => 0,
        large if large >= 10.0 => 1,
        large if large >= 1.0 => 2,
        large if large >= 0.1 => 3,
        _ => 4,
    };
    format!("{number:.digits$}")
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "lines a second are positive and far below 2^64"
)]
fn whole(number: f64) -> String {
    grouped(number.round() as u64)
}
