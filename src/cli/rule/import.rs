//! `rule import`: what an analytics rule says, understood wholly or refused.

use crate::cli::failure::Failure;
use crate::cli::rule_args::{source, tell_notes};
use clap::ValueEnum;
use scanbench_detector::{Count, ImportedRule, Window, import_rule};
use scanbench_w3c::inert_json;
use scanbench_w3c::visible;
use serde_json::json;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

/// Read a Sentinel analytics rule and say what it means
///
/// A query is understood wholly or refused, with the place and the reason. The `where`s that drop lines are written as
/// an exclusion list, so that `exclusions check` and `exclusions measure` can say what they cost.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench rule import HighPortCountByClientIP.yaml
  scanbench rule import rule.yaml --format exclusions > exclusions.toml
  scanbench detect logs --rule rule.yaml

Understood are queries over W3CIISLog that filter lines, make sets or distinct counts of sPort, csHost or csUriStem by a
bin of TimeGenerated and cIP, Computer, sIP, and compare them with a threshold.
Exit codes: 0 understood, 2 bad input or arguments, 3 not understood")]
pub(crate) struct Args {
    /// An analytics rule in YAML, or a query in KQL
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// What is written: all of it as text or JSON, or the `where`s as an exclusion list
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: FormatArg,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    Text,
    Json,
    Exclusions,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let source = source(&args.file)?;
    let imported = import_rule(&source)?;
    tell_notes(&source, &imported);
    let text = match args.format {
        FormatArg::Text => text(&imported),
        FormatArg::Json => json_text(&imported),
        FormatArg::Exclusions => imported
            .exclusions
            .clone()
            .unwrap_or_else(|| "version = 1\n".to_owned()),
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

fn seconds(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        day if day % 86_400 == 0 => format!("{}d", day / 86_400),
        hour if hour % 3600 == 0 => format!("{}h", hour / 3600),
        minute if minute % 60 == 0 => format!("{}m", minute / 60),
        second => format!("{second}s"),
    }
}

fn width(imported: &ImportedRule) -> Duration {
    match imported.rule.window {
        Window::Tumbling { width } | Window::Hopping { width, .. } | Window::Sliding { width } => {
            width
        }
        Window::Session { gap } => gap,
    }
}

fn keys(imported: &ImportedRule) -> Vec<&'static str> {
    let by = imported.rule.group_by;
    let keys = [
        (by.client, "c-ip"),
        (by.computer, "computer"),
        (by.server, "s-ip"),
    ];
    keys.into_iter()
        .filter(|(is_key, _)| *is_key)
        .map(|(_, key)| key)
        .collect()
}

fn text(imported: &ImportedRule) -> String {
    let rule = &imported.rule;
    let mut out = String::new();
    // Writing to a String cannot fail, here and below.
    if let Some(published) = &rule.published {
        let lists = [
            published.tactics.join(", "),
            published.techniques.join(", "),
        ];
        let lines = [
            ("rule", published.name.as_deref()),
            ("id", published.id.as_deref()),
            ("severity", published.severity.as_deref()),
            ("tactics", Some(lists[0].as_str())),
            ("techniques", Some(lists[1].as_str())),
        ];
        for (what, value) in lines {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                let _ = writeln!(out, "{what:<11} {}", visible(value.as_bytes()));
            }
        }
    }
    let counted = match rule.count {
        Count::Port => "ports",
        Count::Host => "hosts",
        Count::UriStem => "paths",
    };
    let limit = rule.set_limit.map_or(0, std::num::NonZeroUsize::get);
    let _ = writeln!(
        out,
        "fires       at {} {counted} or more in {}, by {}; sets keep {limit}",
        rule.threshold,
        seconds(width(imported)),
        keys(imported).join(", ")
    );
    if let (Some(frequency), Some(period)) = (imported.frequency, imported.period) {
        let _ = writeln!(
            out,
            "runs        every {} over the last {}",
            seconds(frequency),
            seconds(period)
        );
    }
    let _ = writeln!(
        out,
        "as options  --bin {} --threshold {} --set-limit {limit} --group-by {} --count {}",
        seconds(width(imported)),
        rule.threshold,
        keys(imported).join(","),
        rule.count.field().name(),
    );
    match &imported.exclusions {
        None => out += "drops       no line\n",
        Some(list) => {
            out += "drops       the lines of these exclusions:\n\n";
            out += list;
        }
    }
    out
}

fn json_text(imported: &ImportedRule) -> String {
    let rule = &imported.rule;
    let value = json!({
        "schema_version": 1,
        "rule": rule.published.as_deref(),
        "bin_seconds": width(imported).as_secs(),
        "threshold": rule.threshold,
        "set_limit": rule.set_limit,
        "group_by": keys(imported),
        "count": rule.count.field().name(),
        "frequency_seconds": imported.frequency.map(|span| span.as_secs()),
        "period_seconds": imported.period.map(|span| span.as_secs()),
        "exclusions": imported.exclusions,
        "notes": imported.notes.iter().map(|note| &note.message).collect::<Vec<_>>(),
    });
    format!("{}\n", inert_json(format!("{value:#}")))
}
