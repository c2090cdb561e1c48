//! How long rows took.

use std::collections::BTreeMap;
use std::time::Duration;

/// How long rows took from the arrival of the line that completed them until they were printed. Buckets of a
/// sixteenth, so that memory does not grow.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    buckets: BTreeMap<u32, u64>,
    count: u64,
}

impl Latencies {
    /// Adds one.
    pub fn add(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros())
            .unwrap_or(u64::MAX)
            .max(16);
        let power = micros.ilog2();
        let part = (micros >> (power - 4)) & 15;
        *self
            .buckets
            .entry(power * 16 + u32::try_from(part).unwrap_or(0))
            .or_default() += 1;
        self.count += 1;
    }

    /// The latency that this share of rows does not exceed, to a sixteenth.
    #[must_use]
    pub fn at(&self, share: f64) -> Option<Duration> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a share of rows; nobody counts 2^53 of them"
        )]
        let wanted = self.count as f64 * share;
        let mut passed = 0;
        self.buckets.iter().find_map(|(bucket, count)| {
            passed += count;
            #[expect(clippy::cast_precision_loss, reason = "as above")]
            let is_there = passed as f64 >= wanted;
            is_there.then(|| {
                let micros =
                    f64::from(bucket % 16 + 17) * 2_f64.powi((bucket / 16).cast_signed() - 4);
                Duration::from_secs_f64(micros / 1e6)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_what_was_added() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.at(0.5), None);
        for millis in 1..=1000 {
            latencies.add(Duration::from_millis(millis));
        }
        for (share, millis) in [(0.5, 500), (0.99, 990), (1.0, 1000)] {
            let found = latencies.at(share).unwrap();
            let least = Duration::from_millis(millis);
            assert!(
                found >= least && found <= least * 17 / 16,
                "{share}: {found:?}"
            );
        }
    }
}
