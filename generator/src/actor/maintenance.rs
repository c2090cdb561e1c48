//! Look-alike: in its maintenance window an admin host checks every binding of a server and fetches updates.

use super::Player;
use crate::dice::{Dice, float, millis};
use crate::request::{Ask, Block, Output};
use crate::scenario::Checker;
use crate::spec::MaintenanceSpec;

/// Maintenance, checked.
#[derive(Clone, Debug)]
pub(crate) struct Maintenance {
    /// Milliseconds since the scenario's start.
    start: i64,
    /// How long it takes, in milliseconds.
    window: i64,
    /// Milliseconds from one start to the next; `None` for once.
    every: Option<i64>,
    requests: u32,
}

impl Maintenance {
    pub(super) fn check(spec: &MaintenanceSpec, checker: &mut Checker<'_>) -> Self {
        let window = checker.span(&spec.window);
        let every = spec.every.as_ref().map(|every| checker.span(every));
        if let (Some(every), Some(millis)) = (&spec.every, every)
            && millis < window
        {
            checker.say_at(
                every.span(),
                "the next maintenance begins before this one has ended",
            );
        }
        Self {
            start: checker.moment(&spec.start),
            window,
            every: every.map(|every| every.max(window)),
            requests: checker.count(spec.requests_per_port.as_ref(), 100),
        }
    }

    pub(super) fn act(&self, player: &Player<'_>, block: Block, out: &mut Output) {
        let first = player.moment(self.start);
        let mut start = first;
        if let Some(every) = self.every {
            start += ((block.from - first + every - 1) / every).max(0) * every;
        }
        while block.contains(start) {
            let mut dice = player.dice("walk", start.unsigned_abs());
            self.walk(player, start, &mut dice, out);
            let Some(every) = self.every else {
                return;
            };
            start += every;
        }
    }

    /// One walk over all bindings of all servers.
    fn walk(&self, player: &Player<'_>, start: i64, dice: &mut Dice, out: &mut Output) {
        for (nth_server, server) in player.actor.servers.iter().enumerate() {
            let server = &player.world.scenario().servers()[*server];
            let ports: Vec<u16> = server.bindings.keys().copied().collect();
            let gap = float(self.window) / float(i64::try_from(ports.len().max(1)).unwrap_or(1));
            let mut even = 0.0;
            for port in ports {
                let mut now = start + millis(even + gap * 0.5 * dice.unit());
                even += gap;
                player.probe(out, now, nth_server, port);
                let Some(place) = player.place(nth_server, 0, port) else {
                    continue;
                };
                let site = player.world.site(place.server, place.site);
                for number in 0..self.requests {
                    let agent = dice.pick_of(&player.world.agents.upkeep);
                    let (ask, reply) = match number {
                        0 => player.tool_ask(place, player.world.asks.root, agent, dice),
                        1 => player.tool_ask(place, player.world.asks.head, agent, dice),
                        _ => {
                            let stem = site.page_stem(site.draw_page(dice));
                            let ask = Ask::plain(player.world.words.get, stem, agent);
                            (ask, site.object(0, false, dice))
                        }
                    };
                    now = player.request(out, now, place, player.client(), ask, reply);
                    now += 20 + millis(dice.exponential(180.0));
                }
            }
        }
    }
}
