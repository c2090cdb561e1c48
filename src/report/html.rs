//! The report as one HTML page that loads nothing: pictures, the tables behind them, and in the first screen what
//! fires, what is missed and why, and what the exclusions cost.
//!
//! Nothing from a log, scenario or exclusion list is markup here, and forgetting that is not possible: `maud` escapes
//! every value, pictures come from `charts`, which takes text only, and `seal` shows control and direction-changing
//! characters of the finished page as escapes. What may stand unescaped is made by `trusted` alone.

mod alerts;
mod glance;
mod measured;
mod parts;
mod sections;

use super::charts::curve::Plane;
use super::charts::edge::Edge;
use super::charts::palette;
use super::number::{counted, grouped};
use super::scene::Scene;
use super::story;
use crate::edges::Edges;
use crate::eval::sweep::Sweep;
use crate::realism::compare::Comparison;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use scanbench_w3c::visible;
use sha2::{Digest, Sha256};
use std::time::Duration;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// The report of a scored dataset, with a sweep of it where there is one.
#[must_use]
pub fn page(scene: &Scene<'_>, sweep: Option<&Sweep>) -> String {
    let evaluation = scene.evaluation;
    let facts = html! {
        (grouped(evaluation.datasets.iter().map(|one| one.lines).sum())) " log lines · "
        (counted(scene.servers.len(), "server")) " · "
        (counted(evaluation.campaigns.len(), "campaign")) " · "
        @if let [one] = evaluation.datasets.as_slice() { "seed " (one.seed) " · " }
        "the rule fires at " (scene.threshold) " distinct ports"
    };
    let mut tables = story::tell(evaluation);
    tables.extend(sweep.map(super::sweep::tell).unwrap_or_default());
    let parts = [
        sections::timeline(scene),
        sections::ledger(scene),
        sections::ports(scene),
        sweep.and_then(|sweep| measured::curve(sweep, Plane::PrecisionRecall)),
        sweep.and_then(|sweep| measured::curve(sweep, Plane::Roc)),
        sweep.and_then(measured::heat),
        scene.edge().and_then(|edge| measured::edge(&edge)),
        Some(sections::numbers(&tables)),
    ];
    whole(&Page {
        title: &sections::title(evaluation),
        facts,
        glance: glance::section(scene),
        parts: parts.into_iter().flatten().collect(),
        json: "report.json",
    })
}

/// The report of a sweep over thresholds, widths and windows.
#[must_use]
pub fn sweep_page(sweep: &Sweep) -> String {
    let facts = html! {
        (grouped(sweep.datasets.iter().map(|one| one.lines).sum())) " log lines · "
        (counted(sweep.datasets.len(), "dataset")) " · "
        (counted(sweep.points.len(), "setting")) " · budget " (sweep.budget) " needless alerts a day"
    };
    let parts = [
        measured::curve(sweep, Plane::PrecisionRecall),
        measured::curve(sweep, Plane::Roc),
        measured::heat(sweep),
        Some(sections::numbers(&super::sweep::tell(sweep))),
    ];
    whole(&Page {
        title: "Sweep",
        facts,
        glance: html! {},
        parts: parts.into_iter().flatten().collect(),
        json: "sweep.json",
    })
}

/// The report of what the edges of windows hide, by closed form and measured.
#[must_use]
pub fn edges_page(edges: &Edges) -> String {
    let facts = html! {
        "bins of " (edges.bin_seconds) " seconds · the rule fires at " (edges.threshold) " distinct ports"
    };
    let parts = [
        measured::edge(&Edge {
            threshold: edges.threshold,
            bin_seconds: Duration::from_secs(edges.bin_seconds).as_secs_f64(),
            measured: &edges.points,
        }),
        Some(sections::numbers(&super::edges::tell(edges))),
    ];
    whole(&Page {
        title: "The edges of windows",
        facts,
        glance: html! {},
        parts: parts.into_iter().flatten().collect(),
        json: "edges.json",
    })
}

/// The report of a set beside a real log.
#[must_use]
pub fn compare_page(comparison: &Comparison) -> String {
    let (near, measured) = comparison.near();
    let facts = html! {
        (grouped(comparison.set.lines)) " lines of the set · " (grouped(comparison.real.lines)) " lines of the real log · "
        (near) " of " (measured) " properties near"
    };
    let numbers = sections::numbers(&super::compare::tell(comparison));
    let parts = measured::distances(comparison)
        .into_iter()
        .chain(comparison.properties.iter().filter_map(measured::shares))
        .chain([numbers]);
    whole(&Page {
        title: "A set beside a real log",
        facts,
        glance: html! {},
        parts: parts.collect(),
        json: "compare.json",
    })
}

/// What stands on a page.
struct Page<'p> {
    title: &'p str,
    /// One line under the title.
    facts: Markup,
    /// The first screen.
    glance: Markup,
    parts: Vec<Part>,
    /// The file with the same numbers.
    json: &'static str,
}

/// A part of a page, to which a link leads.
struct Part {
    id: &'static str,
    /// The link's words.
    label: &'static str,
    section: Markup,
}

fn whole(page: &Page<'_>) -> String {
    let style = format!("{}{STYLE}", palette::style());
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy(&style));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { "scanbench: " (parts::short(page.title)) }
                style { (trusted(style)) }
            }
            body {
                a.skip href="#report" { "To the report" }
                header {
                    p.eyebrow { "scanbench report" }
                    h1 { (parts::long(page.title)) }
                    p.muted { (page.facts) }
                }
                main #report {
                    (page.glance)
                    nav aria-label="Parts of the report" {
                        ul {
                            @for part in &page.parts {
                                li { a href=(format!("#{}", part.id)) { (part.label) } }
                            }
                        }
                    }
                    @for part in &page.parts { (part.section) }
                }
                footer {
                    "Made by scanbench " (env!("CARGO_PKG_VERSION"))
                    ". This page is whole: it loads nothing and sends nothing. The same numbers are in " (page.json) "."
                }
                script { (trusted(SCRIPT.to_owned())) }
            }
        }
    };
    seal(&page.into_string())
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

#[cfg(test)]
mod tests;
