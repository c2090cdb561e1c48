//! What each campaign did, and why the rule has nothing to fire on where it has nothing.

use super::{BIN, Campaign, Reason, THRESHOLD};
use crate::request::{CampaignNumber, Contact, Probe, Request};
use crate::world::{CampaignPlan, World};
use scanbench_w3c::Timestamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

/// Counts the lines and probes of the campaigns on one server.
pub(crate) struct CampaignCounter<'w> {
    world: &'w World<'w>,
    /// By the campaign's position.
    tallies: BTreeMap<u32, Tally>,
}

#[derive(Default)]
struct Tally {
    first: Option<i64>,
    last: Option<i64>,
    probed: BTreeSet<u16>,
    logged: BTreeSet<u16>,
    lines: u64,
    contacts: u64,
    fires: bool,
    clients: BTreeSet<IpAddr>,
    /// By client and server address, as the rule groups.
    keys: BTreeMap<(IpAddr, IpAddr), KeyTally>,
}

/// What one key saw: ports in all, and the most within any ten minutes. It remembers ten minutes of lines.
#[derive(Default)]
struct KeyTally {
    ports: BTreeSet<u16>,
    recent: VecDeque<(i64, u16)>,
    /// How often each port stands in `recent`.
    times: BTreeMap<u16, u32>,
    most_in_span: usize,
}

impl Tally {
    fn seen(&mut self, from: i64, until: i64) {
        self.first = Some(self.first.map_or(from, |first| first.min(from)));
        self.last = Some(self.last.map_or(until, |last| last.max(until)));
    }

    fn reason(&self, plan: &CampaignPlan) -> Reason {
        if !plan.asks {
            return Reason::NoRequest;
        }
        let best = |count: fn(&KeyTally) -> usize| self.keys.values().map(count).max().unwrap_or(0);
        if self.logged.len() < THRESHOLD {
            return if plan.shared && self.lines > 0 {
                Reason::SharedClient
            } else if self.probed.len() >= THRESHOLD {
                Reason::UnboundPorts
            } else {
                Reason::BelowThreshold
            };
        }
        if best(|key| key.ports.len()) < THRESHOLD {
            Reason::SplitByKey
        } else if best(|key| key.most_in_span) >= THRESHOLD {
            Reason::SplitByBin
        } else {
            Reason::BelowThreshold
        }
    }
}

impl KeyTally {
    fn add(&mut self, time: i64, port: u16) {
        self.ports.insert(port);
        self.recent.push_back((time, port));
        *self.times.entry(port).or_default() += 1;
        let span = i64::try_from(BIN.as_millis()).unwrap_or(i64::MAX);
        while let Some((_, gone)) = self.recent.pop_front_if(|(first, _)| time - *first >= span) {
            if let Some(times) = self.times.get_mut(&gone) {
                *times -= 1;
                if *times == 0 {
                    self.times.remove(&gone);
                }
            }
        }
        self.most_in_span = self.most_in_span.max(self.times.len());
    }
}

impl<'w> CampaignCounter<'w> {
    pub(crate) fn new(world: &'w World<'w>) -> Self {
        Self {
            world,
            tallies: BTreeMap::new(),
        }
    }

    /// Counts a probe, whether or not it leaves a line.
    pub(crate) fn probe(&mut self, probe: Probe) {
        let tally = self.tallies.entry(probe.campaign).or_default();
        tally.probed.insert(probe.port);
        tally.seen(probe.time, probe.time);
    }

    /// Counts a contact that only HTTP.sys logs.
    pub(crate) fn contact(&mut self, contact: &Contact) {
        let Some(campaign) = contact.campaign else {
            return;
        };
        let tally = self.tallies.entry(campaign).or_default();
        tally.contacts += 1;
        tally.clients.insert(contact.client);
        tally.seen(contact.time, contact.time);
    }

    /// Counts a request that is logged.
    pub(crate) fn count(&mut self, request: &Request) {
        let Some(campaign) = request.campaign.map(CampaignNumber::position) else {
            return;
        };
        let plan = &self.world.campaigns()[campaign as usize];
        let server = &self.world.scenario().servers()[plan.server];
        let client = request.client.ip();
        let tally = self.tallies.entry(campaign).or_default();
        tally.probed.insert(request.port);
        tally.logged.insert(request.port);
        tally.lines += 1;
        tally.clients.insert(client);
        tally.seen(request.start(), request.end);
        // The rule sees whole seconds.
        let second = Timestamp::from_millis(request.end).floor(Duration::from_secs(1));
        tally
            .keys
            .entry((client, server.address_at(request.address)))
            .or_default()
            .add(second.millis(), request.port);
    }

    /// The rule must fire on lines of these campaigns.
    pub(crate) fn fires(&mut self, campaigns: &BTreeSet<u32>) {
        for campaign in campaigns {
            self.tallies.entry(*campaign).or_default().fires = true;
        }
    }

    /// The campaigns of all servers, in the order of the scenario.
    pub(crate) fn finish(world: &World<'_>, counters: Vec<Self>) -> Vec<Campaign> {
        let mut tallies: BTreeMap<u32, Tally> = counters
            .into_iter()
            .flat_map(|counter| counter.tallies)
            .collect();
        let second = |millis| Timestamp::from_millis(millis).floor(Duration::from_secs(1));
        (0..)
            .zip(world.campaigns())
            .map(|(position, plan)| {
                let tally = tallies.remove(&position).unwrap_or_default();
                let mut clients = plan.clients.clone();
                clients.extend(
                    tally
                        .clients
                        .iter()
                        .filter(|client| !plan.clients.contains(client)),
                );
                Campaign {
                    id: plan.id.clone(),
                    kind: plan.kind,
                    class: plan.class,
                    clients,
                    server: world.scenario().servers()[plan.server].name.clone(),
                    first: tally.first.map(second),
                    last: tally.last.map(second),
                    ports_probed: tally.probed.len() as u64,
                    ports_logged: tally.logged.len() as u64,
                    lines: tally.lines,
                    contacts: tally.contacts,
                    expected_to_fire: tally.fires,
                    reason: (!tally.fires).then(|| tally.reason(plan)),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Class, Kind};
    use super::*;

    fn tally(times: impl IntoIterator<Item = (i64, u16)>) -> Tally {
        let mut tally = Tally::default();
        let address = IpAddr::from([10, 0, 0, 1]);
        for (time, port) in times {
            tally.probed.insert(port);
            tally.logged.insert(port);
            tally
                .keys
                .entry((address, address))
                .or_default()
                .add(time, port);
        }
        tally
    }

    #[test]
    fn reasons() {
        let mut plan = CampaignPlan {
            id: String::new(),
            kind: Kind::Scan,
            class: Class::Malicious,
            clients: Vec::new(),
            server: 0,
            shared: false,
            asks: true,
        };
        // 40 ports, one each 15 s: 40 within any ten minutes.
        let fast = tally((0..40).map(|n| (i64::from(n) * 15_000, n + 1)));
        assert_eq!(fast.reason(&plan), Reason::SplitByBin);
        // One each 25 s: 24 within any ten minutes.
        let slow = tally((0..40).map(|n| (i64::from(n) * 25_000, n + 1)));
        assert_eq!(slow.reason(&plan), Reason::BelowThreshold);
        let mut two = tally([(0, 80), (1, 443)]);
        assert_eq!(two.reason(&plan), Reason::BelowThreshold);
        two.probed.extend(1..=100);
        assert_eq!(two.reason(&plan), Reason::UnboundPorts);
        two.lines = 2;
        plan.shared = true;
        assert_eq!(two.reason(&plan), Reason::SharedClient);
        let mut parted = tally((0..20).map(|n| (0, n + 1)));
        let other = IpAddr::from([10, 0, 0, 2]);
        for port in 21..=40 {
            parted.logged.insert(port);
            parted.keys.entry((other, other)).or_default().add(0, port);
        }
        assert_eq!(parted.reason(&plan), Reason::SplitByKey);
        plan.asks = false;
        assert_eq!(tally([]).reason(&plan), Reason::NoRequest);
    }
}
