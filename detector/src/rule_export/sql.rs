//! SQL: the rule's rows with all their columns.

use super::Sayable;
use crate::exclusion::{Dialect, Exclusion, sql_lines};
use crate::friendly::{STATUS, STATUS_FALLBACK, WIN32, WIN32_FALLBACK};
use crate::published::Fallbacks;
use scanbench_spec::Finding;
use std::fmt::Write as _;

pub(super) fn query(
    rule: &Sayable<'_>,
    list: &[&Exclusion],
    dialect: &dyn Dialect,
    engine: &str,
) -> Result<String, Vec<Finding>> {
    let lines = sql_lines(dialect, list)?;
    let none = Fallbacks::default();
    let fallbacks = rule
        .rule
        .published
        .as_deref()
        .map_or(&none, |published| &published.fallbacks);
    let mut out = rule.header("--", engine, &["Over a table or view W3CIISLog with the columns of that table; TimeGenerated is UTC. Counts are exact.".to_owned()]);
    out += dialect.functions();
    out += &lines.with;
    let text = |column: &str| format!("coalesce({column}, '')");
    let full = dialect.joined(&[&text("scStatus"), "'.'", &text("scSubStatus")]);
    let hex = dialect.hex("scWin32Status");
    // Writing to a String cannot fail, here and below.
    let _ = write!(
        out,
        ", told AS (\n  SELECT *,\n    {full} AS scStatusFull,\n    coalesce({hex}, '') AS scWin32Status_Hex,\n    {} AS decodedUriQuery\n  FROM line\n)\n",
        dialect.url_decoded(&text("csUriQuery")),
    );
    let _ = write!(
        out,
        ", friendly AS (\n  SELECT *,\n    {} AS scStatusFull_Friendly,\n    {} AS scWin32Status_Friendly\n  FROM told\n)\n",
        case(
            dialect,
            "scStatusFull",
            &STATUS,
            fallbacks.status.as_deref().unwrap_or(STATUS_FALLBACK)
        ),
        case(
            dialect,
            "scWin32Status_Hex",
            &WIN32,
            fallbacks.win32.as_deref().unwrap_or(WIN32_FALLBACK)
        ),
    );
    let columns: Vec<String> = rule
        .columns()
        .into_iter()
        .map(|column| match column {
            "TimeGenerated" => format!("{} AS TimeGenerated", dialect.bin(rule.width.as_secs())),
            "ConnectionsCount" => "count(*) AS ConnectionsCount".to_owned(),
            "portCount" => format!(
                "{} AS portCount",
                dialect.length(&dialect.set("sPort", rule.limit()))
            ),
            key => match key.strip_prefix("set_") {
                // A text that is not there is empty in the table, and so a value.
                Some(column) if column != "sPort" => {
                    format!("{} AS {key}", dialect.set(&text(column), rule.limit()))
                }
                Some(column) => format!("{} AS {key}", dialect.set(column, rule.limit())),
                None => key.to_owned(),
            },
        })
        .collect();
    let counted = match rule.counted() {
        "sPort" => "sPort".to_owned(),
        column => text(column),
    };
    let by = [dialect.bin(rule.width.as_secs())]
        .into_iter()
        .chain(rule.keys().into_iter().map(str::to_owned));
    let _ = write!(
        out,
        "SELECT\n  {}\nFROM friendly AS line\nGROUP BY {}\nHAVING count(DISTINCT {counted}) >= {}{}\nORDER BY portCount DESC, TimeGenerated;\n",
        columns.join(",\n  "),
        by.collect::<Vec<_>>().join(", "),
        rule.rule.threshold,
        lines.keeps,
    );
    Ok(out)
}

fn case(dialect: &dyn Dialect, column: &str, texts: &[(&str, &str)], last: &str) -> String {
    let mut out = format!("CASE {column}");
    for (code, text) in texts {
        let _ = write!(
            out,
            "\n      WHEN {} THEN {}",
            dialect.quoted(code),
            dialect.quoted(text)
        );
    }
    let _ = write!(out, "\n      ELSE {} END", dialect.quoted(last));
    out
}
