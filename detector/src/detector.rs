//! The detector for those who have records and not files.

use crate::collector::Collector;
use crate::detection::{Counters, Detection};
use crate::exclusion::Memo;
use crate::{Exclusions, Rule};
use scanbench_w3c::{Record, Timestamp};
use std::sync::Arc;

/// Takes records one by one, in any order, and counts them. Everything is kept until it is known to make no row:
/// say with [`Detector::close_before`] that time has passed, or all is kept to the end.
///
/// [`scan()`](crate::scan()) does the same for files, many times faster and in less memory.
#[derive(Clone, Debug)]
pub struct Detector {
    exclusions: Arc<Exclusions>,
    memo: Memo,
    collector: Collector,
    counters: Counters,
}

impl Detector {
    /// A detector that has seen nothing.
    #[must_use]
    pub fn new(rule: Rule, exclusions: Exclusions) -> Self {
        Self {
            counters: Counters::new(&exclusions),
            exclusions: Arc::new(exclusions),
            memo: Memo::default(),
            collector: Collector::new(rule),
        }
    }

    /// Counts one record. `computer` stands for the `Computer` column: the host whose log this is.
    pub fn push(&mut self, record: &impl Record, computer: impl AsRef<[u8]>) {
        let computer = computer.as_ref();
        let client = self.collector.rule.client.of(record).into_owned();
        let (collector, counters) = (&mut self.collector, &mut self.counters);
        count(
            collector,
            counters,
            (&self.exclusions, &mut self.memo),
            record,
            &client,
            computer,
            true,
        );
    }

    /// Says that no record from before `time` will come any more, so that what cannot make a row is forgotten.
    pub fn close_before(&mut self, time: Timestamp) {
        self.collector.close_before(time);
    }

    /// Bytes that are held for what was counted so far, estimated from what it is. Whoever pushes what others wrote can
    /// keep within a limit by it: with [`Detector::close_before`], or by pushing all again into several detectors, each
    /// given a part of the clients.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.collector.held()
    }

    /// Ends counting.
    #[must_use]
    pub fn finish(self) -> Detection {
        Detection::new(self.exclusions, self.collector, self.counters)
    }
}

/// Counts a line with what matches it, and collects it where that is wanted.
pub(crate) fn count(
    collector: &mut Collector,
    counters: &mut Counters,
    (exclusions, memo): (&Exclusions, &mut Memo),
    record: &impl Record,
    client: &[u8],
    computer: &[u8],
    is_collected: bool,
) {
    counters.lines += 1;
    let signature = exclusions.signature(memo, record, client, computer);
    counters.count(signature, exclusions, record.time());
    if is_collected {
        collector.add(record, client, computer, signature);
    }
}
