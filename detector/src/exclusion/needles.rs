//! Whether a text may be one of those that are looked for, by its first and its last eight bytes: of most texts that says
//! no, and takes less time than to look up what is known of them.

use super::text::{TextKind, TextTest};

/// The beginnings and ends of what some conditions look for.
#[derive(Clone, Debug, Default)]
pub(super) struct Needles {
    beginnings: Option<Glance>,
    ends: Option<Glance>,
    /// A bit for each exclusion that cannot match where nothing is found.
    fails: u64,
}

/// What eight bytes of a text may be, however many needles there are: of the bytes that all needles have, a bit of
/// 256. Where a bit is of more than what is looked for, the text is looked up, and no more.
#[derive(Clone, Debug)]
struct Glance {
    needles: Vec<u64>,
    /// The bytes that all needles have.
    mask: u64,
    bits: [u64; 4],
}

impl Default for Glance {
    fn default() -> Self {
        Self {
            needles: Vec::new(),
            mask: u64::MAX,
            bits: [0; 4],
        }
    }
}

impl Glance {
    fn add(&mut self, needle: u64, mask: u64) {
        self.needles.push(needle);
        self.mask &= mask;
        self.bits = [0; 4];
        for needle in &self.needles {
            let (word, bit) = self.place(*needle);
            self.bits[word] |= 1 << bit;
        }
    }

    /// The bit of what is left of eight bytes, by multiplicative hashing.
    #[inline]
    fn place(&self, bytes: u64) -> (usize, u64) {
        let spread = (bytes & self.mask).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56;
        ((spread >> 6) as usize, spread & 63)
    }

    #[inline]
    fn may_be(&self, bytes: u64) -> bool {
        let (word, bit) = self.place(bytes);
        self.bits[word] >> bit & 1 == 1
    }
}

impl Needles {
    /// Of more, too many texts would be looked up after all.
    const MOST: usize = 16;

    /// Adds a test; `None` where it needs more than a glance.
    pub(super) fn add(&mut self, test: &TextTest) -> Option<()> {
        let kinds = [&self.beginnings, &self.ends];
        let kinds = kinds.into_iter().flatten();
        let count: usize = kinds.map(|kind| kind.needles.len()).sum();
        if test.ignores_case() || count == Self::MOST {
            return None;
        }
        let wanted = test.text().as_bytes();
        // Of what is shorter than eight bytes, the others say nothing.
        let others = 8 * (8 - u32::try_from(wanted.len().min(8)).unwrap_or(8));
        let (kind, bytes, mask) = match test.kind() {
            // That it ends there shows in the byte behind it.
            TextKind::Equals => {
                let mask = u64::MAX >> others.saturating_sub(8);
                (&mut self.beginnings, beginning(wanted), mask)
            }
            TextKind::StartsWith => {
                let mask = u64::MAX.checked_shr(others);
                (&mut self.beginnings, beginning(wanted), mask.unwrap_or(0))
            }
            TextKind::EndsWith => {
                let mask = u64::MAX.checked_shl(others);
                (&mut self.ends, end(wanted), mask.unwrap_or(0))
            }
            TextKind::Contains | TextKind::Has | TextKind::Regex => return None,
        };
        kind.get_or_insert_default().add(bytes, mask);
        Some(())
    }

    /// An exclusion that cannot match where nothing is found.
    pub(super) fn fails_if_none(&mut self, bit: u32) {
        self.fails |= 1 << bit;
    }

    /// The bits of the exclusions that may match where nothing is found.
    #[inline]
    pub(super) fn if_none(&self) -> u64 {
        !self.fails
    }

    /// `false` only where nothing is found.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "a call for each column shows in the time for a line"
    )]
    pub(super) fn may_hold(&self, text: &[u8]) -> bool {
        let (first, last) = (&self.beginnings, &self.ends);
        first
            .as_ref()
            .is_some_and(|kind| kind.may_be(beginning(text)))
            || last.as_ref().is_some_and(|kind| kind.may_be(end(text)))
    }
}

/// The first eight bytes, the first of them lowest; of a shorter text zeros behind it.
#[inline]
fn beginning(text: &[u8]) -> u64 {
    if let Some(first) = text.first_chunk() {
        return u64::from_le_bytes(*first);
    }
    // Most short texts are methods and hyphens. Of four bytes and more, two halves that overlap; of fewer, each byte that
    // there is, and which may be the same one.
    let half = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
    match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) => half(first) | half(last) << (8 * (text.len() - 4)),
        _ => match text {
            [] => 0,
            [first, .., last] => {
                let middle = text[text.len() / 2];
                let places = [
                    (*first, 0),
                    (middle, text.len() / 2),
                    (*last, text.len() - 1),
                ];
                places
                    .iter()
                    .fold(0, |bytes, (byte, at)| bytes | u64::from(*byte) << (8 * at))
            }
            [only] => u64::from(*only),
        },
    }
}

/// The last eight bytes, the last of them highest; of a shorter text zeros before it.
#[inline]
fn end(text: &[u8]) -> u64 {
    if let Some(last) = text.last_chunk() {
        return u64::from_le_bytes(*last);
    }
    // An empty text has no bytes to shift.
    let others = 8 * (8 - u32::try_from(text.len()).unwrap_or(8));
    beginning(text).checked_shl(others).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// forall tests and texts: where a test holds, the needles say that it may.
        #[test]
        fn what_holds_is_not_missed(
            tests in prop::collection::vec((0_usize..3, "[ab]{0,12}"), 1..6),
            texts in prop::collection::vec("[ab\\x00]{0,14}", 1..20),
        ) {
            let kinds = [TextKind::Equals, TextKind::StartsWith, TextKind::EndsWith];
            let tests: Vec<TextTest> = tests
                .iter()
                .map(|(kind, text)| TextTest::new(kinds[*kind], text, false).unwrap())
                .collect();
            let mut needles = Needles::default();
            for test in &tests {
                prop_assert!(needles.add(test).is_some());
            }
            for text in &texts {
                let holds = tests.iter().any(|test| test.holds(text.as_bytes()));
                prop_assert!(needles.may_hold(text.as_bytes()) || !holds, "{text:?}");
            }
        }
    }

    #[test]
    fn beginnings_and_ends_are_those_of_the_bytes() {
        let text = b"abcdefghijk";
        for length in 0..=text.len() {
            let (from, to) = (text.len() - length, length.min(8));
            let (mut first, mut last) = ([0; 8], [0; 8]);
            first[..to].copy_from_slice(&text[..to]);
            last[8 - to..].copy_from_slice(&text[from..][length - to..]);
            assert_eq!(beginning(&text[..length]), u64::from_le_bytes(first));
            assert_eq!(end(&text[from..]), u64::from_le_bytes(last));
        }
    }

    #[test]
    fn most_texts_are_told_at_a_glance() {
        let mut needles = Needles::default();
        for (kind, text) in [
            (TextKind::Equals, "/healthz"),
            (TextKind::StartsWith, "/.well-known/acme-challenge/"),
            (TextKind::EndsWith, ".ico"),
        ] {
            let test = TextTest::new(kind, text, false).unwrap();
            assert!(needles.add(&test).is_some());
        }
        for (text, may) in [
            ("/shop/department/001", false),
            ("", false),
            ("-", false),
            ("/health", false),
            ("/favicon.ico", true),
            ("/.well-known/openid", true),
        ] {
            assert_eq!(needles.may_hold(text.as_bytes()), may, "{text}");
        }
        let mut needles = Needles::default();
        for text in ["-", "www.example.com"] {
            let test = TextTest::new(TextKind::Equals, text, false).unwrap();
            assert!(needles.add(&test).is_some());
        }
        for (text, may) in [
            ("-", true),
            ("--", false),
            ("", false),
            ("shop.example.com", false),
        ] {
            assert_eq!(needles.may_hold(text.as_bytes()), may, "{text}");
        }
        for (kind, ignores_case) in [(TextKind::Contains, false), (TextKind::Equals, true)] {
            let test = TextTest::new(kind, "x", ignores_case).unwrap();
            assert!(needles.add(&test).is_none());
        }
    }
}
