//! A log measured in one pass and bounded memory: twelve properties, each kept for stretches of time, so that halves can
//! be told from the whole and stretches drawn again.

mod property;

pub use property::Property;

use super::histogram::Histogram;
use super::repeats::{Repeats, period};
use super::{hash, number};
use scanbench_detector::{LogFile, Passage, Passenger, Stopped, passage};
use scanbench_generator::family::Family;
use scanbench_w3c::{Field, Record, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// A pause longer than this ends a visit, in seconds.
pub(super) const VISIT_ENDS: i64 = 1_800;
/// Stretches that are kept. When there would be more, they are joined.
const MOST_PARTS: usize = 64;
/// Widths of stretches in hours; beyond the last each is twice the one before. Each divides the next.
const WIDTHS: [i64; 6] = [1, 3, 6, 12, 24, 48];
/// Paths that are told apart; all others count as one.
const MOST_PATHS: usize = 16_384;
/// Status triples that are told apart in a stretch.
const MOST_TRIPLES: usize = 256;
/// Clients and paths that are kept as probes.
const MOST_PROBES: usize = 1_024;
/// Lines between two looks at which visits have ended.
const SWEEP: u64 = 8_192;

/// Status, substatus and the code of Windows.
pub(super) type Triple = (u64, u64, u64);

/// Values with weights, in ascending order.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    /// Names and how many have them.
    Names(Vec<(String, f64)>),
    /// Numbers, as the binary logarithm of one more: a doubling is one step.
    Numbers(Vec<(f64, f64)>),
}

/// What was counted in a stretch of time.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    pub(super) lines: u64,
    /// Lines with a client.
    clients: u64,
    hours: [u64; 24],
    weekdays: [u64; 7],
    sessions: Histogram,
    gaps: Histogram,
    paths: BTreeMap<u32, u64>,
    pub(super) sizes: Histogram,
    times: Histogram,
    pub(super) statuses: BTreeMap<Triple, u64>,
    agents: BTreeMap<Family, u64>,
    probes: BTreeMap<u64, u64>,
    silences: Histogram,
    headers: Histogram,
}

/// A measured log.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// What was read.
    pub passage: Passage,
    /// The first line's time and the last one's.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Stretches in order of time.
    pub(super) parts: Vec<Part>,
    /// The hour in which each begins, since 1970.
    pub(super) begins: Vec<i64>,
    /// Clients with a path and agent that are asked for at even distances.
    pub(super) probes: HashMap<u64, ProbeKey>,
    /// Whether there were more paths than are told apart.
    pub paths_joined: bool,
}

/// A client with a path and agent.
#[derive(Clone, Debug, Default)]
pub(super) struct ProbeKey {
    /// Requests that are known to be at an even distance, of all since it was first known.
    pub(super) even: u64,
    pub(super) all: u64,
    pub(super) distances: Histogram,
}

/// Measures the lines of all logs.
///
/// # Errors
/// [`Stopped::Cancelled`].
pub fn measure(files: &[LogFile], cancelled: &AtomicBool) -> Result<Profile, Stopped> {
    let mut meter = Meter::default();
    let passage = passage(files, cancelled, &mut meter)?;
    Ok(meter.finish(passage))
}

impl Profile {
    /// The stretches of the first half of the lines, and those of the second; `None` where the log is too short for two.
    #[must_use]
    pub fn halves(&self) -> Option<(Vec<usize>, Vec<usize>)> {
        let all: u64 = self.parts.iter().map(|part| part.lines).sum();
        let mut below = 0;
        let cut = (1..self.parts.len()).min_by_key(|cut| {
            below += self.parts[*cut - 1].lines;
            (2 * below).abs_diff(all)
        })?;
        Some(((0..cut).collect(), (cut..self.parts.len()).collect()))
    }

    /// How many stretches there are.
    #[must_use]
    pub fn stretches(&self) -> usize {
        self.parts.len()
    }

    /// The sample of a property in some stretches, each as often as it is named; `None` where there is nothing in it.
    #[must_use]
    pub fn sample(&self, property: Property, stretches: &[usize]) -> Option<Sample> {
        let parts = || stretches.iter().filter_map(|at| self.parts.get(*at));
        let numbers = |of: fn(&Part) -> &Histogram| {
            let mut all = Histogram::default();
            for part in parts() {
                all.merge(of(part));
            }
            in_steps(all.iter())
        };
        let sample =
            match property {
                Property::Hours => named(
                    parts()
                        .flat_map(|part| (0..).zip(part.hours))
                        .map(|(hour, lines): (u8, u64)| (format!("{hour:02}"), lines)),
                ),
                Property::Weekdays => {
                    const DAYS: [&str; 7] = [
                        "1 Mon", "2 Tue", "3 Wed", "4 Thu", "5 Fri", "6 Sat", "7 Sun",
                    ];
                    named(
                        parts()
                            .flat_map(|part| DAYS.into_iter().zip(part.weekdays))
                            .map(|(day, lines)| (day.to_owned(), lines)),
                    )
                }
                Property::Statuses => named(parts().flat_map(|part| &part.statuses).map(
                    |((status, sub, win32), lines)| (format!("{status}.{sub}/{win32}"), *lines),
                )),
                Property::Agents => named(
                    parts()
                        .flat_map(|part| &part.agents)
                        .map(|(family, lines)| (family.name().to_owned(), *lines)),
                ),
                Property::Probes => {
                    let periods = parts()
                        .flat_map(|part| &part.probes)
                        .map(|(period, lines)| (format!("{period:4} s"), *lines));
                    let known: u64 = parts().flat_map(|part| part.probes.values()).sum();
                    let clients: u64 = parts().map(|part| part.clients).sum();
                    named(periods.chain([("none".to_owned(), clients.saturating_sub(known))]))
                }
                Property::Popularity => {
                    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
                    for (path, lines) in parts().flat_map(|part| &part.paths) {
                        *counts.entry(*path).or_default() += lines;
                    }
                    let mut lines: Vec<u64> = counts.into_values().collect();
                    lines.sort_unstable_by(|one, other| other.cmp(one));
                    in_steps((1..).zip(lines))
                }
                Property::Sessions => numbers(|part| &part.sessions),
                Property::Gaps => numbers(|part| &part.gaps),
                Property::Sizes => numbers(|part| &part.sizes),
                Property::Times => numbers(|part| &part.times),
                Property::Silences => numbers(|part| &part.silences),
                Property::Headers => numbers(|part| &part.headers),
            };
        let is_empty = match &sample {
            Sample::Names(names) => names.is_empty(),
            Sample::Numbers(numbers) => numbers.is_empty(),
        };
        (!is_empty).then_some(sample)
    }

    /// The same of all stretches.
    #[must_use]
    pub fn whole(&self, property: Property) -> Option<Sample> {
        self.sample(property, &(0..self.parts.len()).collect::<Vec<_>>())
    }
}

/// A count, exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "no log has 2^53 lines")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

fn named(counts: impl Iterator<Item = (String, u64)>) -> Sample {
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    for (name, lines) in counts.filter(|(_, lines)| *lines > 0) {
        *all.entry(name).or_default() += lines;
    }
    Sample::Names(
        all.into_iter()
            .map(|(name, lines)| (name, float(lines)))
            .collect(),
    )
}

fn in_steps(counts: impl Iterator<Item = (u64, u64)>) -> Sample {
    Sample::Numbers(
        counts
            .map(|(value, times)| (steps(value), float(times)))
            .collect(),
    )
}

fn steps(value: u64) -> f64 {
    (float(value) + 1.0).log2()
}

/// Counts lines.
#[derive(Default)]
struct Meter {
    parts: BTreeMap<i64, Part>,
    /// Position in [`WIDTHS`], or how many doublings beyond.
    width: usize,
    span: Option<(Timestamp, Timestamp)>,
    folder: PathBuf,
    /// Second of the last line of this folder.
    last: Option<i64>,
    /// Lines since the last header block, once there was one in this log.
    under: Option<u64>,
    visits: HashMap<u64, (i64, u64)>,
    repeats: Repeats,
    probes: HashMap<u64, ProbeKey>,
    paths: HashMap<u64, u32>,
    paths_joined: bool,
    lines: u64,
}

impl Passenger for Meter {
    fn log(&mut self, log: &LogFile) {
        self.end_block();
        self.under = None;
        let folder = folder(log);
        if folder != self.folder {
            self.folder = folder;
            self.last = None;
            self.end_visits(i64::MAX);
            self.repeats.clear();
        }
    }

    fn line(&mut self, _number: u64, record: &dyn Record) {
        let time = record.time();
        let second = time.millis().div_euclid(1_000);
        self.lines += 1;
        if self.lines.is_multiple_of(SWEEP) {
            self.end_visits(second);
        }
        self.span = Some(self.span.map_or((time, time), |(first, last)| {
            (first.min(time), last.max(time))
        }));
        self.under = self.under.map(|lines| lines + 1);
        let path = record.get(Field::CsUriStem).map(|path| self.path(path));
        let silence = self.last.map(|last| (second - last).max(0).unsigned_abs());
        self.last = Some(second);
        let client = record.get(Field::CIp).filter(|client| *client != b"-");
        let (mut gap, mut ended, mut probe) = (None, None, None);
        if let Some(client) = client {
            (gap, ended) = self.visit(hash(&[client]), second);
            let key = probe_key(client, record);
            let (known, distance) = self.repeats.request(key, second);
            let may_be_new = self.probes.len() < MOST_PROBES;
            if let Some(one) = self.probes.get_mut(&key) {
                one.all += 1;
                one.even += known;
                if known > 0 {
                    one.distances.add(distance);
                }
            } else if known > 0 && may_be_new {
                let mut distances = Histogram::default();
                distances.add_many(distance, known);
                self.probes.insert(
                    key,
                    ProbeKey {
                        even: known,
                        all: known,
                        distances,
                    },
                );
            }
            probe = (known > 0).then(|| (period(distance), known));
        }
        let part = self.part(second);
        part.lines += 1;
        part.clients += u64::from(client.is_some());
        let hour = usize::try_from(time.millis_of_day() / 3_600_000).unwrap_or(0);
        part.hours[hour.min(23)] += 1;
        part.weekdays[usize::from(time.weekday()).min(6)] += 1;
        if let Some(path) = path {
            *part.paths.entry(path).or_default() += 1;
        }
        if let Some(gap) = gap {
            part.gaps.add(gap);
        }
        if let Some(requests) = ended {
            part.sessions.add(requests);
        }
        if let Some((period, known)) = probe {
            *part.probes.entry(period).or_default() += known;
        }
        if let Some(silence) = silence {
            part.silences.add(silence);
        }
        if let Some(bytes) = number(record.get(Field::ScBytes)) {
            part.sizes.add(bytes);
        }
        if let Some(taken) = number(record.get(Field::TimeTaken)) {
            part.times.add(taken);
        }
        if let Some(triple) = triple(record) {
            let is_known =
                part.statuses.contains_key(&triple) || part.statuses.len() < MOST_TRIPLES;
            *part
                .statuses
                .entry(if is_known { triple } else { (0, 0, 0) })
                .or_default() += 1;
        }
        if let Some(agent) = record.get(Field::CsUserAgent) {
            *part.agents.entry(Family::of(agent)).or_default() += 1;
        }
    }

    fn block(&mut self) {
        // The line that is already counted is the first under the new block.
        self.under = self.under.map(|lines| lines.saturating_sub(1));
        self.end_block();
        self.under = Some(1);
    }
}

impl Meter {
    /// A path by its number; the last one stands for all that are not told apart.
    fn path(&mut self, path: &[u8]) -> u32 {
        let key = hash(&[path]);
        if let Some(number) = self.paths.get(&key) {
            return *number;
        }
        if self.paths.len() >= MOST_PATHS {
            self.paths_joined = true;
            return u32::MAX;
        }
        let number = u32::try_from(self.paths.len()).unwrap_or(u32::MAX);
        self.paths.insert(key, number);
        number
    }

    /// The gap since the request before in the same visit, or the requests of the visit that ended by this one.
    fn visit(&mut self, client: u64, second: i64) -> (Option<u64>, Option<u64>) {
        match self.visits.get_mut(&client) {
            None => {
                self.visits.insert(client, (second, 1));
                (None, None)
            }
            Some((last, requests)) => {
                let gap = second - *last;
                *last = second;
                if gap <= VISIT_ENDS {
                    *requests += 1;
                    (Some(gap.max(0).unsigned_abs()), None)
                } else {
                    (None, Some(std::mem::replace(requests, 1)))
                }
            }
        }
    }

    /// Ends visits that paused until `second`; each belongs to the stretch of its last request.
    fn end_visits(&mut self, second: i64) {
        let ended: Vec<(i64, u64)> = self
            .visits
            .extract_if(|_, (last, _)| second.saturating_sub(*last) > VISIT_ENDS)
            .map(|(_, visit)| visit)
            .collect();
        for (last, requests) in ended {
            self.part(last).sessions.add(requests);
        }
    }

    fn end_block(&mut self) {
        if let (Some(lines @ 1..), Some(last)) = (self.under, self.last) {
            self.part(last).headers.add(lines);
        }
    }

    fn hours(&self) -> i64 {
        let beyond = self.width.saturating_sub(WIDTHS.len() - 1);
        WIDTHS[self.width.min(WIDTHS.len() - 1)] << beyond.min(40)
    }

    /// The stretch of a second.
    fn part(&mut self, second: i64) -> &mut Part {
        let hour = second.div_euclid(3_600);
        loop {
            let at = hour.div_euclid(self.hours());
            if self.parts.len() < MOST_PARTS || self.parts.contains_key(&at) {
                return self.parts.entry(at).or_default();
            }
            let before = self.hours();
            self.width += 1;
            let joined = self.hours() / before;
            for (at, part) in std::mem::take(&mut self.parts) {
                self.parts
                    .entry(at.div_euclid(joined))
                    .or_default()
                    .merge(&part);
            }
        }
    }

    fn finish(mut self, passage: Passage) -> Profile {
        self.end_block();
        self.end_visits(i64::MAX);
        let hours = self.hours();
        Profile {
            passage,
            span: self.span,
            begins: self.parts.keys().map(|at| at * hours).collect(),
            parts: self.parts.into_values().collect(),
            probes: self.probes,
            paths_joined: self.paths_joined,
        }
    }
}

impl Part {
    fn merge(&mut self, other: &Self) {
        fn add<K: Ord + Copy>(own: &mut BTreeMap<K, u64>, other: &BTreeMap<K, u64>) {
            for (key, lines) in other {
                *own.entry(*key).or_default() += lines;
            }
        }
        self.lines += other.lines;
        self.clients += other.clients;
        for (own, other) in self.hours.iter_mut().zip(other.hours) {
            *own += other;
        }
        for (own, other) in self.weekdays.iter_mut().zip(other.weekdays) {
            *own += other;
        }
        add(&mut self.paths, &other.paths);
        add(&mut self.statuses, &other.statuses);
        add(&mut self.agents, &other.agents);
        add(&mut self.probes, &other.probes);
        self.sessions.merge(&other.sessions);
        self.gaps.merge(&other.gaps);
        self.sizes.merge(&other.sizes);
        self.times.merge(&other.times);
        self.silences.merge(&other.silences);
        self.headers.merge(&other.headers);
    }
}

/// The folder of a log, which stands for its site.
pub(super) fn folder(log: &LogFile) -> PathBuf {
    let mut folder = log.path.clone().unwrap_or_default();
    folder.pop();
    if let Some(member) = &log.member {
        folder.push(member);
        folder.pop();
    }
    folder
}

/// A client with a path and agent.
pub(super) fn probe_key(client: &[u8], record: &dyn Record) -> u64 {
    let get = |field| record.get(field).unwrap_or_default();
    hash(&[client, get(Field::CsUriStem), get(Field::CsUserAgent)])
}

pub(super) fn triple(record: &dyn Record) -> Option<Triple> {
    let status = number(record.get(Field::ScStatus))?;
    let rest = |field| number(record.get(field)).unwrap_or(0);
    Some((status, rest(Field::ScSubstatus), rest(Field::ScWin32Status)))
}

#[cfg(test)]
mod tests;
