//! Quotes, bytes that are no text, and lines longer than any log has.

use super::case::{check, read, refused};
use super::samples::{HEADER, LINE, between, good, port};

#[test]
fn quotes() {
    check(vec![
        read(
            "a quoted value",
            between(LINE.trim_end().replace("192.0.2.7", "\"192.0.2.7\"")),
            3,
            "0 bad lines",
        ),
        read(
            "a quoted value with blanks",
            between(LINE.trim_end().replace("192.0.2.7", "\"192 0 2 7\"")),
            3,
            "0 bad lines",
        ),
        read(
            "a lone quote",
            between(LINE.trim_end().replace("192.0.2.7", "\"")),
            3,
            "0 bad lines",
        ),
        read(
            "a lone quote, too many values",
            between(format!("{} \" x", LINE.trim_end())),
            2,
            "3:",
        ),
        read(
            "a lone quote in 1 MB",
            between(format!("{}\"{}", LINE.trim_end(), "x".repeat(1_000_000))),
            3,
            "0 bad lines",
        ),
        read(
            "a lone quote in 1 MB of blanks",
            between(format!("{} \"{}", LINE.trim_end(), " x".repeat(500_000))),
            2,
            "3:",
        ),
        read("1 MB of quotes", between("\"".repeat(1_000_000)), 2, "3:"),
        read(
            "1 MB of quotes and blanks",
            between("\" ".repeat(500_000)),
            2,
            "3:",
        ),
        read(
            "500 lines of quotes and blanks",
            format!(
                "{HEADER}{}",
                format!("{}\n", "\" ".repeat(10_000)).repeat(500)
            ),
            0,
            "500 bad lines",
        ),
    ]);
}

#[test]
fn bytes() {
    let log = format!("{HEADER}{}", good(3));
    let nuls = |count: usize| "\0".repeat(count);
    check(vec![
        read(
            "a run of NULs in mid-line",
            between(LINE.trim_end().replace(' ', &nuls(300))),
            2,
            "3:",
        ),
        read(
            "a NUL in a client",
            between(LINE.trim_end().replace("192.", "192\0")),
            3,
            "0 bad lines",
        ),
        read(
            "a line of NULs",
            between(nuls(4096)),
            2,
            "3:4097: expected 5 values",
        ),
        read("a tail of NULs", format!("{log}{}", nuls(500_000)), 3, "5:"),
        read(
            "a tail of 64 MB of NULs",
            format!("{log}{}", nuls(64 << 20)),
            3,
            "5:1: the line is 67108864 bytes long",
        ),
        refused("NULs only", nuls(100_000), "binary data"),
        refused(
            "a head of NULs",
            format!("{}{log}", nuls(4096)),
            "binary data",
        ),
        refused(
            "random bytes",
            (0..100_000_u32)
                .map(|at| (at.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0])
                .collect::<Vec<_>>(),
            "no W3C log",
        ),
        read(
            "bytes that are no UTF-8",
            between(b"2026-11-02 10:00:00 10.0.0.1 80 \xff\xfe\xc0\x80"),
            3,
            "0 bad lines",
        ),
        read(
            "bytes that are no UTF-8, in a port",
            between(b"2026-11-02 10:00:00 10.0.0.1 \xff\xfe 192.0.2.7"),
            2,
            "3:30: s-port: expected",
        ),
        read(
            "escapes in a bad value",
            port("\x1b[2J\x1b]0;x\x07"),
            2,
            "3:30: s-port: expected",
        ),
        read(
            "C1 escapes in a bad value",
            port("\u{9b}2J\u{202e}"),
            2,
            "3:30: s-port: expected",
        ),
        read(
            "every byte there is, as a value",
            (0..=255_u8).filter(|byte| !b"\n\r \t".contains(byte)).fold(
                format!("{HEADER}{LINE}").into_bytes(),
                |mut all, byte| {
                    all.extend(b"2026-11-02 10:00:00 10.0.0.1 80 192");
                    all.push(byte);
                    all.push(b'\n');
                    all
                },
            ),
            253,
            "0 bad lines",
        ),
    ]);
}

#[test]
fn escapes_in_rows() {
    let scratch = tempfile::tempdir().unwrap();
    let hostile = good(40).replace("192.0.2.7", "\x1b[2J\x1b]0;x\x07\u{9b}\u{202e}");
    std::fs::write(scratch.path().join("a.log"), format!("{HEADER}{hostile}")).unwrap();
    let outcome = super::case::detect(scratch.path(), &["a.log"], None);
    outcome.check(0, &["1 row"], Some(40));
    assert!(!outcome.rows.contains('\u{202e}'), "{}", outcome.rows);
}

#[test]
fn long_lines() {
    const LIMIT: usize = 1 << 20;
    let long = |length: usize| {
        LINE.trim_end()
            .replace("192.0.2.7", &"x".repeat(length - 32))
    };
    let many = "x ".repeat(4_900_000);
    check(vec![
        read(
            "as long as is allowed",
            between(long(LIMIT)),
            3,
            "0 bad lines",
        ),
        read(
            "one more byte",
            between(long(LIMIT + 1)),
            2,
            "3:1: the line is 1048577 bytes long, more than the limit of 1048576",
        ),
        read(
            "the limit, and CRLF",
            between(long(LIMIT) + "\r"),
            3,
            "0 bad lines",
        ),
        read(
            "10 MB",
            between(long(10_000_000)),
            2,
            "3:1: the line is 10000000 bytes long",
        ),
        read(
            "10 MB of values",
            between(many),
            2,
            "3:1: the line is 9800000 bytes long",
        ),
        read(
            "10 MB, first",
            format!("{HEADER}{}\n{LINE}", long(10_000_000)),
            1,
            "2:1: the line is 10000000 bytes long",
        ),
        read(
            "10 MB, last, without a line feed",
            format!("{HEADER}{LINE}{}", long(10_000_000)),
            1,
            "3:1: the line is 10000000 bytes long",
        ),
        refused(
            "10 MB and no line feed anywhere",
            "x".repeat(10_000_000),
            "plain text",
        ),
        read(
            "twenty lines of 2 MB",
            format!("{HEADER}{}{LINE}", (long(2_000_000) + "\n").repeat(20)),
            1,
            "20 bad lines",
        ),
        read(
            "100 lines of 900 KB",
            format!("{HEADER}{}", (long(900_000) + "\n").repeat(100)),
            100,
            "0 bad lines",
        ),
        read(
            "a long line that is cut",
            format!("{HEADER}{LINE}{}", "x".repeat(900_000)),
            1,
            "3:900001: the file ends in mid-line",
        ),
    ]);
}
