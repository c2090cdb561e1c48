//! What the edges of windows cost, as a table.

use super::story::Section;
use crate::edges::{EdgePoint, Edges, Pace};
use crate::eval::sweep::WindowKind;
use std::io::{self, Write};

/// The report: for each sort of scan, what each kind of window sees, by the closed form and by the detector.
#[must_use]
pub fn tell(edges: &Edges) -> Vec<Section> {
    let mut sorts: Vec<(u16, f64)> = Vec::new();
    for point in &edges.points {
        let sort = (point.ports, point.per_minute);
        if !sorts.contains(&sort) {
            sorts.push(sort);
        }
    }
    let rows = sorts.into_iter().map(|(ports, per_minute)| {
        let cell = |pace, window| {
            let point = edges.points.iter().find(|one| {
                (one.ports, one.per_minute) == (ports, per_minute)
                    && (one.pace, one.window) == (pace, window)
            });
            point.map_or_else(String::new, parts)
        };
        vec![
            ports.to_string(),
            per_minute.to_string(),
            cell(Pace::Even, WindowKind::Tumbling),
            cell(Pace::Even, WindowKind::Hopping),
            cell(Pace::Even, WindowKind::Sliding),
            cell(Pace::Exponential, WindowKind::Tumbling),
            cell(Pace::Exponential, WindowKind::Hopping),
            cell(Pace::Exponential, WindowKind::Sliding),
        ]
    });
    let trials = edges.points.first().map_or(0, |point| point.trials);
    // Two standard deviations of a share of one half.
    let margin = 100.0 / f64::from(trials.max(1)).sqrt();
    vec![Section {
        heading: "Scans that begin at a random moment, and how many of 100 are seen".to_owned(),
        header: vec![
            "ports",
            "a minute",
            "tumbling",
            "hopping",
            "sliding",
            "bursts: tumbling",
            "hopping",
            "sliding",
        ],
        rows: rows.collect(),
        notes: vec![
            format!(
                "Windows of {} seconds, {} ports to make a row; hopping ones begin every half width. First what the closed \
                 form says, then what the detector saw of {trials} scans, which is off by {margin:.0} at the most in 95 of \
                 100 cells.",
                edges.bin_seconds, edges.threshold
            ),
            "Even: a port in equal gaps. Bursts: gaps drawn from an exponential distribution of the same mean, for which \
             the closed form is no bound. Lines have whole seconds, as IIS writes them."
                .to_owned(),
        ],
    }]
}

/// `36.7 / 35`: of a hundred, by the closed form where there is one, and by the detector.
fn parts(point: &EdgePoint) -> String {
    let percent = |part: f64| {
        let text = format!("{:.1}", part * 100.0);
        text.trim_end_matches(".0").to_owned()
    };
    let measured = point
        .measured()
        .map_or_else(|| "unmeasured".to_owned(), percent);
    match point.closed_form {
        Some(expected) => format!("{} / {measured}", percent(expected)),
        None => measured,
    }
}

/// Writes every point as CSV; a cell is empty where there is no closed form or no interval.
///
/// # Errors
/// Where the output fails.
pub fn write_csv(out: &mut dyn Write, edges: &Edges) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record([
        "window",
        "pace",
        "bin_seconds",
        "threshold",
        "ports",
        "per_minute",
        "closed_form",
        "measured",
        "measured_low",
        "measured_high",
        "trials",
    ])?;
    let or_empty = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    for point in &edges.points {
        table.write_record([
            point.window.name().to_owned(),
            point.pace.name().to_owned(),
            edges.bin_seconds.to_string(),
            edges.threshold.to_string(),
            point.ports.to_string(),
            point.per_minute.to_string(),
            or_empty(point.closed_form),
            or_empty(point.measured()),
            or_empty(point.interval.map(|interval| interval.low)),
            or_empty(point.interval.map(|interval| interval.high)),
            point.trials.to_string(),
        ])?;
    }
    table.flush()
}
