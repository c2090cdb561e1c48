//! Parts of the page about what the rule could do: other thresholds and windows, and what the edge of a bin hides.

use super::Part;
use super::parts::{Figure, table};
use crate::eval::sweep::{Point, Sweep};
use crate::realism::compare::{Compared, Comparison};
use crate::report::charts::curve::{self, Plane};
use crate::report::charts::edge::{self, Edge};
use crate::report::charts::{Chart, distances as lanes, heat, shares as bars};
use crate::report::number::span;
use maud::html;

/// What the edge of a bin hides.
pub(super) fn edge(edge: &Edge<'_>) -> Option<Part> {
    let mut header = vec!["ports".to_owned()];
    let paces = edge.paces();
    header.extend(paces.map(|pace| format!("seen at {} a minute", edge::pace(pace))));
    let rows: Vec<Vec<String>> = (edge.threshold..=edge.last())
        .map(|ports| {
            let seen = paces.map(|pace| format!("{:.1} %", edge.seen(ports, pace) * 100.0));
            [ports.to_string()].into_iter().chain(seen).collect()
        })
        .collect();
    let figure = Figure {
        id: Chart::Edge.name(),
        label: "Bin edge",
        title: Chart::Edge.title(),
        zooms: false,
        lead: html! {
            "A scan of just enough ports is seen only if they fall into one bin. Each curve is a pace of a scan that "
            "touches each port once, in equal gaps, from a random moment on: the part of such scans that the bins of the "
            "rule see. From " (edge.threshold.saturating_mul(2).saturating_sub(1)) " ports on the edge hides nothing; "
            "slower than " (edge::pace(f64::from(edge.threshold.saturating_sub(1)) * 60.0 / edge.bin_seconds))
            " a minute no such scan is ever seen. A sliding window has no edge."
        },
        table: table("Parts of scans that are seen", &header, &rows),
    };
    figure.part(&|layout| edge::draw(edge, layout))
}

/// How far a set is from a real log.
pub(super) fn distances(comparison: &Comparison) -> Option<Part> {
    let told = crate::report::compare::tell(comparison);
    let section = told.last()?;
    let figure = Figure {
        id: lanes::NAME,
        label: "Distances",
        title: "How far the set is from the real log",
        zooms: false,
        lead: html! {
            "A lane for each property, a dot where the set stands, with its 95 % interval. The grey bar is how far the first "
            "half of the real log is from its second; a set on the coloured ground is at most twice as far."
        },
        table: table("Distances", &section.header, &section.rows),
    };
    figure.part(&|layout| lanes::draw(comparison, layout))
}

/// How common each value of a property is on both sides.
pub(super) fn shares(one: &Compared) -> Option<Part> {
    let rows: Vec<Vec<String>> = one
        .values
        .iter()
        .map(|value| {
            let percent = |share: f64| format!("{:.1} %", share * 100.0);
            vec![value.name.clone(), percent(value.set), percent(value.real)]
        })
        .collect();
    let figure = Figure {
        id: bars::name(one.property),
        label: one.property.name(),
        title: one.property.name(),
        zooms: false,
        lead: html! {
            "The share of each value in the set, and below it in the real log."
            @if one.property.is_number() { " Numbers stand by the power of two." }
        },
        table: table("Shares", &["value", "set", "real log"], &rows),
    };
    figure.part(&|layout| bars::draw(one, layout))
}

/// A curve through every threshold.
pub(super) fn curve(sweep: &Sweep, plane: Plane) -> Option<Part> {
    let bin = curve::bin(sweep)?;
    let points = sweep
        .points
        .iter()
        .filter(|point| point.setting.bin_seconds == bin);
    let figure = Figure {
        id: plane.name(),
        label: plane.label(),
        title: plane.title(),
        zooms: false,
        lead: html! {
            "Windows of " (span(bin)) ". "
            @match plane {
                Plane::PrecisionRecall => { "Up is fewer false alerts, to the right more attacks caught; " }
                Plane::Roc => {
                    "Up is more attacks caught, to the left fewer of the bins (client, server and window) that hold "
                    "nothing but benign lines raise an alert; "
                }
            }
            "each dot is a threshold. \"Chosen\" is the setting, of bins of any width, that catches most within the budget of "
            (sweep.budget) " needless alerts a day on the tuning half of the data."
        },
        table: behind(points),
    };
    figure.part(&|layout| curve::draw(sweep, plane, layout))
}

/// Thresholds by bins.
pub(super) fn heat(sweep: &Sweep) -> Option<Part> {
    let figure = Figure {
        id: heat::NAME,
        label: "Thresholds and bins",
        title: "What each threshold catches in bins of each width",
        zooms: false,
        lead: html! {
            "Tumbling bins. A number is the part of attacks that are caught, in per cent; it has a ground where the "
            "setting keeps to the budget, and stands on plain paper where it does not."
        },
        table: behind(heat::points(sweep).into_iter()),
    };
    figure.part(&|layout| heat::draw(sweep, layout))
}

fn behind<'p>(points: impl Iterator<Item = &'p Point>) -> maud::Markup {
    let header = [
        "threshold",
        "of",
        "window",
        "width",
        "exclusions",
        "attacks caught",
        "episode precision",
        "benign bins with a false row",
        "needless alerts a day",
    ];
    let rows: Vec<Vec<String>> = points
        .map(|point| {
            let (setting, measures) = (&point.setting, &point.whole);
            let by = match setting.by {
                crate::eval::sweep::By::Ports => "ports",
                crate::eval::sweep::By::Requests => "requests",
                crate::eval::sweep::By::NotFound => "% 404",
            };
            let needless = measures.needless_alerts_a_day;
            let caught = if point.can_fire {
                curve::rate(&measures.campaign_recall)
            } else {
                "cannot fire".to_owned()
            };
            vec![
                setting.threshold.to_string(),
                by.to_owned(),
                setting.window.name().to_owned(),
                span(setting.bin_seconds),
                if setting.with_exclusions {
                    "in force"
                } else {
                    "none"
                }
                .to_owned(),
                caught,
                curve::rate(&measures.episode_precision),
                curve::false_positives(measures),
                needless.map_or_else(|| "unmeasured".to_owned(), |one| format!("{one:.1}")),
            ]
        })
        .collect();
    table("Settings", &header, &rows)
}
