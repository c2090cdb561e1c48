//! From the places of separators and line feeds to lines and the ends of their columns: the second step of fast
//! reading. It is inlined into each path of `masks`, to be compiled for that path's instructions.

/// Bytes that one word of bits stands for.
pub(crate) const WORD: usize = 64;

/// The highest bit of a line's end in [`Lines`] says that the line is regular.
const REGULAR: u32 = 1 << 31;

/// What a regular line looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// How many columns it has; with 0, no line is regular.
    pub columns: usize,
    /// Of how many of them, from the first on, the ends are wanted. Which columns stand behind those is not looked
    /// at, only how many.
    pub wanted: usize,
}

/// What stands where in a stretch of text, as bits: bit `i % 64` of word `i / 64` tells of byte `i`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    /// Separators and line feeds.
    places: Vec<u64>,
    /// How many of them stand before each word.
    before: Vec<u32>,
}

/// The lines of a stretch of text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    /// The place of each line feed, with [`REGULAR`]; what stands behind `count` means nothing.
    feeds: Vec<u32>,
    count: usize,
    /// The bounds of the wanted columns of each regular line, one line's behind the other's: the place before the
    /// line's first byte, and where each column ends.
    bounds: Vec<u32>,
}

impl Lines {
    /// Where the line feed of a line is, and whether the line is regular.
    #[inline]
    pub(crate) fn feed(&self, line: usize) -> Option<(usize, bool)> {
        let feed = *self.feeds[..self.count].get(line)?;
        Some(((feed & !REGULAR) as usize, feed & REGULAR != 0))
    }

    /// The bounds of the regular line that stand from this place on.
    #[inline]
    pub(crate) fn bounds(&self, first: usize, wanted: usize) -> Option<&[u32]> {
        self.bounds.get(first..=first + wanted)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }
}

/// Cuts one stretch of text.
pub(crate) struct Cut<'a> {
    pub(crate) text: &'a [u8],
    /// What places are counted from.
    pub(crate) base: u32,
    pub(crate) shape: Shape,
    pub(crate) words: &'a mut Words,
    pub(crate) lines: &'a mut Lines,
}

/// Words behind the last one, all zero, so that a line's words can be taken without a look at where they end.
const SPARE_WORDS: usize = 4;

/// Places that are written at once, whatever their number: the processor guesses a fixed number of writes right each
/// time, and a loop over the bits wrong at each line.
pub(crate) const FIRST_PLACES: usize = 8;
/// The same for the words behind the first, which hold long values and fewer places.
const LATER_PLACES: usize = 4;

#[expect(
    clippy::inline_always,
    reason = "only inlined into a path is it compiled for that path's instructions"
)]
impl Cut<'_> {
    /// Finds what stands where, and then the lines. `masks` tells of a word where separators and line feeds stand, and
    /// where line feeds alone. `take` is [`take_places`] or acts like it.
    #[inline(always)]
    pub(crate) fn run(
        mut self,
        masks: impl Fn(&[u8; WORD]) -> (u64, u64),
        take: impl Fn(&[u64], usize, u32, usize, &mut [u32]),
    ) {
        let has_runs = self.look(masks);
        self.cut(has_runs, take);
    }

    /// Fills the words and the places of line feeds; tells whether any two places stand side by side.
    #[inline(always)]
    fn look(&mut self, masks: impl Fn(&[u8; WORD]) -> (u64, u64)) -> bool {
        let (chunks, rest) = self.text.as_chunks::<WORD>();
        let count = chunks.len() + 1;
        self.words.places.resize(count + SPARE_WORDS, 0);
        self.words.before.resize(count, 0);
        // A line feed is written for each word even where it has none.
        if self.lines.feeds.len() <= self.text.len() {
            self.lines.feeds.resize(self.text.len() + 1, 0);
        }
        let (places, spare) = self.words.places.split_at_mut(count);
        spare.fill(0);
        let mut slots = places.iter_mut().zip(&mut self.words.before);
        let mut finding = Finding {
            feeds: &mut self.lines.feeds,
            lines: 0,
            base: 0,
            before: 0,
            carry: 1,
            runs: 0,
        };
        for (chunk, slot) in chunks.iter().zip(slots.by_ref()) {
            finding.take(masks(chunk), slot);
        }
        if let Some(slot) = slots.next() {
            let mut last = [0; WORD];
            last[..rest.len()].copy_from_slice(rest);
            // A second call of `masks` would keep it from being inlined.
            finding.take(portable_masks(&last), slot);
        }
        self.lines.count = finding.lines;
        finding.runs != 0
    }

    /// Tells lines apart and finds the columns of the regular ones.
    #[inline(always)]
    fn cut(self, has_runs: bool, take: impl Fn(&[u64], usize, u32, usize, &mut [u32])) {
        let Shape { columns, wanted } = self.shape;
        // A carriage return stands behind the last column only.
        let may_have_return = wanted == columns;
        let (text, base) = (self.text, self.base);
        let (places, places_before) = (&self.words.places[..], &self.words.before[..]);
        let bounds = &mut self.lines.bounds;
        let (mut start, mut before, mut filled) = (0, 0, 0);
        for slot in &mut self.lines.feeds[..self.lines.count] {
            let feed = *slot as usize;
            let below = (1_u64 << (feed % WORD)) - 1;
            let count = places_before[feed / WORD] + (places[feed / WORD] & below).count_ones();
            // One more column than separators.
            let is_regular = (count - before + 1) as usize == columns
                && is_plain(text, start, feed)
                && !(has_runs && has_run(places, start, feed));
            *slot += base;
            if is_regular {
                *slot |= REGULAR;
                let room = filled + 1 + wanted + 2 * WORD;
                if bounds.len() < room {
                    bounds.resize(room * 2, 0);
                }
                let first = base + place_of(start);
                bounds[filled] = first.wrapping_sub(1);
                take(places, start, first, wanted, &mut bounds[filled + 1..room]);
                filled += wanted;
                if may_have_return {
                    bounds[filled] -= u32::from(text[feed - 1] == b'\r');
                }
                filled += 1;
            }
            (start, before) = (feed + 1, count + 1);
        }
    }
}

/// What was found up to some word.
struct Finding<'a> {
    feeds: &'a mut [u32],
    lines: usize,
    /// Where the next word begins, and how many places stand before it.
    base: u32,
    before: u32,
    /// Whether the last byte was a place; before the first one stands a line feed, or nothing.
    carry: u64,
    /// Not zero where two places stood side by side.
    runs: u64,
}

impl Finding<'_> {
    #[expect(clippy::inline_always, reason = "as above")]
    #[inline(always)]
    fn take(&mut self, (places, line_feeds): (u64, u64), (word, before): (&mut u64, &mut u32)) {
        self.runs |= places & (places << 1 | self.carry);
        self.carry = places >> (WORD - 1);
        *word = places;
        *before = self.before;
        self.before += places.count_ones();
        // Lines are mostly longer than a word, so there is one line feed or none.
        self.feeds[self.lines] = self.base + line_feeds.trailing_zeros();
        self.lines += usize::from(line_feeds != 0);
        let mut more = line_feeds & line_feeds.wrapping_sub(1);
        while more != 0 {
            self.feeds[self.lines] = self.base + more.trailing_zeros();
            self.lines += 1;
            more &= more - 1;
        }
        self.base += place_of(WORD);
    }
}

/// Blocks are shorter than 2 GiB.
#[expect(
    clippy::cast_possible_truncation,
    reason = "blocks are shorter than 2 GiB"
)]
#[expect(clippy::inline_always, reason = "as above")]
#[inline(always)]
pub(crate) fn place_of(index: usize) -> u32 {
    index as u32
}

/// Writes the places from `start` on, at least `wanted` of them; there are as many. `base` is added, less `start`.
#[expect(clippy::inline_always, reason = "as above")]
#[inline(always)]
pub(crate) fn take_places(
    places: &[u64],
    start: usize,
    mut base: u32,
    wanted: usize,
    out: &mut [u32],
) {
    let mut count = write::<FIRST_PLACES>(bits_from(places, start), base, out);
    let mut at = start;
    while count < wanted {
        at += WORD;
        base += place_of(WORD);
        count += write::<LATER_PLACES>(bits_from(places, at), base, &mut out[count..]);
    }
}

/// The bits of 64 bytes from one on, not from a word's first: so their number in a line's first 64, which mostly hold
/// date, time and other short columns, is about the same for all lines.
#[expect(clippy::inline_always, reason = "as above")]
#[inline(always)]
pub(crate) fn bits_from(places: &[u64], at: usize) -> u64 {
    let (word, shift) = (at / WORD, at % WORD);
    let pair = &places[word..word + 2];
    pair[0] >> shift | pair[1] << 1 << (WORD - 1 - shift)
}

/// Writes the places of a word and gives their number; `AT_ONCE` are written even where there are fewer.
#[expect(clippy::inline_always, reason = "as above")]
#[inline(always)]
pub(crate) fn write<const AT_ONCE: usize>(mut bits: u64, base: u32, out: &mut [u32]) -> usize {
    let count = bits.count_ones() as usize;
    let (first, more) = out[..WORD].split_at_mut(AT_ONCE);
    for place in first {
        *place = base + bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
    }
    for place in more {
        if bits == 0 {
            break;
        }
        *place = base + bits.trailing_zeros();
        bits &= bits - 1;
    }
    count
}

/// No directive, no separator before a carriage return (others at either end are runs), and not blank: a blank line
/// without separators at its begin has a return or a form feed there.
#[expect(clippy::inline_always, reason = "as above")]
#[inline(always)]
fn is_plain(text: &[u8], start: usize, feed: usize) -> bool {
    let line = &text[start..feed];
    !matches!(
        line,
        [] | [b'#' | b'\r' | b'\x0c', ..] | [.., b' ' | b'\t', b'\r']
    )
}

/// Whether two places stand side by side, from before the line to its line feed.
#[cold]
fn has_run(places: &[u64], start: usize, feed: usize) -> bool {
    // The byte before the first one counts as a place, since it is a line feed or nothing.
    let mut carry = 1;
    let mut at = start;
    while at <= feed {
        let bits = places[at / WORD] >> (at % WORD);
        let length = (WORD - at % WORD).min(feed + 1 - at);
        let bits = bits & (u64::MAX >> (WORD - length));
        if bits & (bits << 1 | carry) != 0 {
            return true;
        }
        carry = bits >> (length - 1);
        at += length;
    }
    false
}

/// Where in a word separators and line feeds stand, and where line feeds alone: eight bytes at a time, by arithmetic.
pub(crate) fn portable_masks(chunk: &[u8; WORD]) -> (u64, u64) {
    let (mut places, mut line_feeds) = (0, 0);
    let (eights, _) = chunk.as_chunks::<8>();
    for (index, bytes) in eights.iter().enumerate() {
        let bytes = u64::from_le_bytes(*bytes);
        let line_feed = equal(bytes, b'\n');
        let place = equal(bytes, b' ') | equal(bytes, b'\t') | line_feed;
        places |= gather(place) << (index * 8);
        line_feeds |= gather(line_feed) << (index * 8);
    }
    (places, line_feeds)
}

const HIGH: u64 = 0x8080_8080_8080_8080;

/// The high bit of each byte that equals `wanted`, exactly: adding 0x7f to the low seven bits carries into the high
/// bit unless they are all zero, and no carry leaves its byte.
fn equal(bytes: u64, wanted: u8) -> u64 {
    let different = bytes ^ (0x0101_0101_0101_0101 * u64::from(wanted));
    !(((different & !HIGH) + !HIGH) | different) & HIGH
}

/// The eight high bits side by side. The multiplication adds copies of them shifted by 7, 14, ... 49, which meet in
/// the highest byte and nowhere collide (Hacker's Delight, 7-3).
fn gather(high_bits: u64) -> u64 {
    (high_bits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}
