//! What exclusions remove, and what they hide.

use super::AloneRun;
use super::rows::{Judge, RowCounts, RowKey};
use scanbench_detector::Alert;
use scanbench_generator::truth::Class;
use serde::Serialize;
use std::collections::HashSet;

/// What an exclusion, or several together, change in the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Effect {
    /// Rows that are gone, by what stood behind them.
    pub rows_removed: RowCounts,
    /// Malicious campaigns that had rows and have none left.
    pub campaigns_hidden: Vec<String>,
    /// Malicious campaigns that lost rows and have some left.
    pub campaigns_hidden_in_part: Vec<String>,
}

/// An exclusion, in force alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExclusionOutcome {
    /// Its id.
    pub id: String,
    /// `event` or `alert`.
    pub stage: &'static str,
    /// Lines that it matches.
    pub lines: u64,
    /// What it does.
    #[serde(flatten)]
    pub effect: Effect,
    /// Promises of its `expect` that do not hold.
    pub broken: Vec<Broken>,
}

/// A promise that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// The key in `[exclusion.expect]`.
    pub promise: &'static str,
    /// What it says.
    pub promised: u64,
    /// What is so.
    pub measured: u64,
}

impl ExclusionOutcome {
    pub(super) fn new(judge: &Judge<'_>, without: &[Alert], alone: &AloneRun) -> Self {
        let effect = effect(judge, without, &alone.rows);
        let hidden = effect.campaigns_hidden.len() as u64;
        let removed = (without.len() - alone.rows.len()) as u64;
        let broken = [
            (
                "max-hidden-campaigns",
                alone.expect.max_hidden_campaigns,
                hidden,
                hidden <= alone.expect.max_hidden_campaigns.unwrap_or(u64::MAX),
            ),
            (
                "max-hidden-rows",
                alone.expect.max_hidden_rows,
                effect.rows_removed.malicious,
                effect.rows_removed.malicious <= alone.expect.max_hidden_rows.unwrap_or(u64::MAX),
            ),
            (
                "max-hidden-authorised",
                alone.expect.max_hidden_authorised,
                effect.rows_removed.authorised,
                effect.rows_removed.authorised
                    <= alone.expect.max_hidden_authorised.unwrap_or(u64::MAX),
            ),
            (
                "min-removed-alerts",
                alone.expect.min_removed_alerts,
                removed,
                removed >= alone.expect.min_removed_alerts.unwrap_or(0),
            ),
        ];
        Self {
            id: alone.id.clone(),
            stage: alone.stage.name(),
            lines: alone.lines,
            effect,
            broken: broken
                .into_iter()
                .filter(|(_, _, _, holds)| !holds)
                .filter_map(|(promise, promised, measured, _)| {
                    Some(Broken {
                        promise,
                        promised: promised?,
                        measured,
                    })
                })
                .collect(),
        }
    }
}

/// What is different between the rows without exclusions and the rows with some.
pub(super) fn effect(judge: &Judge<'_>, without: &[Alert], with: &[Alert]) -> Effect {
    let kept: HashSet<RowKey> = with.iter().map(RowKey::from).collect();
    let mut effect = Effect::default();
    for row in without
        .iter()
        .map(RowKey::from)
        .filter(|row| !kept.contains(row))
    {
        effect.rows_removed.add(judge.verdict(&row));
    }
    let (before, after) = (
        judge.rows_by_campaign(without),
        judge.rows_by_campaign(with),
    );
    for campaign in &judge.truth.campaigns {
        if campaign.class != Class::Malicious {
            continue;
        }
        let rows = |counts: &std::collections::HashMap<&str, u64>| {
            counts.get(campaign.id.as_str()).copied().unwrap_or(0)
        };
        match (rows(&before), rows(&after)) {
            (before, after) if after == before => {}
            (_, 0) => effect.campaigns_hidden.push(campaign.id.clone()),
            _ => effect.campaigns_hidden_in_part.push(campaign.id.clone()),
        }
    }
    effect
}
