//! The report as one HTML page that loads nothing: pictures, the tables behind them, and in the first screen what
//! fires, what is missed and why, and what the exclusions cost.
//!
//! Nothing from a log, scenario or exclusion list is markup here, and forgetting that is not possible: `maud` escapes
//! every value, pictures come from `charts`, which takes text only, and [`seal`] shows control and direction-changing
//! characters of the finished page as escapes. What may stand unescaped is made by [`trusted`] alone.

mod alerts;
mod glance;
mod parts;

use super::charts::{Chart, MOST_DOTTED, MOST_LANES, MOST_ROWS, palette};
use super::number::{counted, grouped};
use super::scene::Scene;
use super::{exclusions, story};
use crate::eval::{Attribution, Evaluation};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use parts::{figure, table};
use scanbench_w3c::visible;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// The page.
#[must_use]
pub fn page(scene: &Scene<'_>) -> String {
    let evaluation = scene.evaluation;
    let style = format!("{}{STYLE}", palette::style());
    let body = html! {
        a.skip href="#glance" { "To the report" }
        header {
            p.eyebrow { "scanbench report" }
            h1 { (parts::long(&title(evaluation))) }
            p.muted {
                (grouped(evaluation.datasets.iter().map(|one| one.lines).sum())) " log lines · "
                (counted(scene.servers.len(), "server")) " · "
                (counted(evaluation.campaigns.len(), "campaign")) " · "
                @if let [one] = evaluation.datasets.as_slice() { "seed " (one.seed) " · " }
                "the rule fires at " (scene.threshold) " distinct ports"
            }
        }
        main {
            (glance::section(scene))
            (contents(scene))
            (timeline(scene))
            (ledger(scene))
            (ports(scene))
            (numbers(scene))
        }
        footer {
            "Made by scanbench " (env!("CARGO_PKG_VERSION"))
            ". This page is whole: it loads nothing and sends nothing. The same numbers are in report.json."
        }
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy(&style));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { "scanbench: " (parts::short(&title(evaluation))) }
                style { (trusted(style)) }
            }
            body {
                (body)
                script { (trusted(SCRIPT.to_owned())) }
            }
        }
    };
    seal(&page.into_string())
}

/// The scenario, or how many datasets there are.
fn title(evaluation: &Evaluation) -> String {
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

/// Forbids the page everything but its own style and script, which it names by their hashes (CSP level 3).
fn policy(style: &str) -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        hash(style),
        hash(SCRIPT)
    )
}

fn hash(text: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(text.as_bytes())))
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    let mut out = String::new();
    for three in bytes.chunks(3) {
        let byte = |index: usize| u32::from(three.get(index).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            if index > three.len() {
                out.push('=');
            } else {
                let digit = word >> (18 - 6 * index) & 63;
                out.push(char::from(DIGITS[digit as usize]));
            }
        }
    }
    out
}

/// Markup that holds nothing from a log, scenario or exclusion list, or text from there that is escaped already: the
/// page's own style and script, and pictures. The only place that passes anything by the escaping.
fn trusted(markup: String) -> Markup {
    PreEscaped(markup)
}

/// Shows what control characters and direction marks there are, wherever in the page.
fn seal(page: &str) -> String {
    let mut out = String::with_capacity(page.len() + 1);
    for line in page.lines() {
        out.push_str(&visible(line.as_bytes()));
        out.push('\n');
    }
    out
}

/// Links to the parts.
fn contents(scene: &Scene<'_>) -> Markup {
    html! {
        nav aria-label="Parts of the report" {
            ul {
                @if !scene.evaluation.campaigns.is_empty() || !scene.rows.is_empty() {
                    li { a href="#timeline" { "Timeline" } }
                }
                @if !scene.evaluation.exclusions.is_empty() {
                    li { a href="#exclusions" { "Exclusions" } }
                }
                @if scene.lanes().any(|lane| !lane.windows.is_empty()) {
                    li { a href="#ports" { "Near misses" } }
                }
                li { a href="#numbers" { "All numbers" } }
            }
        }
    }
}

fn timeline(scene: &Scene<'_>) -> Markup {
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
    figure(Chart::Timeline, scene, &lead, &alerts::table(scene))
}

fn ledger(scene: &Scene<'_>) -> Markup {
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
    figure(
        Chart::Ledger,
        scene,
        &lead,
        &table("Exclusions", &header, &rows),
    )
}

fn ports(scene: &Scene<'_>) -> Markup {
    let near = super::charts::near(scene.threshold);
    let lanes = || scene.lanes().filter(|lane| !lane.windows.is_empty());
    let drawn = lanes().count();
    let lead = html! {
        "Left of the dashed line the rule is silent. Windows with " (near) " to " (scene.threshold.saturating_sub(1))
        " ports are near misses: a slightly lower threshold, or a slightly busier client, and they fire."
        (which(scene))
        @if drawn > MOST_DOTTED {
            " Drawn are the " (MOST_DOTTED) " of " (drawn) " campaigns with most ports."
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
                count(near, scene.threshold).to_string(),
                count(scene.threshold, u64::MAX).to_string(),
            ]
        })
        .collect();
    figure(
        Chart::Ports,
        scene,
        &lead,
        &table("Near misses", &header, &rows),
    )
}

/// Every table of the terminal report.
fn numbers(scene: &Scene<'_>) -> Markup {
    html! {
        section #numbers {
            h2 { "All numbers" }
            @for part in story::tell(scene.evaluation) {
                h3 { (parts::long(&part.heading)) }
                @if !part.rows.is_empty() {
                    (table(&part.heading, &part.header, &part.rows))
                }
                @for note in &part.notes {
                    p.note { (parts::sentence(note)) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
