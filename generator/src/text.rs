//! Texts of a world, kept once and encoded once: requests name them by number, and a line is put together from
//! pieces that are ready to be copied.

use crate::dice::scrambled;
use scanbench_w3c::encode_value;
use std::collections::BTreeMap;

/// A text of the world's, by number. The first is the empty one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Piece(u32);

impl Piece {
    /// No text.
    pub(crate) const EMPTY: Self = Self(0);

    pub(crate) fn is_empty(self) -> bool {
        self == Self::EMPTY
    }
}

/// Bytes that are copied of every text, however short it is, and those that are copied behind them of every longer one:
/// copies of a fixed length need no call. An agent has a hundred bytes or more.
pub(crate) const CHUNK: usize = 32;
pub(crate) const LONG_CHUNK: usize = 128;
/// Bytes behind every text that may be copied with it.
pub(crate) const SLACK: usize = CHUNK + LONG_CHUNK;

/// The texts of a world, each as IIS writes it.
#[derive(Debug)]
pub(crate) struct Texts {
    /// All texts, each with a blank behind it, and [`SLACK`] bytes.
    bytes: Vec<u8>,
    /// Where each piece begins, and how long it is.
    places: Vec<(u32, u32)>,
    known: BTreeMap<String, Piece>,
    longest: usize,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            bytes: vec![b' '; 1 + SLACK],
            places: vec![(0, 0)],
            known: BTreeMap::new(),
            longest: 0,
        }
    }
}

impl Texts {
    /// The piece with this text, which is added where it is new.
    pub(crate) fn add(&mut self, text: &str) -> Piece {
        if text.is_empty() {
            return Piece::EMPTY;
        }
        if let Some(piece) = self.known.get(text) {
            return *piece;
        }
        let before = self.bytes.len() - SLACK;
        self.bytes.truncate(before);
        encode_value(&mut self.bytes, text.as_bytes());
        let end = self.bytes.len();
        let length = end - before;
        self.longest = self.longest.max(length);
        self.bytes.resize(end + 1 + SLACK, b' ');
        let piece = Piece(u32::try_from(self.places.len()).unwrap_or(0));
        let short = |number| u32::try_from(number).unwrap_or(u32::MAX);
        self.places.push((short(before), short(length)));
        self.known.insert(text.to_owned(), piece);
        piece
    }

    /// The pieces of several texts.
    pub(crate) fn add_all<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) -> Vec<Piece> {
        texts.into_iter().map(|text| self.add(text)).collect()
    }

    /// The length of the longest piece.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// The length of a piece as it stands in a line.
    #[inline]
    pub(crate) fn length(&self, piece: Piece) -> usize {
        self.places[piece.0 as usize].1 as usize
    }

    /// A piece as it stands in a line, with a blank and at least [`SLACK`] bytes behind it, and its length.
    #[inline]
    pub(crate) fn with_slack(&self, piece: Piece) -> (&[u8], u32) {
        let (first, length) = self.places[piece.0 as usize];
        (&self.bytes[first as usize..], length)
    }
}

/// A decoded path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stem {
    pub(crate) piece: Piece,
    /// Not 0: 19 characters that follow from this stand behind it. Paths that exist nowhere.
    pub(crate) random: u32,
}

/// How many characters of a random path there are.
pub(crate) const RANDOM_PATH: usize = 19;

impl From<Piece> for Stem {
    fn from(piece: Piece) -> Self {
        Self { piece, random: 0 }
    }
}

impl Stem {
    /// Its length in bytes.
    pub(crate) fn length(self, texts: &Texts) -> usize {
        let random = if self.random == 0 { 0 } else { RANDOM_PATH };
        texts.length(self.piece) + random
    }
}

/// A query, percent-encoded, without `?`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Query {
    /// None: `-` in a line.
    #[default]
    None,
    /// What is new since a second: `since=1793606400`.
    Since(u32),
    /// What a visitor looks for: `id=17&q=a%2031`.
    Search {
        /// The section.
        id: u16,
        /// The words.
        words: u16,
    },
}

impl Query {
    /// Its length in bytes, 0 for none.
    pub(crate) fn length(self) -> usize {
        match self {
            Self::None => 0,
            Self::Since(second) => 6 + digits(second),
            Self::Search { id, words } => 10 + digits(id.into()) + digits(words.into()),
        }
    }
}

/// The page that a request comes from: origin and path, both empty for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Referer {
    pub(crate) origin: Piece,
    pub(crate) path: Piece,
}

impl Referer {
    /// Its length in bytes, 0 for none.
    pub(crate) fn length(self, texts: &Texts) -> usize {
        texts.length(self.origin) + texts.length(self.path)
    }
}

/// So many characters of 32 that follow from a number.
pub(crate) fn letters<const N: usize>(number: u64) -> [u8; N] {
    let (mut letters, mut bits) = ([0; N], 0);
    for (at, letter) in letters.iter_mut().enumerate() {
        if at % 12 == 0 {
            bits = scrambled(number.wrapping_add(at as u64));
        }
        *letter = b"abcdefghijklmnopqrstuvwxyz012345"[usize::try_from(bits & 31).unwrap_or(0)];
        bits >>= 5;
    }
    letters
}

/// How many decimal digits a number has.
fn digits(number: u32) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_known_encoded_and_measured() {
        let mut texts = Texts::default();
        let (path, origin) = (texts.add("/nice ports"), texts.add("http://a"));
        assert_eq!(texts.add("/nice ports"), path);
        for (piece, expected) in [
            (Piece::EMPTY, ""),
            (path, "/nice+ports"),
            (origin, "http://a"),
        ] {
            let (bytes, length) = texts.with_slack(piece);
            let length = length as usize;
            assert_eq!(&bytes[..length], expected.as_bytes());
            assert_eq!(bytes[length], b' ');
            assert!(bytes.len() > length + SLACK);
        }
        assert_eq!(texts.longest(), 11);
        assert_eq!(Query::Since(1050).length(), "since=1050".len());
        let search = Query::Search { id: 7, words: 31 };
        assert_eq!(search.length(), "id=7&q=a%2031".len());
        let random = Stem {
            piece: path,
            random: 3,
        };
        assert_eq!(random.length(&texts), 11 + RANDOM_PATH);
        assert_ne!(letters::<19>(3), letters::<19>(4));
    }
}
