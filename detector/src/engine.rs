//! Logs into rows, fast and in little memory.
//!
//! Lines are looked at twice. The first look takes only what decides whether a row can be: bin, client, computer,
//! server address and the value that counts (`walk`, `lens`), into small tables (`table`, `piece`). Once a bin is
//! final (`ledger`), whoever reached the threshold in it is known, and the bin's lines are looked at again, with
//! care, for just those few (`look`, `marks`): the collector then has all that rows need. Logs are cut into pieces that
//! threads share; pieces of a log are taken in order (`shared`). Packed logs are read from front to back, and a thread
//! without work unpacks for one that looks (`ahead`).
//!
//! Of sessions, bins that follow each other are taken together (`chains`). Rows of tables come in any order, and packed
//! logs cannot be read again where a session began; their lines go to the collector one by one (`everything`).

mod ahead;
mod chains;
mod everything;
mod feed;
mod gathered;
mod ledger;
mod lens;
mod look;
mod marks;
mod piece;
mod plan;
mod shared;
mod table;
mod walk;
mod work;

use crate::collector::Collector;
use crate::detection::{Counters, Detection};
use crate::scan::{Notice, ScanOptions, Stopped, Totals};
use crate::{Asks, Count, Exclusions, LogFile, Rule, Window};
use lens::Seed;
use plan::{Log, plan};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// What is the same for all work of one scan.
struct Job<'a> {
    rule: &'a Rule,
    exclusions: &'a Exclusions,
    /// The fields that they look at in the first look.
    asks: Asks,
    options: &'a ScanOptions<'a>,
    logs: &'a [Log],
    seed: Seed,
    /// Bytes of files read so far.
    bytes: AtomicU64,
    clock: work::StageClock,
}

/// Reads logs and finds rows.
///
/// # Errors
/// [`Stopped`], by the limit of bad lines or from elsewhere. Files that cannot be read are no error here: they are
/// told as notices and counted, and the rest goes on.
pub fn scan(
    files: &[LogFile],
    rule: &Rule,
    exclusions: &Exclusions,
    options: &ScanOptions<'_>,
    notice: &mut dyn FnMut(Notice<'_>),
) -> Result<(Detection, Totals), Stopped> {
    let mut totals = Totals::default();
    let logs = plan(files, rule, options, &mut totals, &mut |file, about| {
        notice(about.with(file));
    });
    // Of a session that goes on all text must be at hand, and of what is packed that would be memory.
    let is_session = matches!(rule.window, Window::Session { .. });
    let one_by_one = logs
        .iter()
        .any(|log| log.source.is_table() || (is_session && !log.is_cut()));
    let mut options = *options;
    let mut told = Vec::new();
    loop {
        totals.readings += 1;
        let job = Job {
            rule,
            exclusions,
            asks: if options.counts_matches {
                exclusions.asks()
            } else {
                Asks::default()
            },
            options: &options,
            logs: &logs,
            seed: Seed::default(),
            bytes: AtomicU64::new(0),
            clock: work::StageClock::default(),
        };
        let outcome = if one_by_one {
            everything::run(&job, &mut told, notice)?
        } else if rule.count == Count::Port {
            work::run::<u16>(&job, &mut told, notice)?
        } else {
            work::run::<u64>(&job, &mut told, notice)?
        };
        if outcome.is_late {
            if logs.iter().all(|log| log.source.can_be_read_again()) {
                // Nothing is lost by beginning again, this time for lines in any order.
                options.unsorted = true;
                continue;
            }
            notice(Notice::Late);
            totals.failed += 1;
        }
        totals.failed += outcome.failed;
        totals.counts.add(&outcome.counts);
        totals.stats = outcome.stats;
        let exclusions = Arc::new(exclusions.clone());
        let detection = Detection::new(exclusions, outcome.collector, outcome.counters);
        return Ok((detection, totals));
    }
}

/// What a scan comes to.
struct Outcome {
    collector: Collector,
    counters: Counters,
    counts: scanbench_w3c::Counts,
    stats: Option<crate::scan::Stats>,
    failed: u64,
    /// Lines came for bins that were final.
    is_late: bool,
}
