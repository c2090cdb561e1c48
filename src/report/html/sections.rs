//! The parts of the report of a scored dataset: pictures and the tables behind them.

use super::parts::{self, Figure, table};
use super::{Part, alerts};
use crate::eval::{Attribution, Evaluation};
use crate::report::charts::{Chart, MOST_DOTTED, MOST_LANES, MOST_ROWS, near};
use crate::report::scene::Scene;
use crate::report::story::Section;
use crate::report::{exclusions, story};
use maud::{Markup, html};

/// The scenario, or how many datasets there are.
pub(super) fn title(evaluation: &Evaluation) -> String {
    match evaluation.datasets.as_slice() {
        [one] => one.scenario.clone(),
        many => format!("{} datasets", many.len()),
    }
}

/// That pictures in time are of one dataset, where there are several.
fn which(scene: &Scene<'_>) -> Markup {
    html! {
        @if let [first, _, ..] = scene.evaluation.datasets.as_slice() {
            " Drawn is the first dataset: " (parts::short(&first.scenario)) ", seed " (first.seed) "."
        }
    }
}

/// A picture of the scene, with its part of the page.
fn drawn(
    chart: Chart,
    scene: &Scene<'_>,
    label: &'static str,
    lead: Markup,
    table: Markup,
) -> Option<Part> {
    let figure = Figure {
        id: chart.name(),
        label,
        title: chart.title(),
        zooms: matches!(chart, Chart::Timeline),
        lead,
        table,
    };
    figure.part(&|layout| chart.svg(scene, layout))
}

pub(super) fn timeline(scene: &Scene<'_>) -> Option<Part> {
    let lanes = scene.lanes().count();
    let lead = html! {
        "A bar is a campaign: full where the rule fires on it, hollow where it is silent. A triangle is a row of the "
        "rule: hollow where an exclusion removes it."
        (which(scene))
        @if lanes > MOST_LANES || scene.rows.len() > MOST_ROWS {
            " Drawn are the first " (MOST_LANES) " of " (lanes) " campaigns and " (MOST_ROWS.min(scene.rows.len()))
            " of " (scene.rows.len()) " rows."
        }
    };
    drawn(
        Chart::Timeline,
        scene,
        "Timeline",
        lead,
        alerts::table(scene),
    )
}

pub(super) fn ledger(scene: &Scene<'_>) -> Option<Part> {
    let lead = html! {
        "Each exclusion alone in force. To the right what you want gone, to the left what you lose by it. Where "
        "exclusions overlap, the table has the fair share of each."
    };
    let listed = scene.evaluation.exclusions.iter();
    let rows = listed.map(|one| (one.id.as_str(), &one.effect, Some(&one.attribution)));
    let rows = rows.chain([("all together", &scene.evaluation.exclusions_together, None)]);
    let header = [
        "exclusion",
        "false rows removed",
        "authorised rows removed",
        "right rows hidden",
        "attacks hidden",
        "attacks hidden in part",
        "fair share of false rows removed",
        "fair share of attacks hidden",
    ];
    let rows: Vec<Vec<String>> = rows
        .map(|(id, effect, attribution)| {
            let share = |pick: fn(&Attribution) -> f64| {
                attribution.map_or(String::new(), |one| exclusions::number(pick(one)))
            };
            let counts = &effect.rows_removed;
            vec![
                id.to_owned(),
                counts.false_rows().to_string(),
                counts.authorised.to_string(),
                counts.malicious.to_string(),
                effect.campaigns_hidden.join(", "),
                effect.campaigns_hidden_in_part.join(", "),
                share(|one| one.shapley.false_rows),
                share(|one| one.shapley.campaigns_hidden),
            ]
        })
        .collect();
    let table = table("Exclusions", &header, &rows);
    drawn(Chart::Ledger, scene, "Exclusions", lead, table)
}

pub(super) fn ports(scene: &Scene<'_>) -> Option<Part> {
    let nearest = near(scene.threshold);
    let lanes = || scene.lanes().filter(|lane| !lane.windows.is_empty());
    let shown = lanes().count();
    let lead = html! {
        "Left of the dashed line the rule is silent. Windows with " (nearest) " to " (scene.threshold.saturating_sub(1))
        " ports are near misses: a slightly lower threshold, or a slightly busier client, and they fire."
        (which(scene))
        @if shown > MOST_DOTTED {
            " Drawn are the " (MOST_DOTTED) " of " (shown) " campaigns with most ports."
        }
    };
    let header = [
        "campaign",
        "is",
        "windows",
        "most ports in one",
        "near misses",
        "windows that fire",
    ];
    let rows: Vec<Vec<String>> = lanes()
        .map(|lane| {
            let count =
                |from: u64, to: u64| lane.windows.range(from..to).map(|(_, n)| n).sum::<u64>();
            let most = lane.windows.last_key_value().map_or(0, |(ports, _)| *ports);
            vec![
                lane.outcome.id.clone(),
                story::kind(lane.outcome.kind).to_owned(),
                count(0, u64::MAX).to_string(),
                most.to_string(),
                count(nearest, scene.threshold).to_string(),
                count(scene.threshold, u64::MAX).to_string(),
            ]
        })
        .collect();
    let table = table("Near misses", &header, &rows);
    drawn(Chart::Ports, scene, "Near misses", lead, table)
}

/// Every table of the terminal report.
pub(super) fn numbers(story: &[Section]) -> Part {
    let section = html! {
        section #numbers {
            h2 { "All numbers" }
            @for part in story {
                h3 { (parts::sentence(&part.heading)) }
                @if !part.rows.is_empty() {
                    (table(&part.heading, &part.header, &part.rows))
                }
                @for note in &part.notes {
                    p.note { (parts::sentence(note)) }
                }
            }
        }
    };
    Part {
        id: "numbers",
        label: "All numbers",
        section,
    }
}
