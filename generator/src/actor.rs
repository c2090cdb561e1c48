//! Who acts in a scenario: one file for each kind. An actor knows the world and its own randomness, nothing of
//! other actors, and makes the requests of one block of time at a time.

mod asks;
mod backend;
mod check;
mod device;
mod hours;
mod maintenance;
mod measured;
mod monitoring;
mod nmap;
mod pacing;
mod probe;
mod proxy;
mod scan;
mod session;
mod visitors;
mod vulnerability;

pub(crate) use asks::ToolAsks;
pub(crate) use check::{check_actor, front_actors};
pub(crate) use measured::Vocabulary;
pub(crate) use session::Visit;

use crate::address::Packed;
use crate::dice::{Dice, float, whole};
use crate::inventory::Authentication;
use crate::request::{
    Answer, Ask, Block, CampaignNumber, Contact, Output, Probe, Reason, Request, User,
};
use crate::spec::Client;
use crate::text::{Piece, Query};
use crate::truth::{self, Class};
use crate::wire;
use crate::world::World;
use std::net::IpAddr;

/// An actor, checked.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(crate) id: String,
    /// Positions of its servers in the scenario.
    pub(crate) servers: Vec<usize>,
    /// Where it comes from, unless it stands for many clients.
    pub(crate) client: Option<Client>,
    /// How many addresses it has there.
    pub(crate) sources: u32,
    /// What the scenario says of its agent and its path.
    pub(crate) agent: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) kind: Kind,
}

/// What an actor does.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Visitors(Box<visitors::Visitors>),
    Probe(probe::Periodic),
    Scan(scan::Scan),
    Nmap(nmap::Nmap),
    Vulnerability(vulnerability::Vulnerability),
    Maintenance(maintenance::Maintenance),
    Discovery(scan::Scan),
    Backend(backend::Backend),
    Proxy(proxy::Proxy),
    Monitoring(monitoring::Monitoring),
    Device(device::Device),
    Measured(Box<measured::Measured>),
}

impl Actor {
    /// The same on other servers. What asks one port only asks `usual` where its own port is not bound there.
    pub(crate) fn moved(
        &self,
        servers: Vec<usize>,
        is_bound: impl Fn(u16) -> bool,
        usual: u16,
    ) -> Self {
        let mut moved = Self {
            servers,
            ..self.clone()
        };
        if let Kind::Vulnerability(scan) = &mut moved.kind {
            scan.settle(is_bound, usual);
        }
        moved
    }
}

impl Kind {
    /// The kind and class of its campaigns; `None` for background.
    pub(crate) fn truth(&self) -> Option<(truth::Kind, Class)> {
        match self {
            Self::Visitors(_) | Self::Probe(_) | Self::Measured(_) => None,
            Self::Scan(scan) => Some((truth::Kind::Scan, scan.class)),
            Self::Nmap(nmap) => Some((truth::Kind::Nmap, nmap.class)),
            Self::Vulnerability(scan) => Some((truth::Kind::VulnerabilityScan, scan.class)),
            Self::Discovery(scan) => Some((truth::Kind::Discovery, scan.class)),
            Self::Maintenance(_) => Some((truth::Kind::Maintenance, Class::LookAlike)),
            Self::Backend(_) => Some((truth::Kind::Backend, Class::LookAlike)),
            Self::Proxy(_) => Some((truth::Kind::Proxy, Class::LookAlike)),
            Self::Monitoring(_) => Some((truth::Kind::Monitoring, Class::LookAlike)),
            Self::Device(_) => Some((truth::Kind::Device, Class::LookAlike)),
        }
    }

    /// Whether it sends requests, which alone leave lines.
    pub(crate) fn asks(&self) -> bool {
        match self {
            Self::Scan(scan) | Self::Discovery(scan) => scan.asks(),
            Self::Nmap(nmap) => nmap.asks(),
            _ => true,
        }
    }

    /// The address of the proxy through which it comes.
    pub(crate) fn via(&self) -> Option<IpAddr> {
        match self {
            Self::Scan(scan) => scan.via,
            _ => None,
        }
    }
}

/// An actor in its world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Player<'w> {
    pub(crate) world: &'w World<'w>,
    pub(crate) actor: &'w Actor,
    /// Its position in the scenario.
    pub(crate) index: usize,
}

/// A binding of a server, and the campaign that goes on there, if any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) server: usize,
    pub(crate) site: usize,
    pub(crate) address: u8,
    pub(crate) port: u16,
    pub(crate) campaign: Option<u32>,
}

/// The client of a connection, and the one before the proxy where there is one (0 for none).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Who {
    pub(crate) client: Packed,
    pub(crate) forwarded: u32,
}

impl From<IpAddr> for Who {
    fn from(client: IpAddr) -> Self {
        Self {
            client: client.into(),
            forwarded: 0,
        }
    }
}

impl Player<'_> {
    /// Makes what begins in the n-th block.
    pub(crate) fn act(&self, number: u64, block: Block, out: &mut Output) {
        match &self.actor.kind {
            Kind::Visitors(visitors) => {
                visitors.act(self, block, &mut self.dice("block", number), out);
            }
            Kind::Measured(measured) => measured.act(self, number, block, out),
            Kind::Probe(probe) => probe.act(self, block, out),
            Kind::Scan(scan) | Kind::Discovery(scan) => scan.act(self, block, out),
            Kind::Nmap(nmap) => nmap.act(self, block, out),
            Kind::Vulnerability(scan) => scan.act(self, block, out),
            Kind::Maintenance(maintenance) => maintenance.act(self, block, out),
            Kind::Backend(backend) => backend.act(self, (number, block), out),
            Kind::Proxy(proxy) => proxy.act(self, block, &mut self.dice("block", number), out),
            Kind::Monitoring(monitoring) => monitoring.act(self, block, out),
            Kind::Device(device) => device.act(self, block, out),
        }
    }

    /// Goes on with a visit that waited.
    pub(crate) fn go_on(&self, visit: Visit, out: &mut Output) {
        match &self.actor.kind {
            Kind::Visitors(visitors) => visitors.style().go_on(self, visit, out),
            Kind::Proxy(proxy) => proxy.style().go_on(self, visit, out),
            // Nobody else has visits.
            _ => {}
        }
    }

    /// A stream of this actor's own.
    pub(crate) fn dice(&self, purpose: &str, number: u64) -> Dice {
        self.world.stream(self.index).dice(purpose, number)
    }

    /// Its own address, or the first of several. Every kind that asks has one.
    pub(crate) fn client(&self) -> IpAddr {
        self.client_at(0)
    }

    /// One of its addresses, round and round.
    pub(crate) fn client_at(&self, number: usize) -> IpAddr {
        let clients = self.world.clients(self.index);
        clients
            .get(number % clients.len().max(1))
            .copied()
            .unwrap_or(IpAddr::from([0, 0, 0, 0]))
    }

    /// The agent that the scenario says, or this one.
    pub(crate) fn agent_or(&self, agent: Piece) -> Piece {
        self.world.agent(self.index).unwrap_or(agent)
    }

    /// Milliseconds since 1970 of a moment of the scenario.
    pub(crate) fn moment(&self, after_start: i64) -> i64 {
        self.world.scenario().start().millis() + after_start
    }

    /// The binding of a port of the n-th of its servers, at one of its addresses; `None` where nothing is bound.
    pub(crate) fn place(&self, nth_server: usize, address: u8, port: u16) -> Option<Place> {
        let server = self.actor.servers[nth_server];
        let bound = self.world.scenario().servers()[server]
            .bindings
            .get(&port)?;
        if bound.address.is_some_and(|only| only != address) {
            return None;
        }
        Some(Place {
            server,
            site: bound.site,
            address,
            port,
            campaign: self.world.campaign(self.index, nth_server),
        })
    }

    /// Draws one of its servers, and a binding of it by popularity.
    pub(crate) fn draw_place(&self, dice: &mut Dice) -> Option<Place> {
        let nth_server = dice.index(self.actor.servers.len());
        let server = *self.actor.servers.get(nth_server)?;
        let (site, port) = self.world.draw_binding(server, dice)?;
        let bound = self.world.scenario().servers()[server].bindings.get(&port);
        Some(Place {
            server,
            site,
            address: bound.and_then(|bound| bound.address).unwrap_or(0),
            port,
            campaign: self.world.campaign(self.index, nth_server),
        })
    }

    /// Notes a request; returns when it ends. What would begin after the scenario's end does not happen. Where the
    /// site wants users of Windows, nobody else gets further than a refusal, and a fresh connection begins with two.
    pub(crate) fn request(
        &self,
        out: &mut Output,
        start: i64,
        place: Place,
        who: impl Into<Who>,
        mut ask: Ask,
        answer: Answer,
    ) -> i64 {
        let who = who.into();
        let server = &self.world.scenario().servers()[place.server];
        if server.sites[place.site].authentication == Authentication::Windows {
            return self.request_of_user(out, start, place, who, ask, answer);
        }
        ask.user = User::NONE;
        self.note(out, start, place, who, ask, answer)
    }

    /// The same on a site that wants users of Windows.
    fn request_of_user(
        &self,
        out: &mut Output,
        mut start: i64,
        place: Place,
        who: Who,
        mut ask: Ask,
        mut answer: Answer,
    ) -> i64 {
        let iis = self.world.scenario().servers()[place.server].iis;
        let refused = |triple, bytes, time_taken| {
            let (status, substatus, win32) = triple;
            Answer {
                status,
                substatus,
                win32,
                bytes,
                time_taken: iis.time_taken(time_taken),
            }
        };
        let spent = answer.time_taken % 16;
        if ask.user == User::NONE {
            answer = refused(wire::LOGON_WANTED, 1_293, spent);
        } else if ask.fresh {
            let user = std::mem::take(&mut ask.user);
            let first = refused(wire::LOGON_WANTED, 1_293, spent);
            start = self.note(out, start, place, who, ask, first) + 1;
            let second = refused(wire::LOGON_BEGUN, 1_375, 15);
            start = self.note(out, start, place, who, ask, second) + 1;
            ask.user = user;
        }
        if ask.user != User::NONE && (answer.status, answer.substatus) == (401, 2) {
            // Known, and not wanted.
            answer.substatus = wire::ACCESS_DENIED.1;
        }
        self.note(out, start, place, who, ask, answer)
    }

    #[inline]
    fn note(
        &self,
        out: &mut Output,
        start: i64,
        place: Place,
        who: Who,
        ask: Ask,
        answer: Answer,
    ) -> i64 {
        let scenario = self.world.scenario();
        let end = start + i64::from(answer.time_taken);
        if start < scenario.end().millis() {
            let server = &scenario.servers()[place.server];
            out.requests[place.server].push(Request {
                end,
                client: who.client,
                ask,
                answer,
                forwarded: who.forwarded,
                campaign: place.campaign.and_then(CampaignNumber::new),
                site: u16::try_from(place.site).unwrap_or(u16::MAX),
                address: server.address_for(who.client.v4().is_none(), place.address),
                port: place.port,
                actor: u16::try_from(self.index).unwrap_or(u16::MAX),
            });
        }
        end
    }

    /// Notes a call of one of the site's programs; returns when it ends. Whoever calls does it like this.
    pub(crate) fn call(
        &self,
        out: &mut Output,
        start: i64,
        place: Place,
        who: impl Into<Who>,
        (agent, user): (Piece, User),
        dice: &mut Dice,
    ) -> i64 {
        let site = self.world.site(place.server, place.site);
        let words = &self.world.words;
        let method = dice.pick(&[words.get, words.get, words.post]);
        let mut ask = Ask::plain(method, site.program(dice), agent);
        ask.user = user;
        // Programs open a connection for some calls and keep it for most.
        ask.fresh = user != User::NONE && dice.chance(0.2);
        if method == words.get {
            ask.query = Query::Since(u32::try_from(start / 1000 - 60).unwrap_or(0));
        }
        let reply = site.call(dice);
        self.request(out, start, place, who, ask, reply)
    }

    /// Notes that a port was touched, bound or not.
    pub(crate) fn probe(&self, out: &mut Output, time: i64, nth_server: usize, port: u16) {
        if let Some(campaign) = self.world.campaign(self.index, nth_server)
            && time < self.world.scenario().end().millis()
        {
            out.probes.push(Probe {
                campaign,
                port,
                time,
            });
        }
    }

    /// Notes a contact that ends in HTTP.sys's own log.
    pub(crate) fn contact(
        &self,
        out: &mut Output,
        time: i64,
        target: (usize, u8, u16),
        client: IpAddr,
        reason: Reason,
    ) {
        let (nth_server, address, port) = target;
        let server = self.actor.servers[nth_server];
        let scenario = self.world.scenario();
        if time < scenario.end().millis() {
            out.contacts.push(Contact {
                time,
                server: u32::try_from(server).unwrap_or(u32::MAX),
                address: scenario.servers()[server].address_for(client.is_ipv6(), address),
                port,
                client,
                client_port: 49_152
                    + u16::try_from(crate::dice::scrambled(time.unsigned_abs()) % 16_384)
                        .unwrap_or(0),
                reason,
                actor: u16::try_from(self.index).unwrap_or(u16::MAX),
                campaign: self.world.campaign(self.index, nth_server),
            });
        }
    }
}

/// Moments of a Poisson process in a block: `mean_gap` milliseconds apart on average.
pub(crate) fn arrivals(block: Block, mean_gap: f64, dice: &mut Dice) -> Vec<i64> {
    let length = float(block.until - block.from);
    // A quarter more than the mean is enough for nearly all busy blocks; the others grow.
    let mut moments = Vec::with_capacity(whole(length / mean_gap * 1.25).min(10_000) as usize);
    let mut at = dice.exponential(mean_gap);
    while at < length {
        // Rounded down: the block's end is no moment of it.
        moments.push(block.from + i64::from(whole(at - 0.5)));
        at += dice.exponential(mean_gap);
    }
    moments
}
