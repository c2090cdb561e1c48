//! The first screen: what fires, what is missed and why, what the exclusions cost.

use super::{parts, trusted};
use crate::eval::{CampaignOutcome, Evaluation, RowCounts};
use crate::report::charts::firing;
use crate::report::number::{counted, grouped};
use crate::report::scene::Scene;
use crate::report::{paired, story};
use maud::{Markup, html};
use scanbench_detector::Window;
use scanbench_generator::truth::Reason;
use std::collections::BTreeMap;

/// Names that a card lists.
const LISTED: usize = 4;

pub(super) fn section(scene: &Scene<'_>) -> Markup {
    let evaluation = scene.evaluation;
    html! {
        section #glance aria-label="At a glance" {
            p.verdict { (story::verdict(evaluation)) }
            (warnings(evaluation))
            div.cards {
                (fires(scene))
                (missed(evaluation))
                @if !evaluation.exclusions.is_empty() { (cost(evaluation)) }
            }
        }
    }
}

/// What a reader must know before any number.
fn warnings(evaluation: &Evaluation) -> Markup {
    let broken = evaluation
        .exclusions
        .iter()
        .flat_map(|one| one.broken.iter().map(move |broken| (one, broken)));
    html! {
        @for (one, broken) in broken {
            p.warning {
                strong { "Broken promise: " }
                (parts::long(&one.id)) " promises " code { (broken.promise) " = " (broken.promised) }
                ", measured " (broken.measured) "."
            }
        }
        @for one in &evaluation.comparisons {
            p class=(if paired::is_worse(one) { "warning" } else { "muted" }) {
                (parts::sentence(&paired::brief(one))) " " a href="#numbers" { "Which" }
            }
        }
        @if let Some(found) = &evaluation.differences {
            p.warning { (story::difference_sum(found)) " " a href="#numbers" { "Which" } }
        }
        @if let Some(one) = &evaluation.agreement {
            @if !one.missing_rows.is_empty() || !one.unexpected_rows.is_empty() {
                p.warning {
                    strong { "Not the rows that the truth expects: " }
                    (one.missing_rows.len()) " are missing, " (one.unexpected_rows.len()) " too many. "
                    a href="#numbers" { "Which" }
                }
            }
        }
    }
}

fn fires(scene: &Scene<'_>) -> Markup {
    let evaluation = scene.evaluation;
    let (alone, with) = (&evaluation.without_exclusions, &evaluation.with_exclusions);
    let excludes = !evaluation.exclusions.is_empty();
    let bars: &[(&str, &RowCounts)] = if excludes {
        &[("rule alone", &alone.rows), ("with exclusions", &with.rows)]
    } else {
        &[("rule alone", &alone.rows)]
    };
    html! {
        article.card {
            h2 { "What fires" }
            p.big { (grouped(total(&alone.rows))) @if total(&alone.rows) == 1 { " row" } @else { " rows" } }
            p.muted { "A row is " (what_a_row_is(scene)) " of one client on one server." }
            @if let Some(svg) = firing(bars) {
                div.strip { (trusted(svg)) }
            }
            table.small {
                thead {
                    tr {
                        td {}
                        th scope="col" { "rule alone" }
                        @if excludes { th scope="col" { "with exclusions" } }
                    }
                }
                tbody {
                    (counts("right", alone.rows.malicious, excludes.then_some(with.rows.malicious)))
                    (counts("false", alone.rows.false_rows(), excludes.then_some(with.rows.false_rows())))
                    (counts("authorised", alone.rows.authorised, excludes.then_some(with.rows.authorised)))
                    @if alone.rows.unknown > 0 {
                        (counts("unknown", alone.rows.unknown, excludes.then_some(with.rows.unknown)))
                    }
                }
            }
            (kinds(&alone.rows))
        }
    }
}

/// `10 minutes`, or that it is no fixed stretch.
fn what_a_row_is(scene: &Scene<'_>) -> String {
    match scene.window {
        Window::Tumbling { width } | Window::Hopping { width, .. } | Window::Sliding { width } => {
            let seconds = width.as_secs();
            if seconds.is_multiple_of(60) {
                counted(
                    usize::try_from(seconds / 60).unwrap_or(usize::MAX),
                    "minute",
                )
            } else {
                counted(usize::try_from(seconds).unwrap_or(usize::MAX), "second")
            }
        }
        Window::Session { .. } => "a session".to_owned(),
    }
}

fn counts(name: &str, alone: u64, with: Option<u64>) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            td { (grouped(alone)) }
            @if let Some(with) = with { td { (grouped(with)) } }
        }
    }
}

/// `False: reverse proxy 12, maintenance 1`.
fn kinds(counts: &RowCounts) -> Markup {
    let text = story::false_rows(counts);
    html! {
        @if let Some((_, kinds)) = text.split_once(": ") {
            p.muted { "False: " (kinds) }
        }
    }
}

fn missed(evaluation: &Evaluation) -> Markup {
    let all = story::attacks(evaluation).count();
    let missed: Vec<&CampaignOutcome> = story::attacks(evaluation)
        .filter(|one| one.rows_without_exclusions == 0)
        .collect();
    html! {
        article.card {
            h2 { "What is missed, and why" }
            p.big {
                @if all == 0 { "No attack was made" }
                @else if missed.is_empty() { "No attack" }
                @else { (grouped(missed.len() as u64)) " of " (counted(all, "attack")) }
            }
            ul {
                @for (reason, campaigns) in by_reason(&missed) {
                    li {
                        strong { (campaigns.len()) } ": " (story::reason(reason)) br;
                        span.muted { (named(&campaigns)) }
                    }
                }
            }
            @if missed.is_empty() && all > 0 {
                p.muted { "Every attack has at least one row of the rule alone." }
            }
        }
    }
}

/// Most frequent reasons first.
fn by_reason<'a>(
    missed: &[&'a CampaignOutcome],
) -> Vec<(Option<Reason>, Vec<&'a CampaignOutcome>)> {
    let mut reasons: BTreeMap<Option<Reason>, Vec<&CampaignOutcome>> = BTreeMap::new();
    for one in missed {
        reasons.entry(one.reason).or_default().push(one);
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, campaigns)| std::cmp::Reverse(campaigns.len()));
    reasons
}

/// The first few by name, and how many more; one by itself with its ports.
fn named(campaigns: &[&CampaignOutcome]) -> Markup {
    html! {
        @if let [one] = campaigns {
            (parts::long(&one.id)) ": " (grouped(one.ports_probed)) " ports probed, "
            (grouped(one.ports_logged)) " logged"
        } @else {
            @for (index, one) in campaigns.iter().take(LISTED).enumerate() {
                @if index > 0 { ", " }
                (parts::long(&one.id))
            }
            @if campaigns.len() > LISTED {
                " and " (campaigns.len() - LISTED) " more"
            }
        }
    }
}

fn cost(evaluation: &Evaluation) -> Markup {
    let together = &evaluation.exclusions_together;
    let hidden = &together.campaigns_hidden;
    let idle: Vec<&str> = evaluation
        .exclusions
        .iter()
        .filter(|one| total(&one.effect.rows_removed) == 0)
        .map(|one| one.id.as_str())
        .collect();
    html! {
        article.card {
            h2 { "What the exclusions cost" }
            p.big {
                @if hidden.is_empty() { "No attack hidden" } @else { (counted(hidden.len(), "attack")) " hidden" }
            }
            ul {
                @for id in hidden.iter().take(LISTED) {
                    li { strong { (parts::long(id)) } br; span.muted { "hidden by " (hider(evaluation, id)) } }
                }
                (more(hidden.len()))
                @if evaluation.without_exclusions.rows.false_rows() > 0 {
                    li {
                        (number(together.rows_removed.false_rows())) " of "
                        (grouped(evaluation.without_exclusions.rows.false_rows())) " false rows removed"
                    }
                }
                @if !idle.is_empty() {
                    li {
                        (number(idle.len() as u64)) " of " (evaluation.exclusions.len()) " change no row"
                        br;
                        span.muted { (parts::long(&idle.join(", "))) }
                    }
                }
            }
        }
    }
}

/// The exclusions that hide a campaign alone.
fn hider(evaluation: &Evaluation, id: &str) -> Markup {
    let by = evaluation
        .campaigns
        .iter()
        .find(|one| one.id == id)
        .map(|one| one.hidden_by.join(", "))
        .filter(|by| !by.is_empty());
    html! { (parts::long(by.as_deref().unwrap_or("several together"))) }
}

fn more(all: usize) -> Markup {
    html! {
        @if all > LISTED {
            li.muted { "and " (all - LISTED) " more" }
        }
    }
}

fn total(counts: &RowCounts) -> u64 {
    counts.all()
}

fn number(count: u64) -> Markup {
    html! { strong { (grouped(count)) } }
}
