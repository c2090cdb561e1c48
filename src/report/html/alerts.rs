//! The table behind the timeline: every row of the rule, with what stands behind it.

use super::parts;
use crate::report::scene::{Row, Scene};
use crate::report::story;
use maud::{Markup, html};

/// Rows that the page lists; `scanbench detect` lists all.
const LISTED: usize = 500;
/// Values of a set that are shown.
const VALUES: usize = 8;

pub(super) fn table(scene: &Scene<'_>) -> Markup {
    let header = [
        "window",
        "client",
        "server",
        "ports",
        "lines",
        "is",
        "campaigns",
        "exclusions",
        "users",
        "agents",
        "queries",
    ];
    let rows: Vec<Vec<String>> = scene.rows.iter().take(LISTED).map(cells).collect();
    html! {
        @if rows.is_empty() {
            p.note { "The rule gave no row." }
        } @else {
            (parts::table("Rows of the rule", &header, &rows))
            @if scene.rows.len() > LISTED {
                p.note { "The first " (LISTED) " of " (scene.rows.len()) " rows." }
            }
        }
    }
}

fn cells(row: &Row<'_>) -> Vec<String> {
    let alert = row.alert;
    let exclusions = match (row.left, row.removed_by.as_slice()) {
        (true, _) => "none".to_owned(),
        (false, []) => "several together remove it".to_owned(),
        (false, ids) => ids.join(", "),
    };
    vec![
        alert.time_generated.to_string(),
        alert.c_ip.clone(),
        alert.computer.clone(),
        alert.distinct().to_string(),
        alert.connections_count.to_string(),
        row.class.map_or("background", story::class).to_owned(),
        row.campaigns.join(", "),
        exclusions,
        values(&alert.set_cs_user_name),
        values(&alert.set_cs_user_agent),
        values(&alert.set_decoded_uri_query),
    ]
}

fn values(set: &[String]) -> String {
    let text = set
        .iter()
        .take(VALUES)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    match set.len().saturating_sub(VALUES) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}
