//! One visit: pages with their objects, time to read between them, what the browser already has.

use super::{Place, Player, Who};
use crate::dice::{Dice, float, millis};
use crate::inventory::Authentication;
use crate::request::{Answer, Ask, Output};
use crate::text::{Piece, Text};
use crate::wire::{Effort, MOVED, answer};

/// Nobody reads longer than this within a visit: 25 minutes, below the half hour that ends one.
const LONGEST_THINK_MS: i64 = 25 * 60_000;
/// Pages of the longest visit. Together with the above it bounds what is held in memory.
const MOST_PAGES: u32 = 60;
/// Spread of the logarithm of reading times, as in real gaps between bursts (median 5-11 s, p90 73-600 s).
const THINK_SD: f64 = 1.3;
/// Users of a domain have numbers from this on.
const FIRST_USER: u32 = 10_000;

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
pub(crate) struct Visitor {
    pub(crate) who: Who,
    pub(crate) agent: Piece,
    /// Whether the browser has objects from an earlier visit, and which share of them it asks for again.
    pub(crate) returning: bool,
    pub(crate) revalidate: f64,
    /// Stands for the session's cookie.
    pub(crate) cookie: u64,
    /// The number of the user where the site wants one; 0 for nobody.
    pub(crate) user: u32,
}

/// A visit that goes on.
#[derive(Debug)]
struct Visit<'p, 'w> {
    player: &'p Player<'w>,
    style: Style,
    visitor: Visitor,
    place: Place,
    /// Objects that the browser has since this visit began, a bit for each.
    held: u128,
}

impl Style {
    /// A visit as on any site.
    pub(crate) const fn usual() -> Self {
        Self {
            pages: 4.0,
            objects: 7.0,
            think: 12_000,
        }
    }

    /// One visit from `start` on.
    pub(crate) fn visit(
        self,
        player: &Player<'_>,
        visitor: Visitor,
        place: Place,
        start: i64,
        dice: &mut Dice,
        out: &mut Output,
    ) {
        let mut visit = Visit {
            player,
            style: self,
            visitor,
            place,
            held: 0,
        };
        let mut now = visit.redirect(start, dice, out);
        let mut came_from = Text::None;
        let think = libm::log(float(self.think.max(1)));
        for _ in 0..dice.count(self.pages).min(MOST_PAGES) {
            (now, came_from) = visit.page(now, came_from, dice, out);
            now += millis(dice.lognormal(think, THINK_SD)).clamp(300, LONGEST_THINK_MS);
        }
    }
}

impl Player<'_> {
    /// The user behind a number, where a site wants users; 0 where it does not.
    pub(crate) fn user(&self, place: Place, number: u64) -> u32 {
        let site = &self.world.scenario().servers()[place.server].sites[place.site];
        match site.authentication {
            Authentication::Anonymous => 0,
            Authentication::Windows => FIRST_USER + u32::try_from(number % 1_000_000).unwrap_or(0),
        }
    }
}

impl Visit<'_, '_> {
    /// A visit that begins without encryption is often sent to 443, where the site has it.
    fn redirect(&mut self, start: i64, dice: &mut Dice, out: &mut Output) -> i64 {
        let server = &self.player.world.scenario().servers()[self.place.server];
        let has_https = server.sites[self.place.site].ports.contains(&443);
        if self.place.port != 80 || !has_https || !dice.chance(0.25) {
            return start;
        }
        let words = &self.player.world.words;
        let reply = answer(dice, server.iis, MOVED, 389, Effort::Little);
        let ask = Ask::plain(words.get, words.slash, self.visitor.agent);
        let end = self.request(out, start, ask, reply);
        self.place.port = 443;
        end + 60
    }

    /// A page with what it embeds; returns when the last of it came, and its URL.
    fn page(
        &mut self,
        start: i64,
        referer: Text,
        dice: &mut Dice,
        out: &mut Output,
    ) -> (i64, Text) {
        let site = self.player.world.site(self.place.server, self.place.site);
        let page = site.draw_page(dice);
        let stem = site.page_stem(page);
        let mut ask = Ask::plain(self.player.world.words.get, stem, self.visitor.agent);
        if site.is_searched(page) && dice.chance(0.7) {
            let (id, words) = (dice.below(900), dice.below(40));
            ask.query = Text::Search(
                u16::try_from(id).unwrap_or(0),
                u16::try_from(words).unwrap_or(0),
            );
        }
        ask.referer = referer;
        // A browser keeps its connection for the page; the next page often needs a new one.
        ask.fresh = true;
        let url = Text::Pair(site.origin(self.place.port), stem);
        let reply = site.page(page, self.place.port, dice);
        let end = self.request(out, start, ask, reply);
        if reply.status == 200 {
            (self.objects(end, url, dice, out), url)
        } else {
            (end, url)
        }
    }

    /// What a page makes the browser ask for; returns when the last of it came.
    fn objects(&mut self, start: i64, url: Text, dice: &mut Dice, out: &mut Output) -> i64 {
        let world = self.player.world;
        let site = world.site(self.place.server, self.place.site);
        let (mut now, mut last) = (start, start);
        for _ in 1..dice.count(self.style.objects + 1.0) {
            now += millis(dice.exponential(35.0));
            let mut ask = Ask::plain(world.words.get, Piece::EMPTY, self.visitor.agent);
            ask.referer = url;
            let fate = dice.unit();
            let reply = if fate < 0.04 {
                ask.method = world.words.post;
                ask.stem = Text::of(site.program(dice));
                site.call(dice)
            } else {
                let object = site.draw_object(dice);
                let bit = 1_u128 << (object & 127);
                // Most of what the browser holds it does not ask for again.
                if self.held & bit != 0 && fate > 0.16 {
                    continue;
                }
                self.held |= bit;
                let known = self.visitor.returning && dice.chance(0.75);
                if known && !dice.chance(self.visitor.revalidate) {
                    continue;
                }
                ask.stem = Text::of(site.object_stem(object));
                site.object(object, known, dice)
            };
            last = last.max(self.request(out, now, ask, reply));
        }
        last
    }

    fn request(&self, out: &mut Output, start: i64, mut ask: Ask, reply: Answer) -> i64 {
        ask.cookie = self.visitor.cookie;
        ask.user = self.visitor.user;
        self.player
            .request(out, start, self.place, self.visitor.who, ask, reply)
    }
}
