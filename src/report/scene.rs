//! What pictures show and scores do not keep: when campaigns and rows were, how many ports each window had, and
//! which rows exclusions take away.

use super::charts::edge::Edge;
use crate::eval::{CampaignOutcome, Evaluation, GroundTruth, Runs};
use scanbench_detector::{Alert, Window};
use scanbench_generator::truth::{BIN, Campaign, Class, Window as TrueWindow};
use scanbench_w3c::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// A scored dataset, with all that pictures of it need.
#[derive(Clone, Debug)]
pub struct Scene<'a> {
    /// The scores: of this dataset first, and perhaps of more.
    pub evaluation: &'a Evaluation,
    /// Distinct values that make a row.
    pub threshold: u64,
    /// How time is cut.
    pub window: Window,
    /// Servers, those with most rows first and then by name, each with its campaigns in the order of the truth.
    pub servers: Vec<Server<'a>>,
    /// Rows of the rule alone, first in time first.
    pub rows: Vec<Row<'a>>,
}

/// A server and who was there.
#[derive(Clone, Debug)]
pub struct Server<'a> {
    /// Its name.
    pub name: &'a str,
    /// Who was there.
    pub campaigns: Vec<Lane<'a>>,
    /// Rows with no campaign behind them, as indices of [`Scene::rows`].
    pub unlabelled: Vec<usize>,
}

impl Server<'_> {
    fn rows(&self) -> usize {
        let of_campaigns: usize = self.campaigns.iter().map(|lane| lane.rows.len()).sum();
        of_campaigns + self.unlabelled.len()
    }
}

/// A campaign in time.
#[derive(Clone, Debug)]
pub struct Lane<'a> {
    /// What became of it.
    pub outcome: &'a CampaignOutcome,
    /// Its first contact and its last; `None` where it did nothing.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Distinct ports of each window with lines of it, and how many windows have so many.
    pub windows: BTreeMap<u64, u64>,
    /// Its rows, as indices of [`Scene::rows`].
    pub rows: Vec<usize>,
}

/// A row of the rule alone.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// As the detector gave it.
    pub alert: &'a Alert,
    /// Where its window ends.
    pub end: Timestamp,
    /// The gravest class behind it; `None` for background.
    pub class: Option<Class>,
    /// The campaigns with lines in it.
    pub campaigns: Vec<&'a str>,
    /// Whether it is left with all exclusions in force.
    pub left: bool,
    /// Exclusions that take it away alone.
    pub removed_by: Vec<&'a str>,
}

impl<'a> Scene<'a> {
    /// Brings rows and truth of the first dataset together. `threshold` is the number of distinct values that makes
    /// a row.
    #[must_use]
    pub fn new(
        evaluation: &'a Evaluation,
        truth: &'a GroundTruth,
        runs: &'a Runs<'_>,
        threshold: u64,
    ) -> Self {
        let campaigns: HashMap<&str, &Campaign> = truth
            .campaigns
            .iter()
            .map(|one| (one.id.as_str(), one))
            .collect();
        let rows = rows(truth, runs, &campaigns);
        let mut ports: HashMap<&str, BTreeMap<u64, u64>> = HashMap::new();
        for window in &truth.windows {
            for id in &window.campaigns {
                let counts = ports.entry(id).or_default();
                *counts.entry(window.ports).or_default() += 1;
            }
        }
        let mut rows_of: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, row) in rows.iter().enumerate() {
            for &id in &row.campaigns {
                rows_of.entry(id).or_default().push(index);
            }
        }
        let mut servers: BTreeMap<&str, Server<'a>> = BTreeMap::new();
        for outcome in evaluation.campaigns.iter().filter(|one| one.dataset == 0) {
            let id = outcome.id.as_str();
            let lane = Lane {
                outcome,
                span: campaigns
                    .get(id)
                    .and_then(|one| one.first.zip(one.last))
                    .filter(|(first, last)| first <= last),
                windows: ports.remove(id).unwrap_or_default(),
                rows: rows_of.remove(id).unwrap_or_default(),
            };
            server(&mut servers, &outcome.server).campaigns.push(lane);
        }
        for (index, row) in rows.iter().enumerate() {
            if row.campaigns.is_empty() {
                server(&mut servers, &row.alert.computer)
                    .unlabelled
                    .push(index);
            }
        }
        let mut servers: Vec<Server<'a>> = servers.into_values().collect();
        servers.sort_by_key(|server| std::cmp::Reverse(server.rows()));
        Self {
            evaluation,
            threshold,
            window: runs.window,
            servers,
            rows,
        }
    }

    /// What the edges of the rule's bins hide; only tumbling ones hide anything at all.
    pub(super) fn edge(&self) -> Option<Edge<'static>> {
        let Window::Tumbling { width } = self.window else {
            return None;
        };
        Some(Edge {
            threshold: u32::try_from(self.threshold).ok()?,
            bin_seconds: width.as_secs_f64(),
            measured: &[],
        })
    }

    /// All campaigns, by server.
    pub fn lanes(&self) -> impl Iterator<Item = &Lane<'a>> {
        self.servers.iter().flat_map(|server| &server.campaigns)
    }
}

fn server<'s, 'a>(
    servers: &'s mut BTreeMap<&'a str, Server<'a>>,
    name: &'a str,
) -> &'s mut Server<'a> {
    servers.entry(name).or_insert_with(|| Server {
        name,
        campaigns: Vec::new(),
        unlabelled: Vec::new(),
    })
}

fn rows<'a>(
    truth: &'a GroundTruth,
    runs: &'a Runs<'_>,
    campaigns: &HashMap<&str, &Campaign>,
) -> Vec<Row<'a>> {
    let mut windows: HashMap<(String, &str, String), Vec<&'a TrueWindow>> = HashMap::new();
    for window in &truth.windows {
        let key = (
            window.c_ip.to_string(),
            window.computer.as_str(),
            window.s_ip.to_string(),
        );
        windows.entry(key).or_default().push(window);
    }
    let mut rows: Vec<Row<'a>> = runs
        .without
        .iter()
        .enumerate()
        .map(|(index, alert)| {
            let start = alert.time_generated;
            let end = alert.window_end.unwrap_or_else(|| runs.window.end(start));
            let key = (
                alert.c_ip.clone(),
                alert.computer.as_str(),
                alert.s_ip.clone(),
            );
            let mut ids: Vec<&'a str> = windows
                .get(&key)
                .into_iter()
                .flatten()
                .filter(|window| window.bin < end && start < window.bin.plus(BIN))
                .flat_map(|window| window.campaigns.iter().map(String::as_str))
                .collect();
            ids.sort_unstable();
            ids.dedup();
            Row {
                alert,
                end,
                class: ids
                    .iter()
                    .filter_map(|id| campaigns.get(id))
                    .map(|campaign| campaign.class)
                    .min_by_key(|class| gravity(*class)),
                left: runs.coalition.is_left(index, &|_| true),
                removed_by: runs
                    .exclusions
                    .iter()
                    .enumerate()
                    .filter(|(place, _)| !runs.coalition.is_left(index, &|other| other == *place))
                    .map(|(_, one)| one.id.as_str())
                    .collect(),
                campaigns: ids,
            }
        })
        .collect();
    rows.sort_by_key(|row| row.alert.time_generated);
    rows
}

/// An attack in a row makes it a right one, whoever else is in it.
fn gravity(class: Class) -> u8 {
    match class {
        Class::Malicious => 0,
        Class::Authorised => 1,
        Class::LookAlike => 2,
    }
}

#[cfg(test)]
pub(crate) mod tests;
