//! What the tests of this room share: a small log, rows as plain values, and writers of archives.

use super::{Input, Opened, TableItem, TableReader, open};
use flate2::Compression;
use flate2::write::GzEncoder;
use scanbench_w3c::{Field, Item, Reader, Record};
use std::io::{Read, Write};
use std::path::PathBuf;

/// A row as text: time in milliseconds, and the columns of [`NAMES`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plain {
    pub(super) millis: i64,
    pub(super) port: Option<u16>,
    pub(super) texts: [String; 4],
}

pub(super) const NAMES: [&str; 4] = ["cIP", "sIP", "csUserAgent", "Computer"];
const FIELDS: [Field; 4] = [
    Field::CIp,
    Field::SIp,
    Field::CsUserAgent,
    Field::SComputername,
];

pub(super) fn plain(record: &impl Record) -> Plain {
    Plain {
        millis: record.time().millis(),
        port: record.port(),
        texts: FIELDS
            .map(|field| String::from_utf8_lossy(record.get(field).unwrap_or(b"?")).into_owned()),
    }
}

/// A folder for the files of a test, and a file in it.
pub(super) fn file(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    // Nothing in the name tells what it is.
    let path = folder.path().join("input");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

pub(super) fn opened(bytes: &[u8]) -> Opened {
    let (_folder, path) = file(bytes);
    open(Some(&path)).unwrap()
}

pub(super) fn table(bytes: &[u8]) -> Box<dyn TableReader + Send> {
    match opened(bytes).input {
        Input::Table(table) => table,
        Input::Text(_) => panic!("text"),
        Input::Archive(_) => panic!("an archive"),
    }
}

/// All rows of a table, none of which may be bad.
pub(super) fn rows(bytes: &[u8]) -> Vec<Plain> {
    let (rows, bad) = rows_and_bad(&mut *table(bytes));
    assert_eq!(bad, Vec::<String>::new());
    rows
}

pub(super) fn rows_and_bad(table: &mut dyn TableReader) -> (Vec<Plain>, Vec<String>) {
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    loop {
        match table.next_row() {
            Ok(Some(TableItem::Row(row))) => rows.push(plain(&row)),
            Ok(Some(TableItem::Bad(row))) => bad.push(row.to_string()),
            Ok(None) => return (rows, bad),
            Err(error) => {
                bad.push(format!("end: {error}"));
                return (rows, bad);
            }
        }
    }
}

pub(super) fn entries(input: impl Read) -> Vec<Plain> {
    let mut reader = Reader::new(input).unwrap();
    let mut all = Vec::new();
    while let Some(item) = reader.next_item().unwrap() {
        match item {
            Item::Entry(entry) => all.push(plain(&entry)),
            Item::Bad(bad) => panic!("{bad}"),
        }
    }
    all
}

pub(super) fn text(input: Input) -> Vec<Plain> {
    match input {
        Input::Text(text) => entries(text),
        Input::Table(_) => panic!("a table"),
        Input::Archive(_) => panic!("an archive"),
    }
}

pub(super) const LOG: &str = "#Software: Microsoft Internet Information Services 10.0
#Fields: date time s-computername s-ip s-port c-ip cs(User-Agent)
2026-11-02 13:05:09 WEB01 10.0.0.1 8080 192.0.2.7 -
2026-11-02 13:05:10 WEB01 10.0.0.1 - 2001:db8::7 Mozilla/5.0+(x)
2026-11-02 23:59:59 WEB02 10.0.0.2 65535 192.0.2.8 a,\"b\"
";

pub(super) fn log_rows() -> Vec<Plain> {
    entries(LOG.as_bytes())
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// A zip archive by a hand-written writer: the `zip` crate is built without its packers here.
pub(super) fn zip(members: &[(&str, &[u8], u16)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes, method) in members {
        let packed = match method {
            0 => bytes.to_vec(),
            8 => {
                let mut out =
                    flate2::write::DeflateEncoder::new(Vec::new(), Compression::default());
                out.write_all(bytes).unwrap();
                out.finish().unwrap()
            }
            93 => zstd(bytes),
            _ => b"?".to_vec(),
        };
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let mut about = Vec::new();
        about.extend([45, 0, 0, 0]); // version needed, flags
        about.extend(method.to_le_bytes());
        about.extend([0, 0, 0x21, 0]); // 1980-01-01 00:00
        about.extend(crc.sum().to_le_bytes());
        about.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        about.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        about.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        about.extend([0, 0]); // no extra field
        let offset = u32::try_from(out.len()).unwrap();
        out.extend(b"PK\x03\x04");
        out.extend(&about);
        out.extend(name.as_bytes());
        out.extend(&packed);
        directory.extend(b"PK\x01\x02\x2d\x00");
        directory.extend(&about);
        directory.extend([0; 10]); // no comment, disk 0, attributes
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let start = u32::try_from(out.len()).unwrap();
    let count = u16::try_from(members.len()).unwrap().to_le_bytes();
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count);
    out.extend(count);
    out.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

pub(super) fn rfc3339(millis: i64) -> String {
    scanbench_w3c::Timestamp::from_millis(millis).to_string()
}
