//! What a site has: pages, the objects they embed, programs, and how it answers to everything else. It follows
//! from the seed and the site alone, so that all actors meet the same site.

use crate::dice::{Dice, Popularity, whole};
use crate::inventory::{Pace, Server};
use crate::request::Answer;
use crate::text::{Piece, Texts};
use crate::wire::{self, Effort, Triple, answer};
use std::collections::BTreeMap;

const SECTIONS: [&str; 16] = [
    "products",
    "news",
    "about",
    "support",
    "blog",
    "docs",
    "account",
    "orders",
    "catalog",
    "events",
    "contact",
    "careers",
    "downloads",
    "search",
    "help",
    "team",
];
const TOPICS: [&str; 24] = [
    "overview", "pricing", "start", "faq", "terms", "imprint", "winter", "spring", "garden",
    "tools", "paper", "lamps", "travel", "guide", "update", "release", "list", "details", "status",
    "report", "archive", "profile", "basket", "index",
];
const OBJECTS: [(&str, &str); 5] = [
    ("css", "css"),
    ("scripts", "js"),
    ("images", "png"),
    ("images", "jpg"),
    ("fonts", "woff2"),
];

/// Objects of more bytes than this are often fetched in parts.
const LARGE: u32 = 100_000;

/// How a site is made, which shows in its paths and in its 404s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Files,
    Forms,
    Routes,
}

/// What a request is after, as far as the answer depends on it. It is told from the texts once, since comparing them
/// takes longer than to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The first page.
    Root,
    /// What may be asked for.
    Options,
    /// The request itself.
    Trace,
    /// What crawlers may read.
    Robots,
    /// The icon, which every site has.
    Icon,
    /// Something of git's.
    Repository,
    /// A way out of the site's folder.
    Parent,
    /// Another path, of which there is nothing.
    Missing,
    /// The same, to send something.
    Post,
    /// A method that no site knows.
    Verb,
}

impl Wish {
    /// By method and decoded path.
    pub(crate) fn of(method: &str, path: &str) -> Self {
        match (method, path) {
            ("GET" | "HEAD" | "POST", "/") => Self::Root,
            ("OPTIONS", _) => Self::Options,
            ("TRACE", _) => Self::Trace,
            ("GET" | "HEAD", "/robots.txt") => Self::Robots,
            ("GET" | "HEAD", "/favicon.ico") => Self::Icon,
            ("GET" | "HEAD", path) if path.contains("/.git") => Self::Repository,
            ("GET" | "HEAD", path) if path.contains("..") => Self::Parent,
            ("GET" | "HEAD", _) => Self::Missing,
            ("POST", _) => Self::Post,
            _ => Self::Verb,
        }
    }
}

/// The content of one site.
#[derive(Debug)]
pub(crate) struct SiteContent {
    style: Style,
    pace: Pace,
    robots: bool,
    pages: Vec<(Piece, u32)>,
    page_popularity: Popularity,
    objects: Vec<(Piece, u32)>,
    object_popularity: Popularity,
    searchable: Vec<bool>,
    programs: Vec<Piece>,
    /// Paths that others still link to, and that are no more: pages and objects.
    gone: [Vec<Piece>; 2],
    doors: BTreeMap<u16, Door>,
}

/// What a site shows under one of its ports.
#[derive(Debug)]
struct Door {
    /// The answer to `GET /`.
    root: Triple,
    /// Scheme, host and port, as in a referer.
    origin: Piece,
}

impl SiteContent {
    /// The content of the site at this position of `server`.
    pub(crate) fn new(seed: u64, server: &Server, position: usize, texts: &mut Texts) -> Self {
        let site = &server.sites[position];
        let mut dice = Dice::new(seed, &["site", &server.name], u64::from(site.id));
        let style = dice.pick(&[Style::Files, Style::Forms, Style::Routes]);
        let ending = match style {
            Style::Files => ".html",
            Style::Forms => ".aspx",
            Style::Routes => "",
        };
        let mut searchable = vec![false];
        let mut pages = vec![(texts.add("/"), whole(dice.lognormal(9.4, 0.6)))];
        let count = site.pages.unwrap_or(60 + dice.below(160));
        for number in 1..count {
            let (section, topic) = (dice.pick(&SECTIONS), dice.pick(&TOPICS));
            let stem = format!("/{section}/{topic}-{number}{ending}");
            searchable.push(matches!(section, "search" | "catalog"));
            pages.push((
                texts.add(&stem),
                whole(dice.lognormal(9.19, 1.19)).clamp(300, 20_000_000),
            ));
        }
        let mut objects = vec![(texts.add("/favicon.ico"), 4_286)];
        for number in 1..20 + dice.below(60) {
            let (folder, ending) = dice.pick(&OBJECTS);
            let name = dice.pick(&TOPICS);
            let stem = format!("/{folder}/{name}-{number}.{ending}");
            objects.push((
                texts.add(&stem),
                whole(dice.lognormal(9.0, 1.5)).clamp(200, 50_000_000),
            ));
        }
        let programs = (0..6)
            .map(|_| {
                let (section, topic) = (dice.pick(&SECTIONS), dice.pick(&TOPICS));
                texts.add(&format!("/api/v1/{section}/{topic}"))
            })
            .collect();
        let mut lost = |folder: &str, ending: &str| {
            (0..12)
                .map(|_| {
                    let (topic, number) = (dice.pick(&TOPICS), 1_000 + dice.below(8_000));
                    texts.add(&format!("/{folder}/{topic}-{number}{ending}"))
                })
                .collect()
        };
        let gone = [lost("archive", ending), lost("images", ".png")];
        let host = site
            .host
            .clone()
            .unwrap_or_else(|| server.address_at(0).to_string());
        let doors = site
            .ports
            .iter()
            .map(|port| (*port, Door::new(&mut dice, *port, &host, texts)))
            .collect();
        Self {
            style,
            pace: server.pace,
            robots: dice.chance(0.5),
            page_popularity: Popularity::zipf(pages.len(), site.popularity),
            pages,
            object_popularity: Popularity::zipf(objects.len(), 0.7),
            objects,
            searchable,
            programs,
            gone,
            doors,
        }
    }

    /// Draws a page.
    pub(crate) fn draw_page(&self, dice: &mut Dice) -> usize {
        self.page_popularity.draw(dice)
    }

    /// Draws an object.
    pub(crate) fn draw_object(&self, dice: &mut Dice) -> usize {
        self.object_popularity.draw(dice)
    }

    /// The path of a page; page 0 is `/`.
    pub(crate) fn page_stem(&self, page: usize) -> Piece {
        self.pages[page].0
    }

    /// The path of an object.
    pub(crate) fn object_stem(&self, object: usize) -> Piece {
        self.objects[object].0
    }

    /// A program that takes calls.
    pub(crate) fn program(&self, dice: &mut Dice) -> Piece {
        dice.pick_of(&self.programs)
    }

    /// Whether visitors look for something on a page.
    pub(crate) fn is_searched(&self, page: usize) -> bool {
        self.searchable[page]
    }

    /// Scheme, host and port, as in a referer.
    pub(crate) fn origin(&self, port: u16) -> Piece {
        self.doors
            .get(&port)
            .map_or(Piece::EMPTY, |door| door.origin)
    }

    /// The answer to a visitor's page.
    pub(crate) fn page(&self, page: usize, port: u16, dice: &mut Dice) -> Answer {
        if page == 0 {
            return self.root(port, dice);
        }
        let fate = dice.unit();
        if fate < 0.003 {
            return answer(dice, self.pace, wire::SERVER_ERROR, 3_420, Effort::Program);
        }
        if fate < 0.015 {
            return answer(dice, self.pace, wire::FOUND, 421, Effort::Program);
        }
        let bytes = self.pages[page].1;
        let (bytes, effort) = match self.style {
            Style::Files => (bytes, Effort::Little),
            // What a program makes is never twice of the same length.
            Style::Forms | Style::Routes => {
                let odd = dice.below(bytes / 16 + 1);
                (bytes + odd, Effort::Program)
            }
        };
        answer(dice, self.pace, wire::OK, bytes, effort)
    }

    /// The answer to an object that a page embeds; `known` to the browser, it is asked whether it changed.
    pub(crate) fn object(&self, object: usize, known: bool, dice: &mut Dice) -> Answer {
        if known {
            return answer(dice, self.pace, wire::NOT_MODIFIED, 210, Effort::Little);
        }
        let bytes = self.objects[object].1;
        if bytes > LARGE && dice.chance(0.3) {
            let part = LARGE / 2 + dice.below(bytes - LARGE / 2);
            return answer(dice, self.pace, wire::PARTIAL, part, Effort::Little);
        }
        answer(dice, self.pace, wire::OK, bytes, Effort::Little)
    }

    /// A page that is no more, and the answer.
    pub(crate) fn gone_page(&self, dice: &mut Dice) -> (Piece, Answer) {
        let stem = dice.pick_of(&self.gone[0]);
        (
            stem,
            answer(dice, self.pace, self.miss(), 1_245, Effort::Little),
        )
    }

    /// An object that is no more, and the answer.
    pub(crate) fn gone_object(&self, dice: &mut Dice) -> (Piece, Answer) {
        let stem = dice.pick_of(&self.gone[1]);
        (
            stem,
            answer(dice, self.pace, wire::NO_FILE, 1_245, Effort::Little),
        )
    }

    /// The answer of a program.
    pub(crate) fn call(&self, dice: &mut Dice) -> Answer {
        let triple = if dice.chance(0.01) {
            wire::SERVER_ERROR
        } else {
            wire::OK
        };
        let bytes = whole(dice.lognormal(6.8, 0.9));
        answer(dice, self.pace, triple, bytes, Effort::Program)
    }

    /// The answer to anything at all, whoever asks: tools, crawlers and scans meet the same site.
    pub(crate) fn other(&self, wish: Wish, port: u16, dice: &mut Dice) -> Answer {
        let (triple, bytes) = match wish {
            Wish::Root => return self.root(port, dice),
            Wish::Options => (wire::OK, 236),
            Wish::Trace => (wire::NOT_IMPLEMENTED, 1_508),
            Wish::Robots if self.robots => (wire::OK, 312),
            Wish::Icon => (wire::OK, self.objects[0].1),
            Wish::Repository => (wire::NO_HANDLER, 1_245),
            Wish::Parent => (wire::DOUBLE_ESCAPE, 1_245),
            Wish::Robots | Wish::Missing => (self.miss(), 1_245),
            Wish::Post if self.style == Style::Routes => (self.miss(), 1_245),
            Wish::Post | Wish::Verb => (wire::VERB_UNKNOWN, 1_293),
        };
        answer(dice, self.pace, triple, bytes, Effort::Little)
    }

    fn root(&self, port: u16, dice: &mut Dice) -> Answer {
        let triple = self.doors.get(&port).map_or(wire::OK, |door| door.root);
        let (bytes, effort) = match triple {
            wire::OK => (self.pages[0].1, Effort::Program),
            wire::FOUND => (421, Effort::Program),
            _ => (1_293, Effort::Little),
        };
        answer(dice, self.pace, triple, bytes, effort)
    }

    fn miss(&self) -> Triple {
        match self.style {
            Style::Routes => wire::NO_ROUTE,
            Style::Files | Style::Forms => wire::NO_FILE,
        }
    }
}

impl Door {
    fn new(dice: &mut Dice, port: u16, host: &str, texts: &mut Texts) -> Self {
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        let origin = match port {
            80 => format!("http://{host}"),
            443 => format!("https://{host}"),
            _ => format!("http://{host}:{port}"),
        };
        let fate = dice.unit();
        let root = match fate {
            _ if matches!(port, 80 | 443) || fate < 0.66 => wire::OK,
            _ if fate < 0.82 => wire::FOUND,
            _ if fate < 0.89 => wire::LOGON_WANTED,
            _ if fate < 0.94 => wire::LISTING_DENIED,
            _ => wire::NO_FILE,
        };
        Self {
            root,
            origin: texts.add(&origin),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Wish;

    #[test]
    fn wishes_by_method_and_path() {
        for (method, path, expected) in [
            ("GET", "/", Wish::Root),
            ("POST", "/", Wish::Root),
            ("PUT", "/", Wish::Verb),
            ("get", "/", Wish::Verb),
            ("OPTIONS", "/", Wish::Options),
            ("TRACE", "/x", Wish::Trace),
            ("HEAD", "/robots.txt", Wish::Robots),
            ("POST", "/robots.txt", Wish::Post),
            ("GET", "/favicon.ico", Wish::Icon),
            ("GET", "/.git/HEAD", Wish::Repository),
            ("GET", "/a/../b", Wish::Parent),
            ("GET", "/../.git/HEAD", Wish::Repository),
            ("HEAD", "/selfupdate/wuident.cab", Wish::Missing),
            ("POST", "/sdk", Wish::Post),
        ] {
            assert_eq!(Wish::of(method, path), expected, "{method} {path}");
        }
    }
}
