//! What is counted of a set of rows: rows, episodes and campaigns, each with what stands behind it.

use super::rows::{Judge, Verdict};
use scanbench_detector::{Alert, Window, episode_rows};
use std::collections::{BTreeMap, BTreeSet};

/// A row, or an episode of several.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// By their place among the rows.
    pub(super) rows: Vec<usize>,
    pub(super) verdict: Verdict,
    /// Whose it is: of the gravest campaign behind it, else of its client.
    pub(super) owner: String,
}

/// Rows, episodes and campaigns of a set of rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Units {
    pub(super) rows: Vec<Unit>,
    pub(super) episodes: Vec<Unit>,
    /// The rows of each campaign that has any, by its place in the truth.
    pub(super) campaigns: BTreeMap<usize, Vec<usize>>,
}

impl Units {
    /// Those of the rows that are wanted.
    pub(super) fn new(
        judge: &Judge<'_>,
        alerts: &[Alert],
        window: &Window,
        wanted: &dyn Fn(&Alert) -> bool,
    ) -> Self {
        let mut units = Self::default();
        let mut behind: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let unit = |rows: Vec<usize>, campaigns: &BTreeSet<usize>| {
            let (verdict, gravest) = judge.gravest(campaigns);
            Unit {
                owner: match gravest {
                    Some(position) => judge.campaign(position).id.clone(),
                    None => format!("client {}", alerts[rows[0]].c_ip),
                },
                rows,
                verdict,
            }
        };
        for (row, alert) in alerts.iter().enumerate().filter(|(_, alert)| wanted(alert)) {
            let campaigns = judge.campaigns(alert, window);
            for campaign in &campaigns {
                units.campaigns.entry(*campaign).or_default().push(row);
            }
            units.rows.push(unit(vec![row], &campaigns));
            behind.insert(row, campaigns);
        }
        for mut rows in episode_rows(alerts, window) {
            rows.retain(|row| behind.contains_key(row));
            if !rows.is_empty() {
                let campaigns = rows.iter().flat_map(|row| &behind[row]).copied().collect();
                units.episodes.push(unit(rows, &campaigns));
            }
        }
        units
    }
}
