//! Look-alike: an application that calls its parts on many ports of one server, all day or in a batch.

use super::{Player, arrivals};
use crate::dice::{Dice, millis};
use crate::request::{Block, Output};
use crate::scenario::Checker;
use crate::spec::{BackendSpec, Daily};

const DAY_MS: i64 = 86_400_000;

/// A backend, checked.
#[derive(Clone, Debug)]
pub(crate) struct Backend {
    /// `None` for all that each server binds.
    ports: Option<Vec<u16>>,
    per_hour: f64,
    /// Only at these hours of every day, UTC.
    active: Daily,
}

impl Backend {
    pub(super) fn check(spec: &BackendSpec, servers: &[usize], checker: &mut Checker<'_>) -> Self {
        Self {
            ports: checker.bound_ports(&spec.ports, servers),
            per_hour: checker.positive(&spec.requests_per_hour, 1e8),
            active: spec.active.as_ref().map_or(
                Daily {
                    from: 0,
                    until: DAY_MS,
                },
                |active| *active.get_ref(),
            ),
        }
    }

    pub(super) fn act(&self, player: &Player<'_>, (number, block): (u64, Block), out: &mut Output) {
        let midnight = block.from - block.from.rem_euclid(DAY_MS);
        // A block may reach into the next day.
        let mut dice = None;
        for day in [midnight, midnight + DAY_MS] {
            let at_work = Block {
                from: block.from.max(day + self.active.from),
                until: block.until.min(day + self.active.until),
            };
            if at_work.from >= at_work.until {
                continue;
            }
            let dice = dice.get_or_insert_with(|| player.dice("block", number));
            for start in arrivals(at_work, 3_600_000.0 / self.per_hour, dice) {
                self.call(player, start, dice, out);
            }
        }
    }

    fn call(&self, player: &Player<'_>, start: i64, dice: &mut Dice, out: &mut Output) {
        let drawn = player
            .dice("agent", 0)
            .pick_of(&player.world.agents.programs);
        let agent = player.agent_or(drawn);
        for (nth_server, server) in player.actor.servers.iter().enumerate() {
            let server = &player.world.scenario().servers()[*server];
            let port = match &self.ports {
                Some(ports) => ports.get(dice.index(ports.len())).copied(),
                None => server
                    .bindings
                    .keys()
                    .nth(dice.index(server.bindings.len()))
                    .copied(),
            };
            let Some(place) = port.and_then(|port| player.place(nth_server, 0, port)) else {
                continue;
            };
            let later = start + millis(dice.exponential(5.0));
            let user = player.computer(place, player.index as u64);
            player.call(out, later, place, player.client(), (agent, user), dice);
        }
    }
}
