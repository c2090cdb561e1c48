//! What a log's traffic is like, site by site and with monitoring apart from visits: all that a fitted background keeps.

use super::histogram::Histogram;
use super::profile::{Profile, Triple, VISIT_ENDS, folder, probe_key, triple};
use super::{hash, number};
use scanbench_detector::{LogFile, Passenger};
use scanbench_generator::family::Family;
use scanbench_w3c::{Field, Record, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

/// Sites that are told apart: folders with logs. The lines of further ones are counted as the last one's.
const MOST_SITES: usize = 32;
/// Clients that ask at even distances, of each site.
const MOST_BEATS: usize = 8;
/// Requests at an even distance that make one.
const LEAST_EVEN: u64 = 12;
/// Paths that are counted one by one.
const MOST_PATHS: usize = 65_536;
/// Clients that are counted.
const MOST_CLIENTS: usize = 1_000_000;
/// Status triples that are told apart.
const MOST_TRIPLES: usize = 256;
/// Lines between two looks at which visits have ended.
const SWEEP: u64 = 8_192;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// One site.
#[derive(Default)]
pub(super) struct Site {
    pub(super) lines: u64,
    pub(super) fields: BTreeSet<Field>,
    pub(super) ports: BTreeMap<u16, u64>,
    /// Whether a log holds lines of several days.
    pub(super) has_long_logs: bool,
    /// Seconds of the first line and of the last.
    pub(super) span: Option<(i64, i64)>,
    pub(super) visits: Traffic,
    pub(super) beats: BTreeMap<u64, Traffic>,
}

/// Lines of one sort.
#[derive(Default)]
pub(super) struct Traffic {
    pub(super) lines: u64,
    pub(super) hours: [u64; 24],
    pub(super) weekdays: [u64; 7],
    pub(super) days: BTreeMap<i64, u64>,
    pub(super) replies: BTreeMap<Triple, Reply>,
    pub(super) agents: BTreeMap<Family, u64>,
    pub(super) posts: u64,
    pub(super) referers: u64,
    pub(super) paths: HashMap<u64, u64>,
    /// Requests for paths beyond those that are counted.
    pub(super) other_paths: u64,
    pub(super) clients: HashSet<u64>,
    pub(super) sessions: Histogram,
    /// Seconds between two requests of a visit; of a client that asks at even distances, between any two.
    pub(super) gaps: Histogram,
    pub(super) span: Option<(i64, i64)>,
    open: HashMap<u64, (i64, u64)>,
}

/// Answers of one sort.
#[derive(Default)]
pub(super) struct Reply {
    pub(super) lines: u64,
    pub(super) bytes: Histogram,
    pub(super) taken: Histogram,
}

/// Takes lines apart.
pub(super) struct Shaper {
    /// Clients with a path and agent that ask at even distances.
    even: HashSet<u64>,
    pub(super) sites: Vec<Site>,
    folder: Option<PathBuf>,
    /// The day of the first line of this log.
    day: Option<i64>,
    lines: u64,
}

impl Shaper {
    /// Knows from a profile of the same logs who asks at even distances.
    pub(super) fn new(profile: &Profile) -> Self {
        let even = profile
            .probes
            .iter()
            .filter(|(_, one)| one.even >= LEAST_EVEN && 2 * one.even >= one.all);
        Self {
            even: even.map(|(key, _)| *key).collect(),
            sites: Vec::new(),
            folder: None,
            day: None,
            lines: 0,
        }
    }

    /// The sites, all visits ended. Of clients that ask at even distances the busiest are kept apart.
    pub(super) fn finish(mut self) -> Vec<Site> {
        for site in &mut self.sites {
            site.visits.end_visits(i64::MAX);
        }
        self.sites.retain(|site| site.lines > 0);
        self.sites
    }
}

impl Passenger for Shaper {
    fn log(&mut self, log: &LogFile) {
        let folder = folder(log);
        self.day = None;
        if self.folder.as_ref() != Some(&folder) {
            self.folder = Some(folder);
            if let Some(site) = self.sites.last_mut() {
                site.visits.end_visits(i64::MAX);
            }
            if self.sites.len() < MOST_SITES {
                self.sites.push(Site::default());
            }
        }
    }

    fn line(&mut self, _number: u64, record: &dyn Record) {
        self.lines += 1;
        let sweeps = self.lines.is_multiple_of(SWEEP);
        let Some(site) = self.sites.last_mut() else {
            return;
        };
        let time = record.time();
        let second = time.millis().div_euclid(1_000);
        if site.lines.is_multiple_of(64) {
            site.fields.extend(
                Field::ALL
                    .into_iter()
                    .filter(|field| record.get(*field).is_some()),
            );
        }
        site.lines += 1;
        site.span = Some(widened(site.span, second));
        if let Some(port) = record.port() {
            *site.ports.entry(port).or_default() += 1;
        }
        let day = second.div_euclid(DAY);
        site.has_long_logs |= *self.day.get_or_insert(day) != day;
        let client = record.get(Field::CIp).unwrap_or_default();
        let key = probe_key(client, record);
        let is_even = self.even.contains(&key)
            && (site.beats.contains_key(&key) || site.beats.len() < MOST_BEATS);
        if is_even {
            let beat = site.beats.entry(key).or_default();
            if let Some((_, last)) = beat.span {
                beat.gaps.add((second - last).max(0).unsigned_abs());
            }
            beat.line(record, time, second);
        } else {
            if sweeps {
                site.visits.end_visits(second);
            }
            site.visits.visit(hash(&[client]), second);
            site.visits.line(record, time, second);
        }
    }

    fn block(&mut self) {}
}

fn widened(span: Option<(i64, i64)>, second: i64) -> (i64, i64) {
    span.map_or((second, second), |(first, last)| {
        (first.min(second), last.max(second))
    })
}

impl Traffic {
    fn line(&mut self, record: &dyn Record, time: Timestamp, second: i64) {
        self.lines += 1;
        self.span = Some(widened(self.span, second));
        let hour = usize::try_from(time.millis_of_day() / 3_600_000).unwrap_or(0);
        self.hours[hour.min(23)] += 1;
        self.weekdays[usize::from(time.weekday()).min(6)] += 1;
        *self.days.entry(second.div_euclid(DAY)).or_default() += 1;
        if let Some(triple) = triple(record)
            && (self.replies.contains_key(&triple) || self.replies.len() < MOST_TRIPLES)
        {
            let reply = self.replies.entry(triple).or_default();
            reply.lines += 1;
            if let Some(bytes) = number(record.get(Field::ScBytes)) {
                reply.bytes.add(bytes);
            }
            if let Some(taken) = number(record.get(Field::TimeTaken)) {
                reply.taken.add(taken);
            }
        }
        if let Some(agent) = record.get(Field::CsUserAgent) {
            *self.agents.entry(Family::of(agent)).or_default() += 1;
        }
        self.posts += u64::from(record.get(Field::CsMethod) == Some(b"POST"));
        self.referers += u64::from(
            record
                .get(Field::CsReferer)
                .is_some_and(|referer| referer != b"-"),
        );
        let path = hash(&[record.get(Field::CsUriStem).unwrap_or_default()]);
        if self.paths.len() < MOST_PATHS || self.paths.contains_key(&path) {
            *self.paths.entry(path).or_default() += 1;
        } else {
            self.other_paths += 1;
        }
    }

    fn visit(&mut self, client: u64, second: i64) {
        if self.clients.len() < MOST_CLIENTS {
            self.clients.insert(client);
        }
        let Some((last, requests)) = self.open.get_mut(&client) else {
            self.open.insert(client, (second, 1));
            return;
        };
        let gap = second - *last;
        *last = second;
        if gap <= VISIT_ENDS {
            *requests += 1;
            self.gaps.add(gap.max(0).unsigned_abs());
        } else {
            let ended = std::mem::replace(requests, 1);
            self.sessions.add(ended);
        }
    }

    fn end_visits(&mut self, second: i64) {
        let ended = self
            .open
            .extract_if(|_, (last, _)| second.saturating_sub(*last) > VISIT_ENDS);
        for (_, (_, requests)) in ended {
            self.sessions.add(requests);
        }
    }
}
