//! One visit: pages with their objects, time to read between them, what the browser already has.

use super::{Ask, Place, Player};
use crate::dice::{Dice, float, millis};
use crate::request::{Block, Output};
use crate::spec::Hours;
use crate::wire::{Effort, MOVED, answer};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Nobody reads longer than this within a visit: 25 minutes, below the half hour that ends one.
const LONGEST_THINK_MS: i64 = 25 * 60_000;
/// Pages of the longest visit. Together with the above it bounds what is held in memory.
const MOST_PAGES: u32 = 60;
/// Spread of the logarithm of reading times, as in real gaps between bursts (median 5-11 s, p90 73-600 s).
const THINK_SD: f64 = 1.3;

/// How a visit goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Mean pages a visit.
    pub(crate) pages: f64,
    /// Mean objects that a page makes the browser ask for.
    pub(crate) objects: f64,
    /// Median time to read a page, in milliseconds.
    pub(crate) think: i64,
}

/// Who visits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visitor<'w> {
    pub(crate) address: IpAddr,
    pub(crate) agent: &'w str,
    /// Whether the browser has objects from an earlier visit.
    pub(crate) returning: bool,
}

impl Style {
    /// One visit from `start` on.
    pub(crate) fn visit<'w>(
        self,
        player: &Player<'w>,
        visitor: Visitor<'w>,
        place: Place,
        start: i64,
        dice: &mut Dice,
        out: &mut Output<'w>,
    ) {
        let Visitor { address, agent, .. } = visitor;
        let (place, mut now) = to_https(player, visitor, place, start, dice, out);
        let site = player.world.site(place.server, place.site);
        let mut held = BTreeSet::new();
        let mut came_from = None;
        for _ in 0..dice.count(self.pages).min(MOST_PAGES) {
            let page = site.draw_page(dice);
            let stem = site.page_stem(page);
            let mut ask = Ask::plain("GET", stem, agent);
            if stem.contains("/search/") || stem.contains("/catalog/") && dice.chance(0.5) {
                ask.query = Cow::Owned(format!("id={}&q=a%20{}", dice.below(900), dice.below(40)));
            }
            let url = site.url(place.port, stem);
            ask.referer = Cow::Owned(came_from.unwrap_or_default());
            let reply = site.page(page, place.port, dice);
            let end = player.request(out, now, place, address, ask, reply);
            let mut last = end;
            if reply.status == 200 {
                last = self.objects(player, visitor, place, end, (&url, &mut held), dice, out);
            }
            came_from = Some(url);
            let think = dice.lognormal(libm::log(float(self.think.max(1))), THINK_SD);
            now = last + millis(think).clamp(300, LONGEST_THINK_MS);
        }
    }

    /// What a page makes the browser ask for; returns when the last of it came. `page` has the page's URL and the
    /// objects that the browser holds.
    fn objects<'w>(
        self,
        player: &Player<'w>,
        visitor: Visitor<'w>,
        place: Place,
        start: i64,
        page: (&str, &mut BTreeSet<usize>),
        dice: &mut Dice,
        out: &mut Output<'w>,
    ) -> i64 {
        let (url, held) = page;
        let site = player.world.site(place.server, place.site);
        let (mut now, mut last) = (start, start);
        for _ in 0..dice.count(self.objects + 1.0) - 1 {
            now += millis(dice.exponential(35.0));
            let mut ask = Ask::plain("GET", "", visitor.agent);
            ask.referer = Cow::Owned(url.to_owned());
            let reply = if dice.chance(0.04) {
                ask.stem = Cow::Borrowed(site.program(dice));
                if dice.chance(0.5) {
                    ask.method = "POST";
                } else {
                    ask.query = Cow::Owned(format!("since={}", now / 1000 - 60));
                }
                site.call(dice)
            } else {
                let object = site.draw_object(dice);
                let known = visitor.returning && dice.chance(0.75);
                // Most of what the browser holds it does not ask for again.
                if !held.insert(object) && !dice.chance(0.12) || known && dice.chance(0.5) {
                    continue;
                }
                ask.stem = Cow::Borrowed(site.object_stem(object));
                site.object(object, known, dice)
            };
            last = last.max(player.request(out, now, place, visitor.address, ask, reply));
        }
        last
    }
}

/// A visit that begins without encryption is often sent to 443, where the site has it.
fn to_https<'w>(
    player: &Player<'w>,
    visitor: Visitor<'w>,
    place: Place,
    start: i64,
    dice: &mut Dice,
    out: &mut Output<'w>,
) -> (Place, i64) {
    let server = &player.world.scenario().servers()[place.server];
    let has_https = server.bindings.get(&443) == Some(&place.site);
    if place.port != 80 || !has_https || !dice.chance(0.6) {
        return (place, start);
    }
    let reply = answer(dice, server.iis, MOVED, 389, Effort::Little);
    let ask = Ask::plain("GET", "/", visitor.agent);
    let end = player.request(out, start, place, visitor.address, ask, reply);
    (Place { port: 443, ..place }, end + 60)
}

impl Hours {
    /// Weight of each hour of the day, UTC.
    const fn weights(self) -> [u16; 24] {
        match self {
            Self::Public => [
                22, 15, 11, 9, 9, 12, 20, 33, 46, 54, 58, 60, 62, 60, 59, 60, 62, 66, 72, 78, 80,
                72, 54, 36,
            ],
            Self::Office => [
                3, 2, 2, 2, 3, 6, 20, 55, 95, 110, 108, 100, 84, 98, 106, 100, 85, 55, 26, 12, 8,
                6, 5, 4,
            ],
            Self::Flat => [1; 24],
        }
    }

    /// Mean milliseconds between arrivals in a block, for so many a day. A block is judged by its first hour.
    pub(crate) fn mean_gap(self, per_day: f64, block: Block) -> f64 {
        let weights = self.weights();
        let sum: u16 = weights.iter().sum();
        let hour = usize::try_from(block.from.rem_euclid(86_400_000) / 3_600_000).unwrap_or(0);
        let per_hour = per_day * f64::from(weights[hour]) / f64::from(sum);
        3_600_000.0 / per_hour
    }
}
