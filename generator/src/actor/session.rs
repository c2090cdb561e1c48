//! One visit: pages with their objects, time to read between them, what the browser already has.

use super::{Ask, Place, Player};
use crate::dice::{Dice, float, millis};
use crate::request::{Answer, Block, Output};
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
    /// Stands for the session's cookie.
    pub(crate) cookie: u64,
}

/// A visit that goes on.
#[derive(Debug)]
struct Visit<'p, 'w> {
    player: &'p Player<'w>,
    style: Style,
    visitor: Visitor<'w>,
    place: Place,
    /// Objects that the browser has since this visit began.
    held: BTreeSet<usize>,
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
        let mut visit = Visit {
            player,
            style: self,
            visitor,
            place,
            held: BTreeSet::new(),
        };
        let mut now = visit.redirect(start, dice, out);
        let mut came_from = String::new();
        for _ in 0..dice.count(self.pages).min(MOST_PAGES) {
            let url;
            (now, url) = visit.page(now, came_from, dice, out);
            came_from = url;
            let think = dice.lognormal(libm::log(float(self.think.max(1))), THINK_SD);
            now += millis(think).clamp(300, LONGEST_THINK_MS);
        }
    }
}

impl<'w> Visit<'_, 'w> {
    /// A visit that begins without encryption is often sent to 443, where the site has it.
    fn redirect(&mut self, start: i64, dice: &mut Dice, out: &mut Output<'w>) -> i64 {
        let server = &self.player.world.scenario().servers()[self.place.server];
        let has_https = server.bindings.get(&443) == Some(&self.place.site);
        if self.place.port != 80 || !has_https || !dice.chance(0.25) {
            return start;
        }
        let reply = answer(dice, server.iis, MOVED, 389, Effort::Little);
        let ask = Ask::plain("GET", "/", self.visitor.agent);
        let end = self.request(out, start, ask, reply);
        self.place.port = 443;
        end + 60
    }

    /// A page with what it embeds; returns when the last of it came, and its URL.
    fn page(
        &mut self,
        start: i64,
        referer: String,
        dice: &mut Dice,
        out: &mut Output<'w>,
    ) -> (i64, String) {
        let site = self.player.world.site(self.place.server, self.place.site);
        let page = site.draw_page(dice);
        let stem = site.page_stem(page);
        let mut ask = Ask::plain("GET", stem, self.visitor.agent);
        if stem.contains("/search/") || stem.contains("/catalog/") && dice.chance(0.5) {
            ask.query = Cow::Owned(format!("id={}&q=a%20{}", dice.below(900), dice.below(40)));
        }
        ask.referer = Cow::Owned(referer);
        let url = site.url(self.place.port, stem);
        let reply = site.page(page, self.place.port, dice);
        let end = self.request(out, start, ask, reply);
        if reply.status == 200 {
            (self.objects(end, &url, dice, out), url)
        } else {
            (end, url)
        }
    }

    /// What a page makes the browser ask for; returns when the last of it came.
    fn objects(&mut self, start: i64, url: &str, dice: &mut Dice, out: &mut Output<'w>) -> i64 {
        let site = self.player.world.site(self.place.server, self.place.site);
        let (mut now, mut last) = (start, start);
        for _ in 1..dice.count(self.style.objects + 1.0) {
            now += millis(dice.exponential(35.0));
            let mut ask = Ask::plain("GET", "", self.visitor.agent);
            ask.referer = Cow::Owned(url.to_owned());
            let reply = if dice.chance(0.04) {
                ask.method = "POST";
                ask.stem = Cow::Borrowed(site.program(dice));
                site.call(dice)
            } else {
                let object = site.draw_object(dice);
                let known = self.visitor.returning && dice.chance(0.75);
                // Most of what the browser holds it does not ask for again.
                if !self.held.insert(object) && !dice.chance(0.12) || known && dice.chance(0.5) {
                    continue;
                }
                ask.stem = Cow::Borrowed(site.object_stem(object));
                site.object(object, known, dice)
            };
            last = last.max(self.request(out, now, ask, reply));
        }
        last
    }

    fn request(&self, out: &mut Output<'w>, start: i64, mut ask: Ask<'w>, reply: Answer) -> i64 {
        ask.cookie = self.visitor.cookie;
        self.player
            .request(out, start, self.place, self.visitor.address, ask, reply)
    }
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
