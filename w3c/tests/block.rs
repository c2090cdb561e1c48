//! Fast reading against careful reading.

use proptest::prelude::*;
use scanbench_w3c::{BlockReader, Header, Line, LineParser, RawLine};

fn header(fields: &str) -> Header {
    let mut parser = LineParser::default();
    parser.parse(&raw(fields.as_bytes()));
    parser.header().clone()
}

fn raw(text: &[u8]) -> RawLine<'_> {
    RawLine {
        text,
        number: 1,
        offset: 0,
        terminated: true,
        too_long: None,
    }
}

/// Bytes that logs are made of, and those that make lines odd.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "[0-9a-z.:/-]{1,12}".prop_map(String::into_bytes),
        4 => Just(b" ".to_vec()),
        1 => prop::sample::select(vec![&b"\n"[..], b"\r\n", b"  ", b"\t", b"#", b"\"", b"\r", b"\0", b"\xff", b""])
            .prop_map(<[u8]>::to_vec),
    ];
    let line = prop_oneof![
        Just(b"2026-11-02 10:00:00 192.0.2.1 80 x\n".to_vec()),
        Just(b"2026-11-02 10:00:00 192.0.2.1 80 x\r\n".to_vec()),
        prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat()),
    ];
    prop::collection::vec(line, 0..20).prop_map(|lines| lines.concat())
}

proptest! {
    /// forall bytes: lines are cut where a naive split cuts them; a regular line has the values that the careful
    /// path reads in it; and a plain entry is regular, so that the fast path is the one that is taken.
    #[test]
    fn regular_lines_are_read_the_same_by_both_paths(text in text(), portable: bool) {
        let header = header("#Fields: date time c-ip s-port x");
        let columns = header.regular_columns();
        let mut reader = if portable { BlockReader::portable() } else { BlockReader::new() };
        let mut lines = reader.lines(&text);
        let mut naive: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        let unfinished = naive.pop_if(|last| !last.ends_with(b"\n")).map_or(0, <[u8]>::len);
        for line in naive {
            let found = lines.next(columns).unwrap();
            prop_assert_eq!(&text[found.start..found.next], line);
            let bare = line.strip_suffix(b"\r\n").or(line.strip_suffix(b"\n")).unwrap();
            prop_assert_eq!(&text[found.start..found.end], bare);
            let values: Vec<&[u8]> = bare.split(|byte| matches!(byte, b' ' | b'\t')).collect();
            let plain = values.len() == 5 && values.iter().all(|value| !value.is_empty()) && bare[0] != b'#';
            prop_assert_eq!(found.ends.is_some(), plain, "{:?}", String::from_utf8_lossy(bare));
            if let Some(ends) = found.ends {
                for (column, value) in values.iter().enumerate() {
                    prop_assert_eq!(&text[found.column(ends, column)], *value);
                }
                // The careful path reads the same, or finds a value at fault.
                let mut parser = LineParser::new(header.clone());
                if let Line::Entry(entry) = parser.parse(&raw(bare)) {
                    for (column, value) in values.iter().enumerate() {
                        prop_assert_eq!(entry.column(column), Some(*value));
                    }
                }
            }
        }
        prop_assert!(lines.next(columns).is_none());
        prop_assert_eq!(lines.rest(), text.len() - unfinished);
    }
}

#[test]
fn quoting_logs_have_no_regular_lines() {
    let mut parser = LineParser::default();
    parser.parse(&raw(b"#Software: IIS Advanced Logging Module"));
    parser.parse(&raw(b"#Fields: date time"));
    assert_eq!(parser.header().regular_columns(), 0);
    let mut reader = BlockReader::new();
    let line = reader.lines(b"2026-11-02 10:00:00\n").next(0);
    assert!(line.unwrap().ends.is_none());
}
