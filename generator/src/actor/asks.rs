//! What tools ask for, most often `/`. Scans, inventories, monitoring and the internet's noise ask for the same.

use super::{Place, Player};
use crate::dice::Dice;
use crate::request::{Answer, Ask};
use crate::text::{Piece, Texts};

/// A method and a path.
pub(crate) type ToolAsk = (&'static str, &'static str);

/// What tools ask for.
pub(crate) const TOOL_ASKS: [ToolAsk; 28] = [
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
pub(crate) const VERSION_ASKS: [ToolAsk; 3] = [
    ("GET", "/"),
    ("OPTIONS", "/"),
    ("GET", "/nice ports,/Trinity.txt.bak"),
];

/// What nmap's scripts ask for, with the engine's agent.
pub(crate) const SCRIPT_ASKS: [ToolAsk; 6] = [
    ("GET", "/"),
    ("GET", "/robots.txt"),
    ("GET", "/.git/HEAD"),
    ("PROPFIND", "/"),
    ("OPTIONS", "/"),
    ("GET", "/HNAP1"),
];

/// With what a vulnerability scan opens, as seen in real logs; then come paths that exist nowhere.
pub(crate) const OPENING_ASKS: [ToolAsk; 14] = [
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
pub(crate) const GUESSES: [&str; 12] = [
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

/// Makes the world know all these words.
pub(crate) fn add_words(texts: &mut Texts) {
    for (method, path) in TOOL_ASKS
        .iter()
        .chain(&VERSION_ASKS)
        .chain(&SCRIPT_ASKS)
        .chain(&OPENING_ASKS)
    {
        texts.add(method);
        texts.add(path);
    }
    texts.add_all(GUESSES);
}

impl Player<'_> {
    /// A request as tools make it, with the site's answer.
    pub(crate) fn tool_ask(
        &self,
        place: Place,
        (method, path): ToolAsk,
        agent: Piece,
        dice: &mut Dice,
    ) -> (Ask, Answer) {
        let site = self.world.site(place.server, place.site);
        let reply = site.other(method, path, place.port, dice);
        let ask = Ask::plain(self.world.piece(method), self.world.piece(path), agent);
        (ask, reply)
    }
}
