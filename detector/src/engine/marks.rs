//! Who wrote each line of a stretch, in four bytes a line: so that the second look reads the few lines that may be
//! wanted, and not all that stand between them.

use super::lens::{Who, WhoSet};
use std::ops::Range;
use std::sync::Arc;

/// Lines of one piece that are marked, at the most: 4 MiB of marks.
pub(super) const MOST_MARKS: usize = 1 << 20;

/// Bits of a mark that tell a line's length.
const LENGTH_BITS: u32 = 16;

/// The upper half is of the hash of whom the line is of, the lower half its length in bytes with whatever stands
/// between it and the line before; a length of 0 says that it does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark(u32);

impl Mark {
    #[inline]
    pub(super) fn new(who: Who, length: u64) -> Self {
        let length = u16::try_from(length).unwrap_or(0);
        Self(u32::from(part(who)) << LENGTH_BITS | u32::from(length))
    }

    fn part(self) -> u16 {
        (self.0 >> LENGTH_BITS) as u16
    }

    fn length(self) -> u64 {
        u64::from(self.0 & 0xffff)
    }
}

/// Sixteen bits of the hashes. Others may have the same, so each line that is found by it is looked at whole.
#[inline]
fn part(who: Who) -> u16 {
    let both = who.client ^ who.server.rotate_left(32);
    (both >> 48) as u16
}

/// The marks of the lines of a range, out of those of a piece.
#[derive(Clone, Debug)]
pub(super) struct Marks {
    pub(super) all: Arc<Vec<Mark>>,
    pub(super) range: Range<usize>,
}

impl Marks {
    pub(super) fn len(&self) -> usize {
        self.range.len()
    }

    /// Stretches of bytes, of those from `start` to `end`, that hold all lines of `who`. `None` where that is not
    /// known, or is so much that all may as well be read.
    pub(super) fn find(
        &self,
        who: &[Arc<WhoSet>],
        start: u64,
        end: u64,
    ) -> Option<Vec<Range<u64>>> {
        /// One byte in so many.
        const MUCH: u64 = 4;

        let mut wanted = vec![0_u64; 1 << 10];
        for who in who.iter().flat_map(|set| set.iter()) {
            let part = part(*who);
            wanted[usize::from(part / 64)] |= 1 << (part % 64);
        }
        let mut found: Vec<Range<u64>> = Vec::new();
        let (mut at, mut bytes) = (start, 0);
        for mark in self.all.get(self.range.clone())? {
            let length = mark.length();
            if length == 0 {
                return None;
            }
            let part = mark.part();
            if wanted[usize::from(part / 64)] >> (part % 64) & 1 == 1 {
                bytes += length;
                match found.last_mut() {
                    Some(last) if last.end == at => last.end += length,
                    _ => found.push(at..at + length),
                }
            }
            at += length;
        }
        (at == end && bytes < (end - start) / MUCH).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(client: u64) -> Who {
        Who {
            server: 3,
            client: client << 48,
        }
    }

    fn marks(lines: &[(u64, u64)]) -> Marks {
        let all = lines
            .iter()
            .map(|(client, length)| Mark::new(who(*client), *length));
        Marks {
            all: Arc::new(all.collect()),
            range: 0..lines.len(),
        }
    }

    fn set(clients: &[u64]) -> [Arc<WhoSet>; 1] {
        [Arc::new(
            clients.iter().map(|client| who(*client)).collect(),
        )]
    }

    #[test]
    fn stretches_hold_the_lines_of_those_who_are_wanted() {
        let marks = marks(&[(1, 100), (2, 10), (2, 11), (1, 100), (3, 12), (1, 65_535)]);
        let end = 1000 + 100 + 21 + 100 + 12 + 65_535;
        let only = Some(std::iter::once(1100..1121).collect());
        assert_eq!(marks.find(&set(&[2]), 1000, end), only);
        assert_eq!(
            marks.find(&set(&[3, 2]), 1000, end),
            Some(vec![1100..1121, 1221..1233])
        );
        assert_eq!(marks.find(&set(&[9]), 1000, end), Some(vec![]));
        // Nearly all of it.
        assert_eq!(marks.find(&set(&[1]), 1000, end), None);
        // Not the bytes that the marks are of.
        assert_eq!(marks.find(&set(&[2]), 1000, end + 1), None);
    }

    #[test]
    fn lines_that_are_too_long_for_a_mark_are_not_guessed_at() {
        let marks = marks(&[(1, 100), (2, 65_536)]);
        assert_eq!(marks.find(&set(&[1]), 0, 65_636), None);
    }
}
