//! How much a scan may hold, and parts of all groups for where that is too little.
//!
//! A limit is kept without leaving anybody out: where what is counted grows over its share, reading begins again for
//! a quarter of all groups at a time, told apart by their hashes. Groups do not know of each other, so the rows of all
//! parts together are those of one reading. It costs time, and no row.

use super::lens::Who;
use crate::scan::{ScanOptions, Stopped};
use std::sync::atomic::{AtomicU64, Ordering};

/// Groups whose hash leaves this remainder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    number: u64,
    of: u64,
}

impl Part {
    pub(super) const WHOLE: Self = Self { number: 0, of: 1 };
    /// Each split is in so many.
    const SPLIT: u64 = 4;
    /// Where so many parts are not enough, it is one group that is too large.
    const MOST: u64 = 1 << 12;

    pub(super) fn is_whole(self) -> bool {
        self.of == 1
    }

    /// Whether a group is in it. By the upper half of the hashes: tables place their clients by the lower one.
    #[inline]
    pub(super) fn holds(self, who: Who) -> bool {
        let both = who.client ^ who.server.rotate_left(32);
        (both >> 32) % self.of == self.number
    }

    /// The parts of this part; `None` where there would be too many.
    pub(super) fn split(self) -> Option<impl Iterator<Item = Self>> {
        let of = self.of * Self::SPLIT;
        let number = move |part| self.number + part * self.of;
        (of <= Self::MOST).then(|| {
            (0..Self::SPLIT).map(move |part| Self {
                number: number(part),
                of,
            })
        })
    }
}

/// What is held now, as far as it grows with what clients send; estimated from capacities, not asked of the allocator.
pub(super) struct Held {
    limit: Option<u64>,
    /// By who is counted and may make a row.
    counted: AtomicU64,
    /// By rows, and by the lines that rows of moving windows are made of.
    rows: AtomicU64,
}

/// One part of the limit in so many for what is counted: a table that grows is there three times over for a moment.
const COUNTED_SHARE: u64 = 8;
/// ... and in so many for rows.
const ROWS_SHARE: u64 = 4;
/// ... and in so many for pieces of logs that are being looked over, whose tables may take eight times as much as
/// their text where each line has a server of its own.
const PIECES_SHARE: u64 = 4 * 8;

impl Held {
    /// `rows` is what rows of other parts take.
    pub(super) fn new(limit: Option<u64>, rows: usize) -> Self {
        Self {
            limit,
            counted: AtomicU64::new(0),
            rows: AtomicU64::new(rows as u64),
        }
    }

    pub(super) fn is_limited(&self) -> bool {
        self.limit.is_some()
    }

    pub(super) fn set_counted(&self, bytes: usize) {
        self.counted.store(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn add_counted(&self, bytes: usize) {
        self.counted.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Of rows that took so many bytes before and take so many now: fewer, where a full set gave a long value for a
    /// short one.
    pub(super) fn change_rows(&self, before: usize, now: usize) {
        let (more, fewer) = (now.saturating_sub(before), before.saturating_sub(now));
        self.rows.fetch_add(more as u64, Ordering::Relaxed);
        self.rows.fetch_sub(fewer as u64, Ordering::Relaxed);
    }

    /// Why to stop, where too much is held.
    pub(super) fn check(&self) -> Result<(), Stopped> {
        let Some(limit) = self.limit else {
            return Ok(());
        };
        let by_rows = self.rows.load(Ordering::Relaxed) > limit / ROWS_SHARE;
        if by_rows || self.counted.load(Ordering::Relaxed) > limit / COUNTED_SHARE {
            return Err(Stopped::Memory { limit, by_rows });
        }
        Ok(())
    }
}

/// The same options, with pieces so small that those under way fit into their share of the limit.
pub(super) fn fitted<'o>(options: &ScanOptions<'o>) -> ScanOptions<'o> {
    const LEAST: u64 = 64 << 10;

    let mut fitted = *options;
    if let Some(limit) = options.max_memory {
        // As many as are taken and not entered; see `Shared::take`.
        let pieces = 2 * options.threads.get() as u64 + 1;
        let most = (limit / PIECES_SHARE / pieces).max(LEAST);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        fitted.piece_bytes = fitted.piece_bytes.min(most);
        fitted.block_bytes = fitted.block_bytes.min(most);
    }
    fitted
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn each_group_is_in_one_part() {
        let mut parts: Vec<Part> = Part::WHOLE.split().into_iter().flatten().collect();
        let again = parts.remove(2);
        parts.extend(again.split().into_iter().flatten());
        assert_eq!(parts.len(), 7);
        let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
        for number in 0..8_000_u64 {
            let who = Who {
                server: 7,
                client: number.wrapping_mul(0x9E37_79B9_7F4A_7C15),
            };
            let holding: Vec<usize> = (0..parts.len())
                .filter(|at| parts[*at].holds(who))
                .collect();
            assert_eq!(holding.len(), 1, "{who:?}");
            *sizes.entry(holding[0]).or_default() += 1;
        }
        // Three quarters in quarters, and one in sixteenths.
        assert!(
            sizes.values().all(|size| (400..2_300).contains(size)),
            "{sizes:?}"
        );
    }

    #[test]
    fn splitting_ends() {
        let mut part = Part::WHOLE;
        let mut splits = 0;
        while let Some(first) = part.split().and_then(|mut parts| parts.next()) {
            (part, splits) = (first, splits + 1);
        }
        assert_eq!(splits, 6);
    }
}
