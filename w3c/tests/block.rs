//! Fast reading against careful reading.

use proptest::prelude::*;
use scanbench_w3c::{BlockReader, Header, Line, LineParser, RawLine, Shape};

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
        1 => prop::sample::select(vec![&b"\n"[..], b"\r\n", b"  ", b"\t", b"#", b"\"", b"\r", b"\x0c", b"\0", b"\xff", b""])
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
    fn regular_lines_are_read_the_same_by_both_paths(
        text in text(),
        portable: bool,
        wanted in 0_usize..=5,
        changes in prop::collection::vec(any::<bool>(), 20 * 8),
    ) {
        let header = header("#Fields: date time c-ip s-port x");
        let shape = Shape { columns: header.regular_columns(), wanted };
        let other = Shape { columns: 3, wanted: 2 };
        let mut reader = if portable { BlockReader::portable() } else { BlockReader::new() };
        let mut lines = reader.lines(&text);
        let mut naive: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        let unfinished = naive.pop_if(|last| !last.ends_with(b"\n")).map_or(0, <[u8]>::len);
        for (index, line) in naive.into_iter().enumerate() {
            // A line of another shape before may be any, and what was cut for it is cut anew.
            let is_other = changes.get(index).copied().unwrap_or_default();
            let found = lines.next(if is_other { other } else { shape }).unwrap();
            prop_assert_eq!(&text[found.start..found.next], line);
            let bare = line.strip_suffix(b"\r\n").or(line.strip_suffix(b"\n")).unwrap();
            prop_assert_eq!(&text[found.start..found.end], bare);
            let values: Vec<&[u8]> = bare.split(|byte| matches!(byte, b' ' | b'\t')).collect();
            let (columns, wanted) = if is_other { (3, 2) } else { (5, wanted) };
            let plain = values.len() == columns
                && values.iter().all(|value| !value.is_empty())
                && !matches!(bare[0], b'#' | b'\r' | b'\x0c');
            prop_assert_eq!(found.bounds.is_some(), plain, "{:?}", String::from_utf8_lossy(bare));
            if let Some(bounds) = found.bounds {
                for (column, value) in values.iter().take(wanted).enumerate() {
                    prop_assert_eq!(bounds.column_end(column), bounds.column(column).end);
                    prop_assert_eq!(&text[bounds.column(column)], *value);
                }
                // The careful path reads the same, or finds a value at fault.
                let mut parser = LineParser::new(header.clone());
                let parsed = parser.parse(&raw(bare));
                prop_assert!(matches!(parsed, Line::Entry(_) | Line::Bad(_)));
                if let Line::Entry(entry) = parsed
                    && !is_other
                {
                    for (column, value) in values.iter().enumerate() {
                        prop_assert_eq!(entry.column(column), Some(*value));
                    }
                }
            }
        }
        prop_assert!(lines.next(shape).is_none());
        prop_assert!(lines.next(other).is_none());
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
    let mut lines = reader.lines(b"2026-11-02 10:00:00\n");
    let line = lines.next(Shape::default());
    assert!(line.unwrap().bounds.is_none());
}

/// Blocks are cut in stretches of 16 KiB, which lines cross, and which longer lines make longer.
#[test]
fn lines_across_stretches() {
    let shape = Shape {
        columns: 2,
        wanted: 2,
    };
    let lengths = [5, 16_379, 16_384, 1, 40_000, 3, 100_000, 7].into_iter();
    let lines: Vec<String> = lengths
        .chain((0..5000).map(|index| index % 61))
        .map(|length| format!("{} y\r\n", "x".repeat(length + 1)))
        .collect();
    let text = lines.concat() + "the rest";
    let mut reader = BlockReader::new();
    let mut found = reader.lines(text.as_bytes());
    for line in &lines {
        let line = line.trim_end();
        let next = found.next(shape).unwrap();
        assert_eq!(&text[next.start..next.end], line);
        let bounds = next.bounds.unwrap();
        assert_eq!(&text[bounds.column(0)], &line[..line.len() - 2]);
        assert_eq!(&text[bounds.column(1)], "y");
    }
    assert!(found.next(shape).is_none());
    assert_eq!(&text[found.rest()..], "the rest");
}
