//! Where separators and line ends stand in a block of bytes, as bits: the first and widest step of fast reading.
//!
//! This is the only module with `unsafe`: vector instructions of the processor, chosen at run time. Each path is
//! proven against the portable one, which is safe, by a property test over arbitrary bytes and lengths.

#![expect(
    unsafe_code,
    reason = "vector instructions; each use has its proof, and tests hold it against `portable`"
)]

/// Bytes that one word of bits stands for.
pub(crate) const WORD: usize = 64;

/// Bit `i % 64` of word `i / 64` tells of byte `i`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Masks {
    /// Spaces and tabs.
    pub(crate) separators: Vec<u64>,
    /// Line feeds.
    pub(crate) line_feeds: Vec<u64>,
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
    Portable,
}

impl Path {
    fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512bw") {
                return Self::Avx512;
            }
            if std::arch::is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }
}

impl Masks {
    /// Fills the masks for `block`.
    pub(crate) fn fill(&mut self, block: &[u8], portable: bool) {
        let path = if portable {
            Path::Portable
        } else {
            Path::best()
        };
        self.fill_by(block, path);
    }

    fn fill_by(&mut self, block: &[u8], path: Path) {
        let words = block.len().div_ceil(WORD);
        self.separators.resize(words, 0);
        self.line_feeds.resize(words, 0);
        let (whole, rest) = block.as_chunks::<WORD>();
        match path {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `best` chose this path because the processor has these instructions; the tests ask it too.
            Path::Avx512 => unsafe { avx512(whole, &mut self.separators, &mut self.line_feeds) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Path::Avx2 => unsafe { avx2(whole, &mut self.separators, &mut self.line_feeds) },
            Path::Portable => portable(whole, &mut self.separators, &mut self.line_feeds),
        }
        if !rest.is_empty() {
            let mut last = [0; WORD];
            last[..rest.len()].copy_from_slice(rest);
            portable(
                &[last],
                &mut self.separators[words - 1..],
                &mut self.line_feeds[words - 1..],
            );
        }
        let mut carry = 0;
        let mut runs = 0;
        for word in &self.separators[..words] {
            runs |= word & (word << 1 | carry);
            carry = word >> 63;
        }
        self.has_runs = runs != 0;
    }
}

/// Eight bytes at a time, by arithmetic on words.
fn portable(chunks: &[[u8; WORD]], separators: &mut [u64], line_feeds: &mut [u64]) {
    for ((chunk, separators), line_feeds) in chunks.iter().zip(separators).zip(line_feeds) {
        let (mut separator_bits, mut line_feed_bits) = (0, 0);
        let (eights, _) = chunk.as_chunks::<8>();
        for (index, bytes) in eights.iter().enumerate() {
            let bytes = u64::from_le_bytes(*bytes);
            let separator = equal(bytes, b' ') | equal(bytes, b'\t');
            separator_bits |= gather(separator) << (index * 8);
            line_feed_bits |= gather(equal(bytes, b'\n')) << (index * 8);
        }
        *separators = separator_bits;
        *line_feeds = line_feed_bits;
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
#[target_feature(enable = "avx512bw")]
fn avx512(chunks: &[[u8; WORD]], separators: &mut [u64], line_feeds: &mut [u64]) {
    use std::arch::x86_64::{_mm512_cmpeq_epi8_mask, _mm512_loadu_si512, _mm512_set1_epi8};

    let (space, tab, line_feed) = (
        _mm512_set1_epi8(0x20),
        _mm512_set1_epi8(0x09),
        _mm512_set1_epi8(0x0a),
    );
    for ((chunk, separators), line_feeds) in chunks.iter().zip(separators).zip(line_feeds) {
        // SAFETY: the 64 bytes read are those of `chunk`; the load asks for no alignment.
        let bytes = unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) };
        *separators = _mm512_cmpeq_epi8_mask(bytes, space) | _mm512_cmpeq_epi8_mask(bytes, tab);
        *line_feeds = _mm512_cmpeq_epi8_mask(bytes, line_feed);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(chunks: &[[u8; WORD]], separators: &mut [u64], line_feeds: &mut [u64]) {
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
    for ((chunk, separators), line_feeds) in chunks.iter().zip(separators).zip(line_feeds) {
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
        *separators = bits(separator(low), separator(high));
        *line_feeds = bits(
            _mm256_cmpeq_epi8(low, line_feed),
            _mm256_cmpeq_epi8(high, line_feed),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The oracle: one byte at a time.
    fn naive(block: &[u8]) -> (Vec<u64>, Vec<u64>, bool) {
        let words = block.len().div_ceil(WORD);
        let (mut separators, mut line_feeds) = (vec![0_u64; words], vec![0_u64; words]);
        for (index, byte) in block.iter().enumerate() {
            let bit = 1 << (index % WORD);
            match byte {
                b' ' | b'\t' => separators[index / WORD] |= bit,
                b'\n' => line_feeds[index / WORD] |= bit,
                _ => {}
            }
        }
        let separates = |byte: u8| byte == b' ' || byte == b'\t';
        let runs = block
            .windows(2)
            .any(|two| separates(two[0]) && separates(two[1]));
        (separators, line_feeds, runs)
    }

    fn paths() -> Vec<Path> {
        let mut paths = vec![Path::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx2") {
                paths.push(Path::Avx2);
            }
            if std::arch::is_x86_feature_detected!("avx512bw") {
                paths.push(Path::Avx512);
            }
        }
        paths
    }

    proptest! {
        /// forall bytes: every path gives the bits that looking at each byte gives, also in a buffer that was used.
        #[test]
        fn paths_agree(
            block in prop::collection::vec(prop_oneof![
                any::<u8>(),
                prop::sample::select(b" \t\n\r#!\x1f\x89\x8a\xa0".to_vec()),
            ], 0..400),
            before in prop::collection::vec(any::<u8>(), 0..400),
        ) {
            for path in paths() {
                let mut masks = Masks::default();
                masks.fill_by(&before, path);
                masks.fill_by(&block, path);
                let found = (masks.separators, masks.line_feeds, masks.has_runs);
                prop_assert_eq!(found, naive(&block), "{:?}", path);
            }
        }
    }

    #[test]
    fn every_byte_value_at_every_place() {
        for path in paths() {
            for byte in 0..=u8::MAX {
                for place in 0..WORD {
                    let mut block = [b'x'; WORD];
                    block[place] = byte;
                    let mut masks = Masks::default();
                    masks.fill_by(&block, path);
                    let found = (masks.separators, masks.line_feeds, masks.has_runs);
                    assert_eq!(found, naive(&block), "{path:?} {byte} {place}");
                }
            }
        }
    }
}
