//! Texts of a world, kept once and encoded once: requests name them by number, and a line is put together from
//! pieces that are ready to be copied.

use crate::dice::scrambled;
use scanbench_w3c::encode_value;
use std::collections::BTreeMap;
use std::io::Write as _;

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

/// The texts of a world, each as IIS writes it.
#[derive(Debug)]
pub(crate) struct Texts {
    bytes: Vec<u8>,
    /// Where each piece ends; it begins where the one before it ends.
    ends: Vec<u32>,
    known: BTreeMap<String, Piece>,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            ends: vec![0],
            known: BTreeMap::new(),
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
        encode_value(&mut self.bytes, text.as_bytes());
        let piece = Piece(u32::try_from(self.ends.len()).unwrap_or(0));
        self.ends
            .push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        self.known.insert(text.to_owned(), piece);
        piece
    }

    /// The pieces of several texts.
    pub(crate) fn add_all<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) -> Vec<Piece> {
        texts.into_iter().map(|text| self.add(text)).collect()
    }

    /// The piece with this text; the empty one where there is none.
    pub(crate) fn find(&self, text: &str) -> Piece {
        self.known.get(text).copied().unwrap_or_default()
    }

    /// As it stands in a line.
    pub(crate) fn get(&self, piece: Piece) -> &[u8] {
        let at = piece.0 as usize;
        let first = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[first as usize..self.ends[at] as usize]
    }
}

/// A value of a request: pieces, and what differs from request to request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Text {
    /// None: `-` in a line.
    #[default]
    None,
    Piece(Piece),
    /// One behind the other: origin and path of a referer.
    Pair(Piece, Piece),
    /// A piece and a number: `since=1793606400`.
    Number(Piece, u32),
    /// What a visitor looks for: `id=17&q=a%2031`.
    Search(u16, u16),
    /// A piece and 19 characters that follow from the number: paths that exist nowhere.
    Random(Piece, u32),
}

impl Text {
    /// A piece, or none where it is empty.
    pub(crate) fn of(piece: Piece) -> Self {
        if piece.is_empty() {
            Self::None
        } else {
            Self::Piece(piece)
        }
    }

    /// Appends it as it stands in a line.
    pub(crate) fn write(self, out: &mut Vec<u8>, texts: &Texts) {
        match self {
            Self::None => out.push(b'-'),
            Self::Piece(piece) => out.extend_from_slice(texts.get(piece)),
            Self::Pair(first, second) => {
                out.extend_from_slice(texts.get(first));
                out.extend_from_slice(texts.get(second));
            }
            Self::Number(piece, number) => {
                out.extend_from_slice(texts.get(piece));
                // Writing to a Vec cannot fail.
                let _ = write!(out, "{number}");
            }
            Self::Search(id, words) => {
                let _ = write!(out, "id={id}&q=a%20{words}");
            }
            Self::Random(piece, number) => {
                out.extend_from_slice(texts.get(piece));
                letters(out, u64::from(number), 19);
            }
        }
    }

    /// Its length in bytes, 0 for none.
    pub(crate) fn len(self, texts: &Texts) -> usize {
        match self {
            Self::None => 0,
            Self::Piece(piece) => texts.get(piece).len(),
            Self::Pair(first, second) => texts.get(first).len() + texts.get(second).len(),
            Self::Number(piece, number) => texts.get(piece).len() + digits(number),
            Self::Search(id, words) => 10 + digits(id.into()) + digits(words.into()),
            Self::Random(piece, _) => texts.get(piece).len() + 19,
        }
    }
}

/// Appends so many characters of 32 that follow from a number.
pub(crate) fn letters(out: &mut Vec<u8>, number: u64, count: usize) {
    let mut bits = 0;
    for at in 0..count {
        if at % 12 == 0 {
            bits = scrambled(number.wrapping_add(at as u64));
        }
        out.push(b"abcdefghijklmnopqrstuvwxyz012345"[usize::try_from(bits & 31).unwrap_or(0)]);
        bits >>= 5;
    }
}

/// How many decimal digits a number has.
fn digits(number: u32) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_long_as_said_and_encoded() {
        let mut texts = Texts::default();
        let (path, origin) = (texts.add("/nice ports"), texts.add("http://a"));
        assert_eq!(texts.add("/nice ports"), path);
        assert_eq!(texts.get(Piece::EMPTY), b"");
        for (text, expected) in [
            (Text::None, Some("-")),
            (Text::of(Piece::EMPTY), Some("-")),
            (Text::of(path), Some("/nice+ports")),
            (Text::Pair(origin, path), Some("http://a/nice+ports")),
            (Text::Number(origin, 1050), Some("http://a1050")),
            (Text::Search(7, 31), Some("id=7&q=a%2031")),
            (Text::Random(path, 3), None),
        ] {
            let mut out = Vec::new();
            text.write(&mut out, &texts);
            assert_eq!(out.len(), text.len(&texts).max(1), "{text:?}");
            if let Some(expected) = expected {
                assert_eq!(String::from_utf8(out).unwrap(), expected);
            }
        }
    }
}
