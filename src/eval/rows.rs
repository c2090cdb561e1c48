//! Rows by what stands behind them.

use super::{GroundTruth, Share};
use scanbench_detector::Alert;
use scanbench_generator::truth::{Campaign, Class, Kind, Window};
use scanbench_w3c::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What tells a row from all others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RowKey {
    /// Start of the bin, RFC 3339.
    #[serde(serialize_with = "as_text")]
    pub bin: Timestamp,
    /// The client.
    pub c_ip: String,
    /// The server's name.
    pub computer: String,
    /// The server's address.
    pub s_ip: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn as_text<S: serde::Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

impl From<&Alert> for RowKey {
    fn from(alert: &Alert) -> Self {
        Self {
            bin: alert.time_generated,
            c_ip: alert.c_ip.clone(),
            computer: alert.computer.clone(),
            s_ip: alert.s_ip.clone(),
        }
    }
}

impl From<&Window> for RowKey {
    fn from(window: &Window) -> Self {
        Self {
            bin: window.bin,
            c_ip: window.c_ip.to_string(),
            computer: window.computer.clone(),
            s_ip: window.s_ip.to_string(),
        }
    }
}

/// What a row is, by the gravest campaign with lines in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// An attack: a right alert.
    Malicious,
    /// An allowed scan: right by behaviour, benign by intent, and counted apart.
    Authorised,
    /// A benign look-alike of this kind: a false alert.
    LookAlike(Kind),
    /// No labelled line: a false alert.
    Background,
}

/// Rows by verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// Right alerts.
    pub malicious: u64,
    /// Allowed scans.
    pub authorised: u64,
    /// False alerts by kind of look-alike.
    pub look_alike: BTreeMap<Kind, u64>,
    /// False alerts with no labelled line.
    pub background: u64,
}

impl RowCounts {
    /// False alerts: look-alikes and background.
    #[must_use]
    pub fn false_rows(&self) -> u64 {
        self.look_alike.values().sum::<u64>() + self.background
    }

    pub(super) fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Malicious => self.malicious += 1,
            Verdict::Authorised => self.authorised += 1,
            Verdict::LookAlike(kind) => *self.look_alike.entry(kind).or_default() += 1,
            Verdict::Background => self.background += 1,
        }
    }
}

/// The truth, by row.
pub(super) struct Judge<'t> {
    pub(super) truth: &'t GroundTruth,
    campaigns: HashMap<&'t str, &'t Campaign>,
    windows: HashMap<RowKey, &'t Window>,
}

impl<'t> Judge<'t> {
    pub(super) fn new(truth: &'t GroundTruth) -> Self {
        Self {
            truth,
            campaigns: truth
                .campaigns
                .iter()
                .map(|one| (one.id.as_str(), one))
                .collect(),
            windows: truth
                .windows
                .iter()
                .map(|one| (RowKey::from(one), one))
                .collect(),
        }
    }

    /// The campaigns with lines in this row.
    pub(super) fn campaigns(&self, row: &RowKey) -> impl Iterator<Item = &'t Campaign> {
        let ids = self
            .windows
            .get(row)
            .map_or(&[][..], |window| &window.campaigns);
        ids.iter()
            .filter_map(|id| self.campaigns.get(id.as_str()).copied())
    }

    pub(super) fn verdict(&self, row: &RowKey) -> Verdict {
        self.campaigns(row)
            .map(|campaign| match campaign.class {
                Class::Malicious => Verdict::Malicious,
                Class::Authorised => Verdict::Authorised,
                Class::LookAlike => Verdict::LookAlike(campaign.kind),
            })
            .min()
            .unwrap_or(Verdict::Background)
    }

    pub(super) fn count(&self, rows: &[Alert]) -> RowCounts {
        let mut counts = RowCounts::default();
        for row in rows {
            counts.add(self.verdict(&RowKey::from(row)));
        }
        counts
    }

    /// How many rows each campaign has.
    pub(super) fn rows_by_campaign(&self, rows: &[Alert]) -> HashMap<&'t str, u64> {
        let mut counts = HashMap::new();
        for row in rows {
            for campaign in self.campaigns(&RowKey::from(row)) {
                *counts.entry(campaign.id.as_str()).or_default() += 1;
            }
        }
        counts
    }

    /// Malicious campaigns with a row, of all of them that did anything.
    pub(super) fn recall(&self, rows: &[Alert]) -> Share {
        let found = self.rows_by_campaign(rows);
        let malicious = || {
            let all = self.truth.campaigns.iter();
            all.filter(|campaign| campaign.class == Class::Malicious)
        };
        let caught = malicious().filter(|campaign| found.contains_key(campaign.id.as_str()));
        Share::new(caught.count() as u64, malicious().count() as u64)
    }

    /// Rows that the truth expects and that are not there, and rows that are there and not expected.
    pub(super) fn agreement(&self, rows: &[Alert]) -> (Vec<RowKey>, Vec<RowKey>) {
        let expected: BTreeSet<RowKey> = self
            .truth
            .windows
            .iter()
            .filter(|window| window.must_fire)
            .map(RowKey::from)
            .collect();
        let given: BTreeSet<RowKey> = rows.iter().map(RowKey::from).collect();
        (
            expected.difference(&given).cloned().collect(),
            given.difference(&expected).cloned().collect(),
        )
    }
}
