//! Logs into rows, fast and in little memory.
//!
//! Lines are looked at twice. The first look takes only what decides whether a row can be: bin, client, computer,
//! server address and the value that counts (`walk`, `lens`), into small tables (`table`, `piece`). Once a bin is
//! final (`ledger`), whoever reached the threshold in it is known, and the bin's lines are looked at again, with
//! care, for just those few (`look`, `marks`): the collector then has all that rows need. Logs are cut into pieces that
//! threads share; pieces of a log are taken in order (`shared`). Packed logs are read from front to back, and a thread
//! without work unpacks for one that looks (`ahead`).
//!
//! Of sessions, bins that follow each other are taken together (`chains`); packed logs are unpacked twice for them
//! (`again`), since a session may reach back as far as it likes. Rows of tables come in any order; they go to the
//! collector one by one (`everything`). Where memory is limited, groups are counted part by part (`budget`).

mod again;
mod ahead;
mod budget;
mod chains;
mod everything;
mod feed;
mod files;
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
use budget::{Held, Part, fitted};
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
    /// The groups that are counted.
    part: Part,
    held: Held,
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
    let mut options = fitted(options);
    let logs = plan(files, rule, &options, &mut totals, &mut |file, about| {
        notice(about.with(file));
    });
    // Of a session that goes on all text must be at hand, or there again.
    let is_session = matches!(rule.window, Window::Session { .. });
    let one_by_one = logs
        .iter()
        .any(|log| log.source.is_table() || (is_session && !log.source.can_be_read_again()));
    let all_again = logs.iter().all(|log| log.source.can_be_read_again());
    // Parts are told apart by it.
    let seed = Seed::default();
    let mut parts = vec![Part::WHOLE];
    let mut sum: Option<Outcome> = None;
    let mut told = Vec::new();
    while let Some(part) = parts.pop() {
        totals.readings += 1;
        let rows = sum.as_ref().map_or(0, |sum| sum.collector.held());
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
            seed: seed.clone(),
            part,
            held: Held::new(options.max_memory, rows),
            bytes: AtomicU64::new(0),
            clock: work::StageClock::default(),
        };
        let outcome = if one_by_one {
            everything::run(&job, &mut told, notice)
        } else if rule.count == Count::Port {
            work::run::<u16>(&job, &mut told, notice)
        } else {
            work::run::<u64>(&job, &mut told, notice)
        };
        let mut outcome = match (outcome, part.split()) {
            (Ok(outcome), _) => outcome,
            // The answer is the same for all parts together, and each is held in a fraction of the memory.
            (Err(Stopped::Memory { by_rows: false, .. }), Some(split)) if all_again => {
                parts.extend(split);
                continue;
            }
            (Err(stopped), _) => return Err(stopped),
        };
        if outcome.is_late && all_again && !options.unsorted {
            // Nothing is lost by beginning again, this time for lines in any order.
            options.unsorted = true;
            (parts, sum) = (vec![Part::WHOLE], None);
            continue;
        }
        totals.parts += 1;
        if !part.is_whole() {
            let rows = outcome.collector.rows_only();
            outcome.collector = rows;
        }
        match &mut sum {
            None => sum = Some(outcome),
            Some(sum) => sum.add(outcome),
        }
    }
    let outcome = sum.unwrap_or_else(|| Outcome::nothing(rule, exclusions));
    if outcome.is_late {
        notice(Notice::Late);
        totals.failed += 1;
    }
    totals.failed += outcome.failed;
    totals.counts.add(&outcome.counts);
    totals.stats = outcome.stats;
    let exclusions = Arc::new(exclusions.clone());
    let detection = Detection::new(exclusions, outcome.collector, outcome.counters);
    Ok((detection, totals))
}

impl Job<'_> {
    /// Whether a log that is no plain file is read a second time, and its text not kept: a session may reach back to
    /// where the log began, and where memory is limited all in a bin may be too much.
    fn reads_again(&self, log: &Log) -> bool {
        let is_session = matches!(self.rule.window, Window::Session { .. });
        (is_session || self.held.is_limited()) && log.source.can_be_read_again()
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

impl Outcome {
    fn nothing(rule: &Rule, exclusions: &Exclusions) -> Self {
        Self {
            collector: Collector::new(rule.clone()),
            counters: Counters::new(exclusions),
            counts: scanbench_w3c::Counts::default(),
            stats: None,
            failed: 0,
            is_late: false,
        }
    }

    /// Adds the rows of another part. Lines, and what was wrong with them, are the same in each.
    fn add(&mut self, other: Self) {
        self.collector.take_in(other.collector);
        if let (Some(mine), Some(theirs)) = (&mut self.stats, &other.stats) {
            mine.groups += theirs.groups;
            mine.near_misses += theirs.near_misses;
            mine.most = mine.most.max(theirs.most);
            mine.reading += theirs.reading;
            mine.first_look += theirs.first_look;
            mine.second_look += theirs.second_look;
        }
    }
}
