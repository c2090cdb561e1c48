//! A log to measure with: 22 fields, about 350 bytes a line, clients by Zipf, four servers in turn, scanners. The same
//! bytes each time, since all of it comes from one small generator with a fixed seed.

use std::fmt::Write as _;

/// The columns, as IIS writes them with all its fields on.
pub(crate) const FIELDS: &str = "date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port \
    cs-username c-ip cs-version cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus \
    sc-win32-status sc-bytes cs-bytes time-taken";

/// Scanners in a log: each reaches one server, in one bin of ten minutes.
pub(crate) const SCANNERS: u64 = 20;

/// Distinct ports that each of the busy clients of a [`Log::busy`] has in any ten minutes.
pub(crate) const MANY_PORTS: u64 = 1800;

const PORTS: [u16; 4] = [443, 443, 80, 8443];
const METHODS: [&str; 4] = ["GET", "GET", "GET", "POST"];
const AGENTS: [&str; 4] = [
    "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/130.0.0.0+Safari/537.36",
    "Mozilla/5.0+(Macintosh;+Intel+Mac+OS+X+10_15_7)+AppleWebKit/605.1.15+(KHTML,+like+Gecko)+Version/18.0+Safari/605.1.15",
    "Mozilla/5.0+(X11;+Linux+x86_64;+rv:132.0)+Gecko/20100101+Firefox/132.0",
    "Mozilla/5.0+(compatible;+bingbot/2.0;++http://www.bing.com/bingbot.htm)",
];

/// A line, as far as it differs from others.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Seconds since 2026-11-02.
    pub(crate) second: u64,
    pub(crate) server: u64,
    pub(crate) client: String,
    pub(crate) port: u16,
    /// Chooses method, path, agent and sizes.
    pub(crate) dice: u64,
}

impl Line {
    fn agent(&self) -> &'static str {
        AGENTS[(self.dice >> 24 & 3) as usize]
    }

    /// Whether its agent is the crawler.
    pub(crate) fn is_bingbot(&self) -> bool {
        self.agent().contains("bingbot")
    }
}

/// A log.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) lines: Vec<Line>,
}

/// Sebastiano Vigna's `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Log {
    /// A day of visitors, with a few ports each, and scanners.
    pub(crate) fn day(count: u64) -> Self {
        Self::new(count, 86_400, false)
    }

    /// An hour in which every second line is one of two busy clients, each with [`MANY_PORTS`] ports in each bin,
    /// and a row for each of those.
    pub(crate) fn busy(count: u64) -> Self {
        Self::new(count, 3600, true)
    }

    fn new(count: u64, span: u64, is_busy: bool) -> Self {
        let mut dice = Dice(3);
        let (mut bin, mut place) = (0, 0_u64);
        let mut lines = Vec::new();
        for number in 0..count {
            let second = number * span / count;
            place = if second / 600 == bin { place + 1 } else { 0 };
            bin = second / 600;
            let roll = dice.next();
            // Which clients come back follows Zipf's law: ranks of twice as many digits are as often as the rest.
            let rank = (1 << (roll % 16)) | (roll >> 16) & ((1 << (roll % 16)) - 1);
            let mut line = Line {
                second,
                server: roll >> 8 & 3,
                client: client(rank),
                port: PORTS[(roll >> 12 & 3) as usize],
                dice: roll,
            };
            // One scanner each sixth bin of the day, with 40 to 230 ports, at every second line.
            let scanner = bin / 6;
            let probe = place / 2;
            if is_busy && place.is_multiple_of(2) {
                let busy = probe % 2;
                line.server = busy;
                line.client = format!("198.51.100.{busy}");
                line.port = u16::try_from(2000 + probe / 2 % MANY_PORTS).unwrap_or(0);
            } else if !is_busy
                && bin.is_multiple_of(6)
                && scanner < SCANNERS
                && place % 2 == 0
                && probe < 40 + scanner * 10
            {
                line.server = scanner & 3;
                line.client = format!("203.0.113.{scanner}");
                line.port = u16::try_from(1 + probe * 7).unwrap_or(0);
            }
            lines.push(line);
        }
        Self { lines }
    }

    /// As IIS writes it.
    pub(crate) fn w3c(&self) -> Vec<u8> {
        let mut text = format!(
            "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-11-02 00:00:00\n#Fields: {FIELDS}\n"
        );
        for line in &self.lines {
            let dice = line.dice;
            let pick = |shift: u32| (dice >> shift & 3) as usize;
            writeln!(
                text,
                "2026-11-02 {} W3SVC{} WEB0{} 10.0.0.{} {} /shop/department/{:03}/product/{:06}/view.aspx lang=en&session={:016x} {} - {} HTTP/1.1 {} ASP.NET_SessionId={:016x} https://www.shop.example/search/{:04} www.shop.example 200 0 0 {} {} {}",
                clock(line.second),
                1 + line.server,
                1 + line.server,
                1 + line.server,
                METHODS[pick(20)],
                dice >> 22 & 0xff,
                dice >> 30 & 0xf_ffff,
                dice,
                line.port,
                line.client,
                line.agent(),
                dice.rotate_left(17),
                dice >> 40 & 0xfff,
                1000 + (dice >> 44 & 0xffff),
                300 + (dice >> 48 & 0x1ff),
                dice >> 56,
            )
            .unwrap_or_default();
        }
        text.into_bytes()
    }
}

/// One in 32 has an IPv6 address.
fn client(rank: u64) -> String {
    if rank.is_multiple_of(32) {
        format!("2001:db8:{:x}:{:x}::{rank:x}", rank >> 8, rank & 0xff)
    } else {
        format!(
            "10.{}.{}.{}",
            1 + (rank >> 16),
            rank >> 8 & 0xff,
            rank & 0xff
        )
    }
}

/// `HH:MM:SS`.
pub(crate) fn clock(second: u64) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}
