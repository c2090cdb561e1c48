//! Exclusions of other tools into a list of ours, as a text that people read before they use it. What cannot be taken
//! over is an error at its place, never silence.

mod elastic;
mod sigma;
mod sigma_condition;
mod watchlist;

use super::Stage;
use super::draft::{self, Draft};
use scanbench_spec::{Finding, Severity, Source};

/// Whose exclusions they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A Sentinel watchlist: CSV.
    SentinelWatchlist,
    /// Elastic exception items: TOML as in the detection-rules repository, or NDJSON as Kibana exports it.
    Elastic,
    /// Sigma filters: YAML.
    Sigma,
}

impl Origin {
    /// By what stands in a file; `None` where that cannot be told.
    #[must_use]
    pub fn of(source: &Source) -> Option<Self> {
        let text = source.text();
        let first = text
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty() && !line.starts_with('#'))?;
        if text.contains("[[exceptions") || (first.starts_with('{') && text.contains("\"entries\""))
        {
            Some(Self::Elastic)
        } else if text.lines().any(|line| line.trim_end() == "filter:") {
            Some(Self::Sigma)
        } else if watchlist::is_header(first) {
            Some(Self::SentinelWatchlist)
        } else {
            None
        }
    }
}

/// What came of an import.
#[derive(Clone, Debug)]
pub struct Import {
    /// The list, in TOML. Without what could not be taken over.
    pub list: String,
    /// What could not be taken over (errors), and what should be looked at (warnings).
    pub findings: Vec<Finding>,
}

impl Import {
    /// Whether something could not be taken over.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        let mut findings = self.findings.iter();
        findings.any(|finding| finding.severity == Severity::Error)
    }
}

/// Makes a list of ours; `stage` is that of exclusions whose origin does not say one.
#[must_use]
pub fn import(source: &Source, origin: Origin, stage: Stage) -> Import {
    let mut findings = Vec::new();
    let drafts = match origin {
        Origin::SentinelWatchlist => watchlist::drafts(source, &mut findings),
        Origin::Elastic => elastic::drafts(source, &mut findings),
        Origin::Sigma => sigma::drafts(source, &mut findings),
    };
    if drafts.is_empty() && findings.is_empty() {
        findings.push(Finding::new("no exclusion was found in this file"));
    }
    let list = draft::write(drafts, stage, &mut findings);
    Import { list, findings }
}

#[cfg(test)]
mod tests;
