//! Exclusions in the words of other engines. What a target cannot say is an error at its place, never silence.

mod kql;
mod re2;
mod sigma;
mod sql;
mod watchlist;

pub(crate) use kql::{KqlLines, lines as kql_lines};
pub(crate) use re2::only_ours;
pub(crate) use sigma::selections as sigma_selections;
pub(crate) use sql::{ClickHouse, Dialect, DuckDb, Spark, lines as sql_lines};

use super::codes::NOT_EXPRESSIBLE;
use super::{Condition, Exclusion, Exclusions};
use scanbench_spec::Finding;
use scanbench_w3c::acts;
use std::ops::RangeInclusive;

/// Where exclusions can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Lines of KQL to stand behind `W3CIISLog` in a query: stage "event" only.
    Kql,
    /// A whole KQL query that returns the rows that are left, of both stages.
    KqlQuery,
    /// The same in SQL, as DuckDB has it.
    Sql,
    /// A Sentinel watchlist: CSV with one network a line.
    SentinelWatchlist,
    /// Sigma filters, one YAML document each.
    Sigma,
}

/// Writes the exclusions that are switched on.
///
/// # Errors
/// Everything that the target cannot say, each at its place.
pub fn export(exclusions: &Exclusions, target: Target) -> Result<String, Vec<Finding>> {
    let list: Vec<&Exclusion> = exclusions
        .list()
        .iter()
        .filter(|exclusion| exclusion.is_enabled())
        .collect();
    match target {
        Target::Kql => kql::filter(&list),
        Target::KqlQuery => kql::query(&list),
        Target::Sql => sql::query(&list),
        Target::SentinelWatchlist => watchlist::write(&list),
        Target::Sigma => sigma::write(&list),
    }
}

/// Says that a condition cannot be said.
fn impossible(exclusion: &Exclusion, condition: &Condition, why: &str, help: &str) -> Finding {
    Finding::new(format!(
        "{} of {} cannot be said: {why}",
        condition.key(),
        exclusion.id()
    ))
    .at(condition.span())
    .help(help)
    .code(&NOT_EXPRESSIBLE)
    .about(exclusion.id())
}

/// Says that a whole exclusion cannot be said.
fn impossible_whole(exclusion: &Exclusion, why: &str, help: &str) -> Finding {
    Finding::new(format!("{} cannot be said: {why}", exclusion.id()))
        .at(exclusion.span())
        .help(help)
        .code(&NOT_EXPRESSIBLE)
        .about(exclusion.id())
}

/// Each exclusion by `say`, or everything that could not be said.
fn each<T>(
    list: &[&Exclusion],
    mut say: impl FnMut(&Exclusion, &mut Vec<Finding>) -> T,
) -> Result<Vec<T>, Vec<Finding>> {
    let mut findings = Vec::new();
    let said = list
        .iter()
        .map(|exclusion| say(exclusion, &mut findings))
        .collect();
    if findings.is_empty() {
        Ok(said)
    } else {
        Err(findings)
    }
}

/// The column of the W3CIISLog table; `None` for times and custom fields, which it does not have.
fn column(condition: &Condition) -> Option<&'static str> {
    condition.subject().field()?.column()
}

/// Whether the table holds a column as text, though it holds numbers.
fn is_text_column(column: &str) -> bool {
    column.starts_with("scS") || column.starts_with("scW")
}

/// A title for a comment: one line, nothing that ends it or acts on a terminal.
fn comment(exclusion: &Exclusion) -> String {
    let mut text = exclusion.id().to_owned();
    if let Some(reason) = exclusion.reason().or(exclusion.name()) {
        text += ": ";
        text += reason;
    }
    text.chars()
        .map(|char| if acts(char) { ' ' } else { char })
        .collect()
}

/// Ranges of one number, and the others.
fn singles_and_ranges<T: Copy + PartialEq>(
    list: &[RangeInclusive<T>],
) -> (Vec<T>, Vec<&RangeInclusive<T>>) {
    let singles = list
        .iter()
        .filter(|range| range.start() == range.end())
        .map(|range| *range.start());
    let ranges = list.iter().filter(|range| range.start() != range.end());
    (singles.collect(), ranges.collect())
}

/// Alternatives, in brackets where there are several.
fn any_of(mut parts: Vec<String>) -> String {
    match parts.len() {
        0 => "false".to_owned(),
        1 => parts.remove(0),
        _ => format!("({})", parts.join(" or ")),
    }
}

#[cfg(test)]
mod tests;
