//! Fast reading: lines of a block, cut and counted by the places of separators.
//!
//! BE ADVISED: a line is given as *regular* only if it is so plain that the careful path would read the same values
//! out of it: as many values as declared, one separator between them and none around them, no directive, no quote
//! that means anything. Whatever else a line may be, it is given whole, as *other*, to the careful path
//! ([`LineParser`](crate::LineParser)). So this file decides only who reads a line, and what a line is stays decided
//! in one place. The property test in `tests/block.rs` holds the two paths against each other.

use crate::masks::{Masks, WORD};

/// A line of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockLine<'b> {
    /// Byte in the block where it begins.
    pub start: usize,
    /// Byte behind its last one, line end apart.
    pub end: usize,
    /// Byte where the next line begins.
    pub next: usize,
    /// Where each column ends, for a regular line; of the last one, where the line feed stands. `None` for others.
    pub ends: Option<&'b [u32]>,
}

impl BlockLine<'_> {
    /// Where a column of a regular line stands in the block, counted from 0; `ends` are the line's own.
    #[inline]
    #[must_use]
    pub fn column(&self, ends: &[u32], position: usize) -> std::ops::Range<usize> {
        let start = match position.checked_sub(1) {
            Some(before) => ends[before] as usize + 1,
            None => self.start,
        };
        // Behind the last column there may be a carriage return.
        start..(ends[position] as usize).min(self.end)
    }
}

/// Cuts blocks of bytes into lines. Holds the memory that this takes, to be used again.
#[derive(Clone, Debug, Default)]
pub struct BlockReader {
    masks: Masks,
    portable: bool,
}

impl BlockReader {
    /// With the fastest instructions that the processor has.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With none but those that every processor has; for tests and measurements.
    #[must_use]
    pub fn portable() -> Self {
        Self {
            portable: true,
            ..Self::default()
        }
    }

    /// Looks over a block of less than 4 GiB. What stands behind its last line feed is no line yet.
    pub fn lines<'b>(&'b mut self, block: &'b [u8]) -> BlockLines<'b> {
        self.masks.fill(block, self.portable);
        BlockLines {
            block,
            masks: &self.masks,
            places: self.masks.places(),
            start: 0,
            feed_word: 0,
            feeds: self.masks.line_feeds.first().copied().unwrap_or(0),
        }
    }
}

/// The lines of one block.
#[derive(Clone, Debug)]
pub struct BlockLines<'b> {
    block: &'b [u8],
    masks: &'b Masks,
    /// Separators and line feeds from the next line on.
    places: &'b [u32],
    /// Where the next line begins.
    start: usize,
    /// The word of line feeds in which the next one is looked for, and its bits that are left.
    feed_word: usize,
    feeds: u64,
}

impl<'b> BlockLines<'b> {
    /// The next whole line; a regular one has so many columns. With none, no line is regular.
    #[inline]
    pub fn next(&mut self, columns: usize) -> Option<BlockLine<'b>> {
        while self.feeds == 0 {
            self.feed_word += 1;
            self.feeds = *self.masks.line_feeds.get(self.feed_word)?;
        }
        let feed = self.feed_word * WORD + self.feeds.trailing_zeros() as usize;
        self.feeds &= self.feeds - 1;
        let start = self.start;
        self.start = feed + 1;
        let has_return = feed > start && self.block[feed - 1] == b'\r';
        let end = feed - usize::from(has_return);
        // The line feed is the place so many places on just if so many separators stand before it.
        let ends = match self.places.split_at_checked(columns) {
            Some((ends, rest)) if ends.last().is_some_and(|last| *last as usize == feed) => {
                self.places = rest;
                Some(ends).filter(|_| self.is_plain(start, end))
            }
            _ => {
                self.pass(feed);
                None
            }
        };
        Some(BlockLine {
            start,
            end,
            next: feed + 1,
            ends,
        })
    }

    /// Where the unfinished line behind the last line feed begins.
    #[must_use]
    pub fn rest(&self) -> usize {
        self.start
    }

    /// Passes over the places up to a line feed.
    #[cold]
    fn pass(&mut self, feed: usize) {
        let passed = self
            .places
            .iter()
            .take_while(|place| **place as usize <= feed);
        self.places = &self.places[passed.count()..];
    }

    /// No separator at either end or side by side with another, and no directive.
    #[inline]
    fn is_plain(&self, start: usize, end: usize) -> bool {
        let line = &self.block[start..end];
        let Some((first, last)) = line.first().zip(line.last()) else {
            return false;
        };
        let is_odd = matches!(first, b' ' | b'\t' | b'#')
            || matches!(last, b' ' | b'\t')
            || (self.masks.has_runs && has_run(line));
        !is_odd
    }
}

#[cold]
fn has_run(line: &[u8]) -> bool {
    line.windows(2)
        .any(|two| matches!(two, [b' ' | b'\t', b' ' | b'\t']))
}
