//! The same rows in every format that is read, written by writers that know nothing of the readers.

use super::{Input, Opened, TableItem, TableReader, open};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use scanbench_w3c::{Field, Item, Reader, Record};
use std::io::{Cursor, Read, Write};
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

fn entries(input: impl Read) -> Vec<Plain> {
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

fn text(input: Input) -> Vec<Plain> {
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

fn log_rows() -> Vec<Plain> {
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

#[test]
fn text_plain_and_packed() {
    let (head, tail) = LOG.as_bytes().split_at(150);
    let mut two_members = gzip(head);
    two_members.extend(gzip(tail));
    let mut padded = gzip(LOG.as_bytes());
    padded.extend([0; 700]);
    let mut two_frames = zstd(head);
    two_frames.extend(b"\x53\x2a\x4d\x18\x03\x00\x00\x00abc"); // a skippable frame
    two_frames.extend(zstd(tail));
    for bytes in [LOG.as_bytes(), &two_members, &padded, &two_frames] {
        let opened = opened(bytes);
        assert_eq!(text(opened.input), log_rows());
        assert_eq!(opened.file_bytes.get(), bytes.len() as u64);
    }
}

#[test]
fn members_of_archives() {
    let tables = "TimeGenerated,cIP,sPort\n2026-11-02T13:05:09Z,192.0.2.7,80\n";
    let bytes = zip(&[
        ("W3SVC1/", b"", 0),
        ("W3SVC1/a.log", LOG.as_bytes(), 8),
        ("W3SVC1/b.log", LOG.as_bytes(), 0),
        ("c", LOG.as_bytes(), 93),
        ("d.csv", tables.as_bytes(), 8),
        ("inner.zip", b"PK\x03\x04", 0),
        ("odd", b"?", 14),
    ]);
    let Input::Archive(archive) = opened(&bytes).input else {
        panic!("no archive");
    };
    let names: Vec<_> = archive
        .members()
        .iter()
        .map(|member| member.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "W3SVC1/a.log",
            "W3SVC1/b.log",
            "c",
            "d.csv",
            "inner.zip",
            "odd"
        ]
    );
    let open = |index: usize| archive.open_member(&archive.members()[index]);
    for index in 0..3 {
        assert_eq!(text(open(index).unwrap()), log_rows());
    }
    assert!(matches!(open(3), Ok(Input::Table(_))));
    let refusal = |index| open(index).err().unwrap().to_string();
    assert_eq!(
        refusal(4),
        "a zip archive, inside another archive or packed file; unpack the outer one first"
    );
    assert!(refusal(5).contains("method"), "{}", refusal(5));
}

#[test]
fn tables_by_hand() {
    let styles = [
        (
            "TimeGenerated,cIP,sPort,sIP,csUserAgent,Computer\r\n",
            [
                "2026-11-02T13:05:09Z",
                "2026-11-02T13:05:10.000Z",
                "2026-11-02T23:59:59+00:00",
            ],
        ),
        (
            "\u{feff}\"TimeGenerated [UTC]\",CIP,sport,SIP,csuseragent,computer\n",
            [
                "\"11/2/2026, 1:05:09.000 PM\"",
                "\"11/2/2026, 1:05:10.000 PM\"",
                "\"11/2/2026, 11:59:59.000 PM\"",
            ],
        ),
        (
            "timegenerated,cIP,sPort,sIP,csUserAgent,Computer\n\n",
            [
                "2026-11-02 13:05:09",
                "2026-11-02 13:05:10",
                "2026-11-02 23:59:59",
            ],
        ),
    ];
    for (header, [first, second, third]) in styles {
        let csv = format!(
            "{header}{first},192.0.2.7,8080,10.0.0.1,-,WEB01\r\n\
             {second},2001:db8::7,,10.0.0.1,Mozilla/5.0+(x),WEB01\n\
             {third},192.0.2.8,65535.0,10.0.0.2,\"a,\"\"b\"\"\",WEB02"
        );
        assert_eq!(rows(csv.as_bytes()), log_rows(), "{csv}");
        assert_eq!(rows(&gzip(csv.as_bytes())), log_rows());
    }
    let objects = [
        r#"{"TimeGenerated":"2026-11-02T13:05:09Z","cIP":"192.0.2.7","sPort":8080,"sIP":"10.0.0.1","csUserAgent":"-","Computer":"WEB01","TableName":"PrimaryResult"}"#,
        r#" {"computer":"WEB01","csUserAgent":"Mozilla\/5.0+(x)","SIP":"10.0.0.1","sport":null,"cip":"2001:db8::7","timegenerated":"2026-11-02T13:05:10Z"} "#,
        r#"{"TimeGenerated":"2026-11-02T23:59:59Z","cIP":"192.0.2.8","sPort":"65535","sIP":"10.0.0.2","csUserAgent":"a,\u0022b\"","Computer":"WEB02","x":1.5}"#,
    ];
    let array = format!("[{}]", objects.join(","));
    let pretty = objects
        .join("\n")
        .replace(",\"", ",\n  \"")
        .replace('{', "{\n  ");
    for json in [
        objects.join("\n"),
        format!("\u{feff}{}\r\n\r\n", objects.join("\r\n")),
        array.clone(),
        format!(" [ \n{pretty}\n ]\n")
            .replace("}\n", "},\n")
            .replace("},\n ]", "}\n ]"),
        pretty,
    ] {
        assert_eq!(rows(json.as_bytes()), log_rows(), "{json}");
    }
    assert_eq!(rows(b"[]"), []);
}

#[test]
fn what_a_row_does_not_have() {
    let mut table = table(
        b"{\"TimeGenerated\":\"2026-11-02T13:05:09Z\",\"cIP\":\"-\",\"csHost\":null,\"sPort\":\"-\",\"X-Forwarded-For\":\"::1\"}",
    );
    let Ok(Some(TableItem::Row(row))) = table.next_row() else {
        panic!("no row");
    };
    assert_eq!(row.get(Field::CIp), Some(&b"-"[..]));
    assert_eq!(row.get(Field::CsHost), Some(&b""[..]));
    assert_eq!(row.get(Field::SIp), None);
    assert_eq!(row.port(), None);
    assert_eq!(row.get_named("x-forwarded-for"), Some(&b"::1"[..]));
    assert_eq!(row.get_named("cs-host"), Some(&b""[..]));
    assert_eq!(row.get_named("nothing"), None);
}

#[test]
fn no_such_table() {
    let refusal = |bytes: &[u8]| {
        let (_folder, path) = file(bytes);
        open(Some(&path)).err().unwrap().to_string()
    };
    for (bytes, reason) in [
        (
            "sPort,csHost\n80,x\n",
            "no table of IIS logs: it has no column TimeGenerated, cIP",
        ),
        (
            "{\"name\": \"x\"}\n",
            "no table of IIS logs: it has no column TimeGenerated, cIP, sPort",
        ),
        (
            "{\"tables\":[]}",
            "a raw answer of the Log Analytics API, which cannot be read here; save its rows as \
             objects, as `az monitor log-analytics query` does",
        ),
        ("\u{fd}", ""),
    ] {
        if !reason.is_empty() {
            assert_eq!(refusal(bytes.as_bytes()), reason);
        }
    }
    assert!(refusal(b"\xfd7zXZ\0").starts_with("xz-compressed data, which cannot be read here"));
    assert!(refusal(&gzip(&gzip(b"x"))).starts_with("gzip-compressed data, inside another"));
    // What is none of these is text, and the reader of text says what it is.
    for text in ["a,b,c\n1,2,3\n", "[2026] x", "", " \n", "{", "# x", "<a>"] {
        assert!(
            matches!(opened(text.as_bytes()).input, Input::Text(_)),
            "{text}"
        );
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,6}",
        Just("-".to_owned()),
        "[\",\r\n\\\\;'/]{0,6}"
    ]
}

fn any_rows() -> impl Strategy<Value = Vec<Plain>> {
    let row = (
        0_i64..4_102_444_800,
        prop::option::of(any::<u16>()),
        [any_text(), any_text(), any_text(), any_text()],
    )
        .prop_map(|(seconds, port, texts)| Plain {
            millis: seconds * 1000,
            port,
            texts,
        });
    prop::collection::vec(row, 0..40)
}

pub(super) fn rfc3339(millis: i64) -> String {
    scanbench_w3c::Timestamp::from_millis(millis).to_string()
}

fn as_csv(rows: &[Plain], windows: bool) -> Vec<u8> {
    let terminator = if windows {
        csv::Terminator::CRLF
    } else {
        csv::Terminator::Any(b'\n')
    };
    let mut out = csv::WriterBuilder::new()
        .terminator(terminator)
        .from_writer(Vec::new());
    let header = ["sPort", "TimeGenerated [UTC]"].into_iter().chain(NAMES);
    out.write_record(header).unwrap();
    for row in rows {
        let port = row.port.map(|port| port.to_string()).unwrap_or_default();
        let cells = [port, rfc3339(row.millis)]
            .into_iter()
            .chain(row.texts.iter().cloned());
        out.write_record(cells).unwrap();
    }
    out.into_inner().unwrap()
}

fn as_json(rows: &[Plain]) -> Vec<serde_json::Value> {
    let object = |row: &Plain| {
        let mut object =
            serde_json::json!({"sPort": row.port, "TimeGenerated": rfc3339(row.millis)});
        for (name, text) in NAMES.iter().zip(&row.texts) {
            object[*name] = text.as_str().into();
        }
        object
    };
    rows.iter().map(object).collect()
}

proptest! {
    /// For all rows: what the `csv` crate wrote is read back the same.
    #[test]
    fn csv_round_trip(expected in any_rows(), windows in any::<bool>()) {
        prop_assert_eq!(rows(&as_csv(&expected, windows)), expected);
    }

    /// For all rows: what `serde_json` wrote, in each of the three styles, is read back the same.
    #[test]
    fn json_round_trip(expected in any_rows()) {
        let objects = as_json(&expected);
        let lines: Vec<_> = objects.iter().map(ToString::to_string).collect();
        let pretty: Vec<_> = objects.iter().map(|object| format!("{object:#}")).collect();
        for json in [lines.join("\n"), pretty.join("\n")] {
            if !expected.is_empty() {
                prop_assert_eq!(&rows(json.as_bytes()), &expected);
            }
        }
        let array = serde_json::Value::Array(objects);
        prop_assert_eq!(&rows(array.to_string().as_bytes()), &expected);
        prop_assert_eq!(&rows(format!("{array:#}").as_bytes()), &expected);
    }
}

#[cfg(feature = "parquet")]
mod parquet {
    use super::{NAMES, Plain, any_rows, rfc3339, rows};
    use ::parquet::basic::{Compression, GzipLevel, ZstdLevel};
    use ::parquet::data_type::{ByteArrayType, Int32Type, Int64Type};
    use ::parquet::file::properties::WriterProperties;
    use ::parquet::file::writer::SerializedFileWriter;
    use ::parquet::schema::parser::parse_message_type;
    use proptest::prelude::*;
    use std::sync::Arc;

    /// How the columns of a file are typed.
    pub(crate) const SCHEMAS: [(&str, &str); 5] = [
        (
            "required int64 TimeGenerated (TIMESTAMP(MILLIS,true))",
            "optional int32 sPort",
        ),
        (
            "required int64 timegenerated (TIMESTAMP(MICROS,false))",
            "optional int64 SPORT",
        ),
        (
            "required int64 TimeGenerated (TIMESTAMP(NANOS,true))",
            "optional int32 sPort (UINT_16)",
        ),
        (
            "required binary TimeGenerated (UTF8)",
            "optional binary sPort (UTF8)",
        ),
        (
            "required binary TimeGenerated",
            "optional int64 sPort (INTEGER(64,false))",
        ),
    ];

    pub(crate) const PACKINGS: [fn() -> Compression; 4] = [
        || Compression::UNCOMPRESSED,
        || Compression::SNAPPY,
        || Compression::GZIP(GzipLevel::default()),
        || Compression::ZSTD(ZstdLevel::default()),
    ];

    /// Writes row groups of `group` rows.
    pub(crate) fn write(all: &[Plain], schema: usize, packing: usize, group: usize) -> Vec<u8> {
        let (time, port) = SCHEMAS[schema];
        let texts = NAMES
            .map(|name| format!("required binary {name} (UTF8);"))
            .join(" ");
        let list = "optional group tags (LIST) { repeated group list { optional int32 element; } }";
        let message = format!("message rows {{ {list} {time}; {port}; {texts} }}");
        let message = Arc::new(parse_message_type(&message).unwrap());
        let properties = WriterProperties::builder()
            .set_compression(PACKINGS[packing]())
            .build();
        let mut file =
            SerializedFileWriter::new(Vec::new(), message, Arc::new(properties)).unwrap();
        for rows in all.chunks(group) {
            let mut out = file.next_row_group().unwrap();
            let mut column = 0;
            while let Some(mut writer) = out.next_column().unwrap() {
                let bytes = |texts: Vec<String>| -> Vec<_> {
                    texts
                        .into_iter()
                        .map(|text| text.into_bytes().into())
                        .collect()
                };
                let scale = [1, 1000, 1_000_000, 0, 0][schema];
                match (column, schema) {
                    (0, _) => {
                        let levels = vec![0; rows.len()];
                        writer
                            .typed::<Int32Type>()
                            .write_batch(&[], Some(&levels), Some(&levels))
                    }
                    (1, 0..=2) => {
                        let values: Vec<_> = rows.iter().map(|row| row.millis * scale).collect();
                        writer.typed::<Int64Type>().write_batch(&values, None, None)
                    }
                    (1, _) => {
                        let values = bytes(rows.iter().map(|row| rfc3339(row.millis)).collect());
                        writer
                            .typed::<ByteArrayType>()
                            .write_batch(&values, None, None)
                    }
                    (2, _) => {
                        let levels: Vec<_> = rows
                            .iter()
                            .map(|row| i16::from(row.port.is_some()))
                            .collect();
                        let ports = rows.iter().filter_map(|row| row.port);
                        match schema {
                            0 | 2 => {
                                let values: Vec<_> = ports.map(i32::from).collect();
                                writer.typed::<Int32Type>().write_batch(
                                    &values,
                                    Some(&levels),
                                    None,
                                )
                            }
                            3 => {
                                let values = bytes(ports.map(|port| port.to_string()).collect());
                                writer.typed::<ByteArrayType>().write_batch(
                                    &values,
                                    Some(&levels),
                                    None,
                                )
                            }
                            _ => {
                                let values: Vec<_> = ports.map(i64::from).collect();
                                writer.typed::<Int64Type>().write_batch(
                                    &values,
                                    Some(&levels),
                                    None,
                                )
                            }
                        }
                    }
                    _ => {
                        let texts = rows
                            .iter()
                            .map(|row| row.texts[column - 3].clone())
                            .collect();
                        writer
                            .typed::<ByteArrayType>()
                            .write_batch(&bytes(texts), None, None)
                    }
                }
                .unwrap();
                writer.close().unwrap();
                column += 1;
            }
            out.close().unwrap();
        }
        file.into_inner().unwrap()
    }

    proptest! {
        /// For all rows, types, packings and sizes of row groups: what the `parquet` crate wrote is read back
        /// the same.
        #[test]
        fn round_trip(
            expected in any_rows(),
            schema in 0..SCHEMAS.len(),
            packing in 0..PACKINGS.len(),
            group in 1_usize..50,
        ) {
            prop_assert_eq!(rows(&write(&expected, schema, packing, group)), expected);
        }
    }

    #[test]
    fn more_rows_than_are_held() {
        let row = Plain {
            millis: 0,
            port: Some(7),
            texts: NAMES.map(str::to_owned),
        };
        let expected: Vec<_> = (0..5000)
            .map(|millis| Plain {
                millis: millis * 1000,
                ..row.clone()
            })
            .collect();
        assert_eq!(rows(&write(&expected, 0, 1, 3000)), expected);
    }
}
#[cfg(feature = "parquet")]
pub(super) use parquet::write as write_parquet;

/// Standard input and pipes have no end to read a directory from.
#[test]
fn archives_need_a_file() {
    let bytes = zip(&[("a", b"x", 0)]);
    let refusal = super::open_with(Cursor::new(bytes), None, super::Limits::default());
    assert_eq!(
        refusal.err().unwrap().to_string(),
        "a zip archive can only be read from a file, since its directory stands at its end"
    );
}
