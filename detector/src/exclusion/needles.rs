//! Whether a text may be one of those that are looked for, by its first and its last eight bytes: of most texts that says
//! no, and takes less time than to look up what is known of them.

use super::text::{TextKind, TextTest};

/// The beginnings and ends of what some conditions look for.
#[derive(Clone, Debug, Default)]
pub(super) struct Needles {
    beginnings: Vec<Needle>,
    ends: Vec<Needle>,
    /// A bit for each exclusion that cannot match where nothing is found.
    fails: u64,
}

/// The bytes that `mask` is of are to be these.
#[derive(Clone, Copy, Debug)]
struct Needle {
    bytes: u64,
    mask: u64,
}

impl Needles {
    /// What is compared with one by one; of more, what is known of a text is looked up as soon.
    const MOST: usize = 12;

    /// Adds a test; `None` where it needs more than a glance.
    pub(super) fn add(&mut self, test: &TextTest) -> Option<()> {
        if test.ignores_case() || self.beginnings.len() + self.ends.len() == Self::MOST {
            return None;
        }
        let wanted = test.text().as_bytes();
        // Of what is shorter than eight bytes, the others say nothing, but where the whole value is compared.
        let others = 8 * (8 - wanted.len().min(8));
        let mask = |shifted: fn(u64, usize) -> u64| {
            if others < 64 {
                shifted(u64::MAX, others)
            } else {
                0
            }
        };
        match test.kind() {
            TextKind::Equals => self.beginnings.push(Needle {
                bytes: beginning(wanted),
                mask: u64::MAX,
            }),
            TextKind::StartsWith => self.beginnings.push(Needle {
                bytes: beginning(wanted),
                mask: mask(|all, others| all >> others),
            }),
            TextKind::EndsWith => self.ends.push(Needle {
                bytes: end(wanted),
                mask: mask(|all, others| all << others),
            }),
            TextKind::Contains | TextKind::Has | TextKind::Regex => return None,
        }
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
    #[inline]
    pub(super) fn may_hold(&self, text: &[u8]) -> bool {
        let is_found = |needles: &[Needle], bytes: u64| {
            needles
                .iter()
                .any(|needle| (needle.bytes ^ bytes) & needle.mask == 0)
        };
        (!self.beginnings.is_empty() && is_found(&self.beginnings, beginning(text)))
            || (!self.ends.is_empty() && is_found(&self.ends, end(text)))
    }
}

/// The first eight bytes, the first of them lowest; of a shorter text zeros behind it.
#[inline]
fn beginning(text: &[u8]) -> u64 {
    match text.first_chunk() {
        Some(first) => u64::from_le_bytes(*first),
        None => text
            .iter()
            .rev()
            .fold(0, |bytes, byte| bytes << 8 | u64::from(*byte)),
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
    fn most_texts_are_told_at_a_glance() {
        let mut needles = Needles::default();
        for (kind, text) in [
            (TextKind::Equals, "/healthz"),
            (TextKind::Equals, "-"),
            (TextKind::StartsWith, "/.well-known/acme-challenge/"),
            (TextKind::EndsWith, ".ico"),
        ] {
            let test = TextTest::new(kind, text, false).unwrap();
            assert!(needles.add(&test).is_some());
        }
        for (text, may) in [
            ("/shop/department/001", false),
            ("", false),
            ("--", false),
            ("-", true),
            ("/health", false),
            ("/favicon.ico", true),
            ("/.well-known/openid", true),
        ] {
            assert_eq!(needles.may_hold(text.as_bytes()), may, "{text}");
        }
        for (kind, ignores_case) in [(TextKind::Contains, false), (TextKind::Equals, true)] {
            let test = TextTest::new(kind, "x", ignores_case).unwrap();
            assert!(needles.add(&test).is_none());
        }
    }
}
