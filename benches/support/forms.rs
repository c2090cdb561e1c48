//! A log in the other forms that logs come in: packed, and as tables with the columns of `W3CIISLog`.

use crate::log::{Line, Log, clock};
use flate2::Compression;
use parquet::data_type::{ByteArrayType, Int32Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(text).expect("memory");
    out.finish().expect("memory")
}

pub(crate) fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 3).expect("memory")
}

/// An archive with one member.
pub(crate) fn zip(text: &[u8]) -> Vec<u8> {
    const NAME: &[u8] = b"u_ex.log";
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), Compression::default());
    deflate.write_all(text).expect("memory");
    let packed = deflate.finish().expect("memory");
    let mut sum = flate2::Crc::new();
    sum.update(text);
    let size = |size: usize| u32::try_from(size).expect("4 GiB at most").to_le_bytes();
    // Version 2.0, no flags, deflate, 1980-01-01 00:00.
    let mut about = vec![20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0];
    about.extend(sum.sum().to_le_bytes());
    about.extend(size(packed.len()));
    about.extend(size(text.len()));
    about.extend([8, 0, 0, 0]); // lengths of the name and of the extra field
    let mut out = [b"PK\x03\x04", about.as_slice(), NAME, &packed].concat();
    let start = out.len();
    // By version 2.0; no comment, disk 0, no attributes, at the begin of the file.
    out.extend([b"PK\x01\x02\x14\x00", about.as_slice(), &[0; 14], NAME].concat());
    let length = out.len() - start;
    out.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    out.extend(size(length));
    out.extend(size(start));
    out.extend([0, 0]);
    out
}

/// The columns of a table, by name.
const COLUMNS: [&str; 7] = [
    "TimeGenerated",
    "Computer",
    "sIP",
    "csMethod",
    "csUriStem",
    "cIP",
    "csUserAgent",
];

fn values(line: &Line) -> [String; 7] {
    [
        format!("2026-11-02T{}Z", clock(line.second)),
        format!("WEB0{}", 1 + line.server),
        format!("10.0.0.{}", 1 + line.server),
        "GET".to_owned(),
        format!("/shop/department/{:03}/view.aspx", line.dice & 0xff),
        line.client.clone(),
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0.0.0".to_owned(),
    ]
}

pub(crate) fn csv(log: &Log) -> Vec<u8> {
    let mut out = format!("{},sPort\n", COLUMNS.join(","));
    for line in &log.lines {
        writeln!(out, "{},{}", values(line).join(","), line.port).expect("memory");
    }
    out.into_bytes()
}

pub(crate) fn ndjson(log: &Log) -> Vec<u8> {
    let mut out = String::new();
    for line in &log.lines {
        out.push('{');
        for (name, value) in COLUMNS.iter().zip(values(line)) {
            write!(out, "\"{name}\":\"{value}\",").expect("memory");
        }
        writeln!(out, "\"sPort\":\"{}\"}}", line.port).expect("memory");
    }
    out.into_bytes()
}

pub(crate) fn parquet(log: &Log) -> Vec<u8> {
    let texts = COLUMNS.map(|name| format!("required binary {name} (UTF8);"));
    let message = format!(
        "message rows {{ {} required int32 sPort; }}",
        texts.join(" ")
    );
    let message = Arc::new(parse_message_type(&message).expect("a schema"));
    let properties = WriterProperties::builder()
        .set_compression(parquet::basic::Compression::SNAPPY)
        .build();
    let mut file =
        SerializedFileWriter::new(Vec::new(), message, Arc::new(properties)).expect("memory");
    let mut rows = file.next_row_group().expect("memory");
    for index in 0..COLUMNS.len() {
        let mut column = rows.next_column().expect("memory").expect("a column");
        let texts: Vec<_> = log
            .lines
            .iter()
            .map(|line| values(line)[index].clone().into_bytes().into())
            .collect();
        let writer = column.typed::<ByteArrayType>();
        writer.write_batch(&texts, None, None).expect("memory");
        column.close().expect("memory");
    }
    let mut column = rows.next_column().expect("memory").expect("a column");
    let ports: Vec<i32> = log.lines.iter().map(|line| line.port.into()).collect();
    let writer = column.typed::<Int32Type>();
    writer.write_batch(&ports, None, None).expect("memory");
    column.close().expect("memory");
    rows.close().expect("memory");
    file.into_inner().expect("memory")
}
