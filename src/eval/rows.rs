//! Rows by what stands behind them.

use super::GroundTruth;
use scanbench_detector::{Alert, Window};
use scanbench_generator::truth::{BIN, Campaign, Class, Kind, Window as TrueWindow};
use scanbench_w3c::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// What tells a row from all others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize)]
pub struct RowKey {
    /// Start of the bin, RFC 3339.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "String")]
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

impl From<&TrueWindow> for RowKey {
    fn from(window: &TrueWindow) -> Self {
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
    /// No labelled line, and nobody knows what the others are: neither right nor false.
    Unknown,
}

/// Rows or episodes by verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct RowCounts {
    /// Right alerts.
    pub malicious: u64,
    /// Allowed scans.
    pub authorised: u64,
    /// False alerts by kind of look-alike.
    #[schemars(with = "BTreeMap<String, u64>")]
    pub look_alike: BTreeMap<Kind, u64>,
    /// False alerts with no labelled line.
    pub background: u64,
    /// Alerts on recorded lines alone, of which nobody knows what they are.
    pub unknown: u64,
}

impl RowCounts {
    /// False alerts: look-alikes and background.
    #[must_use]
    pub fn false_rows(&self) -> u64 {
        self.look_alike.values().sum::<u64>() + self.background
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.malicious + self.authorised + self.false_rows() + self.unknown
    }

    pub(super) fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Malicious => self.malicious += 1,
            Verdict::Authorised => self.authorised += 1,
            Verdict::LookAlike(kind) => *self.look_alike.entry(kind).or_default() += 1,
            Verdict::Background => self.background += 1,
            Verdict::Unknown => self.unknown += 1,
        }
    }
}

/// The windows of one client, computer and server address that have labelled lines, by the start of their bins.
type Windows<'t> = BTreeMap<Timestamp, &'t TrueWindow>;

/// The truth, by row.
pub(super) struct Judge<'t> {
    pub(super) truth: &'t GroundTruth,
    positions: HashMap<&'t str, usize>,
    /// By client, computer and server address.
    windows: HashMap<[String; 3], Windows<'t>>,
}

impl<'t> Judge<'t> {
    pub(super) fn new(truth: &'t GroundTruth) -> Self {
        let mut windows: HashMap<[String; 3], Windows<'t>> = HashMap::new();
        for window in &truth.windows {
            let RowKey {
                bin,
                c_ip,
                computer,
                s_ip,
            } = RowKey::from(window);
            let one = windows.entry([c_ip, computer, s_ip]).or_default();
            one.insert(bin, window);
        }
        Self {
            truth,
            positions: truth
                .campaigns
                .iter()
                .enumerate()
                .map(|(position, one)| (one.id.as_str(), position))
                .collect(),
            windows,
        }
    }

    pub(super) fn campaign(&self, position: usize) -> &'t Campaign {
        &self.truth.campaigns[position]
    }

    /// The campaigns with lines in this row, by their place in the truth. A row whose window is not a bin of the truth
    /// has those that were active in it and have lines in a bin that it overlaps; a key by which the rule did not group
    /// fits all.
    pub(super) fn campaigns(&self, row: &Alert, window: &Window) -> BTreeSet<usize> {
        let (first, behind) = span(row, window);
        let key = [&row.c_ip, &row.computer, &row.s_ip];
        let is_open = key.iter().any(|part| part.is_empty());
        let fits = |other: &[String; 3]| {
            key.iter()
                .zip(other)
                .all(|(mine, theirs)| mine.is_empty() || *mine == theirs)
        };
        let exact = (!is_open).then(|| self.windows.get(&key.map(String::clone)));
        let open = self
            .windows
            .iter()
            .filter(|(other, _)| is_open && fits(other));
        let windows = exact
            .flatten()
            .into_iter()
            .chain(open.map(|(_, windows)| windows));
        windows
            .flat_map(|windows| windows.range(floor_before(first)..behind))
            .filter(|(bin, _)| bin.plus(BIN) > first)
            .flat_map(|(_, window)| &window.campaigns)
            .filter_map(|id| self.positions.get(id.as_str()).copied())
            .filter(|position| {
                let one = self.campaign(*position);
                one.first.is_none_or(|begin| begin < behind)
                    && one.last.is_none_or(|end| end >= first)
            })
            .collect()
    }

    /// The gravest of some campaigns, the first of the truth among equals.
    pub(super) fn gravest(&self, campaigns: &BTreeSet<usize>) -> (Verdict, Option<usize>) {
        campaigns
            .iter()
            .map(|position| (self.verdict(*position), Some(*position)))
            .min_by_key(|(verdict, position)| (*verdict, *position))
            .unwrap_or((self.nobodys(), None))
    }

    /// What a row without a labelled line is.
    fn nobodys(&self) -> Verdict {
        if self.truth.unlabelled_is_unknown {
            Verdict::Unknown
        } else {
            Verdict::Background
        }
    }

    fn verdict(&self, position: usize) -> Verdict {
        let campaign = self.campaign(position);
        match campaign.class {
            Class::Malicious => Verdict::Malicious,
            Class::Authorised => Verdict::Authorised,
            Class::LookAlike => Verdict::LookAlike(campaign.kind),
        }
    }

    /// The gravest class behind a window of the truth; `None` for background.
    pub(super) fn class_of(&self, window: &TrueWindow) -> Option<Class> {
        let campaigns = window
            .campaigns
            .iter()
            .filter_map(|id| self.positions.get(id.as_str()).copied())
            .collect();
        let (_, gravest) = self.gravest(&campaigns);
        gravest.map(|position| self.campaign(position).class)
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
        // Of keys with unlabelled lines alone the truth of recorded logs says nothing.
        let is_told = |row: &&Alert| {
            let key = [&row.c_ip, &row.computer, &row.s_ip].map(String::clone);
            let windows = self.windows.get(&key);
            !self.truth.unlabelled_is_unknown
                || windows.is_some_and(|windows| windows.contains_key(&row.time_generated))
        };
        let given: BTreeSet<RowKey> = rows.iter().filter(is_told).map(RowKey::from).collect();
        (
            expected.difference(&given).cloned().collect(),
            given.difference(&expected).cloned().collect(),
        )
    }
}

/// The start of the bin of the truth that holds a moment.
fn floor_before(moment: Timestamp) -> Timestamp {
    moment.floor(BIN)
}

/// The first moment of a row's window, and the first behind it.
fn span(row: &Alert, window: &Window) -> (Timestamp, Timestamp) {
    let first = row.time_generated;
    let behind = match (row.window_end, window) {
        // Of these the end is the last line, which belongs to it.
        (Some(end), Window::Sliding { .. } | Window::Session { .. }) => {
            end.plus(Duration::from_millis(1))
        }
        (Some(end), _) => end,
        (None, window) => window.end(first),
    };
    (first, behind)
}
