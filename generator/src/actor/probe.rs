//! Background: monitoring that asks one port again and again, to the second.

use super::Player;
use crate::content::Wish;
use crate::dice::{float, millis};
use crate::request::{Ask, Block, Output};
use crate::scenario::Checker;
use crate::spec::ProbeSpec;

/// Monitoring, checked.
#[derive(Clone, Debug)]
pub(crate) struct Periodic {
    port: u16,
    every: i64,
}

impl Periodic {
    pub(super) fn check(spec: &ProbeSpec, servers: &[usize], checker: &mut Checker<'_>) -> Self {
        Self {
            port: checker.one_bound_port(&spec.port, servers),
            // More often than once a second is no monitoring, and would be a way to fill a disk.
            every: checker.span(&spec.every).max(1_000),
        }
    }

    /// The health probe of a load balancer.
    pub(super) fn of_front(port: u16, every: i64) -> Self {
        Self { port, every }
    }

    /// At `--scale` N there are N times as many monitors, each as periodic as the one, at even distances: together one with
    /// an Nth of the period.
    pub(super) fn act(&self, player: &Player<'_>, block: Block, out: &mut Output) {
        let wish = Wish::of("GET", player.actor.path.as_deref().unwrap_or("/"));
        let first = player.moment(0);
        let period = float(self.every) / player.world.scale();
        // At or just before the first moment in this block.
        let mut number = (millis(float(block.from - first) / period) - 1).max(0);
        loop {
            let now = first + millis(float(number) * period);
            number += 1;
            if now >= block.until {
                return;
            }
            if !block.contains(now) {
                continue;
            }
            self.ask(player, wish, now, number, out);
        }
    }

    fn ask(&self, player: &Player<'_>, wish: Wish, now: i64, number: i64, out: &mut Output) {
        let words = &player.world.words;
        let stem = player.world.path(player.index).unwrap_or(words.slash);
        let agent = player.agent_or(player.world.agents.nagios);
        for nth_server in 0..player.actor.servers.len() {
            let Some(place) = player.place(nth_server, 0, self.port) else {
                continue;
            };
            let number = number.unsigned_abs() << 16 | nth_server as u64;
            let mut dice = player.dice("probe", number);
            let site = player.world.site(place.server, place.site);
            let reply = site.other(wish, place.port, &mut dice);
            let ask = Ask::plain(words.get, stem, agent);
            player.request(out, now, place, player.client(), ask, reply);
        }
    }
}
