//! Bytes into lines, in bounded memory.

use std::io::{self, Read};
use std::ops::Range;

/// Large enough that the cost of a call does not show, small enough to stay in the second-level cache.
const BLOCK_BYTES: usize = 256 * 1024;

/// A line's place in the reader's buffer. Valid until the next line is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CutLine {
    /// The line without its line end.
    pub(crate) range: Range<usize>,
    /// Byte in the file where it begins.
    pub(crate) offset: u64,
    /// Number in the file, from 1.
    pub(crate) number: u64,
    /// Whether a line end stands behind it.
    pub(crate) terminated: bool,
    /// The line's length where that is over the limit; `range` is empty then.
    pub(crate) too_long: Option<u64>,
}

/// Cuts a stream into lines at `\n`; a `\r` before it is cut off as well.
pub(crate) struct LineReader<R> {
    input: R,
    buffer: Vec<u8>,
    /// The unread part of the buffer.
    start: usize,
    end: usize,
    /// Where `start` stands in the file.
    offset: u64,
    number: u64,
    limit: usize,
    at_end: bool,
}

impl<R: Read> LineReader<R> {
    pub(crate) fn new(input: R, limit: usize) -> Self {
        Self {
            input,
            buffer: vec![0; BLOCK_BYTES],
            start: 0,
            end: 0,
            offset: 0,
            number: 0,
            limit,
            at_end: false,
        }
    }
}

impl LineReader<io::Empty> {
    /// The lines of a text in memory, with no block to be filled.
    pub(crate) fn of_text(text: &[u8], limit: usize) -> Self {
        Self {
            input: io::empty(),
            buffer: text.to_vec(),
            start: 0,
            end: text.len(),
            offset: 0,
            number: 0,
            limit,
            at_end: true,
        }
    }
}

impl<R: Read> LineReader<R> {
    /// Fills the buffer as far as the stream gives, without taking anything.
    pub(crate) fn peek(&mut self) -> io::Result<()> {
        while !self.at_end && self.end < self.buffer.len() {
            self.fill()?;
        }
        Ok(())
    }

    /// What is in the buffer and was not taken.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Passes over the next `count` bytes of what `peek` showed.
    pub(crate) fn skip(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.offset += count as u64;
    }

    /// The longest line that is given.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.buffer[range]
    }

    /// Byte in the file of the next line.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes that were read behind the last whole line: what is lost when the stream fails now.
    pub(crate) fn pending(&self) -> usize {
        self.end - self.start
    }

    /// Number of the last line given.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn next_line(&mut self) -> io::Result<Option<CutLine>> {
        let mut searched = 0;
        loop {
            let unread = &self.buffer[self.start..self.end];
            if let Some(found) = memchr::memchr(b'\n', &unread[searched..]) {
                return Ok(Some(self.take(searched + found, true)));
            }
            searched = unread.len();
            if self.at_end {
                return Ok((searched > 0).then(|| self.take(searched, false)));
            }
            if searched > self.limit + 1 {
                return self.pass_over().map(Some);
            }
            self.make_room();
            self.fill()?;
        }
    }

    fn take(&mut self, length: usize, terminated: bool) -> CutLine {
        let (start, offset) = (self.start, self.offset);
        let consumed = length + usize::from(terminated);
        self.start += consumed;
        self.offset += consumed as u64;
        self.number += 1;
        let mut range = start..start + length;
        if self.buffer[range.clone()].last() == Some(&b'\r') {
            range.end -= 1;
        }
        let too_long = (range.len() > self.limit).then_some(range.len() as u64);
        if too_long.is_some() {
            range = start..start;
        }
        CutLine {
            range,
            offset,
            number: self.number,
            terminated,
            too_long,
        }
    }

    /// Reads on to the end of a line that is over the limit, keeping none of it.
    fn pass_over(&mut self) -> io::Result<CutLine> {
        let offset = self.offset;
        let mut last = 0;
        let terminated = loop {
            let unread = &self.buffer[self.start..self.end];
            let (length, terminated) = match memchr::memchr(b'\n', unread) {
                Some(found) => (found, true),
                None => (unread.len(), false),
            };
            last = unread[..length].last().copied().unwrap_or(last);
            self.offset += (length + usize::from(terminated)) as u64;
            self.start += length + usize::from(terminated);
            if terminated || self.at_end {
                break terminated;
            }
            self.make_room();
            self.fill()?;
        };
        self.number += 1;
        let length = self.offset - offset - u64::from(terminated) - u64::from(last == b'\r');
        Ok(CutLine {
            range: self.start..self.start,
            offset,
            number: self.number,
            terminated,
            too_long: Some(length),
        })
    }

    /// Moves the unread bytes to the front, and grows the buffer where they fill it: by doubling, up to the
    /// limit and a block.
    fn make_room(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.at_end = true;
                    return Ok(());
                }
                Ok(count) => {
                    self.end += count;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that gives `step` bytes at a time.
    struct Dribble<'a>(&'a [u8], usize);

    impl Read for Dribble<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(out.len());
            out[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn lines(text: &[u8], step: usize, limit: usize) -> Vec<(u64, u64, String, bool, Option<u64>)> {
        let mut reader = LineReader::new(Dribble(text, step), limit);
        let mut all = Vec::new();
        while let Some(line) = reader.next_line().unwrap() {
            let value = String::from_utf8(reader.bytes(line.range.clone()).to_vec()).unwrap();
            all.push((
                line.number,
                line.offset,
                value,
                line.terminated,
                line.too_long,
            ));
        }
        assert_eq!(reader.offset(), text.len() as u64);
        all
    }

    #[test]
    fn ends_of_lines() {
        for step in [1, 2, 100] {
            assert_eq!(
                lines(b"ab\r\n\nc\rd\nlast", step, 100),
                [
                    (1, 0, "ab".into(), true, None),
                    (2, 4, String::new(), true, None),
                    (3, 5, "c\rd".into(), true, None),
                    (4, 9, "last".into(), false, None),
                ]
            );
            assert!(lines(b"", step, 100).is_empty());
        }
    }

    #[test]
    fn lines_over_the_limit_are_passed_over_and_measured() {
        let long = vec![b'x'; 3 * BLOCK_BYTES];
        let mut text = b"a\n".to_vec();
        text.extend(&long);
        text.extend(b"\r\nb\n");
        text.extend(&long);
        for step in [4096, usize::MAX] {
            let found = lines(&text, step, 1000);
            let length = long.len() as u64;
            assert_eq!(found[1], (2, 2, String::new(), true, Some(length)));
            assert_eq!(found[2].2, "b");
            assert_eq!(found[3].4, Some(length));
            assert!(!found[3].3);
        }
    }

    #[test]
    fn the_limit_itself_is_allowed() {
        for (length, over) in [(1000, false), (1001, true)] {
            let mut text = vec![b'x'; length];
            text.extend(b"\r\n");
            assert_eq!(lines(&text, 7, 1000)[0].4.is_some(), over);
        }
    }
}
