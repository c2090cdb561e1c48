//! How likely a window sees an evenly paced scan, in closed form.
//!
//! A scan touches P distinct ports once each, one every d = 1/r, and begins at a random moment: where it stands between
//! the edges of windows is uniform. Windows have width w and begin every s (tumbling: s = w); a row needs k ports.
//!
//! Some window holds k ports if and only if it holds k neighbouring ones, say those from port i on (counted from 0). The
//! first of them is at t + i d, where t is the start of the scan, and the last (k-1) d later. The window that began last
//! before the first of them holds both if and only if the first stands within e = w - (k-1) d of that window's start. So
//! the scan is detected if and only if for some i from 0 to P - k
//!
//! ```text
//! (t + i d) mod s < e
//! ```
//!
//! For each i the phases t that fulfil this are an arc of length e on a circle of circumference s, and each arc stands d
//! behind the one before. With t uniform, P(detect) is the length of the union of these M = P - k + 1 arcs, over s:
//!
//! - P < k: there is no arc, 0. So it is for e <= 0, that is r w <= k - 1: k ports never fit.
//! - e >= s: one arc is the circle, 1.
//! - d <= e, that is r w >= k: neighbouring arcs overlap, and their union is (M-1) d + e, or the circle:
//!   min(1, (w - (2k-1-P) d) / s). For tumbling windows that is 1 - max(0, 2k-1-P) / (r w), so from P >= 2k-1 always.
//! - d > e, that is k-1 < r w < k: arcs stand apart, but may meet others a turn or more later; their union is added up.
//!
//! A sliding window needs no luck: it sees the scan if and only if P >= k and (k-1) d <= w. So what a tumbling window
//! loses against it is exactly its blind spot, max(0, 2k-1-P) / (r w).
//!
//! None of this bounds a scan whose gaps vary: one with exponential gaps has bursts, and 300 ports at 2.9 a minute are
//! nearly always seen, while the even one never is.

/// An evenly paced scan and what looks for it. Times in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PacedScan {
    /// P: distinct ports, once each.
    pub ports: u32,
    /// r: ports a minute.
    pub per_minute: f64,
    /// k: distinct ports that make a row.
    pub threshold: u32,
    /// w: the width of a window, in seconds.
    pub width: f64,
}

impl PacedScan {
    /// From one port to the next, in seconds.
    fn gap(&self) -> f64 {
        60.0 / self.per_minute
    }

    /// e: how far behind the start of a window the first of k ports may stand so that the window holds all of them.
    fn room(&self) -> f64 {
        self.width - f64::from(self.threshold.saturating_sub(1)) * self.gap()
    }

    /// The probability that windows which begin every `step` seconds see the scan: 0 to 1. `step` is at most the width;
    /// tumbling windows have the width itself.
    #[must_use]
    pub fn fixed(&self, step: f64) -> f64 {
        let Some(arcs) = (self.ports + 1)
            .checked_sub(self.threshold)
            .filter(|arcs| *arcs > 0)
        else {
            return 0.0;
        };
        let (gap, room) = (self.gap(), self.room());
        // Against rounding: 29 gaps of a 2.9th of a minute are ten minutes.
        if room <= 1e-9 * self.width {
            0.0
        } else if room >= step {
            1.0
        } else if gap <= room {
            ((f64::from(arcs - 1) * gap + room) / step).min(1.0)
        } else {
            union(arcs, gap, room, step) / step
        }
    }

    /// Whether a sliding window sees the scan, whenever it begins.
    #[must_use]
    pub fn sliding(&self) -> bool {
        self.ports >= self.threshold && self.room() >= -1e-9 * self.width
    }
}

/// The length of the union of arcs of length `room`, each `gap` behind the one before, on a circle of circumference
/// `step`.
fn union(arcs: u32, gap: f64, room: f64, step: f64) -> f64 {
    // Which way round they follow each other makes no difference to the length.
    let mut starts: Vec<f64> = (0..arcs)
        .map(|arc| (f64::from(arc) * gap).rem_euclid(step))
        .collect();
    starts.sort_by(f64::total_cmp);
    let behind = starts.iter().skip(1).copied();
    let around = starts.first().map(|first| first + step);
    starts
        .iter()
        .zip(behind.chain(around))
        .map(|(start, next)| (next - start).min(room))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_pcg::Pcg64;
    use std::collections::BTreeMap;

    fn paced(ports: u32, per_minute: f64) -> PacedScan {
        PacedScan {
            ports,
            per_minute,
            threshold: 30,
            width: 600.0,
        }
    }

    /// The three cases of the method page for tumbling bins, written as they stand there, in minutes.
    #[expect(
        clippy::many_single_char_names,
        reason = "the letters of the formula that is copied"
    )]
    fn as_published(scan: &PacedScan) -> f64 {
        let (p, k) = (i64::from(scan.ports), i64::from(scan.threshold));
        let (r, w) = (scan.per_minute, scan.width / 60.0);
        let float = |n: i64| f64::from(i32::try_from(n).unwrap());
        if p < k || r * w <= float(k - 1) + 1e-9 {
            return 0.0;
        }
        if r * w >= float(k) {
            return (1.0 - float((2 * k - 1 - p).max(0)) / (r * w)).max(0.0);
        }
        let (d, e) = (1.0 / r, w - float(k - 1) / r);
        let more: f64 = (1..k)
            .filter(|n0| p - n0 - k >= 0)
            .map(|n0| d.min(float((p - n0 - k) / (k - 1) + 1) * e))
            .sum();
        (e + more) / w
    }

    /// The figures of the method page, worked out there by other means.
    #[test]
    fn published_figures() {
        for (ports, per_minute, expected) in [
            (30, 3.0, 0.033),
            (30, 6.0, 0.517),
            (40, 3.0, 0.367),
            (59, 3.0, 1.0),
            (59, 30.0, 1.0),
            (1000, 2.9, 0.0),
            (29, 60.0, 0.0),
        ] {
            let found = paced(ports, per_minute).fixed(600.0);
            assert!(
                (found - expected).abs() < 5e-4,
                "{ports} {per_minute}: {found}"
            );
        }
        assert!(
            paced(30, 2.9).sliding() && !paced(30, 2.89).sliding() && !paced(29, 60.0).sliding()
        );
    }

    #[test]
    fn tumbling_is_as_published() {
        for threshold in [2, 5, 30] {
            for ports in 1..140 {
                for tenths in 1..200_u32 {
                    let scan = PacedScan {
                        threshold,
                        ..paced(ports, f64::from(tenths) / 10.0)
                    };
                    let (found, expected) = (scan.fixed(600.0), as_published(&scan));
                    assert!(
                        (found - expected).abs() < 1e-9,
                        "{scan:?}: {found} {expected}"
                    );
                }
            }
        }
    }

    /// Lines one by one into windows, at random phases: nothing of the closed form in it.
    fn simulated(scan: &PacedScan, step: f64, random: &mut Pcg64) -> f64 {
        const TRIALS: u32 = 2_000;

        let mut seen = 0;
        for _ in 0..TRIALS {
            let phase = f64::from(random.next_u32()) / 4_294_967_296.0 * step;
            let mut windows: BTreeMap<i64, u32> = BTreeMap::new();
            for port in 0..scan.ports {
                let time = phase + f64::from(port) * 60.0 / scan.per_minute;
                #[expect(clippy::cast_possible_truncation, reason = "a few hundred windows")]
                let last = (time / step).floor() as i64;
                let mut start = last;
                #[expect(clippy::cast_precision_loss, reason = "a few hundred windows")]
                while (start as f64) * step + scan.width > time {
                    *windows.entry(start).or_default() += 1;
                    start -= 1;
                }
            }
            seen += u32::from(windows.values().any(|ports| *ports >= scan.threshold));
        }
        f64::from(seen) / f64::from(TRIALS)
    }

    /// Binomial error of 2,000 trials: 0.045 is four standard deviations at the worst.
    #[test]
    fn fixed_windows_are_as_simulated() {
        let mut random = Pcg64::seed_from_u64(1);
        for ports in [30, 35, 45, 59, 100] {
            for per_minute in [2.85, 2.95, 3.0, 4.0, 10.0] {
                for step in [600.0, 300.0, 200.0, 420.0] {
                    let scan = paced(ports, per_minute);
                    let (found, expected) = (scan.fixed(step), simulated(&scan, step, &mut random));
                    assert!(
                        (found - expected).abs() < 0.045,
                        "{scan:?} {step}: {found} {expected}"
                    );
                }
            }
        }
    }

    /// Arcs worked out by hand: two of length 2 on a circle of 10, 3 apart; then three of length 4, 3 apart, which
    /// cover all.
    #[test]
    fn unions() {
        assert!((union(2, 3.0, 2.0, 10.0) - 4.0).abs() < 1e-12);
        assert!((union(4, 3.0, 4.0, 10.0) - 10.0).abs() < 1e-12);
        // A turn later the arc comes back to where the first one was.
        assert!((union(11, 1.0, 0.5, 10.0) - 5.0).abs() < 1e-12);
    }

    /// A hundred-millionth of a second is rounding, in 29 gaps of ten minutes: a tumbling window that has so much room has
    /// none, and a sliding one that lacks so much does not.
    #[test]
    fn rounding_decides_nothing() {
        let with_room = |seconds: f64| paced(30, 29.0 * 60.0 / (600.0 - seconds));
        assert!(with_room(1e-8).fixed(600.0).abs() < f64::EPSILON);
        assert!(with_room(1e-5).fixed(600.0) > 0.0);
        assert!(with_room(-1e-8).sliding() && !with_room(-1e-5).sliding());
    }
}
