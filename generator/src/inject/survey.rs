//! What a log is like: its times, ports, addresses, columns and headers, counted line by line.

use crate::emit::Named;
use crate::error::{GenerateError, io_at};
use crate::inventory::Iis;
use crate::manifest::hex;
use scanbench_w3c::{
    Columns, Content, Directive, Entry, Field, Line, LineParser, Newline, RawLines, Reader,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::net::IpAddr;
use std::path::Path;

pub(super) const DAY_MS: i64 = 86_400_000;
/// HTTP.sys closes a log after a quarter of an hour without a request, and its timer is coarse: the longest silence in
/// real logs without a header behind it is 948 s.
const SURE_SILENCE_MS: i64 = 950_000;
/// Of anything that a client may choose, no more different values than this are counted.
const MOST_DIFFERENT: usize = 1_000;
/// Lines between two looks at whether to stop.
pub(super) const STEP: u64 = 4_096;

/// Something counted by value.
pub(super) type Counted<T> = BTreeMap<T, u64>;

/// What is seen of one log.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// What was read: the second reading must be of the same.
    pub(super) bytes: u64,
    pub(super) sha256: String,
    pub(super) entries: u64,
    /// Entries under columns with which new lines can be written.
    pub(super) usable: u64,
    pub(super) first: Option<i64>,
    pub(super) last: Option<i64>,
    /// Usable entries by day since 1970.
    pub(super) days: Counted<i64>,
    pub(super) ports: Counted<u16>,
    pub(super) addresses: Counted<IpAddr>,
    /// By port: how the site and the host are called there.
    pub(super) sites: BTreeMap<u16, Counted<Vec<u8>>>,
    pub(super) hosts: BTreeMap<u16, Counted<Vec<u8>>>,
    pub(super) computers: Counted<Vec<u8>>,
    pub(super) domains: Counted<Vec<u8>>,
    /// The first and the last block of directives with `#Fields`, and its columns.
    pub(super) head: Option<Head>,
    pub(super) tail: Option<Head>,
    pub(super) software: Option<String>,
    pub(super) newline: Newline,
    pub(super) has_bom: bool,
    /// Long silences, and those of them with a header behind.
    pub(super) silences: u64,
    pub(super) silences_with_header: u64,
    /// Entries with 401.1 or 401.2: a logon to Windows.
    pub(super) refusals: u64,
    pub(super) spans: Spans,
}

/// A block of directives.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    /// Its lines, with their ends.
    pub(super) text: Vec<u8>,
    pub(super) columns: Columns,
}

/// Logarithms of time-taken of complete answers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spans {
    pub(super) count: f64,
    pub(super) sum: f64,
    pub(super) squares: f64,
}

/// Whether lines can be written under these columns: without one of these nothing can be counted, and local times are
/// in a zone that the log does not name.
pub(super) fn is_usable(columns: &Columns) -> bool {
    let needed = [
        Field::Date,
        Field::Time,
        Field::SIp,
        Field::SPort,
        Field::CIp,
    ];
    !columns.is_local_time()
        && needed
            .iter()
            .all(|field| columns.position(*field).is_some())
}

/// Whether a file is a web log, or empty.
pub(super) fn is_web(path: &Path) -> Result<bool, GenerateError> {
    let file = File::open(path).map_err(io_at("read", path))?;
    let reader = Reader::new(file).map_err(io_at("read", path))?;
    Ok(matches!(reader.content(), Content::Web | Content::Empty))
}

/// Reads a log from its begin to its end.
pub(super) fn survey(
    path: &Path,
    mut on_step: impl FnMut() -> Result<(), GenerateError>,
) -> Result<Survey, GenerateError> {
    let file = File::open(path).map_err(io_at("read", path))?;
    let mut lines = RawLines::new(BufReader::with_capacity(256 << 10, file));
    let mut parser = LineParser::default();
    let mut seen = Survey::default();
    let (mut block, mut in_block, mut header_since) = (Vec::new(), false, true);
    let (mut hash, mut number) = (Sha256::new(), 0);
    while let Some(raw) = lines.next_line().map_err(io_at("read", path))? {
        number += 1;
        seen.bytes += raw.bytes.len() as u64;
        hash.update(raw.bytes);
        if number % STEP == 0 {
            on_step()?;
        }
        if number == 1 {
            seen.has_bom = raw.has_bom();
            if raw.is_terminated() && !raw.bytes.ends_with(b"\r\n") {
                seen.newline = Newline::Lf;
            }
        }
        if !raw.whole {
            continue;
        }
        let line = raw.raw(number);
        let text = line.text;
        match parser.parse(&line) {
            Line::Entry(entry) => {
                in_block = false;
                seen.take(&entry, header_since);
                header_since = false;
            }
            Line::Directive => {
                let directive = Directive::parse(text);
                if !in_block || matches!(directive, Some(Directive::Software(_))) {
                    block.clear();
                }
                (in_block, header_since) = (true, true);
                block.extend_from_slice(text);
                block.extend_from_slice(seen.newline.as_bytes());
                match directive {
                    Some(Directive::Software(name)) => seen.software = Some(name),
                    Some(Directive::Fields(columns)) => {
                        let head = Head {
                            text: block.clone(),
                            columns,
                        };
                        seen.head.get_or_insert_with(|| head.clone());
                        seen.tail = Some(head);
                    }
                    _ => {}
                }
            }
            Line::Blank | Line::Bad(_) => {}
        }
    }
    seen.sha256 = hex(&hash.finalize());
    Ok(seen)
}

impl Survey {
    fn take(&mut self, entry: &Entry<'_>, header_before: bool) {
        let time = entry.time().millis();
        self.entries += 1;
        if let Some(last) = self.last
            && time - last >= SURE_SILENCE_MS
        {
            self.silences += 1;
            self.silences_with_header += u64::from(header_before);
        }
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
        if !is_usable(entry.columns()) {
            return;
        }
        self.usable += 1;
        count(&mut self.days, time.div_euclid(DAY_MS));
        let said = |field| {
            entry
                .get(field)
                .filter(|value| *value != b"-" && !value.is_empty())
        };
        let text = |field| said(field).and_then(|value| std::str::from_utf8(value).ok());
        if let Some(address) = text(Field::SIp).and_then(|value| value.parse().ok())
            && (self.addresses.len() < MOST_DIFFERENT || self.addresses.contains_key(&address))
        {
            count(&mut self.addresses, address);
        }
        if let Some(name) = said(Field::SComputername) {
            count_some(&mut self.computers, name);
        }
        if let Some((domain, _)) = text(Field::CsUsername).and_then(|user| user.split_once('\\')) {
            count_some(&mut self.domains, domain.as_bytes());
        }
        if let Some(port) = entry.port().filter(|port| *port > 0) {
            count(&mut self.ports, port);
            if let Some(name) = said(Field::SSitename) {
                count_some(self.sites.entry(port).or_default(), name);
            }
            if let Some(host) = said(Field::CsHost) {
                count_some(self.hosts.entry(port).or_default(), host);
            }
        }
        let status = text(Field::ScStatus);
        if status == Some("401") && matches!(text(Field::ScSubstatus), Some("1" | "2")) {
            self.refusals += 1;
        }
        if status == Some("200")
            && let Some(millis) = text(Field::TimeTaken).and_then(|value| value.parse::<u32>().ok())
            && millis > 0
        {
            let span = libm::log(f64::from(millis));
            self.spans.count += 1.0;
            self.spans.sum += span;
            self.spans.squares += span * span;
        }
    }

    /// Adds what is seen of a later log of the same site.
    pub(super) fn join(&mut self, later: &Self) {
        self.entries += later.entries;
        self.usable += later.usable;
        self.first = self.first.into_iter().chain(later.first).min();
        self.last = self.last.into_iter().chain(later.last).max();
        add(&mut self.days, &later.days);
        add(&mut self.ports, &later.ports);
        add(&mut self.addresses, &later.addresses);
        add(&mut self.computers, &later.computers);
        add(&mut self.domains, &later.domains);
        for (sum, other) in [
            (&mut self.sites, &later.sites),
            (&mut self.hosts, &later.hosts),
        ] {
            for (port, names) in other {
                add(sum.entry(*port).or_default(), names);
            }
        }
        self.software = later.software.clone().or(self.software.take());
        self.newline = later.newline;
        self.silences += later.silences;
        self.silences_with_header += later.silences_with_header;
        self.refusals += later.refusals;
        self.spans.count += later.spans.count;
        self.spans.sum += later.spans.sum;
        self.spans.squares += later.spans.squares;
    }

    /// Whether it opens with a header after a long silence, as HTTP.sys does.
    pub(super) fn writes_headers(&self) -> bool {
        self.silences_with_header * 2 >= self.silences
    }

    /// The version of IIS that wrote it.
    pub(super) fn iis(&self) -> Iis {
        let software = self.software.as_deref().unwrap_or_default();
        let version = software.rsplit(' ').next().unwrap_or_default();
        match version {
            "4.0" | "5.0" | "5.1" | "6.0" => Iis::V6_0,
            "7.0" | "7.5" => Iis::V7_5,
            "8.0" => Iis::V8_0,
            "8.5" => Iis::V8_5,
            _ => Iis::V10,
        }
    }

    /// How the site of a port is called, and the computer.
    pub(super) fn named(&self, port: u16, computer: &str) -> Named {
        let site = self.sites.get(&port).or_else(|| {
            let busiest = most(&self.ports)?;
            self.sites.get(busiest)
        });
        Named {
            site: site.and_then(most).cloned().unwrap_or_default(),
            computer: most(&self.computers)
                .cloned()
                .unwrap_or_else(|| computer.as_bytes().to_vec()),
        }
    }
}

fn count<T: Ord>(counted: &mut Counted<T>, value: T) {
    *counted.entry(value).or_default() += 1;
}

/// Counts a text, as long as there are not too many different ones.
fn count_some(counted: &mut Counted<Vec<u8>>, value: &[u8]) {
    if let Some(count) = counted.get_mut(value) {
        *count += 1;
    } else if counted.len() < MOST_DIFFERENT {
        counted.insert(value.to_vec(), 1);
    }
}

/// What occurs most often; the least of several.
pub(super) fn most<T: Ord>(counted: &Counted<T>) -> Option<&T> {
    counted
        .iter()
        .max_by_key(|(value, count)| (**count, std::cmp::Reverse(*value)))
        .map(|(value, _)| value)
}

/// Adds counts up.
fn add<T: Ord + Clone>(sum: &mut Counted<T>, other: &Counted<T>) {
    for (value, count) in other {
        *sum.entry(value.clone()).or_default() += count;
    }
}
