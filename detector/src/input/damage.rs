//! Damaged, cut and hostile input: always a message that says where, never a panic, a hang or memory without
//! bound.

use super::packed::Limits;
use super::tests::{LOG, Plain, file, gzip, rows_and_bad, zip, zstd};
use super::{Archive, Input, InputError, open, open_with};
use std::io::{Cursor, Read};

/// What can be read of `bytes`, and the messages: every member, every row.
fn read_all(bytes: &[u8]) -> (Vec<u8>, Vec<Plain>, Vec<String>) {
    let (_folder, path) = file(bytes);
    let (mut text, mut rows, mut messages) = (Vec::new(), Vec::new(), Vec::new());
    let mut inputs = match open(Some(&path)).map(|opened| opened.input) {
        Ok(Input::Archive(archive)) => members(&archive),
        input => vec![input],
    };
    for input in &mut inputs {
        match input {
            Ok(Input::Text(input)) => {
                if let Err(error) = input.read_to_end(&mut text) {
                    messages.push(error.to_string());
                    // Asked again, it says the same again.
                    assert!(input.read(&mut [0; 16]).is_err());
                }
            }
            Ok(Input::Table(table)) => {
                let (more, bad) = rows_and_bad(&mut **table);
                rows.extend(more);
                messages.extend(bad);
            }
            Ok(Input::Archive(_)) => panic!("an archive in an archive"),
            Err(error) => messages.push(error.to_string()),
        }
    }
    (text, rows, messages)
}

fn members(archive: &Archive) -> Vec<Result<Input, InputError>> {
    let members = archive.members().iter();
    members.map(|member| archive.open_member(member)).collect()
}

/// A log that does not shrink to nothing.
fn long_log() -> Vec<u8> {
    let mut log = LOG.as_bytes().to_vec();
    let mut state = 1_u32;
    for _ in 0..20_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let line = format!(
            "2026-11-02 13:05:11 WEB01 10.0.0.1 {} 192.0.2.7 {state:x}\n",
            state >> 16
        );
        log.extend(line.as_bytes());
    }
    log
}

#[test]
fn gzip_cut_anywhere() {
    let log = long_log();
    let whole = gzip(&log);
    let places = (2..300)
        .chain((300..whole.len()).step_by(7001))
        .chain(whole.len() - 20..whole.len());
    let mut longest = 0;
    for place in places {
        let (text, _, messages) = read_all(&whole[..place]);
        assert!(log.starts_with(&text), "cut at {place}");
        assert!(text.len() >= longest, "cut at {place}");
        longest = text.len();
        let count = text.len();
        let expected =
            format!("the gzip data is cut off: it ends in the middle, after {count} bytes of text");
        assert_eq!(messages, [expected], "cut at {place}");
    }
    assert_eq!(longest, log.len());
    let mut second = whole.clone();
    second.extend(&gzip(b"x")[..9]);
    let (text, _, messages) = read_all(&second);
    assert_eq!((text.len(), messages.len()), (log.len(), 1));
}

#[test]
fn zstd_cut_anywhere() {
    let log = long_log();
    let whole = zstd(&log);
    for place in (4..40).chain((40..whole.len()).step_by(997)) {
        let (text, _, messages) = read_all(&whole[..place]);
        assert!(log.starts_with(&text), "cut at {place}");
        // A block of zstd has at most 128 KiB of text, so all the blocks before the last have come.
        let share = log.len() * place / whole.len();
        assert!(
            text.len() + (300 << 10) > share,
            "cut at {place}: {}",
            text.len()
        );
        assert!(
            messages[0].starts_with("the zstd data is cut off"),
            "{messages:?}"
        );
    }
}

#[test]
fn every_byte_flipped() {
    let log = &long_log()[..3000];
    for (name, whole) in [
        ("gzip", gzip(log)),
        ("zstd", zstd(log)),
        ("zip", zip(&[("a", log, 8)])),
    ] {
        let mut noticed = 0;
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x10;
            let (text, _, messages) = read_all(&damaged);
            noticed += usize::from(!messages.is_empty() || text != log);
        }
        // Not the bytes that mean nothing: dates, names, the operating system.
        assert!(
            noticed * 10 > whole.len() * 8,
            "{name}: {noticed} of {}",
            whole.len()
        );
    }
}

#[test]
fn what_came_before_damage_is_given() {
    let log = long_log();
    for (name, mut packed) in [("gzip", gzip(&log)), ("zstd", zstd(&log))] {
        let place = packed.len() * 3 / 4;
        packed[place..place + 64].fill(0xff);
        let (text, _, messages) = read_all(&packed);
        assert_eq!(messages.len(), 1, "{name}");
        let tail = format!(", after {} bytes of text", text.len());
        assert!(
            messages[0].contains("is damaged") && messages[0].ends_with(&tail),
            "{messages:?}"
        );
        // Damage shows a little behind the place where it is, and what came between is wrong; but most is there.
        let good = text.iter().zip(&log).take_while(|(a, b)| a == b).count();
        assert!(good > log.len() / 2, "{name}: {good} of {}", log.len());
    }
}

#[test]
fn wrong_sums() {
    let log = LOG.as_bytes();
    let mut wrong = gzip(log);
    let end = wrong.len();
    wrong[end - 8] ^= 1;
    assert_eq!(
        read_all(&wrong).2,
        [format!(
            "the gzip data is damaged (incorrect data check), after {} bytes of text",
            log.len()
        )]
    );
    for method in [0, 8, 93] {
        let mut wrong = zip(&[("a", log, method), ("b", log, method)]);
        let directory = memchr::memmem::find(&wrong, b"PK\x01\x02").unwrap();
        wrong[directory + 16] ^= 1;
        let (text, _, messages) = read_all(&wrong);
        assert_eq!(text.len(), 2 * log.len());
        let count = log.len();
        let expected =
            format!("the zip data is damaged (its checksum is wrong), after {count} bytes of text");
        assert_eq!(messages, [expected]);
    }
    let mut followed = gzip(log);
    followed.extend(b"x");
    let messages = read_all(&followed).2;
    assert!(
        messages[0].contains("something else than gzip follows it"),
        "{messages:?}"
    );
}

#[test]
fn zip_with_a_bad_directory() {
    let log = LOG.as_bytes();
    let whole = zip(&[("a", log, 8), ("b", log, 8)]);
    for place in 4..whole.len() {
        let (_, _, messages) = read_all(&whole[..place]);
        assert_eq!(messages.len(), 1, "cut at {place}");
        assert!(
            messages[0].starts_with("a zip archive that cannot be read: "),
            "{messages:?}"
        );
    }
    // One member's own header is gone: the other can still be read.
    let mut damaged = whole.clone();
    damaged[0..4].copy_from_slice(b"PK\x03\x04");
    let second = memchr::memmem::rfind(&damaged, b"PK\x03\x04").unwrap();
    damaged[second] = 0;
    let (text, _, messages) = read_all(&damaged);
    assert_eq!(text, log);
    assert_eq!(messages.len(), 1);
    // The directory names one place twice.
    let twice = read_all(&zip(&[("a", log, 8), ("a", log, 8)]));
    assert!(twice.2[0].contains("have one name"), "{:?}", twice.2);
    // A directory that claims to be huge.
    let mut huge = whole;
    let end = huge.len() - 22;
    huge[end + 12..end + 16].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    assert!(read_all(&huge).2[0].contains("directory"));
}

#[test]
fn bombs() {
    let limits = Limits {
        unjudged_bytes: 1 << 20,
        ..Limits::default()
    };
    let zeros = vec![0; 8 << 20];
    for bomb in [gzip(&zeros), zstd(&zeros)] {
        let opened = open_with(Cursor::new(bomb), None, limits).unwrap();
        let Input::Text(mut input) = opened.input else {
            panic!("no text");
        };
        let mut count = 0;
        let error = loop {
            match input.read(&mut [0; 4096]) {
                Ok(0) => panic!("no error"),
                Ok(more) => count += more,
                Err(error) => break error.to_string(),
            }
        };
        assert!(count < 2 << 20, "{count}");
        assert!(
            error.contains("unpacks to more than 700 times its size"),
            "{error}"
        );
    }
    let limits = Limits {
        total_bytes: Some(1000),
        ..Limits::default()
    };
    let opened = open_with(Cursor::new(gzip(&long_log())), None, limits).unwrap();
    let Input::Text(mut input) = opened.input else {
        panic!("no text");
    };
    let error = input.read_to_end(&mut Vec::new()).unwrap_err().to_string();
    assert!(
        error.contains("unpacks to more bytes than is allowed"),
        "{error}"
    );
}

/// A window of 2 GiB is refused before memory is taken for it.
#[test]
fn zstd_window_over_the_limit() {
    // Magic, a descriptor without content size, and a window of 2^31 bytes (RFC 8878, 3.1.1.1.2).
    let (_, _, messages) = read_all(b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00");
    assert!(messages[0].contains("too much memory"), "{messages:?}");
}

const HEADER: &str = "TimeGenerated,cIP,sPort,csUserAgent\n";
const GOOD: &str = "2026-11-02T13:05:09Z,192.0.2.7,80,-\n";

#[test]
fn csv_rows_that_are_none() {
    let csv = format!(
        "{HEADER}{GOOD}short\n{GOOD}2026-11-02T13:05:09Z,\"a\n\nb\",x80,-\n\n{GOOD}2026-11-02,a,1,-\n\
         2026-11-02T13:05:09Z,\"a\",99999,{}\n2026-11-02T13:05:09Z,a,1",
        "b".repeat(50)
    );
    for csv in [csv.clone(), csv.replace('\n', "\r\n")] {
        let (_, rows, messages) = read_all(csv.as_bytes());
        assert_eq!(rows.len(), 3);
        let byte = |line: usize| {
            csv.split_inclusive('\n')
                .take(line - 1)
                .map(str::len)
                .sum::<usize>()
        };
        let expected = [
            format!(
                "3: expected 4 cells as the header has, found 1 (row 2, byte {})",
                byte(3)
            ),
            format!(
                "5: sPort: expected a port from 0 to 65535 or nothing, found \"x80\" (row 4, byte {})",
                byte(5)
            ),
            format!(
                "10: TimeGenerated: expected a time such as 2026-11-02T13:05:09Z or \
                 11/2/2026, 1:05:09.000 PM, found \"2026-11-02\" (row 6, byte {})",
                byte(10)
            ),
            format!(
                "11: sPort: expected a port from 0 to 65535 or nothing, found \"99999\" (row 7, byte {})",
                byte(11)
            ),
            format!(
                "12: expected 4 cells as the header has, found 3, and the file ends in this row \
                 (row 8, byte {})",
                byte(12)
            ),
        ];
        assert_eq!(messages, expected);
    }
}

#[test]
fn csv_without_end() {
    let long = "x".repeat(10 << 20);
    let csv = format!("{HEADER}{GOOD}a,\"{long}\",1,-\n{GOOD}b,\"never closed\n{GOOD}{long}{long}");
    let (_, rows, messages) = read_all(csv.as_bytes());
    assert_eq!(rows.len(), 2);
    assert_eq!(messages.len(), 2);
    assert!(
        messages[0]
            .starts_with("3: expected at most 1048576 bytes and 4096 cells in a row, found 104857")
    );
    assert!(
        messages[1].starts_with("5: expected at most 1048576 bytes"),
        "{messages:?}"
    );
    let commas = format!("{HEADER}{}\n{GOOD}", ",".repeat(100_000));
    let (_, rows, messages) = read_all(commas.as_bytes());
    assert_eq!((rows.len(), messages.len()), (1, 1));
    // A quote that is never closed, in a file that is not long.
    let (_, rows, messages) = read_all(format!("{HEADER}{GOOD}a,\"b\n{GOOD}{GOOD}").as_bytes());
    assert_eq!(rows.len(), 1);
    assert!(
        messages[0].ends_with("and the file ends in this row (row 2, byte 72)"),
        "{messages:?}"
    );
}

const OBJECT: &str = r#"{"TimeGenerated":"2026-11-02T13:05:09Z","cIP":"192.0.2.7","sPort":80}"#;

#[test]
fn json_rows_that_are_none() {
    let long = "x".repeat(10 << 20);
    let deep = "[".repeat(100_000);
    let lines = [
        OBJECT,
        "17",
        OBJECT,
        &format!("{{\"TimeGenerated\":\"{long}\"}}"),
        &format!("{{\"a\":{deep}"),
        &deep,
        "{\"TimeGenerated\":{\"a\":1}}",
        OBJECT,
        "{\"cIP\":\"192.0.2.7\"}",
        "{\"TimeGenerated\":\"2026-11-02T13:05:09Z\",\"sPort\":80.5}",
        "{\"TimeGenerated\":\"2026-11-02T13:05:09Z\",\"sPort\":1e99}",
        "{\"TimeGenerated\":\"2026-11-02T13:05:09Z\"} x",
        "{\"TimeGenerated\":\"2026-11-02T13",
    ];
    let (_, rows, messages) = read_all(lines.join("\n").as_bytes());
    assert_eq!(rows.len(), 3);
    let place: Vec<_> = messages
        .iter()
        .map(|message| message.split_once(": ").unwrap().0)
        .collect();
    assert_eq!(
        place,
        ["2", "4", "5", "6", "7", "9", "10", "11", "12", "13"]
    );
    assert_eq!(
        messages[0],
        "2: expected a JSON object with plain values, found \"17\" (invalid type: integer `17`, \
         expected an object, at its byte 2) (row 2, byte 70)"
    );
    assert!(
        messages[1]
            .starts_with("4: expected a line of at most 1048576 bytes, found 10485780 (row 4,")
    );
    assert!(
        messages[4].contains("invalid type: map, expected a text, a number"),
        "{}",
        messages[4]
    );
    assert!(
        messages[5].starts_with("9: TimeGenerated: expected a time such as"),
        "{}",
        messages[5]
    );
    assert!(
        messages[6].starts_with("10: sPort: expected a port"),
        "{}",
        messages[6]
    );
    assert!(messages[9].contains("EOF while parsing"), "{}", messages[9]);
}

#[test]
fn json_arrays_that_end_badly() {
    let long = "x".repeat(10 << 20);
    for (json, good, message) in [
        (
            format!("[{OBJECT},\n{OBJECT}"),
            2,
            "end: the file ends before its array does at byte 141, after row 2",
        ),
        (
            format!("[{OBJECT},\n{{\"cIP\":"),
            1,
            "2: expected a JSON object, found 7 bytes of one, in which the file ends (row 2, byte 72)",
        ),
        (
            format!("[{OBJECT}] x"),
            1,
            "end: something that does not belong there follows the objects at byte 72, after row 1",
        ),
        (
            format!("[{OBJECT},\n{{\"a\":\"{long}"),
            1,
            "end: the object that begins there (line 2) does not end within 1048576 bytes at byte 72, after row 1",
        ),
    ] {
        let (_, rows, messages) = read_all(json.as_bytes());
        assert_eq!(rows.len(), good);
        assert_eq!(messages, [message]);
    }
    let (_, rows, messages) = read_all(format!("[{OBJECT}, 1, [2], \"}}\", {OBJECT}]").as_bytes());
    assert_eq!((rows.len(), messages.len()), (2, 3));
}

/// A client chooses its agent; it must not be able to spoil the row that tells of it.
#[test]
fn json_that_is_no_unicode() {
    for agent in [
        &b"\\udce9"[..],
        b"\\ud83d\\ude00",
        b"\\ud83dx",
        b"\xff\xfe",
        b"\\\\ud800\xc0",
    ] {
        let mut line = OBJECT.as_bytes()[..OBJECT.len() - 1].to_vec();
        line.extend(b",\"csUserAgent\":\"");
        line.extend(agent);
        line.extend(b"\"}\n");
        let (_, rows, messages) = read_all(&line);
        assert_eq!(
            (rows.len(), messages),
            (1, vec![]),
            "{}",
            agent.escape_ascii()
        );
    }
}

#[test]
fn tables_that_break_off() {
    let csv = HEADER.to_owned() + &GOOD.repeat(100_000);
    let json = (OBJECT.to_owned() + "\n").repeat(100_000);
    for text in [csv, json] {
        let packed = gzip(text.as_bytes());
        let (_, rows, messages) = read_all(&packed[..packed.len() / 2]);
        assert!(rows.len() > 10_000);
        let last = messages.last().unwrap();
        assert!(
            last.starts_with("end: the input broke off at byte "),
            "{last}"
        );
        assert!(last.contains("the gzip data is cut off"), "{last}");
    }
}

#[cfg(feature = "parquet")]
mod parquet {
    use super::super::tests::write_parquet;
    use super::{Plain, read_all};

    const COUNT: usize = 12;

    fn small() -> Vec<u8> {
        let row = |second: i64| Plain {
            millis: second * 1000,
            port: (second % 3 > 0).then_some(80),
            texts: ["192.0.2.7", "10.0.0.1", "agent", "WEB01"].map(str::to_owned),
        };
        let rows: Vec<_> = (0..).map(row).take(COUNT).collect();
        write_parquet(&rows, 0, 1, 7)
    }

    #[test]
    fn cut_anywhere() {
        let whole = small();
        for place in 4..whole.len() {
            let (_, _, messages) = read_all(&whole[..place]);
            assert_eq!(messages.len(), 1, "cut at {place}");
            assert!(
                messages[0].contains("Parquet file is damaged or cut off"),
                "{messages:?}"
            );
        }
    }

    #[test]
    fn every_byte_changed() {
        let whole = small();
        for place in 4..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= [0x01, 0x40, 0xff][place % 3];
            let (_, rows, messages) = read_all(&damaged);
            // Parquet's pages have sums that few writers write: damage to a value may go unnoticed.
            assert!(rows.len() == COUNT || !messages.is_empty(), "{place}");
        }
    }
}
