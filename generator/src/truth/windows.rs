//! The windows that the rule should see, counted from the requests themselves by the plainest means: a map from
//! key to the set of ports. Detectors are held against this, so it must be right before it is fast.

use super::{BIN, THRESHOLD, Window};
use crate::request::Request;
use crate::scenario::Scenario;
use crate::world::World;
use scanbench_w3c::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Bin start, client, computer, server address: the four keys of the rule.
type Key<'s> = (i64, IpAddr, &'s str, IpAddr);

#[derive(Default)]
struct Seen {
    ports: BTreeSet<u16>,
    lines: u64,
    campaigns: BTreeSet<u32>,
}

/// Counts windows, and lets go of those whose bin has passed.
pub(crate) struct WindowCounter<'s> {
    scenario: &'s Scenario,
    open: BTreeMap<Key<'s>, Seen>,
}

impl<'s> WindowCounter<'s> {
    pub(crate) fn new(scenario: &'s Scenario) -> Self {
        Self {
            scenario,
            open: BTreeMap::new(),
        }
    }

    /// Counts a request that is logged.
    pub(crate) fn count(&mut self, request: &Request<'_>) {
        let server = &self.scenario.servers()[request.server as usize];
        let key = (
            Timestamp::from_millis(request.end()).floor(BIN).millis(),
            request.client,
            server.name.as_str(),
            server.address_for(request.client),
        );
        let seen = self.open.entry(key).or_default();
        seen.ports.insert(request.port);
        seen.lines += 1;
        seen.campaigns.extend(request.campaign);
    }

    /// Windows whose bin ended by `moment`, in the order of their keys; only those worth telling. `world` has the
    /// names of the campaigns.
    pub(crate) fn passed(
        &mut self,
        moment: i64,
        world: &World<'_>,
    ) -> Vec<(Window, BTreeSet<u32>)> {
        let width = i64::try_from(BIN.as_millis()).unwrap_or(i64::MAX);
        let still_open = self.open.split_off(&(
            // The first bin that ends after `moment`; addresses and names start with their smallest.
            (moment.div_euclid(width)) * width,
            IpAddr::from([0, 0, 0, 0]),
            "",
            IpAddr::from([0, 0, 0, 0]),
        ));
        std::mem::replace(&mut self.open, still_open)
            .into_iter()
            .filter(|(_, seen)| !seen.campaigns.is_empty() || seen.ports.len() >= THRESHOLD)
            .map(|((bin, c_ip, computer, s_ip), seen)| {
                let window = Window {
                    bin: Timestamp::from_millis(bin),
                    c_ip,
                    computer: computer.to_owned(),
                    s_ip,
                    ports: seen.ports.len() as u64,
                    lines: seen.lines,
                    campaigns: seen
                        .campaigns
                        .iter()
                        .map(|campaign| world.campaigns()[*campaign as usize].id.clone())
                        .collect(),
                    must_fire: seen.ports.len() >= THRESHOLD,
                };
                (window, seen.campaigns)
            })
            .collect()
    }
}
