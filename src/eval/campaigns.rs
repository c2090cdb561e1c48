//! What became of each campaign.

use super::rows::Judge;
use super::units::Units;
use scanbench_generator::truth::{Class, Kind, Reason};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A campaign and the rows that it made.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct CampaignOutcome {
    /// The campaign's id.
    pub id: String,
    /// The dataset, by its place among those that were scored.
    pub dataset: usize,
    /// What it did.
    #[schemars(with = "String")]
    pub kind: Kind,
    /// What stands behind it.
    #[schemars(with = "String")]
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
    #[schemars(with = "Option<String>")]
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

#[cfg(test)]
mod tests {
    use super::super::made::{alert, campaign, runs, window};
    use super::super::{GroundTruth, evaluate};
    use super::*;

    /// One campaign with three rows, of which an exclusion takes one, another the other two, and one is left by neither;
    /// a second campaign with none.
    #[test]
    fn rows_of_each_campaign() {
        let truth = GroundTruth {
            campaigns: vec![
                campaign("quiet", Class::Malicious, (0, 5)),
                campaign("loud", Class::LookAlike, (10, 40)),
            ],
            windows: vec![
                window(0, 1, 5, &["quiet"]),
                window(10, 2, 40, &["loud"]),
                window(20, 2, 40, &["loud"]),
                window(30, 2, 40, &["loud"]),
            ],
            ..GroundTruth::default()
        };
        let loud = |taken: [&'static [usize]; 3]| {
            let rows = [10, 20, 30].map(|minute| alert(minute, 2));
            let all: Vec<_> = rows.into_iter().zip(taken).collect();
            let evaluation = evaluate(&truth, &runs(&all));
            let counts = evaluation.campaigns.into_iter().map(|one| {
                (
                    one.id,
                    one.rows_without_exclusions,
                    one.rows_with_exclusions,
                    one.hidden_by,
                )
            });
            counts.collect::<Vec<_>>()
        };
        let quiet = || ("quiet".to_owned(), 0, 0, vec![]);
        let of_loud = |with, by: &[&str]| {
            let by = by.iter().map(|id| (*id).to_owned()).collect();
            ("loud".to_owned(), 3, with, by)
        };
        assert_eq!(loud([&[0], &[1], &[]]), [quiet(), of_loud(1, &[])]);
        assert_eq!(loud([&[0], &[1], &[1]]), [quiet(), of_loud(0, &[])]);
        // By place in the list, whatever the order in which they were found.
        assert_eq!(
            loud([&[2, 0], &[2, 0], &[1, 2, 0]]),
            [quiet(), of_loud(0, &["x0", "x2"])]
        );
    }
}
