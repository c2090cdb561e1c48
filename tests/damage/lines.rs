//! Lines that are none, or look like none: each told with its place, and the lines around it read.

use super::case::{check, read};
use super::samples::{HEADER, LINE, at, between, port, when};

#[test]
fn ports() {
    let bad = "3:30: s-port: expected a port from 0 to 65535 or -, found";
    check(vec![
        read("port 0", port("0"), 3, "0 bad lines"),
        read("port 65535", port("65535"), 3, "0 bad lines"),
        read("port -", port("-"), 3, "0 bad lines"),
        read("port 080", port("080"), 3, "0 bad lines"),
        read("port 65536", port("65536"), 2, bad),
        read("port -1", port("-1"), 2, bad),
        read("port +80", port("+80"), 2, bad),
        read("port 000080", port("000080"), 2, bad),
        read(
            "port 8 0",
            port("8 0"),
            2,
            "3:34: expected 5 values as #Fields declares, found 6",
        ),
        read("port 80.0", port("80.0"), 2, bad),
        read("port 0x50", port("0x50"), 2, bad),
        read(
            "port 99999999999999999999",
            port("99999999999999999999"),
            2,
            bad,
        ),
        read("port in Arabic digits", port("٨٠"), 2, bad),
        read("port with a NUL", port("80\0"), 2, bad),
        read("no port at all", port(""), 2, ""),
    ]);
}

#[test]
fn moments() {
    let (time, date) = (
        "3:12: time: expected a time of day",
        "3:1: date: expected a date",
    );
    check(vec![
        read("24:00:00", when("2026-11-02 24:00:00"), 2, time),
        read("23:59:60", when("2026-11-02 23:59:60"), 2, time),
        read("23:60:00", when("2026-11-02 23:60:00"), 2, time),
        read("-1:00:00", when("2026-11-02 -1:00:00"), 2, time),
        read("1:02", when("2026-11-02 1:02"), 2, time),
        read("10:00:00Z", when("2026-11-02 10:00:00Z"), 2, time),
        read(
            "a time of 1 MB",
            when(&format!("2026-11-02 {}", "1".repeat(1_000_000))),
            2,
            time,
        ),
        read(
            "a fraction",
            when("2026-11-02 10:00:00.999"),
            3,
            "0 bad lines",
        ),
        read(
            "year 0000",
            when("0000-01-01 10:00:00"),
            3,
            "is not in order of time",
        ),
        read(
            "year 9999",
            when("9999-12-31 23:59:59"),
            3,
            "is not in order of time",
        ),
        read("year 10000", when("10000-01-01 10:00:00"), 2, date),
        read("year -2026", when("-2026-11-02 10:00:00"), 2, date),
        read(
            "29 February 2024",
            when("2024-02-29 10:00:00"),
            3,
            "0 bad lines",
        ),
        read("29 February 2026", when("2026-02-29 10:00:00"), 2, date),
        read("month 13", when("2026-13-01 10:00:00"), 2, date),
        read("day 00", when("2026-11-00 10:00:00"), 2, date),
        read("slashes", when("2026/11/02 10:00:00"), 2, date),
        read("two digits of a year", when("26-11-02 10:00:00"), 2, date),
        read("a dash for a date", when("- 10:00:00"), 2, date),
        read(
            "date and time the other way round",
            when("10:00:00 2026-11-02"),
            2,
            "3:",
        ),
    ]);
}

#[test]
fn clocks() {
    let then = |moments: &[&str]| moments.iter().map(|moment| at(moment)).collect::<String>();
    let hours = |day: &str| {
        then(
            &["10", "11"]
                .map(|hour| format!("{day} {hour}:00:00"))
                .each_ref()
                .map(String::as_str),
        )
    };
    let told = "is not in order of time";
    check(vec![
        read(
            "a second back",
            format!(
                "{HEADER}{}",
                then(&["2026-11-02 10:00:01", "2026-11-02 10:00:00"])
            ),
            2,
            told,
        ),
        read(
            "a second back, over a bin's edge",
            format!(
                "{HEADER}{}",
                then(&["2026-11-02 10:10:00", "2026-11-02 10:09:59"])
            ),
            2,
            told,
        ),
        read(
            "a day back",
            format!("{HEADER}{}{}", hours("2026-11-02"), hours("2026-11-01")),
            4,
            told,
        ),
        read(
            "a year back",
            format!("{HEADER}{}{}", hours("2026-11-02"), hours("2025-11-02")),
            4,
            told,
        ),
        read(
            "a thousand years on",
            format!("{HEADER}{}{}", hours("2026-11-02"), hours("3026-11-02")),
            4,
            "0 bad lines",
        ),
        read(
            "each line a day before the last",
            {
                let days = (1..=28)
                    .rev()
                    .map(|day| at(&format!("2026-11-{day:02} 10:00:00")));
                format!("{HEADER}{}", days.collect::<String>())
            },
            28,
            told,
        ),
        read(
            "back and forth, 100,000 times",
            format!(
                "{HEADER}{}",
                then(&["2026-11-02 10:00:00", "2026-11-01 10:00:00"]).repeat(50_000)
            ),
            100_000,
            told,
        ),
    ]);
}

#[test]
fn separators() {
    check(vec![
        read(
            "tabs",
            between(LINE.trim_end().replace(' ', "\t")),
            3,
            "0 bad lines",
        ),
        read(
            "two blanks",
            between(LINE.trim_end().replacen(' ', "  ", 1)),
            3,
            "0 bad lines",
        ),
        read(
            "leading blanks",
            between(format!("   {}", LINE.trim_end())),
            3,
            "0 bad lines",
        ),
        read(
            "trailing blanks",
            between(format!("{}   ", LINE.trim_end())),
            3,
            "0 bad lines",
        ),
        read("a line of blanks", between(" \t "), 2, "0 bad lines"),
        read(
            "no-break spaces",
            between(LINE.trim_end().replace(' ', "\u{a0}")),
            2,
            "3:",
        ),
        read(
            "vertical tabs and form feeds",
            between(LINE.trim_end().replace(' ', "\x0b\x0c")),
            2,
            "3:",
        ),
        read(
            "commas",
            between(LINE.trim_end().replace(' ', ",")),
            2,
            "3:42: expected 5 values",
        ),
        read(
            "a value too many",
            between(format!("{} -", LINE.trim_end())),
            2,
            "3:43: expected 5 values as #Fields declares, found 6",
        ),
        read(
            "a value too few",
            between("2026-11-02 10:00:00 10.0.0.1 80"),
            2,
            "found 4",
        ),
        read(
            "one byte",
            between("x"),
            2,
            "3:2: expected 5 values as #Fields declares, found 1",
        ),
        read(
            "two lines in one",
            between(format!("{}{}", LINE.trim_end(), LINE.trim_end())),
            2,
            "3:",
        ),
    ]);
}
