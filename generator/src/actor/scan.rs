//! A client that asks many ports of a server, one after another. Every port is touched; only a complete HTTP
//! request on a bound one leaves a line.

use super::pacing::Pacing;
use super::session::{Style, Visitor};
use super::{Place, Player, Who};
use crate::address::in_network;
use crate::dice::{Dice, millis};
use crate::request::{Block, Output, Reason, User};
use crate::scenario::Checker;
use crate::spec::{Client, Contacts, DiscoverySpec, Gaps, Order, ScanClass, ScanSpec};
use crate::text::Piece;
use crate::truth::Class;
use ipnet::IpNet;
use std::net::IpAddr;

/// How HTTP.sys hangs up on somebody who says nothing: after two minutes.
const IDLE_MS: i64 = 120_000;

/// A scan, checked.
#[derive(Clone, Debug)]
pub(crate) struct Scan {
    pub(crate) class: Class,
    /// The proxy through which it comes.
    pub(crate) via: Option<IpAddr>,
    /// `None` for all that each server binds.
    ports: Option<Vec<u16>>,
    /// Milliseconds since the scenario's start at which it begins, or at which half of it is done.
    start: i64,
    from_middle: bool,
    start_within: i64,
    pacing: Pacing,
    order: Order,
    all_addresses: bool,
    rotate: Option<(u32, IpNet)>,
    contact: Contacts,
    asks: Asks,
    cover: u32,
}

/// What is asked of a bound port.
#[derive(Clone, Copy, Debug)]
enum Asks {
    /// `/` and then so many things that tools ask for.
    Tool(u32),
    Nmap,
}

/// One port that is touched.
struct Touch {
    nth_server: usize,
    address: u8,
    port: u16,
    now: i64,
    who: Who,
}

impl ScanClass {
    pub(super) const fn class(self) -> Class {
        match self {
            Self::Malicious => Class::Malicious,
            Self::Authorised => Class::Authorised,
        }
    }
}

impl Scan {
    pub(super) fn check(spec: &ScanSpec, checker: &mut Checker<'_>) -> Self {
        let fixed = matches!(spec.client.get_ref(), Client::Fixed(_));
        if let Some(sources) = &spec.sources
            && fixed
        {
            checker.say_at(
                sources.span(),
                "several sources need a client that is \"random\" or a network",
            );
        }
        let rotate = spec.rotate.as_ref().and_then(|rotate| {
            let after = checker.count(Some(rotate), 65_535);
            if let Client::Network(network) = spec.client.get_ref() {
                Some((after, *network))
            } else {
                checker.say_at(rotate.span(), "rotating needs a client that is a network");
                None
            }
        });
        let (start, from_middle) = match (&spec.start, &spec.middle) {
            (Some(start), None) => (checker.moment(start), false),
            (None, Some(middle)) => (checker.moment(middle), true),
            _ => {
                checker.say_at(spec.ports.span(), "expected either `start` or `middle`");
                (0, false)
            }
        };
        let gap = match (&spec.rate, &spec.every) {
            (Some(rate), None) => 60_000.0 / checker.positive(rate, 1e6),
            (None, Some(every)) => crate::dice::float(checker.span(every)),
            _ => {
                checker.say_at(spec.ports.span(), "expected either `rate` or `every`");
                1_000.0
            }
        };
        Self {
            class: spec.class.unwrap_or_default().class(),
            via: spec.via.as_ref().map(|via| *via.get_ref()),
            ports: checker.ports(&spec.ports),
            start,
            from_middle,
            start_within: spec
                .start_within
                .as_ref()
                .map_or(0, |within| checker.span(within)),
            pacing: Pacing {
                gap,
                jitter: checker.share(spec.jitter.as_ref(), 0.0),
                gaps: spec.gaps.unwrap_or_default(),
                per_bin: spec
                    .per_bin
                    .as_ref()
                    .map(|count| checker.count(Some(count), 65_535)),
            },
            order: spec.order.unwrap_or_default(),
            all_addresses: spec.all_addresses.unwrap_or(false),
            rotate,
            contact: spec.contact.unwrap_or_default(),
            asks: Asks::Tool(checker.count(spec.requests_per_port.as_ref(), 100)),
            cover: spec
                .cover
                .as_ref()
                .map_or(0, |cover| checker.count(Some(cover), 10_000)),
        }
    }

    pub(super) fn check_discovery(spec: &DiscoverySpec, checker: &mut Checker<'_>) -> Self {
        Self {
            class: Class::Authorised,
            via: None,
            ports: spec.ports.as_ref().and_then(|ports| checker.ports(ports)),
            start: checker.moment(&spec.start),
            from_middle: false,
            start_within: 0,
            pacing: Pacing {
                gap: 60_000.0 / checker.positive(&spec.rate, 1e6),
                jitter: 0.0,
                gaps: Gaps::Even,
                per_bin: None,
            },
            order: Order::Ascending,
            all_addresses: false,
            rotate: None,
            contact: Contacts::Request,
            asks: Asks::Nmap,
            cover: 0,
        }
    }

    /// Whether it sends requests.
    pub(super) fn asks(&self) -> bool {
        self.contact == Contacts::Request
    }

    /// A scan happens wholly in the block in which it begins: it makes few lines, one for each bound port and
    /// request. Its servers are scanned side by side, each at the whole rate.
    pub(super) fn act(&self, player: &Player<'_>, block: Block, out: &mut Output) {
        let mut start = player.moment(self.start);
        // Most blocks are over here.
        if !self.from_middle && !(block.from - self.start_within..block.until).contains(&start) {
            return;
        }
        if self.start_within > 0 {
            let share = player.dice("start", 0).unit();
            start += millis(share * crate::dice::float(self.start_within));
        }
        for (nth_server, server) in player.actor.servers.iter().enumerate() {
            let server = &player.world.scenario().servers()[*server];
            let count = self.ports.as_ref().map_or(server.bindings.len(), Vec::len);
            let mut begin = start;
            if self.from_middle {
                // Half before, half after: the middle of the gap between the two ports in the middle.
                begin = (begin - self.pacing.length(count) / 2).max(player.moment(0));
            }
            if block.contains(begin) {
                self.scan(player, nth_server, begin, out);
            }
        }
    }

    fn scan(&self, player: &Player<'_>, nth_server: usize, start: i64, out: &mut Output) {
        let server = &player.world.scenario().servers()[player.actor.servers[nth_server]];
        let mut dice = player.dice(&format!("server {}", server.name), 0);
        let mut ports = self
            .ports
            .clone()
            .unwrap_or_else(|| server.bindings.keys().copied().collect());
        match self.order {
            Order::Ascending => ports.sort_unstable(),
            Order::Random => dice.shuffle(&mut ports),
        }
        let agent = player.agent_or(dice.pick_of(&player.world.agents.tools));
        let moments = self.pacing.moments(ports.len(), start, &mut dice);
        let mut rotated = player.client();
        let last = moments.last().copied().unwrap_or(start);
        for (number, (port, now)) in ports.into_iter().zip(moments).enumerate() {
            if let Some((after, network)) = self.rotate
                && number % after as usize == 0
            {
                rotated = in_network(&mut dice, network, player.world.taken());
            }
            let own = match self.rotate {
                Some(_) => rotated,
                None => player.client_at(number),
            };
            let touch = Touch {
                nth_server,
                address: if self.all_addresses {
                    u8::try_from(number % server.addresses.len()).unwrap_or(0)
                } else {
                    0
                },
                port,
                now,
                who: self.who(own),
            };
            player.probe(out, now, nth_server, port);
            self.touch(player, &touch, agent, &mut dice, out);
        }
        self.browse(player, nth_server, (start, last), &mut dice, out);
    }

    /// The address that the server sees.
    fn who(&self, own: IpAddr) -> Who {
        match (self.via, own) {
            (Some(client), IpAddr::V4(own)) => Who {
                client: client.into(),
                forwarded: own.into(),
            },
            (Some(client), IpAddr::V6(_)) => client.into(),
            (None, _) => own.into(),
        }
    }

    /// What happens at one port.
    fn touch(
        &self,
        player: &Player<'_>,
        touch: &Touch,
        agent: Piece,
        dice: &mut Dice,
        out: &mut Output,
    ) {
        let target = (touch.nth_server, touch.address, touch.port);
        let place = player.place(touch.nth_server, touch.address, touch.port);
        let server = &player.world.scenario().servers()[player.actor.servers[touch.nth_server]];
        let by_name = server.named.contains(&touch.port);
        let contact = |out: &mut Output, after, reason| {
            player.contact(
                out,
                touch.now + after,
                target,
                touch.who.client.ip(),
                reason,
            );
        };
        match (self.contact, place) {
            (Contacts::Request, Some(place)) => self.ask(player, touch, place, agent, dice, out),
            (Contacts::Request, None) if by_name => contact(out, 20, Reason::Hostname),
            (Contacts::Connect, _) if place.is_some() || by_name => {
                contact(out, IDLE_MS, Reason::Idle);
            }
            (Contacts::Garbage, _) if place.is_some() || by_name => {
                contact(out, 20, Reason::Verb);
            }
            _ => {}
        }
    }

    /// The requests to one bound port.
    fn ask(
        &self,
        player: &Player<'_>,
        touch: &Touch,
        place: Place,
        agent: Piece,
        dice: &mut Dice,
        out: &mut Output,
    ) {
        let mut now = touch.now;
        let asks = &player.world.asks;
        let mut send = |tool_ask, agent, old, dice: &mut Dice| {
            let (mut ask, reply) = player.tool_ask(place, tool_ask, agent, dice);
            ask.old = old;
            now = player.request(out, now, place, touch.who, ask, reply);
            now += 1 + millis(dice.exponential(20.0));
        };
        match self.asks {
            Asks::Tool(requests) => {
                send(asks.root, agent, false, dice);
                for _ in 1..requests {
                    let tool_ask = dice.pick(&asks.tools);
                    send(tool_ask, agent, false, dice);
                }
            }
            Asks::Nmap => {
                for tool_ask in asks.version {
                    send(tool_ask, Piece::EMPTY, true, dice);
                }
                for tool_ask in asks.scripts.into_iter().take(4) {
                    send(tool_ask, player.world.agents.nmap, false, dice);
                }
            }
        }
    }

    /// Visits of the scan's own client while it goes on and for half an hour more, which belong to no campaign.
    fn browse(
        &self,
        player: &Player<'_>,
        nth_server: usize,
        (start, end): (i64, i64),
        dice: &mut Dice,
        out: &mut Output,
    ) {
        const AFTER_MS: f64 = 1_800_000.0;
        let style = Style::usual();
        for number in 0..self.cover {
            let server = player.actor.servers[nth_server];
            let Some((site, port)) = player.world.draw_binding(server, dice) else {
                return;
            };
            let place = Place {
                server,
                site,
                address: 0,
                port,
                campaign: None,
            };
            let visitor = Visitor {
                who: self.who(player.client_at(number as usize)),
                agent: dice.pick_of(&player.world.agents.browsers),
                returning: number > 0,
                revalidate: 0.5,
                cookie: dice.any() | 1,
                user: User::NONE,
            };
            let span = crate::dice::float(end - start) + AFTER_MS;
            let at = start + millis(dice.unit() * span);
            style.visit(player, visitor, place, at, dice, out);
        }
    }
}
