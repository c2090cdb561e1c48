//! Fast reading: lines of a block, cut and counted by bits.
//!
//! BE ADVISED: a line is given as *regular* only if it is so plain that the careful path would read the same values
//! out of it: as many values as declared, one separator between them and none around them, no directive, no quote
//! that means anything. Whatever else a line may be, it is given whole, as *other*, to the careful path
//! ([`LineParser`](crate::LineParser)). So this file decides only who reads a line, and what a line is stays decided
//! in one place. The property test in `tests/block.rs` holds the two paths against each other.

use crate::masks::{Masks, WORD};

/// The most columns up to which ends are told. A layout that wants one further right has no regular lines.
pub const MAX_WANTED: usize = 32;

/// Which lines are regular, and how far into them ends of columns are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Columns of a line, as `#Fields` declares.
    pub columns: usize,
    /// So many columns from the left have their ends told.
    pub wanted: usize,
}

impl Layout {
    /// No line is regular.
    pub const NONE: Self = Self {
        columns: 0,
        wanted: 0,
    };
}

/// A line of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockLine {
    /// Byte in the block where it begins.
    pub start: usize,
    /// Byte behind its last one, line end apart.
    pub end: usize,
    /// Byte where the next line begins.
    pub next: usize,
    /// Whether it is regular, so that the ends of its wanted columns were told.
    pub regular: bool,
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

    /// Looks over a block. What stands behind its last line feed is no line yet.
    pub fn lines<'b>(&'b mut self, block: &'b [u8]) -> BlockLines<'b> {
        self.masks.fill(block, self.portable);
        BlockLines {
            block,
            masks: &self.masks,
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
    /// Where the next line begins.
    start: usize,
    /// The word of line feeds in which the next one is looked for, and its bits that are left.
    feed_word: usize,
    feeds: u64,
}

impl BlockLines<'_> {
    /// The next whole line; the ends of its first `layout.wanted` columns go to `ends` where it is regular.
    #[inline]
    pub fn next(&mut self, layout: Layout, ends: &mut [usize; MAX_WANTED]) -> Option<BlockLine> {
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
        let regular = layout.wanted <= MAX_WANTED
            && end > start
            && self.is_plain(start, end, layout.columns)
            && self.ends(start, end, layout, ends);
        Some(BlockLine {
            start,
            end,
            next: feed + 1,
            regular,
        })
    }

    /// Where the unfinished line behind the last line feed begins.
    #[must_use]
    pub fn rest(&self) -> usize {
        self.start
    }

    /// As many separators as columns need, none at either end, none side by side, and no directive.
    #[inline]
    fn is_plain(&self, start: usize, end: usize, columns: usize) -> bool {
        let (first, last) = (start / WORD, (end - 1) / WORD);
        let from = !0 << (start % WORD);
        let to = !0 >> (WORD - 1 - (end - 1) % WORD);
        let words = &self.masks.separators[first..=last];
        let count = if let [only] = words {
            (only & from & to).count_ones()
        } else {
            let inner = &words[1..words.len() - 1];
            let edges = (words[0] & from).count_ones() + (words[words.len() - 1] & to).count_ones();
            edges + inner.iter().map(|word| word.count_ones()).sum::<u32>()
        };
        let separates =
            |place: usize| self.masks.separators[place / WORD] >> (place % WORD) & 1 == 1;
        count as usize + 1 == columns
            && self.block[start] != b'#'
            && !separates(start)
            && !separates(end - 1)
            && !(self.masks.has_runs && self.has_run(start, end))
    }

    #[cold]
    fn has_run(&self, start: usize, end: usize) -> bool {
        self.block[start..end]
            .windows(2)
            .any(|two| matches!(two, [b' ' | b'\t', b' ' | b'\t']))
    }

    /// The ends of the first columns. `false` is never reached for a plain line, whose separators are enough.
    #[inline]
    fn ends(
        &self,
        start: usize,
        end: usize,
        layout: Layout,
        ends: &mut [usize; MAX_WANTED],
    ) -> bool {
        let mut word = start / WORD;
        let mut bits = self.masks.separators[word] & (!0 << (start % WORD));
        // The last column has no separator behind it.
        let separators = layout.wanted.min(layout.columns - 1);
        for slot in &mut ends[..separators] {
            while bits == 0 {
                word += 1;
                match self.masks.separators.get(word) {
                    Some(next) => bits = *next,
                    None => return false,
                }
            }
            *slot = word * WORD + bits.trailing_zeros() as usize;
            bits &= bits - 1;
        }
        if layout.wanted == layout.columns {
            ends[layout.columns - 1] = end;
        }
        true
    }
}
