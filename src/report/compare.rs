//! A set beside a real log, as tables.

use super::number::grouped;
use super::story::Section;
use crate::realism::compare::{Compared, Comparison, ROOM, Side, Verdict};

/// The report: what was read, and how far apart the sides are.
#[must_use]
pub fn tell(comparison: &Comparison) -> Vec<Section> {
    let (near, measured) = comparison.near();
    let mut notes = vec![format!(
        "{near} of {measured} properties are near: at most {ROOM} times as far as the first half of the real log is from its \
         second."
    )];
    notes.extend(comparison.properties.iter().filter_map(|one| {
        let why = one.reason.as_ref()?;
        Some(format!("{}: unmeasured, for {why}.", one.property.name()))
    }));
    notes.push(
        "Distances go from 0 (alike) to 1: the largest difference of two distribution functions (Kolmogorov and Smirnov) of \
         numbers, total variation of names. Intervals cover the chance of having seen these stretches of time and no others, days \
         where hours are compared and weeks where days are; of fewer than five there is none. They hold the true distance in \
         95 % of cases or more (Bickel and Freedman 1981, by the triangle inequality), and are rather too wide than too \
         narrow. \
         Doublings are Wasserstein's distance of numbers: how many times each would have to be doubled or halved on average."
            .to_owned(),
    );
    vec![
        Section {
            heading: "Read".to_owned(),
            header: vec![
                "side",
                "logs",
                "lines",
                "bad lines",
                "passed over",
                "first",
                "last",
            ],
            rows: vec![row("set", &comparison.set), row("real", &comparison.real)],
            notes: Vec::new(),
        },
        Section {
            heading: "Distances".to_owned(),
            header: vec![
                "property",
                "distance",
                "95 % interval",
                "doublings",
                "halves of the real log",
                "is",
            ],
            rows: comparison.properties.iter().map(cells).collect(),
            notes,
        },
    ]
}

fn row(name: &str, side: &Side) -> Vec<String> {
    let time = |time: &Option<String>| time.clone().unwrap_or_else(|| "none".to_owned());
    vec![
        name.to_owned(),
        grouped(side.logs),
        grouped(side.lines),
        grouped(side.bad_lines),
        grouped(side.passed_over),
        time(&side.first),
        time(&side.last),
    ]
}

fn cells(one: &Compared) -> Vec<String> {
    let figure = |value: Option<f64>| {
        value.map_or_else(|| "unmeasured".to_owned(), |value| format!("{value:.3}"))
    };
    let doublings = match (one.verdict, one.doublings) {
        (_, Some(value)) => format!("{value:.2}"),
        (Verdict::Unmeasured, None) => "unmeasured".to_owned(),
        (_, None) => String::new(),
    };
    vec![
        one.property.name().to_owned(),
        figure(one.distance),
        match (one.low, one.high) {
            (Some(low), Some(high)) => format!("{low:.3} to {high:.3}"),
            _ => "unmeasured".to_owned(),
        },
        doublings,
        figure(one.yardstick),
        one.verdict.name().to_owned(),
    ]
}
