//! A client that asks many ports of a server, one after another. Every port is touched; only a complete HTTP
//! request on a bound one leaves a line.

use super::visitors::TOOL_ASKS;
use super::{Ask, Player};
use crate::agents::{NMAP, TOOLS};
use crate::dice::{float, millis};
use crate::request::{Block, Output};
use crate::scenario::Checker;
use crate::spec::{DiscoverySpec, Order, ScanClass, ScanSpec};
use crate::truth::Class;

/// What nmap's version detection and its scripts ask an HTTP port for; `None` stands for no agent, which is what
/// version detection sends (nmap-service-probes; `http.lua`).
const NMAP_ASKS: [(&str, &str, Option<&str>); 7] = [
    ("GET", "/", None),
    ("OPTIONS", "/", None),
    ("GET", "/nice ports,/Trinity.txt.bak", None),
    ("GET", "/", Some(NMAP)),
    ("GET", "/robots.txt", Some(NMAP)),
    ("GET", "/.git/HEAD", Some(NMAP)),
    ("PROPFIND", "/", Some(NMAP)),
];

/// A scan, checked.
#[derive(Clone, Debug)]
pub(crate) struct Scan {
    pub(crate) class: Class,
    /// `None` for all that each server binds.
    ports: Option<Vec<u16>>,
    /// Milliseconds since the scenario's start.
    start: i64,
    /// Mean milliseconds from port to port.
    gap: f64,
    /// Each probe is moved by up to this share of the gap, to either side.
    jitter: f64,
    order: Order,
    asks: Asks,
}

/// What is asked of a bound port.
#[derive(Clone, Debug)]
enum Asks {
    /// `/` and then so many things that tools ask for; the agent, where one is said.
    Tool {
        requests: u32,
        agent: Option<String>,
    },
    Nmap,
}

impl Scan {
    pub(super) fn check(spec: &ScanSpec, _servers: &[usize], checker: &mut Checker<'_>) -> Self {
        Self {
            class: match spec.class.unwrap_or_default() {
                ScanClass::Malicious => Class::Malicious,
                ScanClass::Authorised => Class::Authorised,
            },
            ports: checker.ports(&spec.ports),
            start: checker.moment(&spec.start),
            gap: 60_000.0 / checker.positive(&spec.rate, 1e6),
            jitter: checker.share(spec.jitter.as_ref(), 0.0),
            order: spec.order.unwrap_or_default(),
            asks: Asks::Tool {
                requests: checker.count(spec.requests_per_port.as_ref(), 100),
                agent: spec.agent.clone(),
            },
        }
    }

    pub(super) fn check_discovery(
        spec: &DiscoverySpec,
        _servers: &[usize],
        checker: &mut Checker<'_>,
    ) -> Self {
        Self {
            class: Class::Authorised,
            ports: spec.ports.as_ref().and_then(|ports| checker.ports(ports)),
            start: checker.moment(&spec.start),
            gap: 60_000.0 / checker.positive(&spec.rate, 1e6),
            jitter: 0.0,
            order: Order::Ascending,
            asks: Asks::Nmap,
        }
    }

    /// A scan happens wholly in the block in which it begins: it makes few lines, one for each bound port and
    /// request. Its servers are scanned side by side, each at the whole rate.
    pub(super) fn act<'w>(&'w self, player: &Player<'w>, block: Block, out: &mut Output<'w>) {
        let start = player.moment(self.start);
        if !block.contains(start) {
            return;
        }
        for (nth_server, server) in player.actor.servers.iter().enumerate() {
            let server = &player.world.scenario().servers()[*server];
            let mut dice = player.dice(&format!("server {}", server.name), 0);
            let mut ports = self
                .ports
                .clone()
                .unwrap_or_else(|| server.bindings.keys().copied().collect());
            match self.order {
                Order::Ascending => ports.sort_unstable(),
                Order::Random => dice.shuffle(&mut ports),
            }
            let agent = dice.pick(&TOOLS);
            let mut even = 0.0;
            for port in ports {
                let moved = self.jitter * self.gap * (2.0 * dice.unit() - 1.0);
                let now = start + millis(even + moved).max(0);
                even += self.gap;
                player.probe(out, now, nth_server, port);
                self.ask(player, (nth_server, port, now), agent, &mut dice, out);
            }
        }
    }

    /// The requests to one port, if it is bound. `target` is the server, the port and the time.
    fn ask<'w>(
        &'w self,
        player: &Player<'w>,
        target: (usize, u16, i64),
        drawn_agent: &'static str,
        dice: &mut crate::dice::Dice,
        out: &mut Output<'w>,
    ) {
        let (nth_server, port, mut now) = target;
        let Some(place) = player.place(nth_server, port) else {
            return;
        };
        let site = player.world.site(place.server, place.site);
        let mut send = |method, path, agent: &'w str, dice: &mut crate::dice::Dice| {
            let reply = site.other(method, path, port, dice);
            let ask = Ask::plain(method, path, agent);
            now = player.request(out, now, place, player.client(), ask, reply);
            now += 1 + millis(dice.exponential(float(20)));
        };
        match &self.asks {
            Asks::Tool { requests, agent } => {
                let agent = agent.as_deref().unwrap_or(drawn_agent);
                send("GET", "/", agent, dice);
                for _ in 1..*requests {
                    let (method, path) = dice.pick(&TOOL_ASKS);
                    send(method, path, agent, dice);
                }
            }
            Asks::Nmap => {
                for (method, path, agent) in NMAP_ASKS {
                    send(method, path, agent.unwrap_or_default(), dice);
                }
            }
        }
    }
}
