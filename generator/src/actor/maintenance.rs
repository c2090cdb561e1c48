//! Look-alike: in its maintenance window an admin host checks every binding of a server and fetches updates.

use super::{Ask, Player};
use crate::agents::{BITS, POWERSHELL, UPDATES};
use crate::dice::{Dice, float, millis};
use crate::request::{Block, Output};
use crate::scenario::Checker;
use crate::spec::MaintenanceSpec;

const AGENTS: [&str; 3] = [BITS, POWERSHELL, UPDATES];

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
    pub(super) fn check(
        spec: &MaintenanceSpec,
        _servers: &[usize],
        checker: &mut Checker<'_>,
    ) -> Self {
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

    pub(super) fn act<'w>(
        &self,
        player: &Player<'w>,
        block: Block,
        dice: &mut Dice,
        out: &mut Output<'w>,
    ) {
        let first = player.moment(self.start);
        let mut start = first;
        if let Some(every) = self.every {
            start += ((block.from - first + every - 1) / every).max(0) * every;
        }
        while block.contains(start) {
            self.walk(player, start, dice, out);
            let Some(every) = self.every else {
                return;
            };
            start += every;
        }
    }

    /// One walk over all bindings of all servers.
    fn walk<'w>(&self, player: &Player<'w>, start: i64, dice: &mut Dice, out: &mut Output<'w>) {
        for (nth_server, server) in player.actor.servers.iter().enumerate() {
            let server = &player.world.scenario().servers()[*server];
            let ports: Vec<u16> = server.bindings.keys().copied().collect();
            let gap = float(self.window) / float(i64::try_from(ports.len().max(1)).unwrap_or(1));
            let mut even = 0.0;
            for port in ports {
                let mut now = start + millis(even + gap * 0.5 * dice.unit());
                even += gap;
                player.probe(out, now, nth_server, port);
                let Some(place) = player.place(nth_server, port) else {
                    continue;
                };
                let site = player.world.site(place.server, place.site);
                for number in 0..self.requests {
                    let (method, stem) = match number {
                        0 => ("GET", "/"),
                        1 => ("HEAD", "/"),
                        _ => ("GET", site.page_stem(site.draw_page(dice))),
                    };
                    let reply = if number < 2 {
                        site.other(method, stem, port, dice)
                    } else {
                        site.object(0, false, dice)
                    };
                    let ask = Ask::plain(method, stem, dice.pick(&AGENTS));
                    now = player.request(out, now, place, player.client(), ask, reply);
                    now += 20 + millis(dice.exponential(180.0));
                }
            }
        }
    }
}
