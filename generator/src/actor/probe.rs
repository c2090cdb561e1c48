//! Background: monitoring that asks one port again and again, to the second.

use super::{Ask, Player};
use crate::dice::Dice;
use crate::request::{Block, Output};
use crate::scenario::Checker;
use crate::spec::ProbeSpec;

/// Monitoring, checked.
#[derive(Clone, Debug)]
pub(crate) struct Periodic {
    port: u16,
    every: i64,
    path: String,
    agent: String,
}

impl Periodic {
    pub(super) fn check(spec: &ProbeSpec, servers: &[usize], checker: &mut Checker<'_>) -> Self {
        let ports = checker.bound_ports(&spec.port, servers).unwrap_or_default();
        if ports.len() != 1 {
            checker.say_at(spec.port.span(), "expected one port");
        }
        Self {
            port: ports.first().copied().unwrap_or(80),
            // More often than once a second is no monitoring, and would be a way to fill a disk.
            every: checker.span(&spec.every).max(1_000),
            path: spec.path.clone().unwrap_or_else(|| "/".to_owned()),
            agent: spec
                .agent
                .clone()
                .unwrap_or_else(|| "check_http/v2.4.9 (monitoring-plugins 2.4.9)".to_owned()),
        }
    }

    pub(super) fn act<'w>(
        &'w self,
        player: &Player<'w>,
        block: Block,
        dice: &mut Dice,
        out: &mut Output<'w>,
    ) {
        let first = player.moment(0);
        // The first multiple of the period, from the scenario's start, in this block.
        let mut now = first + (block.from - first + self.every - 1) / self.every * self.every;
        while block.contains(now) {
            for nth_server in 0..player.actor.servers.len() {
                let Some(place) = player.place(nth_server, self.port) else {
                    continue;
                };
                let site = player.world.site(place.server, place.site);
                let reply = site.other("GET", &self.path, place.port, dice);
                let ask = Ask::plain("GET", self.path.as_str(), &self.agent);
                player.request(out, now, place, player.client(), ask, reply);
            }
            now += self.every;
        }
    }
}
