//! Look-alike: a device with a wrong setting (a printer, a camera, an old agent) that looks for its service on port
//! after port and begins again at the end.

use super::Player;
use crate::request::{Block, Output};
use crate::scenario::Checker;
use crate::spec::DeviceSpec;

/// A device, checked.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    /// `None` for all that each server binds.
    ports: Option<Vec<u16>>,
    start: i64,
    every: i64,
    lasts: Option<i64>,
}

impl Device {
    pub(super) fn check(spec: &DeviceSpec, checker: &mut Checker<'_>) -> Self {
        Self {
            ports: checker.ports(&spec.ports),
            start: checker.moment(&spec.start),
            every: checker.span(&spec.every).max(100),
            lasts: spec.lasts.as_ref().map(|lasts| checker.span(lasts)),
        }
    }

    pub(super) fn act(&self, player: &Player<'_>, block: Block, out: &mut Output) {
        let first = player.moment(self.start);
        let end = self.lasts.map_or(i64::MAX, |lasts| first + lasts);
        let mut step = ((block.from - first + self.every - 1) / self.every).max(0);
        loop {
            let now = first + step * self.every;
            if now >= block.until.min(end) {
                return;
            }
            for (nth_server, server) in player.actor.servers.iter().enumerate() {
                let server = &player.world.scenario().servers()[*server];
                let at = usize::try_from(step).unwrap_or(0);
                let port = match &self.ports {
                    Some(ports) => ports.get(at % ports.len().max(1)).copied(),
                    None => server
                        .bindings
                        .keys()
                        .nth(at % server.bindings.len().max(1))
                        .copied(),
                };
                let Some(port) = port else {
                    continue;
                };
                player.probe(out, now, nth_server, port);
                if let Some(place) = player.place(nth_server, 0, port) {
                    let mut dice =
                        player.dice("step", step.unsigned_abs() << 8 | nth_server as u64);
                    let agent = player.agent_or(crate::text::Piece::EMPTY);
                    let (ask, reply) =
                        player.tool_ask(place, player.world.asks.root, agent, &mut dice);
                    player.request(out, now, place, player.client(), ask, reply);
                }
            }
            step += 1;
        }
    }
}
