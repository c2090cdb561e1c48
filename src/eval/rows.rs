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
            .flat_map(|windows| windows.range(first.floor(BIN)..behind))
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

#[cfg(test)]
mod tests {
    use super::super::made::{BINS, alert, at, campaign, window};
    use super::*;

    /// The attack has lines in the bins 0 and 10, from minute 5 to minute 12; the work of the same client only in bin 0,
    /// though it goes on until 40; the scan that is allowed, of another client, in bin 0.
    fn truth() -> GroundTruth {
        GroundTruth {
            campaigns: vec![
                campaign("work", Class::LookAlike, (0, 40)),
                campaign("attack", Class::Malicious, (5, 12)),
                campaign("allowed", Class::Authorised, (0, 5)),
            ],
            windows: vec![
                window(0, 1, 40, &["work", "attack"]),
                window(10, 1, 29, &["attack"]),
                window(0, 2, 40, &["allowed"]),
            ],
            ..GroundTruth::default()
        }
    }

    fn behind(row: &Alert, window: &Window) -> Vec<usize> {
        let truth = truth();
        let found = Judge::new(&truth).campaigns(row, window);
        found.into_iter().collect()
    }

    #[test]
    fn rows_of_bins() {
        assert_eq!(behind(&alert(0, 1), &BINS), [0, 1]);
        assert_eq!(behind(&alert(10, 1), &BINS), [1]);
        assert!(behind(&alert(20, 1), &BINS).is_empty());
        assert_eq!(behind(&alert(0, 2), &BINS), [2]);
        assert!(behind(&alert(0, 3), &BINS).is_empty());
    }

    /// Windows from one moment to another: the end of a tumbling one does not belong to it, that of a sliding one is its
    /// last line, which does.
    #[test]
    fn rows_of_other_windows() {
        let sliding = Window::Sliding { width: BIN };
        let session = Window::Session { gap: BIN };
        let millis = |minute: i64, more: i64| Timestamp::from_millis(at(minute).millis() + more);
        let row = |from: Timestamp, to: Timestamp| Alert {
            time_generated: from,
            window_end: Some(to),
            ..alert(0, 1)
        };
        // The attack begins at 5: a line then is in time, one a millisecond before is not.
        assert_eq!(behind(&row(at(1), at(5)), &sliding), [0, 1]);
        assert_eq!(behind(&row(at(1), at(5)), &session), [0, 1]);
        assert_eq!(behind(&row(at(1), at(5)), &BINS), [0]);
        assert_eq!(behind(&row(at(1), millis(5, -1)), &sliding), [0]);
        // It ends at 12, and the work has no line in the bin of 10.
        assert_eq!(behind(&row(at(12), at(19)), &sliding), [1]);
        assert!(behind(&row(millis(12, 1), at(19)), &sliding).is_empty());
        // From the middle of a bin on, that bin counts too; before 20, no bin of the client does.
        assert_eq!(behind(&row(at(9), at(30)), &sliding), [0, 1]);
        assert!(behind(&row(at(20), at(30)), &sliding).is_empty());
    }

    /// What a rule did not group by fits all; what it did must be the same.
    #[test]
    fn open_keys() {
        let mut row = alert(0, 1);
        row.computer.clear();
        assert_eq!(behind(&row, &BINS), [0, 1]);
        row.c_ip.clear();
        assert_eq!(behind(&row, &BINS), [0, 1, 2]);
        row.computer = "WEB02".to_owned();
        assert!(behind(&row, &BINS).is_empty());
    }

    #[test]
    fn the_gravest_is_what_a_row_is() {
        let mut truth = truth();
        truth
            .campaigns
            .push(campaign("later", Class::Malicious, (0, 5)));
        let found = |places: &[usize]| {
            let judge = Judge::new(&truth);
            judge.gravest(&places.iter().copied().collect())
        };
        assert_eq!(found(&[0, 1, 2, 3]), (Verdict::Malicious, Some(1)));
        assert_eq!(found(&[0, 2]), (Verdict::Authorised, Some(2)));
        assert_eq!(found(&[0]), (Verdict::LookAlike(Kind::Backend), Some(0)));
        assert_eq!(found(&[]), (Verdict::Background, None));
        truth.unlabelled_is_unknown = true;
        assert_eq!(
            Judge::new(&truth).gravest(&BTreeSet::new()),
            (Verdict::Unknown, None)
        );
    }

    #[test]
    fn counts_by_verdict() {
        let mut counts = RowCounts::default();
        let look_alike = |kind| Verdict::LookAlike(kind);
        for (times, verdict) in [
            (1, Verdict::Malicious),
            (2, Verdict::Authorised),
            (4, look_alike(Kind::Backend)),
            (8, look_alike(Kind::Proxy)),
            (16, Verdict::Background),
            (32, Verdict::Unknown),
        ] {
            for _ in 0..times {
                counts.add(verdict);
            }
        }
        assert_eq!((counts.false_rows(), counts.all()), (28, 63));
        assert_eq!(
            (
                counts.malicious,
                counts.authorised,
                counts.background,
                counts.unknown
            ),
            (1, 2, 16, 32)
        );
        assert_eq!(
            counts.look_alike,
            BTreeMap::from([(Kind::Backend, 4), (Kind::Proxy, 8)])
        );
    }

    /// The rule must fire in bin 0 on both clients. One row is there, one is of a bin with too few ports, one of a bin
    /// without a labelled line, and one of a client that has none.
    #[test]
    fn agreement_with_the_truth() {
        let mut truth = truth();
        let rows = [alert(0, 1), alert(10, 1), alert(20, 1), alert(0, 3)];
        let told = |truth: &GroundTruth| {
            let (missing, unexpected) = Judge::new(truth).agreement(&rows);
            let short = |keys: Vec<RowKey>| -> Vec<String> {
                let minute = |key: &RowKey| (key.bin.millis() - at(0).millis()) / 60_000;
                keys.iter()
                    .map(|key| format!("{} {}", minute(key), key.c_ip))
                    .collect()
            };
            (short(missing), short(unexpected))
        };
        let (missing, unexpected) = told(&truth);
        assert_eq!(missing, ["0 10.0.0.2"]);
        assert_eq!(unexpected, ["0 10.0.0.3", "10 10.0.0.1", "20 10.0.0.1"]);
        // Of recorded lines the truth knows only the windows in which it labelled some.
        truth.unlabelled_is_unknown = true;
        let (missing, unexpected) = told(&truth);
        assert_eq!(missing, ["0 10.0.0.2"]);
        assert_eq!(unexpected, ["10 10.0.0.1"]);
    }

    #[test]
    fn keys_as_they_are_written() {
        let expected = serde_json::json!({
            "bin": "2026-11-02T00:10:00Z", "c_ip": "10.0.0.1", "computer": "WEB01", "s_ip": "10.0.0.100",
        });
        assert_eq!(
            serde_json::to_value(RowKey::from(&alert(10, 1))).unwrap(),
            expected
        );
        assert_eq!(
            RowKey::from(&window(10, 1, 40, &[])),
            RowKey::from(&alert(10, 1))
        );
    }
}
