//! One visit: pages with their objects, time to read between them, what the browser already has.

use super::{Place, Player, Who};
use crate::dice::{Dice, float, millis};
use crate::inventory::Authentication;
use crate::request::{Answer, Ask, Output, User};
use crate::text::{Piece, Query, Referer};
use crate::wire::{Effort, MOVED, answer};

/// Nobody reads longer than this within a visit: 25 minutes, below the half hour that ends one.
const LONGEST_THINK_MS: i64 = 25 * 60_000;
/// Pages of the longest visit. Together with the above it bounds what is held in memory.
const MOST_PAGES: u32 = 150;
/// How many times as many pages a long visit has.
const LONG: f64 = 6.0;
/// Spread of the logarithm of reading times, as in real gaps between bursts (median 5-11 s, p90 73-600 s).
const THINK_SD: f64 = 1.4;
/// Users of a domain have numbers from this on.
const FIRST_USER: u32 = 10_000;

/// How a visit goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Mean pages a visit.
    pub(crate) pages: f64,
    /// Mean objects that a page makes the browser ask for.
    pub(crate) objects: f64,
    /// The logarithm of the median time to read a page, in milliseconds.
    think: f64,
    /// Shares of visits that ask for one thing alone, and that go on for six times as many pages.
    pub(crate) single: f64,
    pub(crate) long: f64,
    /// Share of pages and objects that are no more.
    pub(crate) missing: f64,
    /// Share of what a page asks for that is a call of one of the site's programs.
    pub(crate) calls: f64,
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
    /// The user where the site wants one.
    pub(crate) user: User,
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
    pub(crate) fn usual() -> Self {
        Self::new(4.0, 10.0, 12_000)
    }

    /// So many pages with so many objects, and so many milliseconds to read one.
    pub(crate) fn new(pages: f64, objects: f64, think: i64) -> Self {
        Self {
            pages,
            objects,
            think: libm::log(float(think.max(1))),
            single: 0.0,
            long: 0.0,
            missing: 0.006,
            calls: 0.04,
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
        let mut lots = dice.lots();
        if lots.chance(self.single) {
            visit.single(start, dice, out);
            return;
        }
        let long = lots.chance(self.long);
        let pages = if long { self.pages * LONG } else { self.pages };
        let mut now = visit.redirect(start, dice, out);
        let mut came_from = Referer::default();
        for _ in 0..dice.count(pages).min(MOST_PAGES) {
            (now, came_from) = visit.page(now, came_from, dice, out);
            now += millis(dice.lognormal(self.think, THINK_SD)).clamp(300, LONGEST_THINK_MS);
        }
    }
}

impl Player<'_> {
    /// The user behind a number, where a site wants users.
    pub(crate) fn user(&self, place: Place, number: u64) -> User {
        let site = &self.world.scenario().servers()[place.server].sites[place.site];
        match site.authentication {
            Authentication::Anonymous => User::NONE,
            Authentication::Windows => {
                User::person(FIRST_USER + u32::try_from(number % 1_000_000).unwrap_or(0))
            }
        }
    }

    /// The account of the computer behind a number, where a site wants users: services of Windows log on as the computer.
    pub(crate) fn computer(&self, place: Place, number: u64) -> User {
        match self.user(place, 0) {
            User::NONE => User::NONE,
            _ => User::computer(1 + u32::try_from(number % 5_000).unwrap_or(0)),
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
        let reply = answer(dice, server.pace, MOVED, 389, Effort::Little);
        let ask = Ask::plain(words.get, words.slash, self.visitor.agent);
        let end = self.request(out, start, ask, reply);
        self.place.port = 443;
        end + 60
    }

    /// One thing and no more: a link that somebody sent, a feed, a preview.
    fn single(&mut self, start: i64, dice: &mut Dice, out: &mut Output) {
        let site = self.player.world.site(self.place.server, self.place.site);
        let (stem, reply) = if dice.chance(self.style.missing) {
            site.gone_page(dice)
        } else {
            let page = site.draw_page(dice);
            let reply = site.page(page, self.place.port, dice);
            (site.page_stem(page), reply)
        };
        let mut ask = Ask::plain(self.player.world.words.get, stem, self.visitor.agent);
        ask.fresh = true;
        self.request(out, start, ask, reply);
    }

    /// A page with what it embeds; returns when the last of it came, and its URL.
    fn page(
        &mut self,
        start: i64,
        referer: Referer,
        dice: &mut Dice,
        out: &mut Output,
    ) -> (i64, Referer) {
        let site = self.player.world.site(self.place.server, self.place.site);
        let mut lots = dice.lots();
        let mut ask = Ask::plain(
            self.player.world.words.get,
            Piece::EMPTY,
            self.visitor.agent,
        );
        ask.referer = referer;
        // A browser keeps its connection for the page; the next page often needs a new one.
        ask.fresh = true;
        if lots.chance(self.style.missing) {
            let (stem, reply) = site.gone_page(dice);
            ask.stem = stem.into();
            return (self.request(out, start, ask, reply), referer);
        }
        let page = site.draw_page(dice);
        let stem = site.page_stem(page);
        ask.stem = stem.into();
        if site.is_searched(page) && lots.chance(0.7) {
            let (id, words) = (dice.below(900), dice.below(40));
            ask.query = Query::Search {
                id: u16::try_from(id).unwrap_or(0),
                words: u16::try_from(words).unwrap_or(0),
            };
        }
        let url = Referer {
            origin: site.origin(self.place.port),
            path: stem,
        };
        let reply = site.page(page, self.place.port, dice);
        let end = self.request(out, start, ask, reply);
        if reply.status == 200 {
            (self.objects(end, url, dice, out), url)
        } else {
            (end, url)
        }
    }

    /// What a page makes the browser ask for; returns when the last of it came.
    fn objects(&mut self, start: i64, url: Referer, dice: &mut Dice, out: &mut Output) -> i64 {
        let world = self.player.world;
        let site = world.site(self.place.server, self.place.site);
        let (mut now, mut last) = (start, start);
        let mut ask = Ask::plain(world.words.get, Piece::EMPTY, self.visitor.agent);
        ask.referer = url;
        for _ in 1..dice.count(self.style.objects + 1.0) {
            now += millis(dice.exponential(35.0));
            let mut lots = dice.lots();
            let fate = lots.unit();
            ask.method = world.words.get;
            let (stem, reply) = if fate < self.style.calls {
                ask.method = world.words.post;
                (site.program(dice), site.call(dice))
            } else if lots.chance(self.style.missing) {
                site.gone_object(dice)
            } else {
                let object = site.draw_object(dice);
                let bit = 1_u128 << (object & 127);
                // Most of what the browser holds it does not ask for again.
                if self.held & bit != 0 && !lots.chance(0.12) {
                    continue;
                }
                self.held |= bit;
                let known = self.visitor.returning && lots.chance(0.75);
                if known && !lots.chance(self.visitor.revalidate) {
                    continue;
                }
                (site.object_stem(object), site.object(object, known, dice))
            };
            ask.stem = stem.into();
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
