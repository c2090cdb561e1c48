//! What a file is, told from its first block, before any of it is read as a log.

use crate::{Columns, Directive, Field, visible};
use std::fmt;

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A web log in the W3C extended format, as IIS sites write it.
    Web,
    /// Nothing at all; IIS leaves such files behind when nothing was requested.
    Empty,
    /// A W3C log, but of something else than web requests.
    Other(OtherLog),
    /// No W3C log.
    NotW3c(LooksLike),
}

/// W3C logs that are no web logs of IIS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtherLog {
    /// FTP of IIS (`FTPSVC<n>`, in older versions `MSFTPSVC<n>`).
    Ftp,
    /// Mail or news of IIS 6 and older (`SMTPSVC<n>`, `NNTPSVC<n>`).
    Mail,
    /// The error log of HTTP.sys (`httperr<n>.log`): requests and connections that no site ever saw.
    HttpErr,
    /// The packet log of the Windows firewall.
    Firewall,
    /// Written by another product, named by its `#Software` directive or its fields.
    Product(String),
}

impl fmt::Display for OtherLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ftp => f.write_str("an FTP log of IIS"),
            Self::Mail => f.write_str("a mail or news log of IIS"),
            Self::HttpErr => f.write_str("an error log of HTTP.sys (httperr)"),
            Self::Firewall => f.write_str("a log of the Windows firewall"),
            Self::Product(name) => write!(f, "a W3C log of {}", visible(name.as_bytes())),
        }
    }
}

/// What a file that is no W3C log looks like, for the message that refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "Display has the words for each")]
pub enum LooksLike {
    Gzip,
    Zstd,
    Zip,
    Parquet,
    Utf16,
    Binary,
    Json,
    Xml,
    Markdown,
    Ncsa,
    IisNative,
    HeadlessW3c,
    Csv,
    Text,
}

impl fmt::Display for LooksLike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip-compressed data",
            Self::Zstd => "zstd-compressed data",
            Self::Zip => "a zip archive",
            Self::Parquet => "a Parquet file",
            Self::Utf16 => "UTF-16 text; convert it to UTF-8 first",
            Self::Binary => "binary data",
            Self::Json => "JSON",
            Self::Xml => "XML or HTML",
            Self::Markdown => "Markdown or other text with # headings",
            Self::Ncsa => "an NCSA access log, as Apache and nginx write it",
            Self::IisNative => "a log in the IIS native format, not in the W3C format",
            Self::HeadlessW3c => {
                "log lines without a #Fields directive; without it the columns have no names"
            }
            Self::Csv => "comma-separated values",
            Self::Text => "plain text without W3C directives",
        })
    }
}

/// The byte order mark that some editors and scripts put before UTF-8 text.
pub(crate) const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// Tells from the first bytes of a file (a block, or all of it) what it holds.
pub(crate) fn recognise(head: &[u8]) -> Content {
    let text = head.strip_prefix(UTF8_BOM).unwrap_or(head);
    if text.trim_ascii().is_empty() {
        return Content::Empty;
    }
    let (mut software, mut fields, mut has_header) = (None, None, false);
    let mut first_entry: Option<&[u8]> = None;
    for line in text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii) {
        match Directive::parse(line) {
            Some(Directive::Software(name)) => software = software.or(Some(name)),
            Some(Directive::Fields(columns)) => fields = fields.or(Some(columns)),
            Some(Directive::Date { .. }) => has_header = true,
            Some(Directive::Remark) => has_header |= is_version(line),
            None if !line.is_empty() && fields.is_some() => {
                first_entry = Some(line);
                break;
            }
            None => {}
        }
    }
    if software.is_none() && fields.is_none() && !has_header {
        return Content::NotW3c(looks_like(head));
    }
    match other_log(software.as_deref(), fields.as_ref(), first_entry) {
        Some(other) => Content::Other(other),
        None => Content::Web,
    }
}

fn is_version(line: &[u8]) -> bool {
    line.get(..9)
        .is_some_and(|name| name.eq_ignore_ascii_case(b"#Version:"))
}

fn other_log(
    software: Option<&str>,
    fields: Option<&Columns>,
    first_entry: Option<&[u8]>,
) -> Option<OtherLog> {
    let none = Columns::default();
    let fields = fields.unwrap_or(&none);
    let has = |name| fields.position_of(name).is_some();
    let value_of = |field| -> Option<&[u8]> {
        let position = fields.position(field)?;
        first_entry?
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty())
            .nth(position)
    };
    if has("x-session") || has("x-fullpath") {
        return Some(OtherLog::Ftp);
    }
    if has("s-reason") || has("s-queuename") {
        return Some(OtherLog::HttpErr);
    }
    if has("src-ip") && has("dst-ip") {
        return Some(OtherLog::Firewall);
    }
    if has("x-edge-location") {
        return Some(OtherLog::Product("Amazon CloudFront".into()));
    }
    // The services of IIS 6 and older share one field list; their names and commands tell them apart.
    if let Some(service) = value_of(Field::SSitename) {
        if service.starts_with(b"MSFTPSVC") || service.starts_with(b"FTPSVC") {
            return Some(OtherLog::Ftp);
        }
        if service.starts_with(b"SMTPSVC") || service.starts_with(b"NNTPSVC") {
            return Some(OtherLog::Mail);
        }
    }
    // FTP of IIS 6 and older writes the session before the command: [2]USER.
    if value_of(Field::CsMethod).is_some_and(|method| method.starts_with(b"[")) {
        return Some(OtherLog::Ftp);
    }
    let is_iis = |name: &str| {
        [
            "Microsoft Internet Information Serv", // Server up to 4.0, Services since 5.0
            "IIS Advanced Logging",
            "Microsoft HTTP Server API",
        ]
        .iter()
        .any(|known| name.starts_with(known))
    };
    match software {
        Some(name) if !is_iis(name) => Some(OtherLog::Product(name.to_owned())),
        _ => None,
    }
}

fn looks_like(head: &[u8]) -> LooksLike {
    const MAGIC: [(&[u8], LooksLike); 6] = [
        (b"\x1f\x8b", LooksLike::Gzip),
        (b"\x28\xb5\x2f\xfd", LooksLike::Zstd),
        (b"PK\x03\x04", LooksLike::Zip),
        (b"PAR1", LooksLike::Parquet),
        (b"\xff\xfe", LooksLike::Utf16),
        (b"\xfe\xff", LooksLike::Utf16),
    ];
    if let Some((_, kind)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return *kind;
    }
    if memchr::memchr(0, head).is_some() {
        return LooksLike::Binary;
    }
    let line = head
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    match line.first() {
        Some(b'{' | b'[') => LooksLike::Json,
        Some(b'<') => LooksLike::Xml,
        Some(b'#') => LooksLike::Markdown,
        _ if starts_with_date(line) => LooksLike::HeadlessW3c,
        _ if is_ncsa(line) => LooksLike::Ncsa,
        _ if memchr::memmem::find(line, b", W3SVC").is_some() => LooksLike::IisNative,
        _ if memchr::memchr_iter(b',', line).count() >= 2 => LooksLike::Csv,
        _ => LooksLike::Text,
    }
}

fn starts_with_date(line: &[u8]) -> bool {
    line.get(..10).and_then(crate::time::parse_day).is_some()
}

/// `host ident user [02/Nov/2026:10:00:00 +0000] "request" ...`
fn is_ncsa(line: &[u8]) -> bool {
    memchr::memchr(b'[', line).is_some_and(|open| {
        let inside = &line[open + 1..];
        inside.get(2) == Some(&b'/')
            && inside.get(6) == Some(&b'/')
            && inside.get(11) == Some(&b':')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_logs() {
        for head in [
            "#Fields: date time c-ip\n",
            "\u{feff}#Software: Microsoft Internet Information Services 10.0\r\n",
            "\n\n#Version: 1.0\n#Date: 2026-11-02 10:00:00\n",
            "2026-11-02 10:00:00 a line whose header was cut off\n#Fields: date time\n",
            "#Software: IIS Advanced Logging Module\n#Fields: date-local time-local\n",
        ] {
            assert_eq!(recognise(head.as_bytes()), Content::Web, "{head}");
        }
        assert_eq!(recognise(b""), Content::Empty);
        assert_eq!(recognise(b"\r\n \r\n"), Content::Empty);
    }

    #[test]
    fn other_w3c_logs() {
        let product = |name: &str| OtherLog::Product(name.to_owned());
        for (head, expected) in [
            ("#Fields: date time x-session\n", OtherLog::Ftp),
            (
                "#Software: Microsoft Internet Information Server 4.0\n#Fields: time c-ip cs-method\n16:44:49 192.0.2.1 [2]USER\n",
                OtherLog::Ftp,
            ),
            (
                "#Fields: date time s-sitename\n2026-11-02 10:00:00 SMTPSVC1\n",
                OtherLog::Mail,
            ),
            (
                "#Software: Microsoft HTTP API 2.0\n#Fields: date time s-reason\n",
                OtherLog::HttpErr,
            ),
            ("#Fields: date time src-ip dst-ip\n", OtherLog::Firewall),
            (
                "#Version: 1.0\n#Fields: date time x-edge-location\n",
                product("Amazon CloudFront"),
            ),
            (
                "#Software: Netscaler Web Logging(NSWL)\n#Fields: date time c-ip\n",
                product("Netscaler Web Logging(NSWL)"),
            ),
        ] {
            assert_eq!(
                recognise(head.as_bytes()),
                Content::Other(expected),
                "{head}"
            );
        }
    }

    #[test]
    fn no_w3c_logs() {
        for (head, expected) in [
            (&b"\x1f\x8b\x08"[..], LooksLike::Gzip),
            (b"\xff\xfe#\0F\0", LooksLike::Utf16),
            (b"\x7fELF\0\0", LooksLike::Binary),
            (b"# Title\n\ntext\n", LooksLike::Markdown),
            (b"{\"a\": 1}\n", LooksLike::Json),
            (b"<?xml version='1.0'?>", LooksLike::Xml),
            (
                b"2026-11-02 10:00:00 192.0.2.1 GET /\n",
                LooksLike::HeadlessW3c,
            ),
            (
                b"192.0.2.1 - - [02/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 1\n",
                LooksLike::Ncsa,
            ),
            (
                b"192.0.2.1, -, 11/2/26, 10:00:00, W3SVC1, WEB01, 192.0.2.2, 0, GET, /,\n",
                LooksLike::IisNative,
            ),
            (b"a,b,c\n", LooksLike::Csv),
            (b"hello\n", LooksLike::Text),
        ] {
            assert_eq!(recognise(head), Content::NotW3c(expected));
        }
    }
}
