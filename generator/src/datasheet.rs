//! The data sheet of a dataset: what is in it, how to make it again, what it must not be used for. A person who finds
//! the folder years later reads this first.

use crate::emit::{Compression, Format};
use crate::run::{Options, Summary};
use crate::truth::Campaign;
use crate::world::World;
use std::fmt::Write as _;

/// The text of `README.md`.
pub(crate) fn text(
    world: &World<'_>,
    options: &Options<'_>,
    summary: &Summary,
    campaigns: &[Campaign],
) -> String {
    let scenario = world.scenario();
    let mut text = format!(
        "# {}\n\n{}\n\nMade by scanbench {}, not recorded: every line, address and name is invented.\n",
        scenario.name(),
        scenario.title(),
        env!("CARGO_PKG_VERSION"),
    );
    if !scenario.description().trim().is_empty() {
        let _ = write!(text, "\n{}\n", scenario.description().trim());
    }
    let _ = write!(
        text,
        "\n## What is in it\n\n{} lines in the logs of {} from {} to {}; {} of them belong to {}; on {} ten-minute \
         bins the rule (30 or more ports of one server by one client in one bin) must fire.\n\n",
        summary.lines,
        counted(scenario.servers().len(), "server", "servers"),
        scenario.start(),
        scenario.end(),
        summary.labelled_lines,
        counted(campaigns.len(), "campaign", "campaigns"),
        summary.must_fire,
    );
    if !campaigns.is_empty() {
        text.push_str(
            "| campaign | kind | class | server | ports touched | ports logged | lines | the rule |\n\
             |---|---|---|---|---|---|---|---|\n",
        );
        for campaign in campaigns {
            let reason = campaign
                .reason
                .and_then(|reason| serde_json::to_value(reason).ok());
            let verdict = match reason.as_ref().and_then(|reason| reason.as_str()) {
                Some(reason) => format!("silent: {reason}"),
                None => "must fire".to_owned(),
            };
            let class = serde_json::to_value(campaign.class).unwrap_or_default();
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} | {verdict} |",
                campaign.id,
                campaign.kind.name(),
                class.as_str().unwrap_or_default(),
                campaign.server,
                campaign.ports_probed,
                campaign.ports_logged,
                campaign.lines,
            );
        }
        text.push('\n');
    }
    text.push_str(
        "Lines without a label are background. A campaign that leaves fewer ports in the log than it touched met ports \
         that no site is bound to: IIS logs complete HTTP requests on bound ports and nothing else.\n\n\
         - `logs/`: the logs, as IIS lays them out, or as tables with the columns of W3CIISLog\n\
         - `labels/`: for each log the numbers of the lines that are not background, with their campaign\n\
         - `truth/campaigns.jsonl`: who did what, and why the rule has nothing to fire on where it has nothing\n\
         - `truth/windows.jsonl`: each bin with labelled lines, and whether the rule must fire\n\
         - `httperr/`: what only HTTP.sys saw, where it was asked for\n\
         - `manifest.json`: SHA-256 and line count of every file\n\
         - `scenario.toml`: what it was made from\n",
    );
    let _ = write!(
        text,
        "\n## How to make it again\n\n```console\n$ scanbench generate scenario.toml -o again{}\n```\n\nThe same \
         scenario, seed and version give the same bytes, on any number of threads.\n",
        switches(options)
    );
    text.push_str(
        "\n## What it must not be used for\n\n\
         - To say how often such scans or look-alikes happen: their number is the author's choice, not a measurement.\n\
         - To say how good a detector is on your own logs: it says how good it is on these, and what it cannot see.\n\
         - To train and to test on the same seed: the same visitors, sites and habits stand in both.\n\
         - To blame anybody: addresses are drawn from the whole public space, and whoever has one of them has nothing \
         to do with it.\n",
    );
    text
}

/// The options that change bytes, as they are typed.
fn switches(options: &Options<'_>) -> String {
    let mut text = String::new();
    match options.format {
        Format::W3c => {}
        other => {
            let _ = write!(text, " --format {}", other.ending());
        }
    }
    match options.compression {
        Compression::None => {}
        Compression::Gzip => text.push_str(" --compress gz"),
        Compression::Zstd => text.push_str(" --compress zst"),
    }
    if options.inline_labels {
        text.push_str(" --inline-labels");
    }
    if options.error_log {
        text.push_str(" --httperr");
    }
    text
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
