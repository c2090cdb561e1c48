//! The data sheet of logs into which a scenario was put.

use crate::scenario::Scenario;
use crate::truth::{Campaign, Injection};
use std::fmt::Write as _;

/// The text of `README.md`.
pub(super) fn text(scenario: &Scenario, injection: &Injection, campaigns: &[Campaign]) -> String {
    let mut text = format!(
        "# {} in recorded logs\n\n{}\n\nMade by scanbench {}: the campaigns of the scenario, put into logs that were there \
         before. {} recorded lines from {} to {}, byte for byte and in order, and {} invented ones between them, from {} \
         to {}.\n\nNobody labelled the recorded lines. They are `unknown`, not benign: an alert on them alone is neither \
         right nor wrong here.\n\n",
        scenario.name(),
        scenario.title(),
        env!("CARGO_PKG_VERSION"),
        injection.original_lines,
        injection.first,
        injection.last,
        injection.added_lines,
        injection.start,
        injection.end,
    );
    for server in &injection.servers {
        let _ = writeln!(
            text,
            "- {}: {} ports in its logs, {} added; stands for {}",
            server.name,
            server.seen_ports.len(),
            server.added_ports.len(),
            server.stands_for.join(", "),
        );
    }
    text.push_str("\n| campaign | kind | server | ports touched | ports logged | lines | the rule |\n|---|---|---|---|---|---|---|\n");
    for campaign in campaigns {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            campaign.id,
            campaign.kind.name(),
            campaign.server,
            campaign.ports_probed,
            campaign.ports_logged,
            campaign.lines,
            if campaign.expected_to_fire {
                "must fire"
            } else {
                "silent"
            },
        );
    }
    text.push_str(
        "\n- `injection.json`: servers, ports that were added, addresses that are in the logs and in the scenario\n\
         - `truth/injected.jsonl`: for each log the numbers of the lines that were put in; without them it is the \
         original, whose SHA-256 stands beside\n\
         - `labels/`, `truth/campaigns.jsonl`, `truth/windows.jsonl`, `manifest.json`: as in any dataset\n\n\
         It holds what the recorded logs hold: addresses, names and whatever else their clients sent. Keep it where you \
         keep those.\n",
    );
    text
}
