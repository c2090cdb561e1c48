//! Look-alike: monitoring that asks every binding of a server, round after round. Thirty of them in ten minutes are a
//! scan to the rule.

use super::Player;
use crate::dice::{float, millis};
use crate::request::{Block, Output};
use crate::scenario::Checker;
use crate::spec::MonitoringSpec;

/// Monitoring, checked.
#[derive(Clone, Debug)]
pub(crate) struct Monitoring {
    /// `None` for all that each server binds.
    ports: Option<Vec<u16>>,
    every: i64,
    spread: i64,
}

impl Monitoring {
    pub(super) fn check(
        spec: &MonitoringSpec,
        servers: &[usize],
        checker: &mut Checker<'_>,
    ) -> Self {
        let every = checker.span(&spec.every).max(10_000);
        let spread = spec
            .spread
            .as_ref()
            .map_or(every / 10, |spread| checker.span(spread));
        if let Some(said) = &spec.spread
            && spread > every
        {
            checker.say_at(
                said.span(),
                "a round takes longer than from one to the next",
            );
        }
        Self {
            ports: spec
                .ports
                .as_ref()
                .and_then(|ports| checker.bound_ports(ports, servers)),
            every,
            spread: spread.min(every),
        }
    }

    pub(super) fn act(&self, player: &Player<'_>, block: Block, out: &mut Output) {
        let first = player.moment(0);
        let mut round = first + (block.from - first + self.every - 1) / self.every * self.every;
        while block.contains(round) {
            for (nth_server, server) in player.actor.servers.iter().enumerate() {
                let server = &player.world.scenario().servers()[*server];
                let all = || server.bindings.keys().copied().collect();
                let ports: Vec<u16> = self.ports.clone().unwrap_or_else(all);
                let gap =
                    float(self.spread) / float(i64::try_from(ports.len().max(1)).unwrap_or(1));
                let mut dice = player.dice("round", round.unsigned_abs() ^ nth_server as u64);
                let mut even = 0.0;
                for port in ports {
                    let now = round + millis(even);
                    even += gap;
                    player.probe(out, now, nth_server, port);
                    if let Some(place) = player.place(nth_server, 0, port) {
                        let agent = player.agent_or(player.world.agents.nagios);
                        let (ask, reply) =
                            player.tool_ask(place, player.world.asks.root, agent, &mut dice);
                        player.request(out, now, place, player.client(), ask, reply);
                    }
                }
            }
            round += self.every;
        }
    }
}
