//! nmap as its source paces it. The port scan itself asks for nothing; the version scan visits the open ports in
//! ascending order, so many at a time, and says nothing for six seconds first (the NULL probe), whatever the template
//! says of delays; scripts come last.

use super::Player;
use crate::dice::{Dice, float, millis};
use crate::request::{Block, Output};
use crate::scenario::Checker;
use crate::spec::{NmapSpec, Timing};
use crate::text::Piece;
use crate::truth::Class;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How long the NULL probe waits for the server to speak first (nmap-service-probes, `totalwaitms`).
const NULL_PROBE_MS: i64 = 6_000;

/// An nmap run, checked.
#[derive(Clone, Debug)]
pub(crate) struct Nmap {
    pub(crate) class: Class,
    /// `None` for all that each server binds.
    ports: Option<Vec<u16>>,
    start: i64,
    start_within: i64,
    timing: Timing,
    matched: bool,
    scripts: bool,
    syn_only: bool,
}

impl Timing {
    /// Ports whose version is asked at the same time (its source, `service_scan.cc`).
    const fn parallel_services(self) -> usize {
        match self {
            Self::T0 | Self::T1 | Self::T2 => 1,
            Self::T3 => 20,
            Self::T4 => 30,
            Self::T5 => 40,
        }
    }

    /// Milliseconds from probe to probe of the port scan (`nmap.cc`): a delay for the slow templates, round trips of
    /// many at once for the others.
    const fn probe_gap(self) -> f64 {
        match self {
            Self::T0 => 300_000.0,
            Self::T1 => 15_000.0,
            Self::T2 => 400.0,
            Self::T3 => 2.0,
            Self::T4 => 1.0,
            Self::T5 => 0.5,
        }
    }
}

impl Nmap {
    pub(super) fn check(spec: &NmapSpec, checker: &mut Checker<'_>) -> Self {
        Self {
            class: spec.class.unwrap_or_default().class(),
            ports: checker.ports(&spec.ports),
            start: checker.moment(&spec.start),
            start_within: spec
                .start_within
                .as_ref()
                .map_or(0, |within| checker.span(within)),
            timing: spec.timing.unwrap_or_default(),
            matched: spec.matched.unwrap_or(true),
            scripts: spec.scripts.unwrap_or(false),
            syn_only: spec.syn_only.unwrap_or(false),
        }
    }

    /// Whether it sends requests: only its version detection and scripts do.
    pub(super) fn asks(&self) -> bool {
        !self.syn_only
    }

    /// Wholly in the block in which it begins; servers side by side.
    pub(super) fn act(&self, player: &Player<'_>, block: Block, out: &mut Output) {
        let mut start = player.moment(self.start);
        if !(block.from - self.start_within..block.until).contains(&start) {
            return;
        }
        if self.start_within > 0 {
            start += millis(player.dice("start", 0).unit() * float(self.start_within));
        }
        if !block.contains(start) {
            return;
        }
        for nth_server in 0..player.actor.servers.len() {
            self.scan(player, nth_server, start, out);
        }
    }

    fn scan(&self, player: &Player<'_>, nth_server: usize, start: i64, out: &mut Output) {
        let server = &player.world.scenario().servers()[player.actor.servers[nth_server]];
        let mut dice = player.dice(&format!("server {}", server.name), 0);
        let mut ports = self
            .ports
            .clone()
            .unwrap_or_else(|| server.bindings.keys().copied().collect());
        dice.shuffle(&mut ports);
        let mut now = start;
        for (number, port) in ports.iter().enumerate() {
            let after = float(i64::try_from(number).unwrap_or(0)) * self.timing.probe_gap();
            now = start + millis(after);
            player.probe(out, now, nth_server, *port);
        }
        if self.syn_only {
            return;
        }
        // From here on only open ports, in ascending order.
        ports.retain(|port| server.bindings.contains_key(port));
        ports.sort_unstable();
        let mut end = now + 500;
        let mut slots: BinaryHeap<Reverse<i64>> =
            std::iter::repeat_n(Reverse(end), self.timing.parallel_services()).collect();
        for port in &ports {
            let Some(Reverse(free)) = slots.pop() else {
                return;
            };
            let done = self.version(player, (nth_server, *port, free), &mut dice, out);
            end = end.max(done);
            slots.push(Reverse(done));
        }
        if self.scripts {
            for port in &ports {
                let begin = end + millis(dice.unit() * 2_000.0);
                scripts(player, (nth_server, *port, begin), &mut dice, out);
            }
        }
    }

    /// The version scan of one port; returns when it is done with it.
    fn version(
        &self,
        player: &Player<'_>,
        (nth_server, port, start): (usize, u16, i64),
        dice: &mut Dice,
        out: &mut Output,
    ) -> i64 {
        let mut now = start + NULL_PROBE_MS + millis(dice.exponential(30.0));
        let Some(place) = player.place(nth_server, 0, port) else {
            return now;
        };
        let asks = &player.world.asks.version;
        let count = if self.matched { 1 } else { asks.len() };
        for tool_ask in &asks[..count] {
            let (mut ask, reply) = player.tool_ask(place, *tool_ask, Piece::EMPTY, dice);
            ask.old = true;
            now = player.request(out, now, place, player.client(), ask, reply);
            if !self.matched {
                // Between these it tries what is no HTTP, and waits for answers that do not come.
                now += 20_000 + millis(dice.exponential(6_000.0));
            }
        }
        now
    }
}

/// What the scripts ask of one port.
fn scripts(
    player: &Player<'_>,
    (nth_server, port, start): (usize, u16, i64),
    dice: &mut Dice,
    out: &mut Output,
) {
    let Some(place) = player.place(nth_server, 0, port) else {
        return;
    };
    let mut now = start;
    for _ in 0..12 + dice.index(14) {
        let tool_ask = dice.pick(&player.world.asks.scripts);
        let (ask, reply) = player.tool_ask(place, tool_ask, player.world.agents.nmap, dice);
        now = player.request(out, now, place, player.client(), ask, reply);
        now += 1 + millis(dice.exponential(120.0));
    }
}
