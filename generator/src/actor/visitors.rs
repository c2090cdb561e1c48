//! Background: people with browsers, crawlers, and the noise of the internet. A visitor keeps to one binding:
//! over 916,000 real lines no client met more than two ports of a server in ten minutes.

use super::hours::Rhythm;
use super::session::{Style, Visitor};
use super::{Place, Player, Who, arrivals};
use crate::address::{in_network, public_v4, public_v6};
use crate::dice::{Dice, Population, millis, whole};
use crate::request::{Ask, Block, Output};
use crate::scenario::Checker;
use crate::spec::{Network, VisitorsSpec};
use std::net::IpAddr;

/// Calls of the longest visit of a program.
const MOST_CALLS: u32 = 400;

/// Visitors, checked.
#[derive(Clone, Debug)]
pub(crate) struct Visitors {
    rhythm: Rhythm,
    style: Style,
    /// Share of visits by people who were here before.
    returning: f64,
    revalidate: f64,
    bots: f64,
    noise: f64,
    programs: f64,
    ipv6: f64,
    network: Option<Network>,
    /// Who comes again, how often.
    regulars: Population,
    /// All there are, where a population is said.
    population: Option<Population>,
}

impl Visitors {
    pub(super) fn check(spec: &VisitorsSpec, checker: &mut Checker<'_>) -> Self {
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
        let hours = spec.hours.unwrap_or_default();
        let mut style = Style::new(
            checker.mean(spec.pages_per_session.as_ref(), 3.0),
            checker.mean(spec.objects_per_page.as_ref(), 15.0),
            spec.think_time
                .as_ref()
                .map_or(12_000, |value| checker.span(value)),
        );
        style.single = checker.share(spec.singles.as_ref(), 0.12);
        style.long = checker.share(spec.long_visits.as_ref(), 0.02);
        style.missing = checker.share(spec.missing.as_ref(), 0.02);
        style.calls = checker.share(spec.calls.as_ref(), 0.04);
        Self {
            rhythm: Rhythm {
                per_day,
                hours,
                weekend: checker.share(spec.weekend.as_ref(), hours.weekend()),
                offset: spec
                    .utc_offset
                    .as_ref()
                    .map_or(0, |offset| checker.utc_offset(offset)),
            },
            style,
            returning: checker.share(spec.returning.as_ref(), 0.35),
            revalidate: checker.share(spec.revalidate.as_ref(), 0.5),
            bots,
            noise,
            programs,
            ipv6: checker.share(spec.ipv6.as_ref(), 0.03),
            network: spec.network,
            // As many regulars as a third of a day's visits.
            regulars: Population::new(whole(per_day / 3.0).max(1)),
            population: spec
                .clients
                .as_ref()
                .map(|clients| Population::new(checker.count(Some(clients), 100_000_000))),
        }
    }

    /// How a visit goes.
    pub(super) fn style(&self) -> Style {
        self.style
    }

    pub(super) fn act(&self, player: &Player<'_>, block: Block, dice: &mut Dice, out: &mut Output) {
        let mean_gap = self.rhythm.mean_gap(player.world.scale(), block);
        for start in arrivals(block, mean_gap, dice) {
            let fate = dice.unit();
            if fate < self.bots + self.noise + self.programs {
                let Some(place) = player.draw_place(dice) else {
                    return;
                };
                let who = self.who(player, place, dice);
                if fate < self.bots {
                    crawl(player, who, place, start, dice, out);
                } else if fate < self.bots + self.programs {
                    call(player, who, place, start, dice, out);
                } else {
                    knock(player, who, place, start, dice, out);
                }
            } else {
                self.person(player, start, dice, out);
            }
        }
    }

    fn person(&self, player: &Player<'_>, start: i64, dice: &mut Dice, out: &mut Output) {
        let returning = dice.chance(self.returning);
        // A regular has always the same address, browser and binding: they come from a stream of his own.
        let regular = match &self.population {
            Some(population) => Some(population.draw(dice)),
            None => returning.then(|| self.regulars.draw(dice)),
        };
        let stranger = dice.any();
        let mut own = player.dice("person", regular.unwrap_or(stranger));
        let Some(place) = player.draw_place(&mut own) else {
            return;
        };
        let visitor = Visitor {
            who: self.who(player, place, &mut own),
            agent: own.pick_of(&player.world.agents.browsers),
            returning,
            revalidate: self.revalidate,
            cookie: dice.any() | 1,
            user: player.user(place, regular.unwrap_or(stranger)),
        };
        self.style.visit(player, visitor, place, start, dice, out);
    }

    /// The address of a visitor, and that of what stands in front of the server.
    fn who(&self, player: &Player<'_>, place: Place, dice: &mut Dice) -> Who {
        let taken = player.world.taken();
        let server = &player.world.scenario().servers()[place.server];
        let own = match self.network {
            Some(Network(network)) => in_network(dice, network, taken),
            None if server.front.is_none()
                && server.address_v6.is_some()
                && dice.chance(self.ipv6) =>
            {
                public_v6(dice, taken)
            }
            None => public_v4(dice, taken),
        };
        match (&server.front, own) {
            (Some(front), IpAddr::V4(own)) => Who {
                client: front
                    .addresses
                    .get(dice.index(front.addresses.len()))
                    .copied()
                    .unwrap_or(IpAddr::V4(own))
                    .into(),
                forwarded: own.into(),
            },
            _ => own.into(),
        }
    }
}

/// A crawler reads pages, not what they embed.
fn crawl(
    player: &Player<'_>,
    who: Who,
    place: Place,
    start: i64,
    dice: &mut Dice,
    out: &mut Output,
) {
    let site = player.world.site(place.server, place.site);
    let agent = dice.pick_of(&player.world.agents.bots);
    let (ask, reply) = player.tool_ask(place, player.world.asks.robots, agent, dice);
    let mut now = player.request(out, start, place, who, ask, reply);
    for _ in 0..dice.count(6.0) {
        now += 500 + millis(dice.exponential(9_000.0));
        let page = site.draw_page(dice);
        let reply = site.page(page, place.port, dice);
        let ask = Ask::plain(player.world.words.get, site.page_stem(page), agent);
        player.request(out, now, place, who, ask, reply);
    }
}

/// A program calls a program of the site, some dozens of times.
fn call(
    player: &Player<'_>,
    who: Who,
    place: Place,
    start: i64,
    dice: &mut Dice,
    out: &mut Output,
) {
    let agent = dice.pick_of(&player.world.agents.programs);
    let user = player.computer(place, dice.any());
    let mut now = start;
    for _ in 0..dice.count(25.0).min(MOST_CALLS) {
        now = player.call(out, now, place, who, (agent, user), dice);
        now += millis(dice.exponential(2_000.0));
    }
}

/// Somebody's script looks whether anything is there.
fn knock(
    player: &Player<'_>,
    who: Who,
    place: Place,
    start: i64,
    dice: &mut Dice,
    out: &mut Output,
) {
    let agent = dice.pick_of(&player.world.agents.tools);
    let mut now = start;
    for _ in 0..dice.count(2.0) {
        let tool_ask = dice.pick(&player.world.asks.tools);
        let (ask, reply) = player.tool_ask(place, tool_ask, agent, dice);
        now = player.request(out, now, place, who, ask, reply);
        now += millis(dice.exponential(1_500.0));
    }
}
