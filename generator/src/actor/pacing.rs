//! When a scan touches its ports: the moments alone, without servers, so that the rule's chance to see a scan can be
//! held against arithmetic.

use crate::dice::{Dice, float, millis};
use crate::spec::Gaps;

/// The rule's bin in milliseconds.
const BIN_MS: i64 = 600_000;

/// How a scan paces itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pacing {
    /// Mean milliseconds from port to port.
    pub(crate) gap: f64,
    /// Each moment is moved by up to this share of the gap, to either side.
    pub(crate) jitter: f64,
    pub(crate) gaps: Gaps,
    /// At most so many ports in each of the rule's bins.
    pub(crate) per_bin: Option<u32>,
}

impl Pacing {
    /// The moments of so many ports from `start` on.
    pub(crate) fn moments(&self, count: usize, start: i64, dice: &mut Dice) -> Vec<i64> {
        let mut moments = Vec::with_capacity(count);
        let (mut even, mut from) = (0.0, start);
        let mut in_bin = 0;
        for _ in 0..count {
            let mut now = from + millis(even);
            if let Some(most) = self.per_bin {
                let bin = |moment: i64| moment.div_euclid(BIN_MS);
                let last = moments.last().copied();
                if last.is_none_or(|last| bin(last) != bin(now)) {
                    in_bin = 0;
                } else if in_bin >= most {
                    // Into the next bin, at some moment of a gap.
                    from = (bin(now) + 1) * BIN_MS + millis(self.gap * dice.unit());
                    (even, in_bin) = (0.0, 0);
                    now = from;
                }
                in_bin += 1;
            }
            if self.jitter > 0.0 && self.per_bin.is_none() {
                now += millis(self.jitter * self.gap * (2.0 * dice.unit() - 1.0));
            }
            moments.push(now.max(start));
            even += match self.gaps {
                Gaps::Even => self.gap,
                Gaps::Exponential => dice.exponential(self.gap),
            };
        }
        moments
    }

    /// Milliseconds from the first of so many ports to the last, on average.
    pub(crate) fn length(&self, count: usize) -> i64 {
        millis(self.gap * float(i64::try_from(count.saturating_sub(1)).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pacing(per_minute: f64) -> Pacing {
        Pacing {
            gap: 60_000.0 / per_minute,
            jitter: 0.0,
            gaps: Gaps::Even,
            per_bin: None,
        }
    }

    /// The most ports in one bin.
    fn most(moments: &[i64]) -> usize {
        moments
            .chunk_by(|one, other| one.div_euclid(BIN_MS) == other.div_euclid(BIN_MS))
            .map(<[i64]>::len)
            .max()
            .unwrap_or(0)
    }

    /// The share of `seeds` phases at which a scan reaches `threshold` ports in a bin.
    fn detected(pacing: Pacing, ports: usize, seeds: u64) -> f64 {
        let hits = (0..seeds)
            .filter(|seed| {
                let mut dice = Dice::new(*seed, &["phase"], 0);
                let start = millis(dice.unit() * 600_000.0);
                let mut moments = pacing.moments(ports, start, &mut dice);
                moments.sort_unstable();
                most(&moments) >= 30
            })
            .count();
        f64::from(u32::try_from(hits).unwrap()) / f64::from(u32::try_from(seeds).unwrap())
    }

    /// The closed form for P ports, r a minute, bins of ten minutes, threshold 30, uniform phase: with r w >= k, the
    /// chance is 1 - max(0, 2k-1-P) / (r w); below, the sum over the ports n0 in the first bin.
    fn closed_form(ports: i64, rate: f64) -> f64 {
        let (width, threshold) = (10.0, 30_i64);
        let rw = rate * width;
        if ports < threshold || rw <= float(threshold - 1) {
            0.0
        } else if rw >= float(threshold) {
            1.0 - float((2 * threshold - 1 - ports).max(0)) / rw
        } else {
            let gap = 1.0 / rate;
            let spare = width - float(threshold - 1) * gap;
            let more: f64 = (1..threshold)
                .filter(|first| ports - first - threshold >= 0)
                .map(|first| {
                    let bins = (ports - first - threshold) / (threshold - 1) + 1;
                    gap.min(float(bins) * spare)
                })
                .sum();
            (spare + more) / width
        }
    }

    /// forall phases: evenly spaced scans are seen as often as the closed form says, within three standard errors over
    /// 2,000 seeds.
    #[test]
    fn even_scans_are_seen_as_often_as_arithmetic_says() {
        let seeds = 2_000;
        for (ports, rate) in [
            (30, 3.0),
            (30, 6.0),
            (40, 3.0),
            (40, 12.0),
            (45, 4.0),
            (59, 3.0),
            (70, 2.95),
            (120, 2.95),
            (300, 2.9),
            (29, 60.0),
        ] {
            let expected = closed_form(i64::from(ports), rate);
            let seen = detected(pacing(rate), usize::try_from(ports).unwrap(), seeds);
            let error = libm::sqrt(expected * (1.0 - expected) / 2_000.0);
            // At 0 and 1 the error is nothing: a millisecond of rounding may still move one phase in ten thousand.
            assert!(
                (seen - expected).abs() <= 3.0 * error + 0.001,
                "{ports} ports at {rate}: {seen} seen, {expected} expected"
            );
        }
    }

    /// forall phases: exponential gaps are seen as often as in a simulation that shares nothing with the generator but
    /// the number of seeds (a generator of its own, floats instead of milliseconds, a histogram instead of runs).
    #[test]
    fn exponential_scans_are_seen_as_often_as_a_simulation_says() {
        for (ports, rate) in [(60_u32, 2.9), (300, 2.9), (40, 4.0), (45, 6.0)] {
            let mut state = 0x0123_4567_89ab_cdef_u64;
            let mut uniform = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                f64::from(u32::try_from(state >> 32).unwrap()) / 4_294_967_296.0
            };
            let rounds = 20_000;
            let mut hits = 0_u32;
            for _ in 0..rounds {
                let mut now = uniform() * 10.0;
                let mut histogram = vec![0_u32; 400];
                for _ in 0..ports {
                    let mut bin = 0;
                    while f64::from(bin + 1) * 10.0 <= now {
                        bin += 1;
                    }
                    histogram[usize::try_from(bin).unwrap()] += 1;
                    now -= libm::log(1.0 - uniform()) / rate;
                }
                hits += u32::from(histogram.iter().any(|count| *count >= 30));
            }
            let expected = f64::from(hits) / f64::from(rounds);
            let paced = Pacing {
                gaps: Gaps::Exponential,
                ..pacing(rate)
            };
            let seen = detected(paced, ports as usize, 2_000);
            let error = libm::sqrt(expected * (1.0 - expected) * (1.0 / 2_000.0 + 1.0 / 20_000.0));
            assert!(
                (seen - expected).abs() <= 3.0 * error + 0.001,
                "{ports} ports at {rate}: {seen} seen, {expected} simulated"
            );
        }
    }

    /// Jitter of less than half a gap keeps the order, so a scan is seen about as often as without.
    #[test]
    fn adaptive_scans_keep_below() {
        let adaptive = Pacing {
            per_bin: Some(29),
            ..pacing(60.0)
        };
        let mut dice = Dice::new(1, &["adaptive"], 0);
        let moments = adaptive.moments(200, 123_456, &mut dice);
        assert_eq!(most(&moments), 29);
        assert!(moments.is_sorted());
        assert!(detected(adaptive, 300, 200) < 0.001);
    }
}
