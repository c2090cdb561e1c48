//! One request as one line, field by field, from pieces that are ready to be copied.

use crate::inventory::{Server, V6};
use crate::request::Request;
use crate::text::{Texts, letters};
use scanbench_w3c::{Field, Timestamp, encode_value};
use std::io::Write as _;
use std::net::IpAddr;

/// Bytes of headers that a client sends besides what stands in the line.
const OTHER_HEADERS: usize = 180;

/// Writes values of requests to one server, each as IIS writes it.
#[derive(Debug)]
pub(super) struct LineWriter<'w> {
    texts: &'w Texts,
    /// The server's name and addresses, and its sites' names and hosts.
    name: Vec<u8>,
    addresses: Vec<Vec<u8>>,
    address_v6: Vec<u8>,
    sites: Vec<SiteText>,
    domain: Vec<u8>,
    /// The second of the last line, and its date and time.
    second: i64,
    stamp: [u8; 19],
    /// The first fields of the last line, and what they depend on.
    head: Vec<u8>,
    head_key: (i64, u16, u8, usize),
}

#[derive(Debug)]
struct SiteText {
    name: Vec<u8>,
    host: Option<Vec<u8>>,
}

impl<'w> LineWriter<'w> {
    pub(super) fn new(texts: &'w Texts, server: &Server) -> Self {
        let encoded = |text: &str| {
            let mut out = Vec::new();
            encode_value(&mut out, text.as_bytes());
            out
        };
        Self {
            texts,
            name: encoded(&server.name),
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
            sites: server
                .sites
                .iter()
                .map(|site| SiteText {
                    name: encoded(&format!("W3SVC{}", site.id)),
                    host: site.host.as_deref().map(encoded),
                })
                .collect(),
            domain: encoded(&format!("{}\\u", server.domain)),
            second: i64::MIN,
            stamp: [b' '; 19],
            head: Vec::new(),
            head_key: (i64::MIN, 0, 0, 0),
        }
    }

    /// Makes the stamp of a second, in milliseconds.
    pub(super) fn set_second(&mut self, millis: i64) {
        if self.second == millis {
            return;
        }
        self.second = millis;
        let moment = Timestamp::from_millis(millis);
        let mut text = Vec::with_capacity(20);
        moment.write_date(&mut text);
        text.push(b' ');
        moment.write_time(&mut text);
        if let Ok(stamp) = text.try_into() {
            self.stamp = stamp;
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
        &self.name
    }

    /// Appends the values of these fields with blanks between them. Date and time are those of the last
    /// [`LineWriter::set_second`].
    ///
    /// The first fields of a line (date, time, site, computer, address) are those of the line before, nearly always,
    /// and so is the triple of status: they are copied at once.
    pub(super) fn fields(&mut self, out: &mut Vec<u8>, fields: &[Field], request: &Request) {
        let alike = fields.partition_point(|field| *field <= Field::SIp);
        let key = (self.second, request.site, request.address, alike);
        if self.head_key != key {
            let mut head = std::mem::take(&mut self.head);
            head.clear();
            for field in &fields[..alike] {
                self.field(&mut head, *field, request);
                head.push(b' ');
            }
            (self.head, self.head_key) = (head, key);
        }
        out.extend_from_slice(&self.head);
        let mut rest = &fields[alike..];
        while let Some((field, others)) = rest.split_first() {
            rest = others;
            let answer = &request.answer;
            if let [Field::ScSubstatus, Field::ScWin32Status, ..] = rest
                && (answer.substatus, answer.win32) == (0, 0)
            {
                number(out, u32::from(answer.status));
                out.extend_from_slice(b" 0 0 ");
                rest = &rest[2..];
                continue;
            }
            self.field(out, *field, request);
            out.push(b' ');
        }
        // The blank behind the last one.
        out.pop();
    }

    /// Appends one value.
    #[inline]
    pub(super) fn field(&self, out: &mut Vec<u8>, field: Field, request: &Request) {
        let ask = &request.ask;
        let texts = self.texts;
        match field {
            Field::Date => out.extend_from_slice(&self.stamp[..10]),
            Field::Time => out.extend_from_slice(&self.stamp[11..]),
            Field::SSitename => out.extend_from_slice(&self.site(request).name),
            Field::SComputername => out.extend_from_slice(&self.name),
            Field::SIp => out.extend_from_slice(self.server_address(request)),
            Field::CsMethod => out.extend_from_slice(texts.get(ask.method)),
            Field::CsUriStem => ask.stem.write(out, texts),
            Field::CsUriQuery => ask.query.write(out, texts),
            Field::SPort => number(out, u32::from(request.port)),
            Field::CsUsername => {
                if ask.user == 0 {
                    out.push(b'-');
                } else {
                    out.extend_from_slice(&self.domain);
                    number(out, ask.user);
                }
            }
            Field::CIp => address(out, request.client),
            Field::CsVersion => {
                out.extend_from_slice(if ask.old { b"HTTP/1.0" } else { b"HTTP/1.1" });
            }
            Field::CsUserAgent => {
                if ask.agent.is_empty() {
                    out.push(b'-');
                } else {
                    out.extend_from_slice(texts.get(ask.agent));
                }
            }
            Field::CsCookie => {
                if ask.cookie == 0 {
                    out.push(b'-');
                } else {
                    // ASP.NET's cookie of a session has 24 characters.
                    out.extend_from_slice(b"ASP.NET_SessionId=");
                    letters(out, ask.cookie, 24);
                }
            }
            Field::CsReferer => ask.referer.write(out, texts),
            Field::CsHost => match &self.site(request).host {
                Some(host) => out.extend_from_slice(host),
                None => out.extend_from_slice(self.server_address(request)),
            },
            Field::ScStatus => number(out, u32::from(request.answer.status)),
            Field::ScSubstatus => number(out, u32::from(request.answer.substatus)),
            Field::ScWin32Status => number(out, request.answer.win32),
            Field::ScBytes => number(out, request.answer.bytes),
            Field::CsBytes => number(out, self.bytes_received(request)),
            Field::TimeTaken => number(out, request.answer.time_taken),
        }
    }

    /// Appends the value of a header that is logged as a field of its own.
    pub(super) fn custom(out: &mut Vec<u8>, name: &str, request: &Request) {
        if request.forwarded != 0 && name.eq_ignore_ascii_case("X-Forwarded-For") {
            address(out, IpAddr::V4(request.forwarded.into()));
        } else {
            out.push(b'-');
        }
    }

    fn site(&self, request: &Request) -> &SiteText {
        &self.sites[usize::from(request.site)]
    }

    fn server_address(&self, request: &Request) -> &[u8] {
        match request.address {
            V6 => &self.address_v6,
            position => &self.addresses[usize::from(position)],
        }
    }

    fn bytes_received(&self, request: &Request) -> u32 {
        let ask = &request.ask;
        let bytes = OTHER_HEADERS
            + ask.stem.len(self.texts)
            + ask.query.len(self.texts)
            + self.texts.get(ask.agent).len()
            + ask.referer.len(self.texts);
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }
}

/// Digits by hand: most fields are small numbers, and formatting costs several times as much.
#[inline]
pub(super) fn number(out: &mut Vec<u8>, value: u32) {
    if let Ok(small) = u8::try_from(value)
        && small < 10
    {
        out.push(b'0' + small);
        return;
    }
    let (mut digits, mut at, mut rest) = ([0_u8; 10], 10, value);
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// An address as IIS writes it.
#[inline]
pub(super) fn address(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            let (mut text, mut length) = ([b'.'; 16], 0);
            for octet in address.octets() {
                if octet >= 100 {
                    text[length] = b'0' + octet / 100;
                    length += 1;
                }
                if octet >= 10 {
                    text[length] = b'0' + octet / 10 % 10;
                    length += 1;
                }
                text[length] = b'0' + octet % 10;
                text[length + 1] = b'.';
                length += 2;
            }
            out.extend_from_slice(&text[..length - 1]);
        }
        IpAddr::V6(address) => {
            // Writing to a Vec cannot fail.
            let _ = write!(out, "{address}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_addresses() {
        for value in [0, 7, 10, 65_535, u32::MAX] {
            let mut out = Vec::new();
            number(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), value.to_string());
        }
        for text in ["1.2.3.4", "255.100.10.99", "203.0.113.250", "2001:db8::1"] {
            let mut out = Vec::new();
            address(&mut out, text.parse().unwrap());
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
