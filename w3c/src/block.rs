//! Fast reading: lines of a block, cut and counted by the places of separators.
//!
//! BE ADVISED: a line is given as *regular* only if it is so plain that the careful path would read the same values
//! out of it: as many values as declared, one separator between them and none around them, no directive, no quote
//! that means anything. Whatever else a line may be, it is given whole, as *other*, to the careful path
//! ([`LineParser`](crate::LineParser)). So this file decides only who reads a line, and what a line is stays decided
//! in one place. The property test in `tests/block.rs` holds the two paths against each other.

use crate::cut::{Lines, Shape, Words};
use crate::masks::Path;

/// A line of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockLine<'b> {
    /// Byte in the block where it begins.
    pub start: usize,
    /// Byte behind its last one, line end apart.
    pub end: usize,
    /// Byte where the next line begins.
    pub next: usize,
    /// Where the wanted columns stand, for a regular line; `None` for others.
    pub bounds: Option<Bounds<'b>>,
}

/// Where in a block the wanted columns of a regular line stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds<'b>(&'b [u32]);

impl Bounds<'_> {
    /// Where a column stands in the block, counted from 0.
    ///
    /// # Panics
    ///
    /// Where the column is not among those that were wanted.
    #[inline]
    #[must_use]
    pub fn column(self, position: usize) -> std::ops::Range<usize> {
        let (before, end) = (self.0[position], self.0[position + 1]);
        // Before the first byte of a block stands what becomes 0 with 1 added.
        before.wrapping_add(1) as usize..end as usize
    }

    /// Where a column stands in the block; `None` where it is not among those that were wanted.
    #[inline]
    #[must_use]
    pub fn get(self, position: usize) -> Option<std::ops::Range<usize>> {
        let (before, end) = (self.0.get(position)?, self.0.get(position.wrapping_add(1))?);
        Some(before.wrapping_add(1) as usize..*end as usize)
    }

    /// Where a column ends in the block; panics as [`Bounds::column`] does.
    #[inline]
    #[must_use]
    pub fn column_end(self, position: usize) -> usize {
        self.0[position + 1] as usize
    }
}

/// Bytes that are cut at a time: what is found out about them and they themselves stay in the first-level cache until
/// the lines have been read.
const STRETCH_BYTES: usize = 16 << 10;

/// Bytes that are cut after a change of shape: where shapes change all the time, whatever was cut beyond is cut in vain.
const CHANGED_BYTES: usize = 1 << 10;

/// Cuts blocks of bytes into lines. Holds the memory that this takes, to be used again.
#[derive(Clone, Debug)]
pub struct BlockReader {
    path: Path,
    words: Words,
    lines: Lines,
}

impl Default for BlockReader {
    fn default() -> Self {
        Self::new()
    }
}

impl BlockReader {
    /// With the fastest instructions that the processor has.
    #[must_use]
    pub fn new() -> Self {
        Self::on(Path::best())
    }

    /// With none but those that every processor has; for tests and measurements.
    #[must_use]
    pub fn portable() -> Self {
        Self::on(Path::least())
    }

    fn on(path: Path) -> Self {
        Self {
            path,
            words: Words::default(),
            lines: Lines::default(),
        }
    }

    /// Looks over a block of less than 2 GiB. What stands behind its last line feed is no line yet.
    pub fn lines<'b>(&'b mut self, block: &'b [u8]) -> BlockLines<'b> {
        self.lines.clear();
        BlockLines {
            reader: self,
            block,
            shape: Shape::default(),
            start: 0,
            cut: 0,
            line: 0,
            bounds: 0,
            stretch: STRETCH_BYTES,
        }
    }
}

/// The lines of one block.
#[derive(Debug)]
pub struct BlockLines<'b> {
    reader: &'b mut BlockReader,
    block: &'b [u8],
    /// What the lines were cut for.
    shape: Shape,
    /// Where the next line begins.
    start: usize,
    /// Up to where the block was cut.
    cut: usize,
    /// Number of the next line among those that were cut, and where the bounds of the next regular one begin.
    line: usize,
    bounds: usize,
    /// Bytes to be cut next.
    stretch: usize,
}

impl BlockLines<'_> {
    /// The next whole line; a regular one has this shape.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call shows in the time for a line")]
    pub fn next(&mut self, shape: Shape) -> Option<BlockLine<'_>> {
        if shape != self.shape {
            self.change(shape);
        }
        let (feed, is_regular) = match self.reader.lines.feed(self.line) {
            Some(line) => line,
            None => self.more()?,
        };
        self.line += 1;
        let start = self.start;
        self.start = feed + 1;
        let has_return = feed > start && self.block[feed - 1] == b'\r';
        let bounds = if is_regular {
            let first = self.bounds;
            self.bounds += shape.wanted + 1;
            self.reader.lines.bounds(first, shape.wanted).map(Bounds)
        } else {
            None
        };
        Some(BlockLine {
            start,
            end: feed - usize::from(has_return),
            next: feed + 1,
            bounds,
        })
    }

    /// Where the unfinished line behind the last line feed begins.
    #[must_use]
    pub fn rest(&self) -> usize {
        self.start
    }

    /// What was cut for another shape is to be cut anew.
    #[cold]
    fn change(&mut self, shape: Shape) {
        self.shape = shape;
        self.reader.lines.clear();
        if self.cut > self.start {
            self.cut = self.start;
            self.stretch = CHANGED_BYTES;
        }
    }

    /// Cuts the next stretch; gives its first line.
    #[cold]
    fn more(&mut self) -> Option<(usize, bool)> {
        (self.line, self.bounds) = (0, 0);
        loop {
            let end = self.block.len().min(self.start + self.stretch);
            // The stretch before may have shown all there is.
            if end <= self.cut {
                self.reader.lines.clear();
                return None;
            }
            let text = &self.block[self.start..end];
            let base = u32::try_from(self.start).ok()?;
            let BlockReader { path, words, lines } = &mut *self.reader;
            path.cut(text, base, self.shape, words, lines);
            self.cut = end;
            // A line that is longer than a stretch makes the stretch longer.
            if lines.is_empty() || self.stretch < STRETCH_BYTES {
                self.stretch *= 2;
            }
            if let Some(line) = lines.feed(0) {
                return Some(line);
            }
        }
    }
}
