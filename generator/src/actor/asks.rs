//! What tools ask for, most often `/`. Scans, inventories, monitoring and the internet's noise ask for the same.

use super::{Place, Player};
use crate::content::Wish;
use crate::dice::Dice;
use crate::request::{Answer, Ask};
use crate::text::{Piece, Texts};

/// A method and a path.
type Words = (&'static str, &'static str);

/// What tools ask for.
const TOOL_ASKS: [Words; 28] = [
    ("GET", "/"),
    ("GET", "/"),
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
    ("POST", "/azenv.php"),
    ("GET", "/actuator/env"),
];

/// What nmap's version detection asks an HTTP port for, all without an agent (nmap-service-probes).
const VERSION_ASKS: [Words; 3] = [
    ("GET", "/"),
    ("OPTIONS", "/"),
    ("GET", "/nice ports,/Trinity.txt.bak"),
];

/// What nmap's scripts ask for, with the engine's agent.
const SCRIPT_ASKS: [Words; 6] = [
    ("GET", "/"),
    ("GET", "/robots.txt"),
    ("GET", "/.git/HEAD"),
    ("PROPFIND", "/"),
    ("OPTIONS", "/"),
    ("GET", "/HNAP1"),
];

/// With what a vulnerability scan opens, as seen in real logs; then come paths that exist nowhere.
const OPENING_ASKS: [Words; 14] = [
    ("HEAD", "/selfupdate/wuident.cab"),
    ("GET", "/"),
    ("GET", "/"),
    ("GET", "/"),
    ("GET", "/"),
    ("ABCD", "/"),
    ("OPTIONS", "/"),
    ("TRACE", "/"),
    ("PROPFIND", "/"),
    ("POST", "/sdk/vimService"),
    ("SEARCH", "/"),
    ("get", "/"),
    ("MKCOL", "/"),
    ("PUT", "/"),
];

/// Folders and endings of paths that scanners try.
const GUESSES: [&str; 12] = [
    "/",
    "/cgi-bin/",
    "/scripts/",
    "/admin/",
    "/backup/",
    "/old/",
    "/phpmyadmin/",
    "/iisadmpwd/",
    "/_vti_bin/",
    "/test/",
    "/config/",
    "/uc_server/",
];

/// A request of a tool's: its words as pieces of the world's, and what it is after.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ToolAsk {
    method: Piece,
    path: Piece,
    wish: Wish,
}

/// All that tools ask for, in the words of one world.
#[derive(Debug)]
pub(crate) struct ToolAsks {
    /// `GET /`.
    pub(crate) root: ToolAsk,
    /// `HEAD /`.
    pub(crate) head: ToolAsk,
    /// `GET /robots.txt`.
    pub(crate) robots: ToolAsk,
    /// What tools ask for.
    pub(crate) tools: [ToolAsk; 28],
    /// What nmap's version detection asks for.
    pub(crate) version: [ToolAsk; 3],
    /// What nmap's scripts ask for.
    pub(crate) scripts: [ToolAsk; 6],
    /// With what a vulnerability scan opens.
    pub(crate) opening: [ToolAsk; 14],
    /// Folders that it tries then.
    pub(crate) guesses: [Piece; 12],
}

impl ToolAsks {
    pub(crate) fn new(texts: &mut Texts) -> Self {
        let mut ask = |(method, path): Words| ToolAsk {
            method: texts.add(method),
            path: texts.add(path),
            wish: Wish::of(method, path),
        };
        Self {
            root: ask(("GET", "/")),
            head: ask(("HEAD", "/")),
            robots: ask(("GET", "/robots.txt")),
            tools: TOOL_ASKS.map(&mut ask),
            version: VERSION_ASKS.map(&mut ask),
            scripts: SCRIPT_ASKS.map(&mut ask),
            opening: OPENING_ASKS.map(&mut ask),
            guesses: GUESSES.map(|folder| texts.add(folder)),
        }
    }
}

impl Player<'_> {
    /// A request as tools make it, with the site's answer.
    pub(crate) fn tool_ask(
        &self,
        place: Place,
        ask: ToolAsk,
        agent: Piece,
        dice: &mut Dice,
    ) -> (Ask, Answer) {
        let site = self.world.site(place.server, place.site);
        let reply = site.other(ask.wish, place.port, dice);
        (Ask::plain(ask.method, ask.path, agent), reply)
    }
}
