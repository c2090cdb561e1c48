//! Where separators and line ends stand in a block of bytes: the first and widest step of fast reading.
//!
//! This is the only module with `unsafe`: vector instructions of the processor, chosen at run time. Each path is
//! proven against the portable one, which is safe, by property tests over arbitrary bytes and lengths.

#![expect(
    unsafe_code,
    reason = "vector instructions; each use has its proof, and tests hold it against `portable`"
)]

/// Bytes that one word of bits stands for.
pub(crate) const WORD: usize = 64;

/// What stands where in a block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Masks {
    /// Line feeds: bit `i % 64` of word `i / 64` tells of byte `i`.
    pub(crate) line_feeds: Vec<u64>,
    /// The places of spaces, tabs and line feeds, first to last; what stands behind `count` means nothing.
    places: Vec<u32>,
    count: usize,
    /// Whether two separators stand side by side anywhere.
    pub(crate) has_runs: bool,
}

/// How masks are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What every processor of this family has.
    #[cfg(target_arch = "x86_64")]
    Sse2,
    Portable,
}

impl Path {
    /// Those that this processor can go, the fastest first.
    fn all() -> Vec<Self> {
        let mut paths = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected;

            let counts = is_x86_feature_detected!("popcnt") && is_x86_feature_detected!("bmi1");
            if counts
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vbmi2")
            {
                paths.push(Self::Avx512);
            }
            if counts && is_x86_feature_detected!("avx2") {
                paths.push(Self::Avx2);
            }
            paths.push(Self::Sse2);
        }
        paths.push(Self::Portable);
        paths
    }
}

impl Masks {
    /// Fills the masks for `block`, which is shorter than 4 GiB.
    pub(crate) fn fill(&mut self, block: &[u8], portable: bool) {
        #[cfg(target_arch = "x86_64")]
        let least = Path::Sse2;
        #[cfg(not(target_arch = "x86_64"))]
        let least = Path::Portable;
        let best = Path::all().first().copied().filter(|_| !portable);
        self.fill_by(block, best.unwrap_or(least));
    }

    /// The places of separators and line feeds, first to last.
    #[inline]
    pub(crate) fn places(&self) -> &[u32] {
        &self.places[..self.count]
    }

    fn fill_by(&mut self, block: &[u8], path: Path) {
        let words = block.len().div_ceil(WORD);
        self.line_feeds.resize(words, 0);
        // A word's places are written whole whatever their number, so there is room for a word more than can be.
        let room = (words + 1) * WORD;
        if self.places.len() < room {
            self.places.resize(room, 0);
        }
        let (whole, rest) = block.as_chunks::<WORD>();
        let mut fill = Fill {
            line_feeds: &mut self.line_feeds,
            places: &mut self.places,
            count: 0,
            word: 0,
            carry: 0,
            runs: 0,
        };
        match path {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Path::all` has this path only where the processor has these instructions.
            Path::Avx512 => unsafe { avx512(whole, &mut fill) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Path::Avx2 => unsafe { avx2(whole, &mut fill) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: every processor of this family has SSE2.
            Path::Sse2 => unsafe { sse2(whole, &mut fill) },
            Path::Portable => portable(whole, &mut fill),
        }
        if !rest.is_empty() {
            let mut last = [0; WORD];
            last[..rest.len()].copy_from_slice(rest);
            portable(&[last], &mut fill);
        }
        self.has_runs = fill.runs != 0;
        self.count = fill.count;
    }
}

/// Takes the words of a block, first to last.
struct Fill<'a> {
    line_feeds: &'a mut [u64],
    places: &'a mut [u32],
    count: usize,
    word: usize,
    /// Whether the last byte was a separator.
    carry: u64,
    /// Not zero where two stood side by side.
    runs: u64,
}

#[expect(
    clippy::inline_always,
    reason = "only inlined into a path is it compiled for that path's instructions"
)]
impl Fill<'_> {
    /// Takes a word. Eight places are written whatever their number is: the processor guesses a fixed number of
    /// writes right each time, and a loop over the bits wrong at each line.
    #[inline(always)]
    fn take(&mut self, separators: u64, line_feeds: u64) {
        const AT_ONCE: usize = 8;

        let base = self.note(separators, line_feeds);
        let mut bits = separators | line_feeds;
        let count = bits.count_ones() as usize;
        let places = &mut self.places[self.count..self.count + WORD];
        for place in &mut places[..AT_ONCE] {
            *place = base + bits.trailing_zeros();
            bits &= bits.wrapping_sub(1);
        }
        for place in &mut places[AT_ONCE..] {
            if bits == 0 {
                break;
            }
            *place = base + bits.trailing_zeros();
            bits &= bits - 1;
        }
        self.count += count;
    }

    /// Notes all of a word but its places; gives where it begins.
    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "blocks are shorter than 4 GiB"
    )]
    fn note(&mut self, separators: u64, line_feeds: u64) -> u32 {
        self.runs |= separators & (separators << 1 | self.carry);
        self.carry = separators >> 63;
        self.line_feeds[self.word] = line_feeds;
        let base = (self.word * WORD) as u32;
        self.word += 1;
        base
    }
}

/// Eight bytes at a time, by arithmetic on words.
fn portable(chunks: &[[u8; WORD]], fill: &mut Fill<'_>) {
    for chunk in chunks {
        let (mut separators, mut line_feeds) = (0, 0);
        let (eights, _) = chunk.as_chunks::<8>();
        for (index, bytes) in eights.iter().enumerate() {
            let bytes = u64::from_le_bytes(*bytes);
            let separator = equal(bytes, b' ') | equal(bytes, b'\t');
            separators |= gather(separator) << (index * 8);
            line_feeds |= gather(equal(bytes, b'\n')) << (index * 8);
        }
        fill.take(separators, line_feeds);
    }
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

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512bw,avx512vbmi2,popcnt,bmi1")]
fn avx512(chunks: &[[u8; WORD]], fill: &mut Fill<'_>) {
    use std::arch::x86_64::{
        __m128i, _mm512_add_epi32, _mm512_castsi512_si128, _mm512_cmpeq_epi8_mask,
        _mm512_cvtepu8_epi32, _mm512_loadu_si512, _mm512_maskz_compress_epi8, _mm512_set1_epi8,
        _mm512_set1_epi32, _mm512_storeu_si512,
    };
    /// Places that one store holds.
    const AT_ONCE: u32 = 16;
    /// The bytes 0 to 63.
    const NUMBERS: [u8; WORD] = {
        let mut numbers = [0; WORD];
        let mut number: u8 = 0;
        while (number as usize) < WORD {
            numbers[number as usize] = number;
            number += 1;
        }
        numbers
    };

    let (space, tab, line_feed) = (
        _mm512_set1_epi8(0x20),
        _mm512_set1_epi8(0x09),
        _mm512_set1_epi8(0x0a),
    );
    // SAFETY: 64 bytes are read of 64; the load asks for no alignment.
    let numbers = unsafe { _mm512_loadu_si512(NUMBERS.as_ptr().cast()) };
    for chunk in chunks {
        // SAFETY: the 64 bytes read are those of `chunk`; the load asks for no alignment.
        let bytes = unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) };
        let separators = _mm512_cmpeq_epi8_mask(bytes, space) | _mm512_cmpeq_epi8_mask(bytes, tab);
        let line_feeds = _mm512_cmpeq_epi8_mask(bytes, line_feed);
        let bits = separators | line_feeds;
        if bits.count_ones() > AT_ONCE {
            fill.take(separators, line_feeds);
            continue;
        }
        let base = fill.note(separators, line_feeds);
        // The numbers of the set bits, side by side, the first sixteen of them widened and moved to their place.
        let first: __m128i = _mm512_castsi512_si128(_mm512_maskz_compress_epi8(bits, numbers));
        let places = _mm512_add_epi32(
            _mm512_cvtepu8_epi32(first),
            _mm512_set1_epi32(base.cast_signed()),
        );
        let out = &mut fill.places[fill.count..fill.count + WORD];
        // SAFETY: 16 places of 4 bytes are written, and `out` has 64; the store asks for no alignment.
        unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), places) };
        fill.count += bits.count_ones() as usize;
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt,bmi1")]
fn avx2(chunks: &[[u8; WORD]], fill: &mut Fill<'_>) {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256,
        _mm256_set1_epi8,
    };

    let (space, tab, line_feed) = (
        _mm256_set1_epi8(0x20),
        _mm256_set1_epi8(0x09),
        _mm256_set1_epi8(0x0a),
    );
    let bits = |low: __m256i, high: __m256i| {
        let (low, high) = (_mm256_movemask_epi8(low), _mm256_movemask_epi8(high));
        u64::from(low.cast_unsigned()) | u64::from(high.cast_unsigned()) << 32
    };
    for chunk in chunks {
        let start = chunk.as_ptr();
        // SAFETY: both halves of 32 bytes lie in the 64 of `chunk`; the loads ask for no alignment.
        let (low, high) = unsafe {
            (
                _mm256_loadu_si256(start.cast()),
                _mm256_loadu_si256(start.add(32).cast()),
            )
        };
        let separator = |bytes| {
            _mm256_or_si256(
                _mm256_cmpeq_epi8(bytes, space),
                _mm256_cmpeq_epi8(bytes, tab),
            )
        };
        let separators = bits(separator(low), separator(high));
        let line_feeds = bits(
            _mm256_cmpeq_epi8(low, line_feed),
            _mm256_cmpeq_epi8(high, line_feed),
        );
        fill.take(separators, line_feeds);
    }
}

/// SSE2 is part of x86-64 itself, so this needs no look at the processor.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
fn sse2(chunks: &[[u8; WORD]], fill: &mut Fill<'_>) {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
    };

    let (space, tab, line_feed) = (
        _mm_set1_epi8(0x20),
        _mm_set1_epi8(0x09),
        _mm_set1_epi8(0x0a),
    );
    for chunk in chunks {
        let (mut separators, mut line_feeds) = (0, 0);
        let (quarters, _) = chunk.as_chunks::<16>();
        for (index, quarter) in quarters.iter().enumerate() {
            // SAFETY: the 16 bytes read are those of `quarter`; the load asks for no alignment.
            let bytes = unsafe { _mm_loadu_si128(quarter.as_ptr().cast()) };
            let separator = _mm_or_si128(_mm_cmpeq_epi8(bytes, space), _mm_cmpeq_epi8(bytes, tab));
            let bits = |mask| u64::from(_mm_movemask_epi8(mask).cast_unsigned()) << (index * 16);
            separators |= bits(separator);
            line_feeds |= bits(_mm_cmpeq_epi8(bytes, line_feed));
        }
        fill.take(separators, line_feeds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The oracle: one byte at a time.
    fn naive(block: &[u8]) -> (Vec<u64>, Vec<u32>, bool) {
        let mut line_feeds = vec![0_u64; block.len().div_ceil(WORD)];
        let mut places = Vec::new();
        for (index, byte) in block.iter().enumerate() {
            if *byte == b'\n' {
                line_feeds[index / WORD] |= 1 << (index % WORD);
            }
            if matches!(byte, b' ' | b'\t' | b'\n') {
                places.push(u32::try_from(index).unwrap());
            }
        }
        let separates = |byte: u8| byte == b' ' || byte == b'\t';
        let runs = block
            .windows(2)
            .any(|two| separates(two[0]) && separates(two[1]));
        (line_feeds, places, runs)
    }

    fn found(masks: &Masks) -> (Vec<u64>, Vec<u32>, bool) {
        (
            masks.line_feeds.clone(),
            masks.places().to_vec(),
            masks.has_runs,
        )
    }

    proptest! {
        /// forall bytes: every path gives what looking at each byte gives, also in a buffer that was used.
        #[test]
        fn paths_agree(
            block in prop::collection::vec(prop_oneof![
                3 => any::<u8>(),
                1 => prop::sample::select(b" \t\n\r#!\x1f\x89\x8a\xa0".to_vec()),
                1 => Just(b' '),
            ], 0..400),
            before in prop::collection::vec(any::<u8>(), 0..400),
        ) {
            for path in Path::all() {
                let mut masks = Masks::default();
                masks.fill_by(&before, path);
                masks.fill_by(&block, path);
                prop_assert_eq!(found(&masks), naive(&block), "{:?}", path);
            }
        }
    }

    #[test]
    fn every_byte_value_at_every_place() {
        for path in Path::all() {
            for byte in 0..=u8::MAX {
                for place in 0..WORD {
                    let mut block = [b'x'; WORD];
                    block[place] = byte;
                    let mut masks = Masks::default();
                    masks.fill_by(&block, path);
                    assert_eq!(found(&masks), naive(&block), "{path:?} {byte} {place}");
                }
            }
        }
    }

    #[test]
    fn words_of_separators_only() {
        for path in Path::all() {
            for length in [1, 15, 16, 17, 63, 64, 65, 128, 200] {
                let block = vec![b' '; length];
                let mut masks = Masks::default();
                masks.fill_by(&block, path);
                assert_eq!(found(&masks), naive(&block), "{path:?} {length}");
            }
        }
    }
}
