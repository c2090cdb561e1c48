//! Who acts in a scenario: one file for each kind. An actor knows the world and its own randomness, nothing of
//! other actors, and makes the requests of one block of time at a time.

mod backend;
mod maintenance;
mod probe;
mod proxy;
mod scan;
mod session;
mod visitors;

use crate::dice::{Dice, float};
use crate::request::{Answer, Block, Output, Probe, Request};
use crate::scenario::Checker;
use crate::spec::{Client, KindSpec};
use crate::truth::{self, Class};
use crate::world::World;
use scanbench_spec::Spanned;
use std::borrow::Cow;
use std::net::IpAddr;
use std::ops::Range;

/// An actor, checked.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(crate) id: String,
    /// Positions of its servers in the scenario.
    pub(crate) servers: Vec<usize>,
    /// The one address it has, unless it stands for many clients.
    pub(crate) client: Option<Client>,
    pub(crate) kind: Kind,
}

/// What an actor does.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Visitors(visitors::Visitors),
    Probe(probe::Periodic),
    Scan(scan::Scan),
    Maintenance(maintenance::Maintenance),
    Discovery(scan::Scan),
    Backend(backend::Backend),
    Proxy(proxy::Proxy),
}

impl Kind {
    /// The kind and class of its campaigns; `None` for background.
    pub(crate) fn truth(&self) -> Option<(truth::Kind, Class)> {
        match self {
            Self::Visitors(_) | Self::Probe(_) => None,
            Self::Scan(scan) => Some((truth::Kind::Scan, scan.class)),
            Self::Discovery(scan) => Some((truth::Kind::Discovery, scan.class)),
            Self::Maintenance(_) => Some((truth::Kind::Maintenance, Class::LookAlike)),
            Self::Backend(_) => Some((truth::Kind::Backend, Class::LookAlike)),
            Self::Proxy(_) => Some((truth::Kind::Proxy, Class::LookAlike)),
        }
    }
}

/// Checks what the file says of one actor; also where its id stands.
pub(crate) fn check_actor(spec: KindSpec, checker: &mut Checker<'_>) -> (Range<usize>, Actor) {
    // All kinds share these keys, but no type: see `spec`.
    macro_rules! checked {
        ($spec:ident, $client:expr, $kind:ident, $check:path) => {{
            let id: &Spanned<String> = &$spec.id;
            let place = id.span();
            let id = checker.id(id);
            let servers = checker.servers($spec.servers.as_ref());
            let client = $client.map(|client| checker.client(client));
            let kind = Kind::$kind($check(&$spec, &servers, checker));
            let actor = Actor {
                id,
                servers,
                client,
                kind,
            };
            (place, actor)
        }};
    }
    match spec {
        KindSpec::Visitors(spec) => {
            checked!(
                spec,
                None::<&Spanned<Client>>,
                Visitors,
                visitors::Visitors::check
            )
        }
        KindSpec::Probe(spec) => checked!(spec, Some(&spec.client), Probe, probe::Periodic::check),
        KindSpec::Scan(spec) => checked!(spec, Some(&spec.client), Scan, scan::Scan::check),
        KindSpec::Maintenance(spec) => checked!(
            spec,
            Some(&spec.client),
            Maintenance,
            maintenance::Maintenance::check
        ),
        KindSpec::Discovery(spec) => {
            checked!(
                spec,
                Some(&spec.client),
                Discovery,
                scan::Scan::check_discovery
            )
        }
        KindSpec::Backend(spec) => {
            checked!(spec, Some(&spec.client), Backend, backend::Backend::check)
        }
        KindSpec::Proxy(spec) => checked!(spec, Some(&spec.client), Proxy, proxy::Proxy::check),
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
    pub(crate) port: u16,
    pub(crate) campaign: Option<u32>,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Ask<'w> {
    pub(crate) method: &'static str,
    pub(crate) stem: Cow<'w, str>,
    pub(crate) query: Cow<'w, str>,
    pub(crate) agent: &'w str,
    pub(crate) referer: Cow<'w, str>,
    /// Stands for the cookie of a session; 0 for none.
    pub(crate) cookie: u64,
}

impl<'w> Ask<'w> {
    /// A request without query and referer.
    pub(crate) fn plain(
        method: &'static str,
        stem: impl Into<Cow<'w, str>>,
        agent: &'w str,
    ) -> Self {
        Self {
            method,
            stem: stem.into(),
            query: Cow::Borrowed(""),
            agent,
            referer: Cow::Borrowed(""),
            cookie: 0,
        }
    }
}

impl<'w> Player<'w> {
    /// Makes what begins in the n-th block.
    pub(crate) fn act(&self, number: u64, block: Block, out: &mut Output<'w>) {
        let mut dice = self.dice("block", number);
        match &self.actor.kind {
            Kind::Visitors(visitors) => visitors.act(self, block, &mut dice, out),
            Kind::Probe(probe) => probe.act(self, block, &mut dice, out),
            Kind::Scan(scan) | Kind::Discovery(scan) => scan.act(self, block, out),
            Kind::Maintenance(maintenance) => maintenance.act(self, block, &mut dice, out),
            Kind::Backend(backend) => backend.act(self, block, &mut dice, out),
            Kind::Proxy(proxy) => proxy.act(self, block, &mut dice, out),
        }
    }

    /// A stream of this actor's own.
    pub(crate) fn dice(&self, purpose: &str, number: u64) -> Dice {
        Dice::new(
            self.world.seed(),
            &["actor", &self.actor.id, purpose],
            number,
        )
    }

    /// Its own address. Every kind that asks has one.
    pub(crate) fn client(&self) -> IpAddr {
        self.world
            .client(self.index)
            .unwrap_or(IpAddr::from([0, 0, 0, 0]))
    }

    /// Milliseconds since 1970 of a moment of the scenario.
    pub(crate) fn moment(&self, after_start: i64) -> i64 {
        self.world.scenario().start().millis() + after_start
    }

    /// The binding of a port of the n-th of its servers; `None` where nothing is bound.
    pub(crate) fn place(&self, nth_server: usize, port: u16) -> Option<Place> {
        let server = self.actor.servers[nth_server];
        let site = *self.world.scenario().servers()[server]
            .bindings
            .get(&port)?;
        Some(Place {
            server,
            site,
            port,
            campaign: self.world.campaign(self.index, nth_server),
        })
    }

    /// Draws one of its servers, and a binding of it by popularity.
    pub(crate) fn draw_place(&self, dice: &mut Dice) -> Option<Place> {
        let nth_server = dice.index(self.actor.servers.len());
        let server = *self.actor.servers.get(nth_server)?;
        let (site, port) = self.world.draw_binding(server, dice)?;
        Some(Place {
            server,
            site,
            port,
            campaign: self.world.campaign(self.index, nth_server),
        })
    }

    /// Notes a request; returns when it ends. What would begin after the scenario's end does not happen.
    pub(crate) fn request(
        &self,
        out: &mut Output<'w>,
        start: i64,
        place: Place,
        client: IpAddr,
        ask: Ask<'w>,
        answer: Answer,
    ) -> i64 {
        let position = |position: usize| u32::try_from(position).unwrap_or(u32::MAX);
        let request = Request {
            start,
            server: position(place.server),
            site: position(place.site),
            port: place.port,
            client,
            method: ask.method,
            stem: ask.stem,
            query: ask.query,
            agent: ask.agent,
            referer: ask.referer,
            cookie: ask.cookie,
            answer,
            actor: position(self.index),
            campaign: place.campaign,
        };
        let end = request.end();
        if start < self.world.scenario().end().millis() {
            out.requests.push(request);
        }
        end
    }

    /// Notes a call of one of the site's programs; returns when it ends. Whoever calls does it like this.
    pub(crate) fn call(
        &self,
        out: &mut Output<'w>,
        start: i64,
        place: Place,
        client: IpAddr,
        agent: &'w str,
        dice: &mut Dice,
    ) -> i64 {
        let site = self.world.site(place.server, place.site);
        let method = dice.pick(&["GET", "GET", "POST"]);
        let mut ask = Ask::plain(method, site.program(dice), agent);
        if method == "GET" {
            ask.query = Cow::Owned(format!("since={}", start / 1000 - 60));
        }
        let reply = site.call(dice);
        self.request(out, start, place, client, ask, reply)
    }

    /// Notes that a port was touched, bound or not.
    pub(crate) fn probe(&self, out: &mut Output<'w>, time: i64, nth_server: usize, port: u16) {
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
}

/// Moments of a Poisson process in a block: `mean_gap` milliseconds apart on average.
pub(crate) fn arrivals(block: Block, mean_gap: f64, dice: &mut Dice) -> Vec<i64> {
    let mut moments = Vec::new();
    let length = float(block.until - block.from);
    let mut at = dice.exponential(mean_gap);
    while at < length {
        moments.push(block.from + crate::dice::millis(libm::floor(at)));
        at += dice.exponential(mean_gap);
    }
    moments
}
