//! One request as one line, field by field, from pieces that are ready to be copied.

#![expect(
    clippy::inline_always,
    reason = "only where all is in one function does the cursor stay in registers: a third of the time of a line"
)]

use super::cursor::{Buffer, Cursor, Slack};
use crate::inventory::{Server, V6};
use crate::request::{Answer, Request, User};
use crate::text::{Piece, Query, RANDOM_PATH, Referer, Stem, Texts, letters};
use scanbench_w3c::{Field, Newline, Timestamp, encode_value};

/// Bytes of headers that a client sends besides what stands in the line.
const OTHER_HEADERS: usize = 180;
/// No value that is made of numbers, fixed words and ids of campaigns is longer.
const LONGEST_NUMBERS: usize = 256;

const DAY_MS: i64 = 86_400_000;

/// Writes lines of requests to one server.
#[derive(Debug)]
pub(super) struct LineWriter<'w> {
    pub(super) values: Values<'w>,
    /// The fields that make up the head of a line, the head of the last line, and what it depends on.
    alike: Vec<Field>,
    head: Slack,
    head_second: i64,
    head_of: (u16, u8),
    /// Whether it begins with date and time.
    dated: bool,
    /// How the rest is written.
    steps: Vec<Step>,
    /// For each named header that is logged as a field of its own, whether it is the one that has the client's address.
    custom: Vec<bool>,
    /// The longest line there can be.
    room: usize,
}

/// Writes values of requests to one server, each as IIS writes it.
#[derive(Debug)]
pub(super) struct Values<'w> {
    texts: &'w Texts,
    /// The server's name and addresses, and its sites' names and hosts.
    name: Slack,
    addresses: Vec<Slack>,
    address_v6: Slack,
    sites: Vec<SiteText>,
    domain: Slack,
    /// The second of the last line, and its date and time.
    second: i64,
    stamp: [u8; 19],
    /// The longest value there can be.
    longest: usize,
}

/// What stands behind a line's head where nobody changed the fields. Written in one go, without a look at each: a
/// quarter of a line's time.
const USUAL: [Field; 12] = [
    Field::CsMethod,
    Field::CsUriStem,
    Field::CsUriQuery,
    Field::SPort,
    Field::CsUsername,
    Field::CIp,
    Field::CsUserAgent,
    Field::CsReferer,
    Field::ScStatus,
    Field::ScSubstatus,
    Field::ScWin32Status,
    Field::TimeTaken,
];

/// The same of IIS 7.5, which logs no referer by itself.
const OLDER: [Field; 11] = [
    Field::CsMethod,
    Field::CsUriStem,
    Field::CsUriQuery,
    Field::SPort,
    Field::CsUsername,
    Field::CIp,
    Field::CsUserAgent,
    Field::ScStatus,
    Field::ScSubstatus,
    Field::ScWin32Status,
    Field::TimeTaken,
];

/// One step of writing a line.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// All of [`USUAL`].
    Usual,
    /// All of [`OLDER`].
    Older,
    /// Status, sub-status and Windows code: nearly always without the two latter.
    Triple,
    Field(Field),
}

#[derive(Debug)]
struct SiteText {
    name: Slack,
    host: Option<Slack>,
}

impl<'w> LineWriter<'w> {
    pub(super) fn new(texts: &'w Texts, server: &Server) -> Self {
        let values = Values::new(texts, server);
        let custom: Vec<bool> = server
            .log
            .custom
            .iter()
            .map(|name| name.eq_ignore_ascii_case("X-Forwarded-For"))
            .collect();
        let room = (values.longest + 1) * (Field::ALL.len() + custom.len());
        Self {
            values,
            alike: Vec::new(),
            head: Slack::new(Vec::new()),
            head_second: i64::MIN,
            head_of: (0, 0),
            dated: false,
            steps: Vec::new(),
            custom,
            room,
        }
    }

    /// From now on, lines have these fields.
    pub(super) fn set_fields(&mut self, fields: &[Field]) {
        let alike = fields.partition_point(|field| *field <= Field::SIp);
        self.alike = fields[..alike].to_vec();
        self.head_second = i64::MIN;
        self.dated = self.alike.starts_with(&[Field::Date, Field::Time]);
        self.steps.clear();
        let mut rest = &fields[alike..];
        while let Some((field, others)) = rest.split_first() {
            if let Some(behind) = rest.strip_prefix(&USUAL) {
                self.steps.push(Step::Usual);
                rest = behind;
                continue;
            }
            if let Some(behind) = rest.strip_prefix(&OLDER) {
                self.steps.push(Step::Older);
                rest = behind;
                continue;
            }
            rest = others;
            if let (Field::ScStatus, [Field::ScSubstatus, Field::ScWin32Status, ..]) = (field, rest)
            {
                self.steps.push(Step::Triple);
                rest = &rest[2..];
            } else {
                self.steps.push(Step::Field(*field));
            }
        }
    }

    /// Appends the values of all fields with blanks between them, then those of the named headers that are logged as fields
    /// of their own, and the end of the line. Date and time are those of the last [`Values::set_second`].
    ///
    /// The first fields of a line (date, time, site, computer, address) are those of the line before, nearly always:
    /// they are copied at once.
    #[inline]
    pub(super) fn line(&mut self, text: &mut Buffer, request: &Request, newline: Option<Newline>) {
        let head_of = (request.site, request.address);
        if self.head_second != self.values.second || self.head_of != head_of {
            self.begin(request, head_of);
        }
        let mut cursor = text.cursor(self.room);
        cursor.slack::<false>(&self.head);
        let mut rest = self.steps.iter();
        if let Some(first) = rest.next() {
            self.values.step(&mut cursor, *first, request);
        }
        for step in rest {
            cursor.byte(b' ');
            self.values.step(&mut cursor, *step, request);
        }
        for forwarded in &self.custom {
            cursor.byte(b' ');
            if *forwarded && request.forwarded != 0 {
                cursor.v4(request.forwarded);
            } else {
                cursor.byte(b'-');
            }
        }
        match newline {
            Some(Newline::CrLf) => cursor.fixed(b"\r\n"),
            Some(Newline::Lf) => cursor.byte(b'\n'),
            None => {}
        }
        let end = cursor.position();
        text.grow_to(end);
    }

    /// Makes the head of a line. Where only the second is another, nothing else is made anew.
    #[inline(never)]
    fn begin(&mut self, request: &Request, head_of: (u16, u8)) {
        let known = self.head_second != i64::MIN && self.head_of == head_of;
        self.head_second = self.values.second;
        self.head_of = head_of;
        if known && self.dated {
            self.head.begin_with(&self.values.stamp);
            return;
        }
        let mut text = Buffer::default();
        let mut cursor = text.cursor((self.values.longest + 1) * self.alike.len());
        for field in &self.alike {
            self.values.field(&mut cursor, *field, request);
            cursor.byte(b' ');
        }
        let end = cursor.position();
        text.grow_to(end);
        self.head = Slack::new(text.text().to_vec());
    }
}

impl<'w> Values<'w> {
    pub(super) fn new(texts: &'w Texts, server: &Server) -> Self {
        let encoded = |text: &str| {
            let mut out = Vec::new();
            encode_value(&mut out, text.as_bytes());
            Slack::new(out)
        };
        let sites: Vec<SiteText> = server
            .sites
            .iter()
            .map(|site| SiteText {
                name: encoded(&format!("W3SVC{}", site.id)),
                host: site.host.as_deref().map(encoded),
            })
            .collect();
        let (name, domain) = (
            encoded(&server.name),
            encoded(&format!("{}\\", server.domain)),
        );
        let hosts = sites.iter().filter_map(|site| site.host.as_ref());
        let longest = hosts
            .chain([&name, &domain])
            .map(|text| text.text().len())
            .chain([2 * texts.longest()])
            .max()
            .unwrap_or(0);
        Self {
            texts,
            name,
            addresses: server
                .addresses
                .iter()
                .map(|address| encoded(&address.to_string()))
                .collect(),
            address_v6: encoded(
                &server
                    .address_v6
                    .map_or(String::new(), |address| address.to_string()),
            ),
            sites,
            domain,
            second: i64::MIN,
            stamp: *b"0000-00-00 00:00:00",
            longest: longest + LONGEST_NUMBERS,
        }
    }

    /// Makes the stamp of a second, in milliseconds.
    pub(super) fn set_second(&mut self, millis: i64) {
        if self.second == millis {
            return;
        }
        let day = millis.div_euclid(DAY_MS);
        if self.second.div_euclid(DAY_MS) != day {
            let mut date = Vec::with_capacity(10);
            Timestamp::from_millis(millis).write_date(&mut date);
            if date.len() == 10 {
                self.stamp[..10].copy_from_slice(&date);
            }
        }
        self.second = millis;
        let second = (millis - day * DAY_MS) / 1000;
        for (at, value) in [
            (11, second / 3600),
            (14, second / 60 % 60),
            (17, second % 60),
        ] {
            let value = u8::try_from(value).unwrap_or(0);
            self.stamp[at] = b'0' + value / 10;
            self.stamp[at + 1] = b'0' + value % 10;
        }
    }

    /// `2026-11-02`.
    pub(super) fn date(&self) -> &[u8] {
        &self.stamp[..10]
    }

    /// `10:00:00`.
    pub(super) fn time(&self) -> &[u8] {
        &self.stamp[11..]
    }

    /// The computer's name.
    pub(super) fn computer(&self) -> &[u8] {
        self.name.text()
    }

    /// The longest value there can be.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    #[inline(always)]
    fn step(&self, cursor: &mut Cursor<'_>, step: Step, request: &Request) {
        match step {
            Step::Usual => self.usual::<true>(cursor, request),
            Step::Older => self.usual::<false>(cursor, request),
            Step::Triple => triple::<false>(cursor, request.answer),
            Step::Field(field) => self.field(cursor, field, request),
        }
    }

    /// Appends the values of [`USUAL`], or of [`OLDER`], most of them together with the blank behind.
    #[inline(always)]
    fn usual<const REFERER: bool>(&self, cursor: &mut Cursor<'_>, request: &Request) {
        let ask = &request.ask;
        cursor.piece::<true>(self.texts, ask.method);
        self.stem::<true>(cursor, ask.stem);
        query::<true>(cursor, ask.query);
        cursor.number(u32::from(request.port));
        cursor.byte(b' ');
        self.user::<true>(cursor, ask.user);
        address(cursor, request);
        cursor.byte(b' ');
        self.agent::<true>(cursor, ask.agent);
        if REFERER {
            self.referer::<true>(cursor, ask.referer);
        }
        triple::<true>(cursor, request.answer);
        cursor.number(request.answer.time_taken);
    }

    /// Appends one value.
    #[inline(always)]
    pub(super) fn field(&self, cursor: &mut Cursor<'_>, field: Field, request: &Request) {
        let ask = &request.ask;
        match field {
            Field::Date => cursor.push(self.date()),
            Field::Time => cursor.push(self.time()),
            Field::SSitename => cursor.slack::<false>(&self.site(request).name),
            Field::SComputername => cursor.slack::<false>(&self.name),
            Field::SIp => cursor.slack::<false>(self.server_address(request)),
            Field::CsMethod => cursor.piece::<false>(self.texts, ask.method),
            Field::CsUriStem => self.stem::<false>(cursor, ask.stem),
            Field::CsUriQuery => query::<false>(cursor, ask.query),
            Field::SPort => cursor.number(u32::from(request.port)),
            Field::CsUsername => self.user::<false>(cursor, ask.user),
            Field::CIp => address(cursor, request),
            Field::CsVersion => {
                cursor.fixed(if ask.old { b"HTTP/1.0" } else { b"HTTP/1.1" });
            }
            Field::CsUserAgent => self.agent::<false>(cursor, ask.agent),
            Field::CsCookie => {
                if ask.cookie == 0 {
                    cursor.byte(b'-');
                } else {
                    // ASP.NET's cookie of a session has 24 characters.
                    cursor.fixed(b"ASP.NET_SessionId=");
                    cursor.fixed(&letters::<24>(ask.cookie));
                }
            }
            Field::CsReferer => self.referer::<false>(cursor, ask.referer),
            Field::CsHost => match &self.site(request).host {
                Some(host) => cursor.slack::<false>(host),
                None => cursor.slack::<false>(self.server_address(request)),
            },
            Field::ScStatus => cursor.number(u32::from(request.answer.status)),
            Field::ScSubstatus => cursor.number(u32::from(request.answer.substatus)),
            Field::ScWin32Status => cursor.number(request.answer.win32),
            Field::ScBytes => cursor.number(request.answer.bytes),
            Field::CsBytes => cursor.number(self.bytes_received(request)),
            Field::TimeTaken => cursor.number(request.answer.time_taken),
        }
    }

    // Each of these appends a blank too if `BLANK`: nearly always it is copied with the value.

    #[inline(always)]
    fn stem<const BLANK: bool>(&self, cursor: &mut Cursor<'_>, stem: Stem) {
        if stem.random == 0 {
            cursor.piece::<BLANK>(self.texts, stem.piece);
            return;
        }
        cursor.piece::<false>(self.texts, stem.piece);
        cursor.fixed(&letters::<RANDOM_PATH>(stem.random.into()));
        blank::<BLANK>(cursor);
    }

    #[inline(always)]
    fn agent<const BLANK: bool>(&self, cursor: &mut Cursor<'_>, agent: Piece) {
        if agent.is_empty() {
            cursor.none::<BLANK>();
        } else {
            cursor.piece::<BLANK>(self.texts, agent);
        }
    }

    #[inline(always)]
    fn referer<const BLANK: bool>(&self, cursor: &mut Cursor<'_>, referer: Referer) {
        if referer.origin.is_empty() {
            cursor.none::<BLANK>();
        } else {
            cursor.piece::<false>(self.texts, referer.origin);
            cursor.piece::<BLANK>(self.texts, referer.path);
        }
    }

    #[inline(always)]
    fn user<const BLANK: bool>(&self, cursor: &mut Cursor<'_>, user: User) {
        match user.number() {
            (0, _) => return cursor.none::<BLANK>(),
            (number, false) => {
                cursor.slack::<false>(&self.domain);
                cursor.byte(b'u');
                cursor.number(number);
            }
            (number, true) => {
                cursor.slack::<false>(&self.domain);
                cursor.fixed(b"PC");
                cursor.number(number);
                cursor.byte(b'$');
            }
        }
        blank::<BLANK>(cursor);
    }

    #[inline(always)]
    fn site(&self, request: &Request) -> &SiteText {
        &self.sites[usize::from(request.site)]
    }

    #[inline(always)]
    fn server_address(&self, request: &Request) -> &Slack {
        match request.address {
            V6 => &self.address_v6,
            position => &self.addresses[usize::from(position)],
        }
    }

    fn bytes_received(&self, request: &Request) -> u32 {
        let ask = &request.ask;
        let bytes = OTHER_HEADERS
            + ask.stem.length(self.texts)
            + ask.query.length()
            + self.texts.length(ask.agent)
            + ask.referer.length(self.texts);
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }
}

#[inline(always)]
fn blank<const BLANK: bool>(cursor: &mut Cursor<'_>) {
    if BLANK {
        cursor.byte(b' ');
    }
}

#[inline(always)]
fn triple<const BLANK: bool>(cursor: &mut Cursor<'_>, answer: Answer) {
    cursor.number(u32::from(answer.status));
    if (answer.substatus, answer.win32) == (0, 0) {
        if BLANK {
            cursor.fixed(b" 0 0 ");
        } else {
            cursor.fixed(b" 0 0");
        }
        return;
    }
    cursor.byte(b' ');
    cursor.number(u32::from(answer.substatus));
    cursor.byte(b' ');
    cursor.number(answer.win32);
    blank::<BLANK>(cursor);
}

#[inline(always)]
fn query<const BLANK: bool>(cursor: &mut Cursor<'_>, query: Query) {
    match query {
        Query::None => return cursor.none::<BLANK>(),
        Query::Since(second) => {
            cursor.fixed(b"since=");
            cursor.number(second);
        }
        Query::Search { id, words } => {
            cursor.fixed(b"id=");
            cursor.number(id.into());
            cursor.fixed(b"&q=a%20");
            cursor.number(words.into());
        }
    }
    blank::<BLANK>(cursor);
}

/// The client's address.
#[inline(always)]
fn address(cursor: &mut Cursor<'_>, request: &Request) {
    match request.client.v4() {
        Some(address) => cursor.v4(address),
        None => cursor.address(request.client.ip()),
    }
}
