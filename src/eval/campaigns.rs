//! What became of each campaign.

use super::rows::Judge;
use super::units::Units;
use scanbench_generator::truth::{Class, Kind, Reason};
use serde::Serialize;
use std::collections::BTreeMap;

/// A campaign and the rows that it made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CampaignOutcome {
    /// The campaign's id.
    pub id: String,
    /// The dataset, by its place among those that were scored.
    pub dataset: usize,
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

/// The campaigns of one dataset, in the order of its truth. `hidden_by` has exclusions by the campaign's place there.
pub(super) fn outcomes(
    dataset: usize,
    judge: &Judge<'_>,
    without: &Units,
    with: &Units,
    mut hidden_by: BTreeMap<usize, Vec<String>>,
) -> Vec<CampaignOutcome> {
    let rows = |units: &Units, position| units.campaigns.get(&position).map_or(0, Vec::len) as u64;
    judge
        .truth
        .campaigns
        .iter()
        .enumerate()
        .map(|(position, campaign)| CampaignOutcome {
            id: campaign.id.clone(),
            dataset,
            kind: campaign.kind,
            class: campaign.class,
            server: campaign.server.clone(),
            ports_probed: campaign.ports_probed,
            ports_logged: campaign.ports_logged,
            lines: campaign.lines,
            rows_without_exclusions: rows(without, position),
            rows_with_exclusions: rows(with, position),
            hidden_by: hidden_by.remove(&position).unwrap_or_default(),
            reason: campaign.reason,
        })
        .collect()
}
