//! Values that are read eight bytes at a time mean what they mean one byte at a time.

use proptest::prelude::*;
use scanbench_w3c::{LogClock, Timestamp, parse_port_in};

/// The oracle: two digits, a colon, two digits, a colon, two digits, each number in its range.
fn seconds_of_day(text: [u8; 8]) -> Option<i64> {
    let number = |place: usize| -> Option<i64> {
        let digits = &text[place..place + 2];
        digits.iter().all(u8::is_ascii_digit).then_some(())?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    };
    let (hours, minutes, seconds) = (number(0)?, number(3)?, number(6)?);
    let is_right = text[2] == b':' && text[5] == b':' && hours < 24 && minutes < 60 && seconds < 60;
    is_right.then_some(hours * 3600 + minutes * 60 + seconds)
}

/// 2026-11-02 00:00:00, from `date -u -d 2026-11-02 +%s` of GNU coreutils.
const MIDNIGHT: i64 = 1_793_577_600;

fn stamp(time: [u8; 8]) -> [u8; 19] {
    let mut stamp = *b"2026-11-02 hh:mm:ss";
    stamp[11..].copy_from_slice(&time);
    stamp
}

fn check(clock: &mut LogClock, time: [u8; 8]) {
    let expected =
        seconds_of_day(time).map(|seconds| Timestamp::from_millis((MIDNIGHT + seconds) * 1000));
    assert_eq!(clock.read(&stamp(time)), expected, "{time:?}");
    assert_eq!(Timestamp::parse_log(b"2026-11-02", &time), expected);
}

#[test]
fn every_byte_at_every_place_of_a_time() {
    let mut clock = LogClock::default();
    for time in [b"00:00:00", b"19:59:59", b"23:09:30"] {
        for place in 0..time.len() {
            for byte in 0..=u8::MAX {
                let mut time = *time;
                time[place] = byte;
                check(&mut clock, time);
            }
        }
    }
}

#[test]
fn every_two_digits_of_a_time() {
    let mut clock = LogClock::default();
    for (first, second) in (0..100).flat_map(|first| (0..100).map(move |second| (first, second))) {
        for time in [
            format!("{first:02}:{second:02}:00"),
            format!("00:{first:02}:{second:02}"),
        ] {
            check(&mut clock, time.as_bytes().try_into().unwrap());
        }
    }
}

#[test]
fn a_clock_that_read_no_day_keeps_the_one_before() {
    let mut clock = LogClock::default();
    let at = |millis| Some(Timestamp::from_millis(millis));
    assert_eq!(clock.read(&[0; 19]), None);
    assert_eq!(clock.read(b"1970-01-01 00:00:01"), at(1000));
    assert_eq!(
        clock.read(b"2026-11-02 00:00:01"),
        at(MIDNIGHT * 1000 + 1000)
    );
    assert_eq!(clock.read(b"2026-11-31 00:00:01"), None);
    assert_eq!(clock.read(b"2026-11-31 00:00:01"), None);
    assert_eq!(
        clock.read(b"2026-11-02\t00:00:02"),
        at(MIDNIGHT * 1000 + 2000)
    );
    assert_eq!(clock.read(b"1969-12-31 23:59:59"), at(-1000));
}

/// The oracle: one to five digits, at most 65,535.
fn port(text: &[u8]) -> Option<u16> {
    let is_number = (1..=5).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(text).ok().filter(|_| is_number)?;
    text.parse().ok()
}

#[test]
fn every_number_of_at_most_five_digits_as_a_port() {
    for number in 0..100_000_u32 {
        for text in [number.to_string(), format!("{number:05}")] {
            let expected = u16::try_from(number).ok();
            for behind in ["", " 203.0.113.9"] {
                let line = format!("- {text}{behind}");
                assert_eq!(
                    parse_port_in(line.as_bytes(), 2..2 + text.len()),
                    expected,
                    "{line}"
                );
            }
        }
    }
}

#[test]
fn every_byte_at_every_place_of_a_port() {
    for length in 1..=6 {
        for place in 0..length {
            for byte in 0..=u8::MAX {
                let mut line = *b"12345678 - -";
                line[place] = byte;
                assert_eq!(
                    parse_port_in(&line, 0..length),
                    port(&line[..length]),
                    "{line:?} {length}"
                );
            }
        }
    }
}

proptest! {
    /// forall bytes and places in them: what is read at once is what the digits one by one say.
    #[test]
    fn ports_anywhere(
        text in prop::collection::vec(prop_oneof![3 => b'0'..=b'9', 1 => any::<u8>()], 0..16),
        start in 0_usize..18,
        length in 0_usize..8,
    ) {
        let expected = text.get(start..start + length).and_then(port);
        prop_assert_eq!(parse_port_in(&text, start..start + length), expected);
    }
}
