//! What became of each campaign.

use super::Runs;
use super::rows::Judge;
use scanbench_generator::truth::{Class, Kind, Reason};
use serde::Serialize;

/// A campaign and the rows that it made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CampaignOutcome {
    /// The campaign's id.
    pub id: String,
    /// What it did.
    pub kind: Kind,
    /// What stands behind it.
    pub class: Class,
    /// The server.
    pub server: String,
    /// Ports that it touched.
    pub ports_probed: u64,
    /// Ports that its lines show.
    pub ports_logged: u64,
    /// Its lines.
    pub lines: u64,
    /// Rows of the rule alone with lines of this campaign.
    pub rows_without_exclusions: u64,
    /// Rows that are left with all exclusions in force.
    pub rows_with_exclusions: u64,
    /// Exclusions that, alone, leave none of its rows.
    pub hidden_by: Vec<String>,
    /// Why the rule has nothing to fire on, where that is so.
    pub reason: Option<Reason>,
}

pub(super) fn outcomes(judge: &Judge<'_>, runs: &Runs) -> Vec<CampaignOutcome> {
    let without = judge.rows_by_campaign(&runs.without);
    let with = judge.rows_by_campaign(&runs.with);
    let alone: Vec<_> = runs
        .alone
        .iter()
        .map(|alone| (&alone.id, judge.rows_by_campaign(&alone.rows)))
        .collect();
    judge
        .truth
        .campaigns
        .iter()
        .map(|campaign| {
            let id = campaign.id.as_str();
            let rows_without = without.get(id).copied().unwrap_or(0);
            CampaignOutcome {
                id: campaign.id.clone(),
                kind: campaign.kind,
                class: campaign.class,
                server: campaign.server.clone(),
                ports_probed: campaign.ports_probed,
                ports_logged: campaign.ports_logged,
                lines: campaign.lines,
                rows_without_exclusions: rows_without,
                rows_with_exclusions: with.get(id).copied().unwrap_or(0),
                hidden_by: alone
                    .iter()
                    .filter(|(_, rows)| rows_without > 0 && !rows.contains_key(id))
                    .map(|(exclusion, _)| (*exclusion).clone())
                    .collect(),
                reason: campaign.reason,
            }
        })
        .collect()
}
