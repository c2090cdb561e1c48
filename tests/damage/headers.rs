//! Directives that are missing, wrong, many or long, and how files begin and end.

use super::case::{Case, check, read, refused};
use super::samples::{HEADER, LINE, good};
use std::fmt::Write as _;

#[test]
fn nothing_or_little() {
    check(vec![
        read("an empty file", "", 0, "a.log is empty"),
        read("line feeds only", "\n\n\r\n\n", 0, "a.log is empty"),
        read("blanks only", " \t \n  ", 0, "a.log is empty"),
        refused("a lone #", "#", "no W3C log"),
        read(
            "directives only",
            format!("#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-11-02 10:00:00\n{HEADER}"),
            0,
            "0 bad lines",
        ),
        read("cut in #Fields", &HEADER[..20], 0, "0 bad lines"),
        refused("cut before its colon", "#Fields", "no W3C log"),
        refused("lines without a header", LINE.repeat(3), "log lines without a #Fields directive"),
        refused("plain text", "hello\nworld\n", "plain text"),
        read("no line feed at the end", format!("{HEADER}{}", LINE.trim_end()), 1, "0 bad lines"),
        read("a return at the very end", format!("{HEADER}{}\r", LINE.trim_end()), 1, "0 bad lines"),
        read("cut in mid-line", format!("{HEADER}{LINE}{}", &LINE[..25]), 1, "a.log:3:26: the file ends in mid-line"),
        read("cut in a value", format!("{HEADER}{LINE}{}", &LINE[..LINE.len() - 3]), 2, "0 bad lines"),
    ].into_iter().map(for_stdin).collect());
}

/// Messages with the file's name cannot be asked for where it has none.
fn for_stdin(mut case: Case) -> Case {
    case.says = case.says.strip_prefix("a.log").unwrap_or(case.says);
    case
}

#[test]
fn cut_at_every_byte() {
    let log = format!("#Date: 2026-11-02\n{HEADER}{LINE}{LINE}");
    let scratch = tempfile::tempdir().unwrap();
    for place in 0..log.len() {
        std::fs::write(scratch.path().join("a.log"), &log[..place]).unwrap();
        let outcome = super::case::detect(scratch.path(), &["a.log"], None);
        assert!(matches!(outcome.code, Some(0 | 2)), "{place}: {outcome:?}");
        let whole = log[..place].matches(" 192.0.2.").count() as u64;
        let found = outcome.entries().unwrap_or(0);
        assert!(found.abs_diff(whole) <= 1, "{place}: {outcome:?}");
    }
}

#[test]
fn fields() {
    let without = |name: &str, value: &str| {
        format!("{HEADER}{LINE}{LINE}")
            .replace(&format!(" {name}"), "")
            .replace(&format!("{value} "), "")
    };
    let many = |count: usize| {
        let names = (0..count).fold(String::new(), |mut all, number| {
            write!(all, " x-{number}").unwrap();
            all
        });
        format!("#Fields: date time s-ip s-port c-ip{names}\n")
    };
    let values = " -".repeat(10_000);
    check(vec![
        read(
            "no date, no #Date",
            without("date", "2026-11-02"),
            0,
            "date: expected a column of this name",
        ),
        read(
            "no time",
            without("time", "10:00:00"),
            0,
            "time: expected a column of this name",
        ),
        read(
            "no s-port",
            without("s-port", "80"),
            2,
            "has no s-port column",
        ),
        read(
            "no s-ip",
            without("s-ip", "10.0.0.1"),
            2,
            "has no s-ip column",
        ),
        read(
            "no c-ip",
            format!("{HEADER}{LINE}")
                .replace(" c-ip", "")
                .replace(" 192.0.2.7", ""),
            1,
            "has no c-ip column",
        ),
        read(
            "a column twice",
            HEADER.replace('\n', " s-port\n") + &LINE.replace('\n', " 81\n"),
            1,
            "0 bad lines",
        ),
        read(
            "date twice",
            "#Fields: date date time s-port\n2026-11-02 2026-11-03 10:00:00 80\n",
            1,
            "0 bad lines",
        ),
        read(
            "10,000 columns",
            format!("{}{}{values}\n", many(10_000), LINE.trim_end()),
            1,
            "0 bad lines",
        ),
        read(
            "10,000 columns, few values",
            format!("{}{LINE}", many(10_000)),
            0,
            "expected 10005 values as #Fields declares, found 5",
        ),
        read(
            "few columns, 10,000 values",
            format!("{HEADER}{}{values}\n{LINE}", LINE.trim_end()),
            1,
            "expected 5 values as #Fields declares, found 10005",
        ),
    ]);
}

#[test]
fn fields_that_come_and_go() {
    check(vec![
        read(
            "no columns",
            format!(
                "#Software: Microsoft Internet Information Services 10.0\n#Fields:\n{LINE}{LINE}"
            ),
            0,
            "no #Fields directive stands before this line",
        ),
        read(
            "no columns any more",
            format!("{HEADER}{LINE}#Fields:\n{LINE}{HEADER}{LINE}"),
            2,
            "4:1: no #Fields directive stands before this line",
        ),
        read(
            "lines before #Fields",
            format!(
                "#Software: Microsoft Internet Information Services 10.0\n{LINE}{HEADER}{LINE}"
            ),
            1,
            "2:1: no #Fields directive stands before this line",
        ),
        read("#FIELDS", HEADER.to_uppercase() + LINE, 1, "0 bad lines"),
        read(
            "tabs in #Fields",
            HEADER.replace(' ', "\t") + LINE,
            1,
            "0 bad lines",
        ),
        read(
            "no blank behind #Fields:",
            HEADER.replace(": ", ":") + LINE,
            1,
            "0 bad lines",
        ),
        read(
            "other columns in mid-file",
            format!(
                "{HEADER}{LINE}#Fields: s-port time date c-ip s-ip\n80 10:00:00 2026-11-02 192.0.2.7 10.0.0.1\n{LINE}"
            ),
            2,
            "5:1: s-port: expected a port",
        ),
        read(
            "#Fields in mid-line",
            format!("{HEADER}{LINE}2026-11-02 10:00:00 10.#Fields: date\n{LINE}"),
            2,
            "3:",
        ),
        read(
            "columns with control characters",
            format!(
                "{}{}",
                HEADER.replace('\n', " x\x1b[2J\n"),
                LINE.replace('\n', " -\n")
            ),
            1,
            "0 bad lines",
        ),
        read(
            "a column name of 1 MB",
            format!(
                "{}{}",
                HEADER.replace('\n', &format!(" {}\n", "x".repeat(1 << 19))),
                LINE.replace('\n', " -\n")
            ),
            1,
            "",
        ),
        read(
            "#Fields over the limit of a line",
            format!("{HEADER}{LINE}#Fields: {}\n{LINE}", "x ".repeat(1 << 20)),
            2,
            "more than the limit",
        ),
    ]);
}

#[test]
fn dates_and_remarks() {
    let undated = |date: &str| {
        format!(
            "#Software: Microsoft Internet Information Services 10.0\n{date}#Fields: time s-ip s-port c-ip\n10:00:00 10.0.0.1 80 192.0.2.7\n00:00:01 10.0.0.1 80 192.0.2.7\n"
        )
    };
    check(vec![
        read(
            "#Date in place of a date",
            undated("#Date: 2026-11-02 10:00:00\n"),
            2,
            "0 bad lines",
        ),
        read(
            "#Date without a time",
            undated("#Date: 2026-11-02\n"),
            2,
            "0 bad lines",
        ),
        read(
            "no #Date",
            undated(""),
            0,
            "date: expected a column of this name",
        ),
        read(
            "#Date of no day",
            undated("#Date: 2026-02-30 10:00:00\n"),
            0,
            "date: expected a column of this name",
        ),
        read(
            "#Date of nothing",
            undated("#Date:\n"),
            0,
            "date: expected a column of this name",
        ),
        read(
            "#Date of the year 9999",
            undated("#Date: 9999-12-31 10:00:00\n"),
            2,
            "",
        ),
        read(
            "directives that nobody knows",
            format!("#Foo: bar\n{HEADER}#\n#: \n#Remark: x\n##\n{LINE}"),
            1,
            "0 bad lines",
        ),
        read(
            "a remark of 900 KB",
            format!("{HEADER}#Remark: {}\n{LINE}", "x".repeat(900_000)),
            1,
            "0 bad lines",
        ),
        read(
            "a remark of 10 MB",
            format!("{HEADER}#Remark: {}\n{LINE}", "x".repeat(10_000_000)),
            1,
            "2:1: the line is 10000009 bytes long, more than the limit of 1048576",
        ),
        refused(
            "an FTP log",
            "#Fields: date time x-session\n",
            "an FTP log of IIS",
        ),
        refused(
            "an httperr log",
            "#Software: Microsoft HTTP API 2.0\n#Version: 1.0\n#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\n",
            "httperr",
        ),
        refused(
            "another product, hostile",
            "#Software: \x1b]0;owned\x07\n#Fields: date time s-port\n2026-11-02 10:00:00 80\n",
            "W3C log of",
        ),
    ]);
}

/// A stream is read 4 MiB at a time. Where such a piece begins in the middle of a line that is over the limit, the rest
/// of it is no directive, in neither look: else a client could move its own lines to another day.
#[test]
fn the_rest_of_a_long_line_is_no_directive() {
    let lines = |ports: std::ops::Range<u16>| {
        ports.fold(String::new(), |mut all, port| {
            let _ = writeln!(all, "10:00:00 10.0.0.1 {port} 192.0.2.7");
            all
        })
    };
    let mut log = "#Date: 2026-11-02 10:00:00\n#Fields: time s-ip s-port c-ip\n".to_owned();
    log += &lines(8000..8015);
    log += &"x".repeat((4 << 20) - log.len());
    log += "#Date: 2026-11-05 10:00:00\n";
    log += &lines(8015..8030);
    check(vec![read(
        "a directive in it",
        log,
        30,
        "read 30 lines in 1 log: 1 bad line, 1 row",
    )]);
}

#[test]
fn a_hundred_thousand_headers() {
    let block = format!(
        "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-11-02 10:00:00\n{HEADER}"
    );
    let flip = "#Fields: time date s-ip s-port c-ip\n10:00:00 2026-11-02 10.0.0.1 80 192.0.2.7\n";
    check(vec![
        read(
            "one header, 100,000 times",
            format!("{block}{LINE}").repeat(100_000),
            100_000,
            "0 bad lines",
        ),
        read(
            "two headers in turn, 100,000 times",
            format!("{HEADER}{LINE}{flip}").repeat(50_000),
            100_000,
            "0 bad lines",
        ),
        read(
            "headers without lines",
            block.repeat(100_000),
            0,
            "0 bad lines",
        ),
        read(
            "a header of 1,000 columns, 2,000 times",
            format!("#Fields: date time s-ip s-port c-ip{}\n", " x".repeat(1000)).repeat(2000),
            0,
            "0 bad lines",
        ),
    ]);
}

#[test]
fn encodings_and_line_ends() {
    let log = format!("{HEADER}{}", good(3));
    let wide = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let marked = format!("\u{feff}{log}");
        marked.encode_utf16().flat_map(order).collect()
    };
    check(vec![
        read(
            "a byte order mark",
            format!("\u{feff}{log}"),
            3,
            "0 bad lines",
        ),
        refused(
            "two byte order marks",
            format!("\u{feff}\u{feff}{log}"),
            "no W3C log",
        ),
        read(
            "a byte order mark in the middle",
            format!("{log}\u{feff}{log}"),
            6,
            "5:35: expected 5 values as #Fields declares, found 6",
        ),
        refused(
            "UTF-16, little end first",
            wide(u16::to_le_bytes),
            "UTF-16 text",
        ),
        refused(
            "UTF-16, big end first",
            wide(u16::to_be_bytes),
            "UTF-16 text",
        ),
        refused(
            "UTF-16 without a mark",
            log.encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<_>>(),
            "binary data",
        ),
        read("CRLF", log.replace('\n', "\r\n"), 3, "0 bad lines"),
        read(
            "mixed line ends",
            format!("{HEADER}{}\r\n{LINE}\r\n\n{LINE}", LINE.trim_end()),
            3,
            "0 bad lines",
        ),
        read("two returns", log.replace('\n', "\r\r\n"), 3, ""),
        read("returns only", log.replace('\n', "\r"), 0, ""),
    ]);
}
