//! Damaged, cut and hostile packed input: always a message that says where, never a panic, a hang or memory without
//! bound.

use super::packed::Limits;
use super::samples::{LOG, Plain, file, gzip, rows_and_bad, zip, zstd};
use super::{Archive, Input, InputError, open, open_with};
use std::io::{Cursor, Read};

/// What can be read of `bytes`, and the messages: every member, every row.
pub(super) fn read_all(bytes: &[u8]) -> (Vec<u8>, Vec<Plain>, Vec<String>) {
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
