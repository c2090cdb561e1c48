//! Windows that stand where the lines are: sliding ones and sessions.

use foldhash::fast::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// A stretch of lines that makes a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// The first line in it.
    pub(crate) first: usize,
    /// The last line in it.
    pub(crate) last: usize,
    /// The most distinct values in any window of it; at most what was counted up to.
    pub(crate) peak: u64,
}

/// The stretches in which some closed window of `width` has `threshold` distinct values. Lines are (time, value)
/// in order of time; lines without a value count for nothing, but belong to a stretch that they stand in.
/// Windows that overlap or touch make one stretch.
///
/// Distinct values are counted as they come in on the right and go out on the left, so the cost does not grow with
/// their number.
pub(crate) fn sliding<V: Copy + Eq + Hash>(
    lines: &[(i64, Option<V>)],
    width: i64,
    threshold: u64,
) -> Vec<Stretch> {
    let mut inside: HashMap<V, u32, RandomState> = HashMap::default();
    let mut stretches: Vec<Stretch> = Vec::new();
    let (mut left, mut right) = (0, 0);
    while right < lines.len() {
        let time = lines[right].0;
        // All lines of one moment come in together, for the window holds them all.
        while let Some((_, value)) = lines.get(right).filter(|line| line.0 == time) {
            if let Some(value) = value {
                *inside.entry(*value).or_default() += 1;
            }
            right += 1;
        }
        while lines[left].0 < time - width {
            if let Some(value) = &lines[left].1
                && let Some(count) = inside.get_mut(value)
            {
                *count -= 1;
                if *count == 0 {
                    inside.remove(value);
                }
            }
            left += 1;
        }
        let distinct = inside.len() as u64;
        if distinct < threshold {
            continue;
        }
        match stretches.last_mut() {
            Some(stretch) if lines[stretch.last].0 >= time - width => {
                stretch.last = right - 1;
                stretch.peak = stretch.peak.max(distinct);
            }
            _ => stretches.push(Stretch {
                first: left,
                last: right - 1,
                peak: distinct,
            }),
        }
    }
    stretches
}

/// The sessions with `threshold` distinct values: runs of lines with no gap longer than `gap`.
pub(crate) fn sessions<V: Copy + Eq + Hash>(
    lines: &[(i64, Option<V>)],
    gap: i64,
    threshold: u64,
) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    let mut first = 0;
    for last in 0..lines.len() {
        let ends = lines
            .get(last + 1)
            .is_none_or(|next| next.0 - lines[last].0 > gap);
        if !ends {
            continue;
        }
        let values: HashSet<V, RandomState> = lines[first..=last]
            .iter()
            .filter_map(|line| line.1)
            .collect();
        if values.len() as u64 >= threshold {
            stretches.push(Stretch {
                first,
                last,
                peak: values.len() as u64,
            });
        }
        first = last + 1;
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn distinct(lines: &[(i64, Option<u8>)]) -> u64 {
        let values: BTreeSet<u8> = lines.iter().filter_map(|line| line.1).collect();
        values.len() as u64
    }

    /// For each line the window that ends there, looked at as a whole; windows that touch are joined.
    fn sliding_slowly(lines: &[(i64, Option<u8>)], width: i64, threshold: u64) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = Vec::new();
        for (time, _) in lines {
            let first = lines
                .iter()
                .position(|line| line.0 >= time - width)
                .unwrap();
            let last = lines.iter().rposition(|line| line.0 <= *time).unwrap();
            let peak = distinct(&lines[first..=last]);
            if peak < threshold {
                continue;
            }
            match stretches.last_mut() {
                Some(before) if lines[before.last].0 >= time - width => {
                    before.last = last;
                    before.peak = before.peak.max(peak);
                }
                _ => stretches.push(Stretch { first, last, peak }),
            }
        }
        stretches
    }

    fn lines() -> impl Strategy<Value = Vec<(i64, Option<u8>)>> {
        prop::collection::vec((0_i64..60, prop::option::weighted(0.9, 0_u8..8)), 0..60).prop_map(
            |mut lines| {
                lines.sort_by_key(|line| line.0);
                lines
            },
        )
    }

    proptest! {
        /// forall lines, widths and thresholds: the stretches of the slow way.
        #[test]
        fn sliding_is_the_slow_way(lines in lines(), width in 0_i64..30, threshold in 1_u64..8) {
            prop_assert_eq!(sliding(&lines, width, threshold), sliding_slowly(&lines, width, threshold));
        }

        /// forall lines, gaps and thresholds: sessions are what is left when cut at every longer gap.
        #[test]
        fn sessions_are_cut_at_gaps(lines in lines(), gap in 0_i64..10, threshold in 1_u64..8) {
            let mut cut: Vec<Vec<(i64, Option<u8>)>> = Vec::new();
            for line in &lines {
                match cut.last_mut() {
                    Some(session) if line.0 - session[session.len() - 1].0 <= gap => session.push(*line),
                    _ => cut.push(vec![*line]),
                }
            }
            let expected: Vec<(usize, u64)> = cut
                .iter()
                .map(|session| (session.len(), distinct(session)))
                .filter(|(_, distinct)| *distinct >= threshold)
                .collect();
            let found: Vec<(usize, u64)> = sessions(&lines, gap, threshold)
                .iter()
                .map(|stretch| (stretch.last + 1 - stretch.first, stretch.peak))
                .collect();
            prop_assert_eq!(found, expected);
        }
    }

    /// Thirty ports, one every 20 seconds, take 580 seconds: a tumbling bin that is cut anywhere in them misses
    /// them, a sliding window of 580 seconds just holds them, and one of 579 does not.
    #[test]
    fn a_scan_over_a_bin_edge() {
        let lines: Vec<(i64, Option<u8>)> = (0..30).map(|n| (i64::from(n) * 20, Some(n))).collect();
        let whole = Stretch {
            first: 0,
            last: 29,
            peak: 30,
        };
        assert_eq!(sliding(&lines, 580, 30), [whole]);
        assert_eq!(sliding(&lines, 579, 30), []);
        assert_eq!(sessions(&lines, 20, 30), [whole]);
        assert_eq!(sessions(&lines, 19, 30), []);
    }
}
