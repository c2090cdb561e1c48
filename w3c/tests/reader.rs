//! What the reader makes of logs: whole ones, odd ones and damaged ones.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use proptest::prelude::*;
use scanbench_w3c::{
    BadLine, Columns, Content, Counts, Field, Item, Newline, Problem, Reader, Timestamp, Writer,
    encode_value,
};
use std::io::{self, Read};

const DEFAULT: &str = "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip \
                       cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken";

/// Time and chosen fields of each entry, and the bad lines.
fn read(log: impl AsRef<[u8]>, fields: &[Field]) -> (Vec<String>, Vec<BadLine>, Counts) {
    let log = log.as_ref();
    let mut reader = Reader::with_limit(log, 4096).unwrap();
    let (mut entries, mut bad) = (Vec::new(), Vec::new());
    while let Some(item) = reader.next_item().unwrap() {
        match item {
            Item::Entry(entry) => {
                let mut line = entry.time().to_string();
                for field in fields {
                    line.push('|');
                    let value = entry.get(*field).unwrap_or(b"<absent>");
                    line.push_str(&String::from_utf8_lossy(value));
                }
                entries.push(line);
            }
            Item::Bad(line) => bad.push(line),
        }
    }
    let counts = reader.counts();
    assert_eq!(counts.entries, entries.len() as u64);
    assert_eq!(counts.bad, bad.len() as u64);
    assert_eq!(counts.bytes, log.len() as u64);
    (entries, bad, counts)
}

fn entries(log: impl AsRef<[u8]>, fields: &[Field]) -> Vec<String> {
    let (entries, bad, _) = read(log, fields);
    assert_eq!(bad, []);
    entries
}

fn bad(log: impl AsRef<[u8]>) -> Vec<String> {
    read(log, &[]).1.iter().map(ToString::to_string).collect()
}

#[test]
fn columns_in_any_order_and_changing_in_mid_file() {
    let log = "#Fields: s-port c-ip time date\r\n80 192.0.2.1 10:00:00 2026-11-02\r\n\
               #Fields: date time c-ip X-Forwarded-For s-port\r\n\
               2026-11-02 10:00:01 192.0.2.2 198.51.100.9 443\r\n";
    assert_eq!(
        entries(log, &[Field::CIp, Field::SPort, Field::SIp]),
        [
            "2026-11-02T10:00:00Z|192.0.2.1|80|<absent>",
            "2026-11-02T10:00:01Z|192.0.2.2|443|<absent>"
        ]
    );
}

#[test]
fn custom_fields_are_read_by_name() {
    let log = b"#Fields: date time X-Forwarded-For\n2026-11-02 10:00:00 198.51.100.9\n";
    let mut reader = Reader::new(log.as_slice()).unwrap();
    let Some(Item::Entry(entry)) = reader.next_item().unwrap() else {
        panic!("no entry");
    };
    let position = entry.columns().position_of("x-forwarded-for").unwrap();
    assert_eq!(entry.column(position), Some(&b"198.51.100.9"[..]));
    assert_eq!(entry.line(), 2);
}

#[test]
fn raw_utf8_invalid_bytes_and_ipv6() {
    let log = b"#Fields: date time c-ip cs-uri-stem\n\
                2026-11-02 10:00:00 2001:db8::1 /\xd8\xa7\n\
                2026-11-02 10:00:01 fe80::1%3 /\xff\xfe\n";
    assert_eq!(
        entries(log, &[Field::CIp, Field::CsUriStem]),
        [
            "2026-11-02T10:00:00Z|2001:db8::1|/ا",
            "2026-11-02T10:00:01Z|fe80::1%3|/\u{fffd}\u{fffd}"
        ]
    );
}

#[test]
fn runs_of_blanks_separate_once_and_a_byte_order_mark_is_passed_over() {
    let log =
        "\u{feff}#Fields: date time s-port  cs-username \n2026-11-02 10:00:00 444  CORP\\ann \n";
    let (read, bad, _) = read(log, &[Field::SPort, Field::CsUsername]);
    assert_eq!(read, ["2026-11-02T10:00:00Z|444|CORP\\ann"]);
    assert_eq!(bad, []);
}

#[test]
fn advanced_logging() {
    let log = "#Software: IIS Advanced Logging Module\n\n#Version: 1.0\n   \n#Start-Date: 2014-11-18 00:00:00.128\n\
               #Fields:   date-local time-local   s-port c-ip cs(User-Agent) cs(Host) sc-substatus TimeTakenMS\n\
               2012-08-15 17:00:00.363 80 \"192.0.2.9\" \"Mozilla/5.0 (Linux)\" \"www.example\" \" \"\"x\"\" y \" 109\n\
               2012-08-15 17:00:00.660 80 - \"Mozilla/5.0\" - 0 0\n";
    assert_eq!(
        entries(
            log,
            &[
                Field::CIp,
                Field::CsUserAgent,
                Field::CsHost,
                Field::ScSubstatus,
                Field::TimeTaken
            ]
        ),
        [
            "2012-08-15T17:00:00.363Z|192.0.2.9|Mozilla/5.0 (Linux)|www.example| \"x\" y |109",
            "2012-08-15T17:00:00.660Z|-|Mozilla/5.0|-|0|0"
        ]
    );
}

#[test]
fn quotes_count_only_where_they_must() {
    // A client may send a quote, and IIS writes it as it came.
    let log = "#Fields: date time cs(User-Agent) s-port\n\
               2026-11-02 10:00:00 \"Mozilla 80\n2026-11-02 10:00:00 \"a; b; c\" 81\n";
    assert_eq!(
        entries(log, &[Field::CsUserAgent, Field::SPort]),
        [
            "2026-11-02T10:00:00Z|\"Mozilla|80",
            "2026-11-02T10:00:00Z|a; b; c|81"
        ]
    );
}

#[test]
fn days_from_the_date_directive() {
    let log = "#Date: 2013-07-30 23:59:00\n#Fields: time c-ip\n23:59:58 192.0.2.1\n00:00:03 192.0.2.1\n\
               00:00:02 192.0.2.1\n#Date: 2013-08-02 01:00:00\n01:00:00 192.0.2.1\n";
    assert_eq!(
        entries(log, &[]),
        [
            "2013-07-30T23:59:58Z",
            "2013-07-31T00:00:03Z",
            "2013-07-31T00:00:02Z",
            "2013-08-02T01:00:00Z"
        ]
    );
    let log = "#Fields: time c-ip\n23:59:58 192.0.2.1\n";
    assert_eq!(
        bad(log),
        ["2:1: date: expected a column of this name in #Fields (byte 19)"]
    );
}

#[test]
fn bad_lines_are_located_and_the_rest_goes_on() {
    let log = "early\n#Fields: date time s-port c-ip\n2026-11-02 10:00:00 80 192.0.2.1\n\
               2026-13-02 10:00:00 80 a\n2026-11-02 1:00:00 80 a\n2026-11-02 10:00:00 99999 a\n\
               2026-11-02 10:00:00 +80 a\n2026-11-02 10:00:00 80\n2026-11-02 10:00:00 80 a b c\n\
               2026-11-02 10:00:00 - 192.0.2.1\n2026-11-02 10:0";
    let (read, bad, counts) = read(log, &[Field::SPort]);
    assert_eq!(read, ["2026-11-02T10:00:00Z|80", "2026-11-02T10:00:00Z|-"]);
    let texts: Vec<String> = bad.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "1:1: no #Fields directive stands before this line (byte 0)",
            "4:1: date: expected a date as YYYY-MM-DD, found \"2026-13-02\" (byte 70)",
            "5:12: time: expected a time of day as HH:MM:SS, found \"1:00:00\" (byte 106)",
            "6:21: s-port: expected a port from 0 to 65535 or -, found \"99999\" (byte 139)",
            "7:21: s-port: expected a port from 0 to 65535 or -, found \"+80\" (byte 167)",
            "8:23: expected 4 values as #Fields declares, found 3 (byte 195)",
            "9:26: expected 4 values as #Fields declares, found 6 (byte 221)",
            "11:16: the file ends in mid-line: expected 4 values, found 2 (byte 272)",
        ]
    );
    assert_eq!(bad[3].problem.field(), Some("s-port"));
    assert_eq!((counts.directives, counts.blank), (1, 0));
}

#[test]
fn a_whole_last_line_without_a_line_end_counts() {
    let log =
        format!("{DEFAULT}\n2026-11-02 10:00:00 10.0.0.1 GET / - 80 - 192.0.2.1 - - 200 0 0 15");
    assert_eq!(
        entries(log, &[Field::TimeTaken]),
        ["2026-11-02T10:00:00Z|15"]
    );
}

#[test]
fn lines_over_the_limit_are_counted_and_passed_over() {
    let mut log = b"#Fields: date time c-ip\n2026-11-02 10:00:00 ".to_vec();
    log.extend(vec![b'x'; 1_000_000]);
    log.extend(b"\n2026-11-02 10:00:01 192.0.2.1\n");
    let (read, bad, _) = read(&log, &[Field::CIp]);
    assert_eq!(read, ["2026-11-02T10:00:01Z|192.0.2.1"]);
    assert_eq!(
        bad[0].problem,
        Problem::TooLong {
            limit: 4096,
            length: 1_000_020
        }
    );
}

#[test]
fn nothing_found_acts_on_a_terminal() {
    let log = b"#Fields: date time s-port\n2026-11-02 10:00:00 \x1b[31m\xff\n";
    let text = bad(log).remove(0);
    assert!(text.contains(r#"found "\x1b[31m\xff""#), "{text}");
}

#[test]
fn an_input_that_breaks_off_says_where() {
    struct Breaks(io::Cursor<&'static [u8]>);
    impl Read for Breaks {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            match self.0.read(out)? {
                0 => Err(io::Error::other("the disk is gone")),
                count => Ok(count),
            }
        }
    }
    // The head is looked at before anything is read as a log, so the failure comes at once here...
    let head = b"#Fields: date time\n2026-11-02 10:00:00\n2026-11";
    assert!(Reader::new(Breaks(io::Cursor::new(head))).is_err());

    // ... and in the middle where the log is longer than a block.
    let mut log = b"#Fields: date time\n".to_vec();
    for _ in 0..20_000 {
        log.extend(b"2026-11-02 10:00:00\n");
    }
    log.extend(b"2026-11");
    let length = log.len() as u64;
    let mut reader = Reader::new(Breaks(io::Cursor::new(log.leak()))).unwrap();
    let error = loop {
        match reader.next_item() {
            Ok(item) => assert!(item.is_some()),
            Err(error) => break error,
        }
    };
    assert_eq!(reader.counts().entries, 20_000);
    assert_eq!(
        (error.offset, error.line, error.pending),
        (length - 7, 20_002, 7)
    );
    assert!(error.to_string().contains("the disk is gone"), "{error}");
}

#[test]
fn content_is_told_apart() {
    assert_eq!(*Reader::new(&b""[..]).unwrap().content(), Content::Empty);
    assert_eq!(
        *Reader::new(DEFAULT.as_bytes()).unwrap().content(),
        Content::Web
    );
}

/// The value that reading gives back: the writer's own encoding, done the slow way.
fn encoded(value: &[u8]) -> Vec<u8> {
    if value.is_empty() {
        return b"-".to_vec();
    }
    value
        .iter()
        .map(|byte| {
            if byte.is_ascii_control() || *byte == b' ' {
                b'+'
            } else {
                *byte
            }
        })
        .collect()
}

proptest! {
    /// forall values: reading what was written gives the values as IIS would have written them.
    #[test]
    fn writing_and_reading_agree(
        seconds in 0_i64..4_000_000_000,
        rows in prop::collection::vec((any::<u16>(), prop::collection::vec(any::<u8>(), 0..40), any::<Vec<u8>>()), 0..20),
        crlf: bool,
    ) {
        let columns = Columns::new(["date", "time", "s-port", "cs(User-Agent)", "X-Custom"]);
        let start = Timestamp::from_millis(seconds * 1000);
        let mut log = Vec::new();
        let mut writer = Writer::new(&mut log, if crlf { Newline::CrLf } else { Newline::Lf });
        writer.header("Microsoft Internet Information Services 10.0", start, &columns).unwrap();
        let (mut date, mut time) = (Vec::new(), Vec::new());
        start.write_date(&mut date);
        start.write_time(&mut time);
        for (port, agent, custom) in &rows {
            let port = port.to_string();
            writer.entry([&date[..], &time, port.as_bytes(), agent, custom]).unwrap();
        }
        let mut reader = Reader::new(log.as_slice()).unwrap();
        prop_assert_eq!(reader.content(), &Content::Web);
        for (port, agent, custom) in &rows {
            let Some(Item::Entry(entry)) = reader.next_item().unwrap() else {
                panic!("no entry for {agent:?} {custom:?}");
            };
            prop_assert_eq!(entry.time(), start);
            prop_assert_eq!(entry.port(), Some(*port));
            prop_assert_eq!(entry.get(Field::CsUserAgent).unwrap(), encoded(agent));
            prop_assert_eq!(entry.column(4).unwrap(), encoded(custom));
        }
        prop_assert!(reader.next_item().unwrap().is_none());
        prop_assert_eq!(reader.counts().directives, 4);
    }

    /// forall bytes: nothing panics, every line is counted once, and lines add up to what a naive count gives.
    #[test]
    fn every_line_is_counted(text in prop::collection::vec(prop::sample::select(b"#Fields: date time\n\r \t\"2026-10:00-x\0\xff".to_vec()), 0..400), whole: bool) {
        let mut log = if whole { b"#Fields: date time\n".to_vec() } else { Vec::new() };
        log.extend(text);
        let counts = read(&log, &[]).2;
        let lines = log.split_inclusive(|byte| *byte == b'\n').count() as u64;
        let without_mark = counts.entries + counts.bad + counts.directives + counts.blank;
        prop_assert_eq!(without_mark, lines);
    }

    /// forall values: encoding twice changes nothing more.
    #[test]
    fn encoding_is_idempotent(value: Vec<u8>) {
        let (mut once, mut twice) = (Vec::new(), Vec::new());
        encode_value(&mut once, &value);
        encode_value(&mut twice, &once);
        prop_assert_eq!(&once, &encoded(&value));
        prop_assert_eq!(once, twice);
    }
}
