//! Where separators and line ends stand in a block of bytes: the first and widest step of fast reading.
//!
//! This is the only module with `unsafe`: vector instructions of the processor, chosen at run time. Each path is
//! held against a naive search, byte by byte, by property tests over arbitrary bytes and lengths. For this reason alone
//! `bring_near` stands here too.
//!
//! BE ADVISED: a path does the second step too (`cut`, which is safe code), since only what is inlined into a path is
//! compiled for that path's instructions: counting and finding bits takes four times as many without them.

#![cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "vector instructions; each use has its proof, and tests hold it against `portable`"
    )
)]

use crate::cut::{Cut, Lines, Shape, Words, portable_masks, take_places};
#[cfg(target_arch = "x86_64")]
use crate::cut::{FIRST_PLACES, WORD, bits_from, place_of, write};

/// How bytes are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    /// With VBMI2, as Ice Lake, Zen 4 and later have it; what came before does as well with the next one.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What every processor of this family has.
    #[cfg(target_arch = "x86_64")]
    Sse2,
    /// What every processor has.
    Portable,
}

impl Path {
    /// Those that this processor can go, the fastest first.
    pub(crate) fn all() -> Vec<Self> {
        let mut paths = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected;

            let counts = is_x86_feature_detected!("popcnt") && is_x86_feature_detected!("bmi1");
            let packs =
                is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vbmi2");
            if counts && packs {
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

    /// The fastest.
    pub(crate) fn best() -> Self {
        Self::all().first().copied().unwrap_or(Self::Portable)
    }

    /// The one that every processor of this family can go.
    pub(crate) fn least() -> Self {
        #[cfg(target_arch = "x86_64")]
        let least = Self::Sse2;
        #[cfg(not(target_arch = "x86_64"))]
        let least = Self::Portable;
        least
    }

    /// Cuts `text` into lines of this shape; places are counted from `base`. Together they stay under 2 GiB.
    pub(crate) fn cut(
        self,
        text: &[u8],
        base: u32,
        shape: Shape,
        words: &mut Words,
        lines: &mut Lines,
    ) {
        let cut = Cut {
            text,
            base,
            shape,
            words,
            lines,
        };
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Path::all` has this path only where the processor has these instructions.
            Self::Avx512 => unsafe { avx512(cut) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Self::Avx2 => unsafe { avx2(cut) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: every processor of this family has SSE2.
            Self::Sse2 => unsafe { sse2(cut) },
            Self::Portable => portable(cut),
        }
    }
}

/// Has the memory of a value brought near, for a look at it soon. The processor goes on at once, where reading the value
/// would hold up what comes behind it; nothing depends on it, and where there is no such instruction nothing is done.
#[inline(always)]
#[expect(clippy::inline_always, reason = "it is one instruction")]
pub fn bring_near<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every processor of this family has SSE, and the instruction gives the program nothing: no value, no fault.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(
            std::ptr::from_ref(value).cast(),
        );
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

/// Eight bytes at a time, by arithmetic on words.
fn portable(cut: Cut<'_>) {
    cut.run(portable_masks, take_places);
}

/// For each value of a byte's low four bits the one byte with that end that is a separator or a line feed, else one
/// with another end, which no such byte equals. So one shuffle and one comparison find all three at once; the
/// shuffle gives 0 for bytes from 0x80 on, which do not equal it either.
#[cfg(target_arch = "x86_64")]
const BY_LOW_BITS: [u8; 16] = [b' ', 0, 0, 0, 0, 0, 0, 0, 0, b'\t', b'\n', 0, 0, 0, 0, 0];

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512bw,avx512vbmi2,popcnt,bmi1")]
fn avx512(cut: Cut<'_>) {
    use std::arch::x86_64::{
        _mm_loadu_si128, _mm512_add_epi32, _mm512_broadcast_i32x4, _mm512_castsi512_si128,
        _mm512_cmpeq_epi8_mask, _mm512_cvtepu8_epi32, _mm512_loadu_si512,
        _mm512_maskz_compress_epi8, _mm512_set1_epi8, _mm512_set1_epi32, _mm512_shuffle_epi8,
        _mm512_storeu_si512,
    };

    /// Places that are written at once.
    const AT_ONCE: usize = 16;
    const NUMBERS: [u8; WORD] = {
        let mut numbers = [0; WORD];
        let mut place = 1;
        while place < WORD {
            numbers[place] = numbers[place - 1] + 1;
            place += 1;
        }
        numbers
    };

    // SAFETY: 16 bytes are read of 16; the load asks for no alignment.
    let table = _mm512_broadcast_i32x4(unsafe { _mm_loadu_si128(BY_LOW_BITS.as_ptr().cast()) });
    let line_feed = _mm512_set1_epi8(0x0a);
    // SAFETY: the 64 bytes read are those of `NUMBERS`; the load asks for no alignment.
    let numbers = unsafe { _mm512_loadu_si512(NUMBERS.as_ptr().cast()) };
    let masks = |chunk: &[u8; WORD]| {
        // SAFETY: the 64 bytes read are those of `chunk`; the load asks for no alignment.
        let bytes = unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) };
        let places = _mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(table, bytes), bytes);
        (places, _mm512_cmpeq_epi8_mask(bytes, line_feed))
    };
    // As `take_places`, where the numbers of the bits that are set come out of the processor side by side.
    cut.run(masks, |places, start, mut base, wanted, out| {
        let (mut at, mut count) = (start, 0);
        while count < wanted {
            let bits = bits_from(places, at);
            let set = bits.count_ones() as usize;
            let out = &mut out[count..];
            let first: &mut [u32; AT_ONCE] = match out.first_chunk_mut() {
                Some(first) if set <= AT_ONCE => first,
                _ => {
                    count += write::<FIRST_PLACES>(bits, base, out);
                    at += WORD;
                    base += place_of(WORD);
                    continue;
                }
            };
            let packed = _mm512_castsi512_si128(_mm512_maskz_compress_epi8(bits, numbers));
            let wide = _mm512_add_epi32(
                _mm512_cvtepu8_epi32(packed),
                _mm512_set1_epi32(base.cast_signed()),
            );
            // SAFETY: the 64 bytes written are those of `first`; the store asks for no alignment.
            unsafe { _mm512_storeu_si512(first.as_mut_ptr().cast(), wide) };
            count += set;
            at += WORD;
            base += place_of(WORD);
        }
    });
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt,bmi1")]
fn avx2(cut: Cut<'_>) {
    use std::arch::x86_64::{
        __m256i, _mm_loadu_si128, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
        _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8, _mm256_shuffle_epi8,
    };

    // SAFETY: 16 bytes are read of 16; the load asks for no alignment.
    let table =
        _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(BY_LOW_BITS.as_ptr().cast()) });
    let line_feed = _mm256_set1_epi8(0x0a);
    let bits = |low: __m256i, high: __m256i| {
        let (low, high) = (_mm256_movemask_epi8(low), _mm256_movemask_epi8(high));
        u64::from(low.cast_unsigned()) | u64::from(high.cast_unsigned()) << 32
    };
    let masks = |chunk: &[u8; WORD]| {
        let start = chunk.as_ptr();
        // SAFETY: both halves of 32 bytes lie in the 64 of `chunk`; the loads ask for no alignment.
        let (low, high) = unsafe {
            (
                _mm256_loadu_si256(start.cast()),
                _mm256_loadu_si256(start.add(32).cast()),
            )
        };
        let place = |bytes| _mm256_cmpeq_epi8(_mm256_shuffle_epi8(table, bytes), bytes);
        let line_feeds = bits(
            _mm256_cmpeq_epi8(low, line_feed),
            _mm256_cmpeq_epi8(high, line_feed),
        );
        (bits(place(low), place(high)), line_feeds)
    };
    // A closure is compiled for this path's instructions; the function by its name would be called, for none of them.
    cut.run(masks, |places, start, base, wanted, out| {
        take_places(places, start, base, wanted, out);
    });
}

/// SSE2 is part of x86-64 itself, so this needs no look at the processor.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
fn sse2(cut: Cut<'_>) {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
    };

    let (space, tab, line_feed) = (
        _mm_set1_epi8(0x20),
        _mm_set1_epi8(0x09),
        _mm_set1_epi8(0x0a),
    );
    let masks = |chunk: &[u8; WORD]| {
        let (mut places, mut line_feeds) = (0, 0);
        let (quarters, _) = chunk.as_chunks::<16>();
        for (index, quarter) in quarters.iter().enumerate() {
            // SAFETY: the 16 bytes read are those of `quarter`; the load asks for no alignment.
            let bytes = unsafe { _mm_loadu_si128(quarter.as_ptr().cast()) };
            let feed = _mm_cmpeq_epi8(bytes, line_feed);
            let separator = _mm_or_si128(_mm_cmpeq_epi8(bytes, space), _mm_cmpeq_epi8(bytes, tab));
            let bits = |mask| u64::from(_mm_movemask_epi8(mask).cast_unsigned()) << (index * 16);
            places |= bits(_mm_or_si128(separator, feed));
            line_feeds |= bits(feed);
        }
        (places, line_feeds)
    };
    // A closure is compiled for this path's instructions; the function by its name would be called, for none of them.
    cut.run(masks, |places, start, base, wanted, out| {
        take_places(places, start, base, wanted, out);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_separator(byte: u8) -> bool {
        byte == b' ' || byte == b'\t'
    }

    /// The oracle: one byte at a time. Line feeds, and the bounds of the wanted columns of regular lines.
    fn naive(text: &[u8], base: u32, shape: Shape) -> Vec<(usize, Option<Vec<u32>>)> {
        let mut lines = Vec::new();
        let mut start = 0;
        for (feed, _) in text.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
            let line = &text[start..feed];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let values: Vec<&[u8]> = line.split(|byte| is_separator(*byte)).collect();
            let is_regular = values.len() == shape.columns
                && values.iter().all(|value| !value.is_empty())
                && !matches!(line[0], b'#' | b'\r' | b'\x0c');
            let mut bounds = vec![
                base.wrapping_add(u32::try_from(start).unwrap())
                    .wrapping_sub(1),
            ];
            let mut end = start;
            for value in values.iter().take(shape.wanted) {
                end += value.len();
                bounds.push(u32::try_from(end).unwrap() + base);
                end += 1;
            }
            lines.push((feed + base as usize, is_regular.then_some(bounds)));
            start = feed + 1;
        }
        lines
    }

    fn found(lines: &Lines, wanted: usize) -> Vec<(usize, Option<Vec<u32>>)> {
        let mut regular = 0;
        (0..)
            .map_while(|line| lines.feed(line))
            .map(|(feed, is_regular)| {
                regular += usize::from(is_regular);
                let first = (regular.max(1) - 1) * (wanted + 1);
                let bounds = is_regular.then(|| lines.bounds(first, wanted).unwrap().to_vec());
                (feed, bounds)
            })
            .collect()
    }

    fn check(text: &[u8], before: &[u8], base: u32, shape: Shape) {
        for path in Path::all() {
            let (mut words, mut lines) = (Words::default(), Lines::default());
            path.cut(before, 0, shape, &mut words, &mut lines);
            path.cut(text, base, shape, &mut words, &mut lines);
            let expected = naive(text, base, shape);
            assert_eq!(
                found(&lines, shape.wanted),
                expected,
                "{path:?} {text:?} {shape:?}"
            );
        }
    }

    /// Miri runs some thousand times slower; it is to see each path's memory, and few cases show that.
    const LENGTHS: usize = if cfg!(miri) { 150 } else { 600 };
    const LINES: usize = if cfg!(miri) { 3 } else { 12 };

    fn config() -> ProptestConfig {
        ProptestConfig {
            cases: if cfg!(miri) { 6 } else { 256 },
            // Miri keeps files from what it runs.
            failure_persistence: (!cfg!(miri))
                .then(|| ProptestConfig::default().failure_persistence)
                .flatten(),
            ..ProptestConfig::default()
        }
    }

    proptest! {
        #![proptest_config(config())]

        /// forall bytes and shapes: every path gives what looking at each byte gives, also in memory that was used.
        #[test]
        fn paths_agree(
            text in prop::collection::vec(prop_oneof![
                2 => any::<u8>(),
                4 => Just(b'x'),
                2 => prop::sample::select(b" \t\n\r\x0c#!\x1f\x89\x8a\xa0".to_vec()),
                2 => Just(b' '),
                1 => Just(b'\n'),
            ], 0..LENGTHS),
            before in prop::collection::vec(any::<u8>(), 0..LENGTHS),
            base in 0_u32..1 << 30,
            columns in 0_usize..9,
            wanted in 0_usize..9,
        ) {
            check(&text, &before, base, Shape { columns, wanted: wanted.min(columns) });
        }

        /// The same, for lines that are mostly regular: values of all lengths, and some damage.
        #[test]
        fn paths_agree_on_lines(
            lines in prop::collection::vec(prop::collection::vec(1_usize..90, 12), 0..LINES),
            damage in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b" \t\n\r\x0c#x".to_vec())), 0..4),
            wanted in 0_usize..=12,
        ) {
            let line = |values: &Vec<usize>| {
                let values: Vec<String> = values.iter().map(|length| "x".repeat(*length)).collect();
                values.join(" ") + "\n"
            };
            let mut text = lines.iter().map(line).collect::<String>().into_bytes();
            for (at, byte) in damage {
                if !text.is_empty() {
                    let at = at.index(text.len());
                    text[at] = byte;
                }
            }
            check(&text, b"", 7, Shape { columns: 12, wanted });
        }
    }

    #[test]
    fn every_byte_value_at_every_place() {
        let (bytes, places): (Vec<u8>, Vec<usize>) = if cfg!(miri) {
            (b" \t\n#x".to_vec(), vec![0, 31, 32, 63])
        } else {
            ((0..=u8::MAX).collect(), (0..WORD).collect())
        };
        for byte in bytes {
            for place in places.iter().copied() {
                let mut text = vec![b'x'; WORD];
                text[place] = byte;
                text.push(b'\n');
                for columns in [1, 2] {
                    check(
                        &text,
                        b"",
                        0,
                        Shape {
                            columns,
                            wanted: columns,
                        },
                    );
                }
            }
        }
    }

    #[test]
    fn many_columns_in_few_bytes() {
        let all = [8, 17, 65, 1, 7, 9, 15, 16, 31, 32, 33, 63, 64, 130];
        for columns in all.into_iter().take(if cfg!(miri) { 3 } else { all.len() }) {
            let line = vec!["x"; columns].join(" ") + "\n";
            for wanted in [0, 1, columns / 2, columns] {
                check(line.repeat(3).as_bytes(), b"", 0, Shape { columns, wanted });
            }
        }
    }
}
