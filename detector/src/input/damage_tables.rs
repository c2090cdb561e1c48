//! Damaged and hostile tables: every bad row has its place, and what goes on for ever is left.

use super::damage::read_all;
use super::samples::gzip;

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
        messages[1].starts_with(
            "4: expected a line of at most 1048576 bytes, found 10485780 bytes (row 4,"
        )
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

/// A long line has its own place, whether the file goes on behind it or not.
#[test]
fn json_lines_over_the_limit() {
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(2 << 20));
    let json = format!("{OBJECT}\n\n{long}\n{OBJECT}\n{long}");
    let (_, rows, messages) = read_all(json.as_bytes());
    assert_eq!(rows.len(), 2);
    let length = long.len();
    let (first, second) = (OBJECT.len() + 2, 2 * OBJECT.len() + long.len() + 4);
    let expected = "expected a line of at most 1048576 bytes";
    assert_eq!(
        messages,
        [
            format!("3: {expected}, found {length} bytes (row 2, byte {first})"),
            format!("5: {expected}, found {length} bytes (row 4, byte {second})"),
        ]
    );
}

/// Found by random damage: a comma between objects that stand in no array was taken for ever.
#[test]
fn json_commas_outside_of_arrays() {
    let json = OBJECT.replace('{', "{\n").replace('}', "},").repeat(2);
    let (_, rows, messages) = read_all(json.as_bytes());
    assert_eq!(rows.len(), 1);
    assert!(
        messages[0].starts_with("end: something that does not belong there"),
        "{messages:?}"
    );
}
