//! Who asks for the same at even distances: monitoring, health probes, a page that refreshes itself. A client counts as
//! such from its sixth request for one path at one distance on.

use std::collections::HashMap;

/// Requests at one distance that make a probe.
const LEAST: u32 = 6;
/// The shortest and the longest distance, in seconds.
const SHORTEST: i64 = 5;
const LONGEST: i64 = 3_600;
/// So many clients and paths are watched at a time; then those are forgotten that were not seen for an hour.
const MOST: usize = 65_536;

/// One client and path.
#[derive(Clone, Copy, Debug)]
struct Run {
    last: i64,
    /// The first distance of this run, and how many requests it has.
    distance: i64,
    requests: u32,
}

/// Watches for requests at even distances.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    runs: HashMap<u64, Run>,
}

impl Repeats {
    /// Takes a request at a second. How many requests of its run are known as probes only now, and their distance in
    /// seconds; (0, 0) where it is none.
    pub(super) fn request(&mut self, key: u64, second: i64) -> (u64, u64) {
        if self.runs.len() >= MOST && !self.runs.contains_key(&key) {
            self.runs
                .retain(|_, run| (0..=LONGEST).contains(&(second - run.last)));
            if self.runs.len() >= MOST {
                return (0, 0);
            }
        }
        let run = self.runs.entry(key).or_insert(Run {
            last: second,
            distance: 0,
            requests: 1,
        });
        let gap = second - run.last;
        run.last = second;
        if !(SHORTEST..=LONGEST).contains(&gap) {
            (run.distance, run.requests) = (0, 1);
            return (0, 0);
        }
        // A timer is off by a second or two, or by a twentieth of its period.
        if run.distance > 0 && (gap - run.distance).abs() <= (run.distance / 20).max(2) {
            run.requests += 1;
        } else {
            (run.distance, run.requests) = (gap, 2);
        }
        let known = match run.requests {
            LEAST => LEAST,
            more if more > LEAST => 1,
            _ => 0,
        };
        (
            known.into(),
            if known > 0 {
                run.distance.unsigned_abs()
            } else {
                0
            },
        )
    }

    /// A log of another folder begins.
    pub(super) fn clear(&mut self) {
        self.runs.clear();
    }
}

/// A distance as periods are told: the nearest of those that people set, or else its power of two.
pub(super) fn period(distance: u64) -> u64 {
    const USUAL: [u64; 14] = [
        5, 10, 15, 20, 30, 60, 90, 120, 180, 300, 600, 900, 1_800, 3_600,
    ];
    let near = USUAL
        .iter()
        .find(|usual| usual.abs_diff(distance) <= (*usual / 20).max(1));
    near.copied()
        .unwrap_or_else(|| 1 << distance.max(1).ilog2())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Requests every 300 s, one of them late by a second: all from the sixth on are probes. A pause ends the run.
    #[test]
    fn even_distances() {
        let mut repeats = Repeats::default();
        let mut known = |seconds: &[i64]| -> Vec<(u64, u64)> {
            seconds
                .iter()
                .map(|second| repeats.request(7, *second))
                .collect()
        };
        let mut expected = vec![(0, 0); 5];
        expected.extend([(6, 300), (1, 300)]);
        assert_eq!(known(&[0, 300, 600, 901, 1201, 1501, 1800]), expected);
        assert_eq!(known(&[9_000, 9_300]), [(0, 0), (0, 0)]);
        // Somebody who reads keeps no distance.
        assert_eq!(
            known(&[9_310, 9_390, 9_402, 9_500, 9_700, 9_730, 9_990]),
            [(0, 0); 7]
        );
    }

    #[test]
    fn periods() {
        for (distance, expected) in [
            (300, 300),
            (295, 300),
            (61, 60),
            (45, 32),
            (5, 5),
            (3_599, 3_600),
        ] {
            assert_eq!(period(distance), expected, "{distance}");
        }
    }
}
