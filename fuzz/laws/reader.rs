//! The reader: quick and careful paths, and a naive split, read the same; and every byte is accounted for.

use super::bytes::Bytes;
use scanbench_w3c::{
    BlockReader, Counts, Item, Line, LineParser, RawLine, RawLines, Reader, Shape,
};
use std::io::{self, Read};

/// What a line was read as.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Entry {
        line: u64,
        millis: i64,
        port: Option<u16>,
        values: Vec<Vec<u8>>,
    },
    Bad(scanbench_w3c::BadLine),
}

impl Seen {
    fn entry(entry: &scanbench_w3c::Entry<'_>) -> Self {
        let columns = 0..entry.columns().len();
        Self::Entry {
            line: entry.line(),
            millis: entry.time().millis(),
            port: entry.port(),
            values: columns
                .filter_map(|column| entry.column(column).map(<[u8]>::to_vec))
                .collect(),
        }
    }
}

/// A stream that gives so many bytes at a time.
struct Dribble<'a>(&'a [u8], usize);

impl Read for Dribble<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(self.0.len()).min(out.len());
        out[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

fn read<R: Read>(mut reader: Reader<R>) -> (Vec<Seen>, Counts) {
    let mut all = Vec::new();
    while let Some(item) = reader.next_item().unwrap() {
        all.push(match item {
            Item::Entry(entry) => Seen::entry(&entry),
            Item::Bad(bad) => Seen::Bad(bad),
        });
    }
    (all, reader.counts())
}

/// Bytes, given in any steps and cut in any blocks, are the same lines by all ways of reading; and each is in an entry,
/// a directive, a blank line or a counted bad line.
pub fn reader(data: &[u8]) {
    let mut choices = Bytes::new(data);
    let step = choices.number() + 1;
    let block_bytes = choices.number() * 4 + 4;
    let wanted = choices.number() % 24;
    let portable = choices.flag();
    let limit = choices.number() + 16;
    let log = choices.rest();

    let (seen, counts) = read(Reader::new(log).unwrap());
    assert_eq!(
        (&seen, counts),
        (&read(Reader::of_text(log)).0, read(Reader::of_text(log)).1)
    );
    assert_eq!((&seen, counts), {
        let (again, counts) = read(Reader::new(Dribble(log, step)).unwrap());
        assert_eq!(again, seen);
        (&seen, counts)
    });
    let text = log.strip_prefix(b"\xef\xbb\xbf").unwrap_or(log);
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    account(log.len() - text.len(), &lines, &seen, counts);
    assert_eq!(
        by_blocks(
            text,
            &lines,
            block_bytes,
            wanted,
            portable,
            log.len() - text.len()
        ),
        seen
    );

    // A line over the limit is bad whatever is in it, and no other is.
    let (short, counts) = read(Reader::with_limit(Dribble(log, step), limit).unwrap());
    assert_eq!(
        (counts.lines(), counts.bytes),
        (lines.len() as u64, log.len() as u64)
    );
    let over = lines.iter().filter(|line| bare(line).len() > limit).count();
    let is_long = |seen: &&Seen| matches!(seen, Seen::Bad(bad) if matches!(bad.problem, scanbench_w3c::Problem::TooLong { .. }));
    assert_eq!(short.iter().filter(is_long).count(), over);

    let mut raw = RawLines::new(log);
    let mut all = Vec::new();
    while let Some(line) = raw.next_line().unwrap() {
        all.extend_from_slice(line.bytes);
    }
    assert_eq!(all, log);
}

/// A line without its end.
fn bare(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Each line that a naive split gives is what its first byte and its blanks say, at its place.
fn account(mark: usize, lines: &[&[u8]], seen: &[Seen], counts: Counts) {
    let is_blank = |line: &&&[u8]| line.trim_ascii().is_empty();
    let begins_directive = |line: &&&[u8]| line.starts_with(b"#");
    assert_eq!(counts.blank, lines.iter().filter(is_blank).count() as u64);
    assert_eq!(
        counts.directives,
        lines.iter().filter(begins_directive).count() as u64
    );
    assert_eq!(counts.entries + counts.bad, seen.len() as u64);
    assert_eq!(counts.lines(), lines.len() as u64);
    let bytes: usize = lines.iter().map(|line| line.len()).sum();
    assert_eq!(counts.bytes, (mark + bytes) as u64);

    let mut seen = seen.iter();
    let mut offset = mark;
    for (number, line) in (1..).zip(lines) {
        if !is_blank(&line) && !begins_directive(&line) {
            match seen.next() {
                Some(Seen::Bad(bad)) => {
                    assert_eq!((bad.line, bad.offset), (number, offset as u64));
                    assert!((1..=line.len() as u64 + 1).contains(&bad.column), "{bad:?}");
                    super::findings::is_harmless(&bad.to_string());
                }
                Some(Seen::Entry {
                    line: found,
                    values,
                    ..
                }) => {
                    assert_eq!(*found, number);
                    if !line.contains(&b'"') {
                        let naive = bare(line).split(|byte| matches!(byte, b' ' | b'\t'));
                        let naive: Vec<&[u8]> = naive.filter(|value| !value.is_empty()).collect();
                        assert_eq!(*values, naive);
                    }
                }
                None => panic!("line {number} was not told"),
            }
        }
        offset += line.len();
    }
    assert_eq!(seen.next(), None);
}

/// As the engine reads: block by block, quick where a line is regular, and else careful.
fn by_blocks(
    text: &[u8],
    lines: &[&[u8]],
    block_bytes: usize,
    wanted: usize,
    portable: bool,
    mark: usize,
) -> Vec<Seen> {
    let mut cutter = if portable {
        BlockReader::portable()
    } else {
        BlockReader::new()
    };
    let mut parser = LineParser::default();
    let (mut seen, mut rest, mut offset) = (Vec::new(), Vec::new(), mark);
    let mut naive = lines.iter();
    let mut number = 0;
    for block in text.chunks(block_bytes) {
        rest.extend_from_slice(block);
        let mut cut = cutter.lines(&rest);
        loop {
            let columns = parser.header().regular_columns();
            let shape = Shape {
                columns,
                wanted: wanted.min(columns),
            };
            let Some(line) = cut.next(shape) else {
                break;
            };
            let expected = naive.next().unwrap();
            assert_eq!(&rest[line.start..line.next], *expected);
            let inside = &rest[line.start..line.end];
            assert_eq!(inside, bare(expected));
            number += 1;
            let careful = careful(&mut parser, inside, number, offset, true);
            if let Some(bounds) = line.bounds {
                match &careful {
                    Some(Seen::Entry { values, .. }) => {
                        assert_eq!(values.len(), columns);
                        for (column, value) in values.iter().take(shape.wanted).enumerate() {
                            assert_eq!(&rest[bounds.column(column)], value);
                        }
                    }
                    // The quick path judges no values.
                    Some(Seen::Bad(bad)) => assert!(bad.problem.field().is_some(), "{bad:?}"),
                    None => panic!("a regular line is blank or a directive"),
                }
            }
            seen.extend(careful);
            offset += expected.len();
        }
        let unread = cut.rest();
        rest.drain(..unread);
    }
    if !rest.is_empty() {
        assert_eq!(naive.next(), Some(&rest.as_slice()));
        seen.extend(careful(&mut parser, bare(&rest), number + 1, offset, false));
    }
    assert_eq!(naive.next(), None);
    seen
}

fn careful(
    parser: &mut LineParser,
    text: &[u8],
    number: u64,
    offset: usize,
    terminated: bool,
) -> Option<Seen> {
    let raw = RawLine {
        text,
        number,
        offset: offset as u64,
        terminated,
        too_long: None,
    };
    match parser.parse(&raw) {
        Line::Entry(entry) => Some(Seen::entry(&entry)),
        Line::Bad(bad) => Some(Seen::Bad(bad)),
        Line::Directive | Line::Blank => None,
    }
}
