//! Rows of one setting on one dataset into counts, for all of it and for each half.

use super::behind::Behind;
use super::halves::{Half, Halves, Split};
use super::measure::{Counts3, Owner, Tally};
use super::{Setting, WindowKind};
use crate::eval::GroundTruth;
use scanbench_detector::{Census, GridKey, GridRow};
use scanbench_generator::truth::Class;
use scanbench_w3c::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// The places of malicious campaigns in the truth.
pub(super) fn malicious(truth: &GroundTruth) -> impl Iterator<Item = usize> + '_ {
    let all = truth.campaigns.iter().enumerate();
    all.filter(|(_, campaign)| campaign.class == Class::Malicious)
        .map(|(place, _)| place)
}

/// Scores the rows of one dataset.
#[derive(Debug)]
pub struct Scorer<'t> {
    pub(super) truth: &'t GroundTruth,
    pub(super) behind: Behind<'t>,
    dataset: usize,
    split: Split,
    pub(super) days: f64,
    /// Benign bins by their width in seconds: of all, and of each half.
    benign: HashMap<u64, [u64; 3]>,
}

/// A row with what stands behind it.
struct Judged<'r> {
    row: &'r GridRow,
    gravest: Option<(Class, usize)>,
    half: Half,
}

impl<'t> Scorer<'t> {
    /// `dataset` is its number, and `nth` that among the datasets of its scenario; the census has these widths, and
    /// lists all bins of the clients of malicious and authorised campaigns.
    #[must_use]
    pub fn new(
        truth: &'t GroundTruth,
        (dataset, nth): (usize, usize),
        halves: Halves,
        census: &Census,
        widths: &[Duration],
    ) -> Self {
        let first = census.first.unwrap_or_default();
        let last = census.last.unwrap_or_default();
        let mut scorer = Self {
            truth,
            behind: Behind::new(truth),
            dataset,
            split: Split::new(halves, nth, truth, (first, last)),
            days: days((first, last)),
            benign: HashMap::new(),
        };
        for (width, bins) in widths.iter().zip(&census.widths) {
            let mut benign = [0; 3];
            let mut add = |start: Timestamp, count: i64| {
                let half = scorer.split.half(None, start);
                for part in [0, half as usize] {
                    benign[part] += count;
                }
            };
            for (start, keys) in &bins.busy {
                add(*start, i64::try_from(*keys).unwrap_or(i64::MAX));
            }
            for bin in &bins.listed {
                let campaigns = scorer
                    .behind
                    .campaigns(&census.keys[bin.key], bin.first, bin.last);
                let gravest = scorer.behind.gravest(campaigns).map(|(class, _)| class);
                if matches!(gravest, Some(Class::Malicious | Class::Authorised)) {
                    add(bin.start, -1);
                }
            }
            let benign = benign.map(|count: i64| count.max(0).unsigned_abs());
            scorer.benign.insert(width.as_secs(), benign);
        }
        scorer
    }

    /// Adds rows, in order of time, to the counts of all data and of each half.
    pub(super) fn tally(
        &self,
        keys: &[GridKey],
        rows: &[GridRow],
        setting: &Setting,
        tallies: &mut [Tally; 3],
    ) {
        let [tuning, reporting] = self.split.parts();
        let benign = self.benign.get(&setting.bin_seconds);
        for (part, (tally, time)) in tallies.iter_mut().zip([1.0, tuning, reporting]).enumerate() {
            tally.days += self.days * time;
            tally.benign_bins += benign.map_or(0, |benign| benign[part]);
        }
        let mut caught: BTreeSet<usize> = BTreeSet::new();
        let mut by_key: BTreeMap<usize, Vec<Judged<'_>>> = BTreeMap::new();
        for row in rows {
            let key = &keys[row.key];
            let campaigns: BTreeSet<usize> =
                self.behind.campaigns(key, row.first, row.last).collect();
            let gravest = self.behind.gravest(campaigns.iter().copied());
            caught.extend(&campaigns);
            let judged = Judged {
                row,
                gravest,
                half: self.split.half(attack(gravest), row.first),
            };
            by_key.entry(row.key).or_default().push(judged);
        }
        for place in malicious(self.truth) {
            let is_caught = u64::from(caught.contains(&place));
            let begins = self.truth.campaigns[place].first.unwrap_or_default();
            let half = self.split.half(Some(place), begins);
            for part in [0, half as usize] {
                let owner = (self.dataset, Owner::Campaign(place));
                tallies[part].recall.insert(owner, (is_caught, 1));
            }
        }
        for (key, rows) in &by_key {
            self.rows(&keys[*key], rows, setting, tallies);
            self.episodes(&keys[*key], rows, setting, tallies);
        }
    }

    fn rows(
        &self,
        key: &GridKey,
        rows: &[Judged<'_>],
        setting: &Setting,
        tallies: &mut [Tally; 3],
    ) {
        let width = Duration::from_secs(setting.bin_seconds);
        let mut hit: BTreeSet<Timestamp> = BTreeSet::new();
        for judged in rows {
            for part in [0, judged.half as usize] {
                let tally = &mut tallies[part];
                let owner = self.owner(key, judged.gravest);
                count(&mut tally.rows, judged.gravest);
                right(&mut tally.right_rows, owner, judged.gravest);
            }
            if matches!(judged.gravest, None | Some((Class::LookAlike, _))) {
                let mut bin = judged.row.first.floor(width);
                while bin <= judged.row.last && !width.is_zero() {
                    if hit.insert(bin) {
                        for part in [0, self.split.half(None, bin) as usize] {
                            let owner = self.owner(key, judged.gravest);
                            *tallies[part].benign_bins_hit.entry(owner).or_default() += 1;
                        }
                    }
                    bin = bin.plus(width);
                }
            }
        }
    }

    /// Rows of one key whose windows overlap or touch are one episode, of the gravest campaign behind any of them.
    fn episodes(
        &self,
        key: &GridKey,
        rows: &[Judged<'_>],
        setting: &Setting,
        tallies: &mut [Tally; 3],
    ) {
        let width = Duration::from_secs(setting.bin_seconds);
        let end = |row: &GridRow| match setting.window {
            WindowKind::Sliding => row.last,
            WindowKind::Tumbling | WindowKind::Hopping => row.start.plus(width),
        };
        let mut until: Option<Timestamp> = None;
        let mut episodes: Vec<Vec<&Judged<'_>>> = Vec::new();
        for judged in rows {
            match episodes.last_mut() {
                Some(open) if until.is_some_and(|until| judged.row.start <= until) => {
                    open.push(judged);
                }
                _ => episodes.push(vec![judged]),
            }
            until = until.max(Some(end(judged.row)));
        }
        for episode in episodes {
            let places = episode
                .iter()
                .filter_map(|judged| judged.gravest.map(|(_, place)| place));
            let gravest = self.behind.gravest(places);
            let half = self.split.half(attack(gravest), episode[0].row.first);
            for part in [0, half as usize] {
                let tally = &mut tallies[part];
                count(&mut tally.episodes, gravest);
                right(&mut tally.right_episodes, self.owner(key, gravest), gravest);
            }
        }
    }

    fn owner(&self, key: &GridKey, gravest: Option<(Class, usize)>) -> (usize, Owner) {
        let owner = match gravest {
            Some((_, place)) => Owner::Campaign(place),
            None => Owner::Client(key.c_ip.clone()),
        };
        (self.dataset, owner)
    }
}

/// Days from the first line to the last, as far as whole seconds tell.
fn days((first, last): (Timestamp, Timestamp)) -> f64 {
    const MS_PER_DAY: f64 = 86_400_000.0;

    let length = u64::try_from(last.millis() - first.millis()).unwrap_or(0);
    super::measure::as_f64(length) / MS_PER_DAY
}

/// The malicious campaign, where it is one.
fn attack(gravest: Option<(Class, usize)>) -> Option<usize> {
    gravest
        .filter(|(class, _)| *class == Class::Malicious)
        .map(|(_, place)| place)
}

fn count(counts: &mut Counts3, gravest: Option<(Class, usize)>) {
    match gravest {
        Some((Class::Malicious, _)) => counts.malicious += 1,
        Some((Class::Authorised, _)) => counts.authorised += 1,
        Some((Class::LookAlike, _)) | None => counts.benign += 1,
    }
}

/// Counts a trial of a precision; allowed scans are none.
fn right(
    clusters: &mut BTreeMap<(usize, Owner), (u64, u64)>,
    owner: (usize, Owner),
    gravest: Option<(Class, usize)>,
) {
    if !matches!(gravest, Some((Class::Authorised, _))) {
        let cluster = clusters.entry(owner).or_default();
        cluster.0 += u64::from(attack(gravest).is_some());
        cluster.1 += 1;
    }
}
