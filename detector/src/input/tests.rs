//! The same small log in every format that is read, and what is none of them.

use super::samples::{
    LOG, file, gzip, log_rows, opened, rows, rows_and_bad, table, text, zip, zstd,
};
use super::table::TableCounts;
use super::{Input, TableItem, open};
use scanbench_w3c::{Field, Record as _};
use std::io::Cursor;

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
    #[cfg(feature = "parquet")]
    assert_eq!(
        rows(&super::parquet_samples::write(&log_rows(), 4, 3, 2)),
        log_rows()
    );
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

/// For notices: a port that no row has, times in the zone of whoever exported them, and how much was read.
#[test]
fn what_is_said_of_a_table() {
    let json = "{\"TimeGenerated [Local Time]\":\"2026-11-02T13:05:09Z\",\"cIP\":\"::1\"}\n{}\n";
    let mut table = table(json.as_bytes());
    assert_eq!(rows_and_bad(&mut *table).0.len(), 1);
    assert_eq!(table.layout().missing(), ["sPort"]);
    assert!(table.layout().is_local_time());
    let counts = TableCounts {
        rows: 1,
        bad: 1,
        bytes: json.len() as u64,
    };
    assert_eq!(table.counts(), counts);
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
            "a table that cannot be read: it has no column TimeGenerated, cIP",
        ),
        (
            "{\"name\": \"x\"}\n",
            "a table that cannot be read: it has no column TimeGenerated, cIP, sPort",
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

/// A log that is written as it is read: nothing more than its first lines is there yet.
#[test]
fn a_pipe_is_not_waited_for() {
    struct Live(&'static [u8]);
    impl std::io::Read for Live {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            assert!(!self.0.is_empty(), "this would wait");
            // Byte by byte, as bad luck would have it.
            (&mut self.0).take(1).read(out)
        }
    }
    for (text, table) in [
        (&b"#Software: x\n#"[..], false),
        (
            b"TimeGenerated,cIP,sPort\n2026-11-02T13:05:09Z,::1,80\n2",
            true,
        ),
    ] {
        let opened = super::open_with(Live(text), None, super::Limits::default()).unwrap();
        assert_eq!(matches!(opened.input, Input::Table(_)), table);
    }
}
