//! Sentinel analytics rules: their YAML and their KQL, read to a [`Rule`] and the exclusions that their `where`s are.
//!
//! This is a front end for one family of queries: over `W3CIISLog`, lines filtered, grouped by a bin of time and keys,
//! distinct values counted and compared with a threshold. Such a query is taken over wholly, or refused with the place
//! and the reason; never half. The `kqlparser` crate (0.0.4) reads part of the language and knows no places.

mod columns;
mod filter;
mod formula;
mod lexer;
mod lines;
mod meaning;
mod rows;
mod syntax;
mod yaml;

#[cfg(test)]
mod tests;

use crate::Rule;
use scanbench_spec::{Finding, Findings, Source};
use std::sync::Arc;
use std::time::Duration;

/// A rule of somebody else, taken over.
#[derive(Clone, Debug)]
pub struct ImportedRule {
    /// What makes a row. Without a schedule: a rule's first run is when it is switched on, which its file does not say.
    pub rule: Rule,
    /// The `where`s of its query as an exclusion list in TOML; `None` where it has none.
    pub exclusions: Option<String>,
    /// How often it runs (`queryFrequency`).
    pub frequency: Option<Duration>,
    /// How far each run looks back (`queryPeriod`, or `ago()` in the query, whichever is less).
    pub period: Option<Duration>,
    /// What differs and changes no row.
    pub notes: Vec<Finding>,
}

/// Takes over an analytics rule in YAML, or a query in KQL.
///
/// # Errors
/// The first thing that is not understood, at its place: then nothing is taken over.
///
/// ```
/// use scanbench_detector::import_rule;
/// use scanbench_spec::Source;
///
/// let query = r#"
/// W3CIISLog
/// | where cIP != "10.0.0.10"
/// | summarize make_set(sPort, 256), Lines = count() by bin(TimeGenerated, 5m), cIP, Computer
/// | where array_length(set_sPort) > 19
/// "#;
/// let imported = import_rule(&Source::new("rule.kql", query))?;
/// assert_eq!(imported.rule.threshold, 20);
/// assert!(!imported.rule.group_by.server);
/// assert!(imported.exclusions.unwrap().contains("c-ip = \"10.0.0.10\""));
/// # Ok::<(), scanbench_spec::Findings>(())
/// ```
pub fn import_rule(source: &Source) -> Result<ImportedRule, Findings> {
    import(source).map_err(|finding| Findings::new(source, vec![finding]))
}

fn import(source: &Source) -> Result<ImportedRule, Finding> {
    let written = yaml::read(source)?;
    let at = |finding: Finding| written.query.place(finding);
    let query = syntax::parse(&written.query.text).map_err(at)?;
    let meaning = meaning::of(&query, &written.query.text).map_err(at)?;
    let mut notes = Vec::new();
    let exclusions = meaning.exclusions(&mut notes).map_err(at)?;
    notes.extend(meaning.notes.iter().cloned());
    let mut published = written.published;
    published.fallbacks.clone_from(&meaning.fallbacks);
    let period = match (written.period, meaning.look_back) {
        (Some(period), Some(back)) => Some(period.min(back)),
        (period, back) => period.or(back),
    };
    published.frequency = written.frequency;
    published.period = period;
    Ok(ImportedRule {
        rule: Rule {
            published: Some(Arc::new(published)),
            ..meaning.rule.clone()
        },
        exclusions,
        frequency: written.frequency,
        period,
        notes: notes.into_iter().map(at).collect(),
    })
}
