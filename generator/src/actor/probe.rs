//! Background: monitoring that asks one port again and again, to the second.

use super::Player;
use crate::request::{Ask, Block, Output};
use crate::scenario::Checker;
use crate::spec::ProbeSpec;

/// Monitoring, checked.
#[derive(Clone, Debug)]
pub(crate) struct Periodic {
    port: u16,
    every: i64,
    path: String,
}

impl Periodic {
    pub(super) fn check(spec: &ProbeSpec, servers: &[usize], checker: &mut Checker<'_>) -> Self {
        Self {
            port: checker.one_bound_port(&spec.port, servers),
            // More often than once a second is no monitoring, and would be a way to fill a disk.
            every: checker.span(&spec.every).max(1_000),
            path: spec.path.clone().unwrap_or_else(|| "/".to_owned()),
        }
    }

    /// The health probe of a load balancer.
    pub(super) fn of_front(port: u16, every: i64, path: &str) -> Self {
        Self {
            port,
            every,
            path: path.to_owned(),
        }
    }

    pub(super) fn act(&self, player: &Player<'_>, block: Block, out: &mut Output) {
        let first = player.moment(0);
        // The first multiple of the period, from the scenario's start, in this block.
        let mut now = first + (block.from - first + self.every - 1) / self.every * self.every;
        while block.contains(now) {
            let words = &player.world.words;
            let path = player.world.path(player.index).unwrap_or(words.slash);
            let agent = player.agent_or(player.world.agents.nagios);
            for nth_server in 0..player.actor.servers.len() {
                let Some(place) = player.place(nth_server, 0, self.port) else {
                    continue;
                };
                let mut dice = player.dice("probe", now.unsigned_abs() ^ nth_server as u64);
                let site = player.world.site(place.server, place.site);
                let reply = site.other("GET", &self.path, place.port, &mut dice);
                let ask = Ask::plain(words.get, path, agent);
                player.request(out, now, place, player.client(), ask, reply);
            }
            now += self.every;
        }
    }
}
