//! The rule in the words of other engines, with exclusions. What a target cannot say is an error, never silence.

mod kql;
mod sigma;
mod sql;

use crate::client::ClientSource;
use crate::exclusion::codes::NOT_EXPRESSIBLE;
use crate::exclusion::{ClickHouse, DuckDb, Exclusion, Spark};
use crate::window::Window;
use crate::{Count, Exclusions, Rule};
use scanbench_spec::Finding;
use scanbench_w3c::acts;
use std::time::Duration;

/// Where a rule can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleTarget {
    /// A query for Sentinel and Azure Data Explorer, over `W3CIISLog`.
    Kql,
    /// A scheduled analytics rule of Sentinel with that query.
    SentinelYaml,
    /// A Sigma rule and a correlation over it (Sigma specification 2.1).
    Sigma,
    /// SQL of Apache Spark 4.
    SparkSql,
    /// SQL of DuckDB.
    DuckDbSql,
    /// SQL of `ClickHouse`.
    ClickHouseSql,
}

/// Writes a rule and the exclusions that are switched on. Rows have the columns of the rule's query, under their names.
///
/// # Errors
/// Everything that the target cannot say; what is about an exclusion, at its place in the list.
///
/// ```
/// use scanbench_detector::{Exclusions, Rule, RuleTarget, export_rule};
///
/// let query = export_rule(&Rule::default(), &Exclusions::default(), RuleTarget::Kql).unwrap();
/// assert!(query.contains("| where portCount >= portThreshold"));
/// ```
pub fn export_rule(
    rule: &Rule,
    exclusions: &Exclusions,
    target: RuleTarget,
) -> Result<String, Vec<Finding>> {
    let list: Vec<&Exclusion> = exclusions
        .list()
        .iter()
        .filter(|exclusion| exclusion.is_enabled())
        .collect();
    let unsaid = |why: &str, help: &str| {
        vec![
            Finding::new(format!("the rule cannot be said: {why}"))
                .help(help)
                .code(&NOT_EXPRESSIBLE),
        ]
    };
    let Window::Tumbling { width } = rule.window else {
        return Err(unsaid(
            "only tumbling windows are written, since engines have no exact sliding windows and sessions",
            "leave --window out, or run the rule with `scanbench detect`",
        ));
    };
    if rule.client != ClientSource::Logged {
        return Err(unsaid(
            "the W3CIISLog table has no custom fields, so no client behind a proxy",
            "leave --client-field out, or run the rule with `scanbench detect`",
        ));
    }
    let sayable = Sayable { rule, width };
    match target {
        RuleTarget::Kql => kql::query(&sayable, &list),
        RuleTarget::SentinelYaml => kql::yaml(&sayable, &list),
        RuleTarget::Sigma => sigma::rules(&sayable, &list),
        RuleTarget::SparkSql => sql::query(&sayable, &list, &Spark, "Apache Spark 4"),
        RuleTarget::DuckDbSql => sql::query(&sayable, &list, &DuckDb, "DuckDB"),
        RuleTarget::ClickHouseSql => sql::query(&sayable, &list, &ClickHouse, "ClickHouse"),
    }
}

/// A rule that targets can say.
struct Sayable<'r> {
    rule: &'r Rule,
    width: Duration,
}

impl Sayable<'_> {
    /// The columns of the keys, in the order of the query's `by`.
    fn keys(&self) -> Vec<&'static str> {
        let by = self.rule.group_by;
        let keys = [
            (by.client, "cIP"),
            (by.computer, "Computer"),
            (by.server, "sIP"),
        ];
        let keys = keys.into_iter().filter(|(is_key, _)| *is_key);
        keys.map(|(_, column)| column).collect()
    }

    /// The column whose distinct values count.
    fn counted(&self) -> &'static str {
        match self.rule.count {
            Count::Port => "sPort",
            Count::Host => "csHost",
            Count::UriStem => "csUriStem",
        }
    }

    fn title(&self) -> String {
        let published = self.rule.published.as_deref();
        let name = published.and_then(|published| published.name.clone());
        let name = name
            .unwrap_or_else(|| "High count of connections by client IP on many ports".to_owned());
        let plain = |char: char| if acts(char) { ' ' } else { char };
        name.chars().map(plain).collect()
    }

    fn limit(&self) -> Option<usize> {
        self.rule.set_limit.map(std::num::NonZeroUsize::get)
    }

    /// The columns of rows, in the order of the query's `project`.
    fn columns(&self) -> Vec<&'static str> {
        let mut columns = vec!["TimeGenerated", "cIP", "set_sPort"];
        match self.rule.count {
            Count::Port => {}
            Count::Host => columns.push("set_csHost"),
            Count::UriStem => columns.push("set_csUriStem"),
        }
        columns.extend([
            "set_csUserName",
            "set_decodedUriQuery",
            "Computer",
            "set_sSiteName",
            "sIP",
            "set_csUserAgent",
            "set_csMethod",
            "set_scStatusFull",
            "set_scStatusFull_Friendly",
            "set_scWin32Status_Hex",
            "set_scWin32Status_Friendly",
            "ConnectionsCount",
            "portCount",
        ]);
        let keys = self.keys();
        let is_absent =
            |column: &&str| ["cIP", "Computer", "sIP"].contains(column) && !keys.contains(column);
        columns.retain(|column| !is_absent(column));
        columns
    }

    /// What every header says.
    fn header(&self, lead: &str, target: &str, differs: &[String]) -> String {
        let mut lines = vec![
            format!(
                "{} for {target}, written by scanbench {}.",
                self.title(),
                env!("CARGO_PKG_VERSION")
            ),
            format!(
                "A row for each {} s, {} with {} or more distinct values of {}.",
                self.width.as_secs(),
                self.keys().join(", "),
                self.rule.threshold,
                self.counted(),
            ),
        ];
        if let Some(limit) = self.limit() {
            lines.push(format!(
                "Sets keep at most {limit} values, and counts are those of sets, as in the rule."
            ));
        }
        lines.extend(differs.iter().cloned());
        let lines: Vec<String> = lines
            .iter()
            .map(|line| format!("{lead} {line}\n"))
            .collect();
        lines.concat()
    }
}

#[cfg(test)]
mod tests;
