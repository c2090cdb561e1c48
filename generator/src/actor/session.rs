//! One visit: pages with their objects, time to read between them, what the browser already has. A visit that goes on
//! beyond what is made at once waits as a few numbers and not as its lines: those of all visits that go on at a time
//! would grow with their number, some hundred bytes for each line.

use super::{Place, Player, Who};
use crate::dice::{Dice, float, millis};
use crate::inventory::Authentication;
use crate::request::{Answer, Ask, Output, User};
use crate::text::{Piece, Query, Referer};
use crate::wire::{Effort, MOVED, answer};

/// Nobody reads longer than this within a visit: 25 minutes, below the half hour that ends one.
const LONGEST_THINK_MS: i64 = 25 * 60_000;
/// Pages of the longest visit.
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

/// A visit that goes on, between two pages.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    visitor: Visitor,
    place: Place,
    /// Objects that the browser has since this visit began, a bit for each.
    held: u128,
    /// Milliseconds since 1970 at which the next page begins, how many there still are, and the one before.
    next: i64,
    pages: u32,
    came_from: Referer,
    /// Its own, so that it goes on alike whatever is made between two of its pages.
    dice: Dice,
}

/// A visit whose requests are being made.
struct Going<'p, 'w> {
    player: &'p Player<'w>,
    style: Style,
    visit: Visit,
}

impl Style {
    /// A visit as on any site.
    pub(crate) fn usual() -> Self {
        Self::new(3.0, 15.0, 12_000)
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
        let mut own = dice.split();
        let mut lots = own.lots();
        let (single, long) = (lots.chance(self.single), lots.chance(self.long));
        let pages = if long { self.pages * LONG } else { self.pages };
        let mut going = Going {
            player,
            style: self,
            visit: Visit {
                visitor,
                place,
                held: 0,
                next: start,
                pages: 0,
                came_from: Referer::default(),
                dice: own,
            },
        };
        if single {
            going.single(out);
            return;
        }
        going.redirect(out);
        going.visit.pages = going.visit.dice.count(pages).min(MOST_PAGES);
        going.on(out);
    }

    /// Goes on with a visit that waited.
    pub(crate) fn go_on(self, player: &Player<'_>, visit: Visit, out: &mut Output) {
        let going = Going {
            player,
            style: self,
            visit,
        };
        going.on(out);
    }
}

impl Visit {
    /// Milliseconds since 1970 at which it goes on.
    pub(crate) fn next(&self) -> i64 {
        self.next
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

impl Going<'_, '_> {
    /// Makes pages up to where requests are made now; a visit that goes on after that waits.
    fn on(mut self, out: &mut Output) {
        let end = self.player.world.scenario().end().millis();
        while self.visit.pages > 0 && self.visit.next < end {
            if self.visit.next >= out.horizon {
                out.waiting.push(self.visit);
                return;
            }
            self.visit.pages -= 1;
            let done = self.page(out);
            let think = millis(self.visit.dice.lognormal(self.style.think, THINK_SD));
            self.visit.next = done + think.clamp(300, LONGEST_THINK_MS);
        }
    }

    /// A visit that begins without encryption is often sent to 443, where the site has it.
    fn redirect(&mut self, out: &mut Output) {
        let (place, agent) = (self.visit.place, self.visit.visitor.agent);
        let server = &self.player.world.scenario().servers()[place.server];
        let has_https = server.sites[place.site].ports.contains(&443);
        if place.port != 80 || !has_https || !self.visit.dice.chance(0.25) {
            return;
        }
        let words = &self.player.world.words;
        let reply = answer(
            &mut self.visit.dice,
            server.pace,
            MOVED,
            389,
            Effort::Little,
        );
        let ask = Ask::plain(words.get, words.slash, agent);
        let end = self.request(out, self.visit.next, ask, reply);
        self.visit.place.port = 443;
        self.visit.next = end + 60;
    }

    /// One thing and no more: a link that somebody sent, a feed, a preview.
    fn single(&mut self, out: &mut Output) {
        let Place {
            server, site, port, ..
        } = self.visit.place;
        let site = self.player.world.site(server, site);
        let dice = &mut self.visit.dice;
        let (stem, reply) = if dice.chance(self.style.missing) {
            site.gone_page(dice)
        } else {
            let page = site.draw_page(dice);
            let reply = site.page(page, port, dice);
            (site.page_stem(page), reply)
        };
        let mut ask = Ask::plain(self.player.world.words.get, stem, self.visit.visitor.agent);
        ask.fresh = true;
        self.request(out, self.visit.next, ask, reply);
    }

    /// A page with what it embeds; returns when the last of it came.
    fn page(&mut self, out: &mut Output) -> i64 {
        let (place, start) = (self.visit.place, self.visit.next);
        let site = self.player.world.site(place.server, place.site);
        let dice = &mut self.visit.dice;
        let mut lots = dice.lots();
        let mut ask = Ask::plain(
            self.player.world.words.get,
            Piece::EMPTY,
            self.visit.visitor.agent,
        );
        ask.referer = self.visit.came_from;
        // A browser keeps its connection for the page; the next page often needs a new one.
        ask.fresh = true;
        if lots.chance(self.style.missing) {
            let (stem, reply) = site.gone_page(dice);
            ask.stem = stem.into();
            return self.request(out, start, ask, reply);
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
        self.visit.came_from = Referer {
            origin: site.origin(place.port),
            path: stem,
        };
        let reply = site.page(page, place.port, dice);
        let end = self.request(out, start, ask, reply);
        if reply.status == 200 {
            self.objects(end, out)
        } else {
            end
        }
    }

    /// What a page makes the browser ask for; returns when the last of it came.
    fn objects(&mut self, start: i64, out: &mut Output) -> i64 {
        let world = self.player.world;
        let site = world.site(self.visit.place.server, self.visit.place.site);
        let visitor = self.visit.visitor;
        let (mut now, mut last) = (start, start);
        let mut ask = Ask::plain(world.words.get, Piece::EMPTY, visitor.agent);
        ask.referer = self.visit.came_from;
        for _ in 1..self.visit.dice.count(self.style.objects + 1.0) {
            let dice = &mut self.visit.dice;
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
                if self.visit.held & bit != 0 && !lots.chance(0.12) {
                    continue;
                }
                self.visit.held |= bit;
                let known = visitor.returning && lots.chance(0.75);
                if known && !dice.chance(visitor.revalidate) {
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
        let (visitor, place) = (self.visit.visitor, self.visit.place);
        ask.cookie = visitor.cookie;
        ask.user = visitor.user;
        self.player
            .request(out, start, place, visitor.who, ask, reply)
    }
}
