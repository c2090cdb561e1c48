//! What is counted while lines are put in: which were written, whose windows they stand in beside old lines, and which
//! addresses were there already.

use crate::request::{CampaignNumber, Request};
use crate::truth::{BIN, Campaign, CampaignCounter, Collision, THRESHOLD, Window};
use crate::world::World;
use scanbench_w3c::{Entry, Field, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

/// Bin, client, computer, server address: as the rule groups.
type Key = (i64, IpAddr, String, IpAddr);

/// The books of one run.
pub(super) struct Books<'w> {
    world: &'w World<'w>,
    /// All requests, server by server and there in the order of their ends.
    pub(super) requests: Vec<Request>,
    written: Vec<bool>,
    watched: HashMap<Vec<u8>, Watched>,
    windows: BTreeMap<Key, Seen>,
    pub(super) old_lines: u64,
    pub(super) new_lines: u64,
    pub(super) labelled: u64,
    pub(super) added_directives: u64,
    pub(super) unwritten: u64,
    /// First and last moment of all lines.
    pub(super) span: Option<(i64, i64)>,
}

/// A client of a campaign.
#[derive(Debug, Default)]
struct Watched {
    bins: BTreeSet<i64>,
    campaigns: BTreeSet<u32>,
    /// Old lines of the same client.
    lines: u64,
}

#[derive(Debug, Default)]
struct Seen {
    ports: BTreeSet<u16>,
    lines: u64,
    campaigns: BTreeSet<u32>,
}

fn bin_of(millis: i64) -> i64 {
    Timestamp::from_millis(millis).floor(BIN).millis()
}

impl<'w> Books<'w> {
    pub(super) fn new(world: &'w World<'w>, requests: Vec<Request>) -> Self {
        let mut watched: HashMap<Vec<u8>, Watched> = HashMap::new();
        for request in &requests {
            let client = request.client.ip().to_string().into_bytes();
            let one = watched.entry(client).or_default();
            one.bins.insert(bin_of(request.end));
            one.campaigns
                .extend(request.campaign.map(CampaignNumber::position));
        }
        Self {
            world,
            written: vec![false; requests.len()],
            requests,
            watched,
            windows: BTreeMap::new(),
            old_lines: 0,
            new_lines: 0,
            labelled: 0,
            added_directives: 0,
            unwritten: 0,
            span: None,
        }
    }

    fn see(&mut self, millis: i64) {
        let (first, last) = self.span.get_or_insert((millis, millis));
        *first = millis.min(*first);
        *last = millis.max(*last);
    }

    /// Counts an old line. Where its client is a campaign's too, it may stand in the same window.
    pub(super) fn old(&mut self, entry: &Entry<'_>, computer: &str) {
        self.old_lines += 1;
        let millis = entry.time().millis();
        self.see(millis);
        let Some(client) = entry.get(Field::CIp) else {
            return;
        };
        let Some(watched) = self.watched.get_mut(client) else {
            return;
        };
        watched.lines += 1;
        let bin = bin_of(millis);
        let address = |value: &[u8]| std::str::from_utf8(value).ok()?.parse().ok();
        if watched.bins.contains(&bin)
            && let (Some(client), Some(server)) =
                (address(client), entry.get(Field::SIp).and_then(address))
        {
            let named = entry.get(Field::SComputername);
            let computer = match named.filter(|name| *name != b"-") {
                Some(name) => String::from_utf8_lossy(name).into_owned(),
                None => computer.to_owned(),
            };
            let seen = self
                .windows
                .entry((bin, client, computer, server))
                .or_default();
            seen.ports.extend(entry.port());
            seen.lines += 1;
        }
    }

    /// Counts a new line.
    pub(super) fn new_line(&mut self, number: usize, computer: &str, server: IpAddr) {
        let request = self.requests[number];
        self.written[number] = true;
        self.new_lines += 1;
        self.see(request.end - request.end.rem_euclid(1000));
        let key = (
            bin_of(request.end),
            request.client.ip(),
            computer.to_owned(),
            server,
        );
        let seen = self.windows.entry(key).or_default();
        seen.ports.insert(request.port);
        seen.lines += 1;
        if let Some(campaign) = request.campaign {
            seen.campaigns.insert(campaign.position());
            self.labelled += 1;
        }
    }

    /// Addresses that are campaigns' and in the logs too, or servers'.
    pub(super) fn collisions(&self) -> Vec<Collision> {
        let servers = self.world.scenario().servers();
        let mut found: Vec<Collision> = self
            .watched
            .iter()
            .filter_map(|(client, watched)| {
                let address = String::from_utf8_lossy(client).into_owned();
                let is_server = servers
                    .iter()
                    .any(|server| server.all_addresses().any(|own| own.to_string() == address));
                let campaigns = watched
                    .campaigns
                    .iter()
                    .map(|campaign| self.world.campaigns()[*campaign as usize].id.clone())
                    .collect();
                (watched.lines > 0 || is_server).then_some(Collision {
                    address,
                    campaigns,
                    lines: watched.lines,
                    is_server,
                })
            })
            .collect();
        found.sort_by(|one, other| one.address.cmp(&other.address));
        found
    }

    /// The windows with labelled lines, and the campaigns.
    pub(super) fn finish(self, mut counter: CampaignCounter<'w>) -> (Vec<Window>, Vec<Campaign>) {
        for (request, written) in self.requests.iter().zip(&self.written) {
            if *written {
                counter.count(request);
            }
        }
        let mut windows = Vec::new();
        for ((bin, c_ip, computer, s_ip), seen) in self.windows {
            if seen.campaigns.is_empty() {
                continue;
            }
            let must_fire = seen.ports.len() >= THRESHOLD;
            if must_fire {
                counter.fires(&seen.campaigns);
            }
            windows.push(Window {
                bin: Timestamp::from_millis(bin),
                c_ip,
                computer,
                s_ip,
                ports: seen.ports.len() as u64,
                lines: seen.lines,
                campaigns: seen
                    .campaigns
                    .iter()
                    .map(|campaign| self.world.campaigns()[*campaign as usize].id.clone())
                    .collect(),
                must_fire,
            });
        }
        let campaigns = CampaignCounter::finish(self.world, vec![counter]);
        (windows, campaigns)
    }
}
