//! Logs by others of the same shape, for those who want to share what they measured on: addresses keep their common
//! prefixes, names and tokens their length and kind, times and ports stay. So a rule finds the same in both.

mod shape;
mod value;

use self::shape::Shapes;
use self::value::Finder;
use ipcrypt_rs::IpcryptPfx;
use scanbench_w3c::{Columns, Directive, Entry, Field, Line, LineParser, RawLine, RawLines};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};
use std::net::IpAddr;

/// The bytes of a key.
pub const KEY_BYTES: usize = 32;
/// Shorter names are not looked for inside other values: they are in many a word.
const LEAST_NAME: usize = 3;

/// What stays as it is, for whoever decides whether to share.
pub const READABLE: [&str; 9] = [
    "dates and times of every request, and how long it took",
    "server ports, statuses, sizes, methods and versions of HTTP",
    "paths and queries, but for addresses, e-mails, long tokens, names of users and hosts, and values of keys such as \
     user, token or password in them",
    "user agents, but for the same",
    "the names of cookies that are words, and of request headers that are logged",
    "which lines are of one client, one user or one host, and how many there are of each",
    "which addresses have a common prefix, and that an address is a loopback address",
    "the last label of a host's name (such as com), `www`, and ports behind it",
    "the lengths of names and tokens, and where they have letters and digits",
];

/// What is looked for in all values once it was seen in one.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Users and domains, in lower case.
    names: BTreeSet<Vec<u8>>,
    /// Addresses of clients and servers.
    addresses: BTreeSet<IpAddr>,
}

/// Replaces what says who somebody is.
pub struct Anonymiser {
    addresses: IpcryptPfx,
    shapes: Shapes,
    known: Known,
    finder: Finder,
}

/// How many lines of a log there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Lines that were written, directives and blank ones too.
    pub written: u64,
    /// Lines that could not be read, and were left out: nobody knows what stands in them.
    pub left_out: u64,
}

impl Known {
    /// Notes the users, hosts and addresses of a log.
    ///
    /// # Errors
    /// Where the input fails.
    pub fn read(&mut self, input: impl BufRead) -> io::Result<()> {
        let (mut parser, mut number) = (LineParser::default(), 0);
        let mut lines = RawLines::new(input);
        while let Some(line) = lines.next_line()? {
            number += 1;
            if line.whole
                && let Line::Entry(entry) = parser.parse(&line.raw(number))
            {
                self.see(&entry);
            }
        }
        Ok(())
    }

    /// Notes the users, hosts and addresses of an entry.
    pub fn see(&mut self, entry: &Entry<'_>) {
        for field in [Field::CIp, Field::SIp] {
            self.addresses.extend(
                entry
                    .get(field)
                    .and_then(|value| std::str::from_utf8(value).ok())
                    .and_then(|text| text.parse::<IpAddr>().ok()),
            );
        }
        for field in [Field::CsUsername, Field::SComputername] {
            let parts = entry.get(field).unwrap_or_default();
            for part in parts.split(|byte| matches!(byte, b'\\' | b'/' | b'@' | b'+')) {
                self.see_name(part);
            }
        }
    }

    /// Notes a name, such as that of a computer's folder.
    pub fn see_name(&mut self, name: &[u8]) {
        let name = name.strip_suffix(b"$").unwrap_or(name);
        if name.len() >= LEAST_NAME && name.iter().any(u8::is_ascii_alphabetic) {
            self.names.insert(name.to_ascii_lowercase());
        }
    }
}

impl Anonymiser {
    /// With a key: the same key replaces the same by the same, in any run.
    #[must_use]
    pub fn new(key: &[u8; KEY_BYTES], known: Known) -> Self {
        let derived = |what: &[u8]| -> [u8; 32] {
            Sha256::new()
                .chain_update(key)
                .chain_update(what)
                .finalize()
                .into()
        };
        let mut address_key = derived(b"addresses");
        if address_key[..16] == address_key[16..] {
            // Once in 2^128 keys; the crate refuses such halves.
            address_key[0] ^= 1;
        }
        Self {
            addresses: IpcryptPfx::new(address_key),
            shapes: Shapes::new(&derived(b"texts")),
            finder: Finder::new(),
            known,
        }
    }

    /// Another address with the same prefixes in common with others. Loopback addresses and "any" say nothing of
    /// anybody and stay.
    #[must_use]
    pub fn address(&self, address: IpAddr) -> IpAddr {
        let is_nobody = |one: &IpAddr| one.is_loopback() || one.is_unspecified();
        if is_nobody(&address) {
            return address;
        }
        let mut other = address;
        loop {
            other = self.addresses.encrypt_ipaddr(other);
            // What would become a loopback address goes on to the next, so that no two become one.
            if !is_nobody(&other) && other.is_ipv4() == address.is_ipv4() {
                return other;
            }
        }
    }

    /// Another name of a computer.
    #[must_use]
    pub fn computer(&self, name: &str) -> String {
        String::from_utf8_lossy(&self.name(name.as_bytes())).into_owned()
    }

    /// A whole log.
    ///
    /// # Errors
    /// Where the input or the output fails.
    pub fn log(&self, input: impl BufRead, mut output: impl Write) -> io::Result<Lines> {
        let (mut parser, mut number) = (LineParser::default(), 0);
        let mut lines = Lines::default();
        let mut input = RawLines::new(input);
        while let Some(line) = input.next_line()? {
            number += 1;
            let raw = line.raw(number);
            match self.line(&mut parser, &raw).filter(|_| line.whole) {
                Some(other) => {
                    lines.written += 1;
                    output.write_all(&other)?;
                    output.write_all(&line.bytes[line.text().len()..])?;
                }
                None => lines.left_out += 1,
            }
        }
        output.flush()?;
        Ok(lines)
    }

    /// The name of a file, but for names in it that the logs know.
    #[must_use]
    pub fn file_name(&self, name: &str) -> String {
        String::from_utf8_lossy(&self.text(name.as_bytes())).into_owned()
    }

    /// One line of a log, without its end. `None` for a line that cannot be read: nobody knows what stands in it.
    pub fn line(&self, parser: &mut LineParser, line: &RawLine<'_>) -> Option<Vec<u8>> {
        let entry = match parser.parse(line) {
            Line::Blank => return Some(line.text.to_vec()),
            Line::Bad(_) => return None,
            Line::Directive => return Some(directive(line.text)),
            Line::Entry(entry) => entry,
        };
        let columns = entry.columns();
        let plain = line.text.split(|byte| *byte == b' ').count() == columns.len();
        let mut out = Vec::with_capacity(line.text.len());
        for position in 0..columns.len() {
            if position > 0 {
                out.push(b' ');
            }
            let value = entry.column(position).unwrap_or_default();
            let other = self.value(columns, position, value);
            if plain || !(other.is_empty() || other.contains(&b' ')) {
                out.extend_from_slice(&other);
            } else {
                out.push(b'"');
                out.extend_from_slice(&other);
                out.push(b'"');
            }
        }
        Some(out)
    }

    fn value(&self, columns: &Columns, position: usize, value: &[u8]) -> Vec<u8> {
        if matches!(value, b"" | b"-") {
            return value.to_vec();
        }
        let name = columns.names().get(position).map_or("", String::as_str);
        match Field::from_name(name) {
            Some(
                Field::Date
                | Field::Time
                | Field::SPort
                | Field::ScStatus
                | Field::ScSubstatus
                | Field::ScWin32Status
                | Field::ScBytes
                | Field::CsBytes
                | Field::TimeTaken,
            ) => value.to_vec(),
            Some(Field::CIp | Field::SIp) => self.address_text(value),
            Some(Field::CsUsername | Field::SComputername) => self.name(value),
            Some(Field::SSitename) => self.site(value),
            Some(Field::CsHost) => self.host(value),
            Some(Field::CsCookie) => self.cookie(value),
            Some(Field::CsReferer) => self.url(value),
            Some(Field::CsUriQuery) => self.query(value),
            Some(Field::CsUserAgent) => self.agent(value),
            Some(Field::CsMethod | Field::CsVersion | Field::CsUriStem) | None => self.text(value),
        }
    }

    /// An address, or what stands in its place.
    fn address_text(&self, value: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(value);
        // Of a link-local address the zone stands behind.
        let (address, zone) = text.split_once('%').unwrap_or((&text, ""));
        match address.parse() {
            Ok(address) => {
                let other = self.address(address);
                let percent = if zone.is_empty() { "" } else { "%" };
                format!("{other}{percent}{zone}").into_bytes()
            }
            Err(_) => self.text(value),
        }
    }

    /// `W3SVC1` says nothing; other names of sites may be those of customers.
    fn site(&self, value: &[u8]) -> Vec<u8> {
        let number = value
            .get(..5)
            .filter(|start| start.eq_ignore_ascii_case(b"W3SVC"))
            .map(|_| &value[5..]);
        if number.is_some_and(|digits| digits.iter().all(u8::is_ascii_digit)) {
            value.to_vec()
        } else {
            self.name(value)
        }
    }
}

/// Directives say what columns there are; remarks may say anything.
fn directive(text: &[u8]) -> Vec<u8> {
    let is_version = text.len() >= 8 && text[..8].eq_ignore_ascii_case(b"#Version");
    match Directive::parse(text) {
        Some(Directive::Remark) if !is_version => b"#Remark: anonymised".to_vec(),
        _ => text.to_vec(),
    }
}
