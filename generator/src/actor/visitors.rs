//! Background: people with browsers, crawlers, and the noise of the internet. A visitor keeps to one binding:
//! over 916,000 real lines no client met more than two ports of a server in ten minutes.

use super::session::{Style, Visitor};
use super::{Ask, Place, Player, arrivals};
use crate::address::{in_network, public_v4, public_v6};
use crate::agents::{BOTS, BROWSERS, PROGRAMS, TOOLS};
use crate::dice::{Dice, Popularity, Population, millis, whole};
use crate::request::{Block, Output};
use crate::scenario::Checker;
use crate::spec::{Hours, Network, VisitorsSpec};
use std::net::IpAddr;

/// What tools ask for, most often `/`. Scans ask for the same.
pub(crate) const TOOL_ASKS: [(&str, &str); 24] = [
    ("GET", "/"),
    ("GET", "/"),
    ("GET", "/"),
    ("GET", "/"),
    ("GET", "/"),
    ("GET", "/"),
    ("GET", "/"),
    ("GET", "/"),
    ("GET", "/"),
    ("HEAD", "/"),
    ("HEAD", "/"),
    ("OPTIONS", "/"),
    ("GET", "/robots.txt"),
    ("GET", "/favicon.ico"),
    ("GET", "/.git/HEAD"),
    ("GET", "/.env"),
    ("GET", "/HNAP1"),
    ("GET", "/wp-login.php"),
    ("GET", "/manager/html"),
    ("GET", "/nice ports,/Trinity.txt.bak"),
    ("GET", "/nmaplowercheck1793606400"),
    ("POST", "/sdk"),
    ("PROPFIND", "/"),
    ("GET", "/server-status"),
];

/// Calls of the longest visit of a program.
const MOST_CALLS: u32 = 400;

/// Visitors, checked.
#[derive(Clone, Debug)]
pub(crate) struct Visitors {
    per_day: f64,
    hours: Hours,
    style: Style,
    /// Share of visits by people who were here before.
    returning: f64,
    bots: f64,
    noise: f64,
    programs: f64,
    ipv6: f64,
    network: Option<Network>,
    /// Who comes again, how often.
    regulars: Popularity,
    /// All there are, where a population is said.
    population: Option<Population>,
}

impl Visitors {
    pub(super) fn check(
        spec: &VisitorsSpec,
        _servers: &[usize],
        checker: &mut Checker<'_>,
    ) -> Self {
        let per_day = checker.positive(&spec.sessions_per_day, 1e9);
        let (bots, noise, programs) = (
            checker.share(spec.bots.as_ref(), 0.03),
            checker.share(spec.noise.as_ref(), 0.05),
            checker.share(spec.programs.as_ref(), 0.03),
        );
        let said = [&spec.bots, &spec.noise, &spec.programs];
        if bots + noise + programs > 1.0
            && let Some(value) = said.into_iter().flatten().next()
        {
            checker.say_at(
                value.span(),
                "bots, noise and programs together are more than all visits",
            );
        }
        Self {
            per_day,
            hours: spec.hours.unwrap_or_default(),
            style: Style {
                pages: checker.mean(spec.pages_per_session.as_ref(), 4.0),
                objects: checker.mean(spec.objects_per_page.as_ref(), 7.0),
                think: spec
                    .think_time
                    .as_ref()
                    .map_or(12_000, |value| checker.span(value)),
            },
            returning: checker.share(spec.returning.as_ref(), 0.35),
            bots,
            noise,
            programs,
            ipv6: checker.share(spec.ipv6.as_ref(), 0.03),
            network: spec.network,
            // As many regulars as a third of a day's visits; bounded, for the table is held in memory.
            regulars: Popularity::zipf(whole(per_day / 3.0).clamp(1, 200_000) as usize, 0.8),
            population: spec
                .clients
                .as_ref()
                .map(|clients| Population::new(checker.count(Some(clients), 100_000_000))),
        }
    }

    pub(super) fn act<'w>(
        &self,
        player: &Player<'w>,
        block: Block,
        dice: &mut Dice,
        out: &mut Output<'w>,
    ) {
        for start in arrivals(
            block,
            self.hours
                .mean_gap(self.per_day * player.world.scale(), block),
            dice,
        ) {
            let fate = dice.unit();
            if fate < self.bots + self.noise + self.programs {
                let Some(place) = player.draw_place(dice) else {
                    return;
                };
                let address = self.address(player, place, dice);
                if fate < self.bots {
                    crawl(player, address, place, start, dice, out);
                } else if fate < self.bots + self.programs {
                    call(player, address, place, start, dice, out);
                } else {
                    knock(player, address, place, start, dice, out);
                }
                continue;
            }
            let returning = dice.chance(self.returning);
            // A regular has always the same address, browser and binding: they come from a stream of his own.
            let regular = match &self.population {
                Some(population) => Some(population.draw(dice)),
                None => returning.then(|| self.regulars.draw(dice) as u64),
            };
            let mut own = match regular {
                Some(number) => player.dice("regular", number),
                None => dice.clone(),
            };
            let Some(place) = player.draw_place(&mut own) else {
                return;
            };
            let visitor = Visitor {
                address: self.address(player, place, &mut own),
                agent: own.pick(&BROWSERS),
                returning,
                cookie: dice.odd(),
            };
            if regular.is_none() {
                *dice = own;
            }
            self.style.visit(player, visitor, place, start, dice, out);
        }
    }

    fn address(&self, player: &Player<'_>, place: Place, dice: &mut Dice) -> IpAddr {
        let taken = player.world.taken();
        let server = &player.world.scenario().servers()[place.server];
        match self.network {
            Some(Network(network)) => in_network(dice, network, taken),
            None if server.address_v6.is_some() && dice.chance(self.ipv6) => public_v6(dice, taken),
            None => public_v4(dice, taken),
        }
    }
}

/// A crawler reads pages, not what they embed.
fn crawl<'w>(
    player: &Player<'w>,
    address: IpAddr,
    place: Place,
    start: i64,
    dice: &mut Dice,
    out: &mut Output<'w>,
) {
    let site = player.world.site(place.server, place.site);
    let agent = dice.pick(&BOTS);
    let reply = site.other("GET", "/robots.txt", place.port, dice);
    let mut now = player.request(
        out,
        start,
        place,
        address,
        Ask::plain("GET", "/robots.txt", agent),
        reply,
    );
    for _ in 0..dice.count(6.0) {
        now += 500 + millis(dice.exponential(9_000.0));
        let page = site.draw_page(dice);
        let reply = site.page(page, place.port, dice);
        let ask = Ask::plain("GET", site.page_stem(page), agent);
        player.request(out, now, place, address, ask, reply);
    }
}

/// A program calls a program of the site, some dozens of times.
fn call<'w>(
    player: &Player<'w>,
    address: IpAddr,
    place: Place,
    start: i64,
    dice: &mut Dice,
    out: &mut Output<'w>,
) {
    let agent = dice.pick(&PROGRAMS);
    let mut now = start;
    for _ in 0..dice.count(25.0).min(MOST_CALLS) {
        now = player.call(out, now, place, address, agent, dice);
        now += millis(dice.exponential(4_000.0));
    }
}

/// Somebody's script looks whether anything is there.
fn knock<'w>(
    player: &Player<'w>,
    address: IpAddr,
    place: Place,
    start: i64,
    dice: &mut Dice,
    out: &mut Output<'w>,
) {
    let site = player.world.site(place.server, place.site);
    let agent = dice.pick(&TOOLS);
    let mut now = start;
    for _ in 0..dice.count(2.0) {
        let (method, path) = dice.pick(&TOOL_ASKS);
        let reply = site.other(method, path, place.port, dice);
        now = player.request(
            out,
            now,
            place,
            address,
            Ask::plain(method, path, agent),
            reply,
        );
        now += millis(dice.exponential(1_500.0));
    }
}
