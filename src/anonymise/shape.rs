//! Texts by others of the same shape: a letter becomes a letter, a digit a digit, and what is neither stays. The same key
//! gives the same text for the same text, and no two texts become one.

use sha2::{Digest, Sha256};

/// What may stand for what: each byte for those of its own class.
const CLASSES: [(u8, u8); 5] = [
    (b'0', b'9'),
    (b'a', b'z'),
    (b'A', b'Z'),
    // The last byte of a character beyond ASCII, controls apart from the others.
    (0x80, 0x9f),
    (0xa0, 0xbf),
];

/// Replaces texts under a key.
#[derive(Clone, Debug)]
pub(super) struct Shapes {
    /// The hash after the key, for each direction.
    forwards: Sha256,
    backwards: Sha256,
}

impl Shapes {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let keyed = |way: &[u8]| Sha256::new().chain_update(key).chain_update(way);
        Self {
            forwards: keyed(b" forwards"),
            backwards: keyed(b" backwards"),
        }
    }

    /// Another text of the same shape. Each byte is moved within its class by what stands before it, and then by what
    /// stands behind it: both ways can be undone, so no two texts become one, and texts that begin or end alike do not
    /// show it.
    pub(super) fn other(&self, text: &[u8]) -> Vec<u8> {
        let mut text = text.to_vec();
        let mut before = self.forwards.clone();
        for at in 0..text.len() {
            let behind = text.get(at + 1).copied();
            text[at] = moved(text[at], behind, &before);
            before.update([text[at]]);
        }
        let mut behind = self.backwards.clone();
        for at in (0..text.len()).rev() {
            let next = text.get(at + 1).copied();
            text[at] = moved(text[at], next, &behind);
            behind.update([text[at]]);
        }
        text
    }
}

/// A byte of the same class, by a hash of all that it depends on.
fn moved(byte: u8, behind: Option<u8>, others: &Sha256) -> u8 {
    let Some((first, last)) = CLASSES
        .iter()
        .find(|(first, last)| (first..=last).contains(&&byte))
    else {
        return byte;
    };
    // A byte in the midst of a character decides which others may follow it.
    if byte >= 0x80 && behind.is_some_and(|behind| (0x80..0xc0).contains(&behind)) {
        return byte;
    }
    let hash = others.clone().finalize();
    let step = u16::from_be_bytes([hash[0], hash[1]]);
    let count = u16::from(last - first) + 1;
    let place = (u16::from(byte - first) + step % count) % count;
    first + u8::try_from(place).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn class(byte: u8) -> Option<usize> {
        CLASSES
            .iter()
            .position(|(first, last)| (first..=last).contains(&&byte))
    }

    /// All texts of two letters and a digit: 6,760 others, each of that shape.
    #[test]
    fn no_two_texts_become_one() {
        let shapes = Shapes::new(&[7; 32]);
        let mut others = BTreeSet::new();
        for number in 0..6_760_u16 {
            let letter = |place: u16| b'a' + u8::try_from(place % 26).unwrap();
            let digit = b'0' + u8::try_from(number % 10).unwrap();
            let other = shapes.other(&[letter(number / 10), digit, letter(number / 260)]);
            assert!(other[0].is_ascii_lowercase() && other[1].is_ascii_digit());
            others.insert(other);
        }
        assert_eq!(others.len(), 6_760);
    }

    #[test]
    fn another_key_another_text_and_no_prefix_shows() {
        let (one, two) = (Shapes::new(&[1; 32]), Shapes::new(&[2; 32]));
        assert_ne!(one.other(b"alice.smith"), two.other(b"alice.smith"));
        assert_eq!(one.other(b"alice.smith"), one.other(b"alice.smith"));
        let (smith, jones) = (one.other(b"alice.smith"), one.other(b"alice.jones"));
        assert_ne!(smith[..5], jones[..5]);
    }

    proptest! {
        /// forall texts: the other has the same length and shape, and is UTF-8 where the text is.
        #[test]
        fn the_shape_stays(text in "[a-zA-Z0-9äöüß€ДЖ.@_-]{0,30}") {
            let other = Shapes::new(&[3; 32]).other(text.as_bytes());
            prop_assert_eq!(other.len(), text.len());
            for (old, new) in text.bytes().zip(&other) {
                prop_assert_eq!(class(old), class(*new));
            }
            prop_assert!(String::from_utf8(other).is_ok());
        }
    }
}
