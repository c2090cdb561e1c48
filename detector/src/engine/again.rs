//! The second look at streams whose text was not kept: each is unpacked once more, from front to back, for all that is
//! wanted of it. Where little of a log is wanted late, that takes time; keeping its text would take memory.

use super::Job;
use super::feed::{Buffer, read};
use super::ledger::{Look, together};
use super::look::look_in;
use super::table::Value;
use crate::collector::Collector;
use crate::exclusion::Memo;
use crate::scan::Stopped;
use scanbench_w3c::visible;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Looks again at all of these, with as many threads as were asked for.
pub(super) fn look_again<V: Value>(
    job: &Job<'_>,
    looks: Vec<Look>,
) -> Result<Vec<Collector>, Stopped> {
    let mut by_log: BTreeMap<usize, Vec<Look>> = BTreeMap::new();
    for look in looks {
        by_log.entry(look.log).or_default().push(look);
    }
    let threads = job.options.threads.get().min(by_log.len());
    let (left, is_over) = (Mutex::new(by_log), AtomicBool::new(false));
    let work = || -> Result<Collector, Stopped> {
        let mut buffer = Buffer::new(job.options.block_bytes);
        let mut collector = Collector::new(job.rule.clone());
        let next = || {
            left.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop_first()
        };
        while let Some((_, looks)) = next().filter(|_| !is_over.load(Ordering::Relaxed)) {
            let outcome = job
                .clock
                .looking_again(|| log::<V>(job, looks, &mut buffer, &mut collector));
            if let Err(stopped) = outcome {
                is_over.store(true, Ordering::Relaxed);
                return Err(stopped);
            }
        }
        Ok(collector)
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let ended = workers.into_iter().map(|worker| match worker.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        ended.collect()
    })
}

/// Looks again at one log.
fn log<V: Value>(
    job: &Job<'_>,
    looks: Vec<Look>,
    buffer: &mut Buffer,
    collector: &mut Collector,
) -> Result<(), Stopped> {
    // Stretches of a log are the same or apart; the same ones were asked for as bins became final.
    let mut looks = together(looks);
    looks.sort_by_key(|look| look.range.start);
    let Some(first) = looks.first() else {
        return Ok(());
    };
    let log = &job.logs[first.log];
    let changed = |error: io::Error| Stopped::Changed {
        log: log.file.to_string(),
        why: visible(error.to_string().as_bytes()),
    };
    let (mut input, _) = log.source.open().map_err(changed)?;
    let (mut memo, mut at) = (Memo::default(), 0);
    let mut room = vec![0; 64 << 10];
    for look in &looks {
        if job.options.cancelled.load(Ordering::Relaxed) {
            return Err(Stopped::Cancelled);
        }
        skip(&mut input, look.range.start.saturating_sub(at), &mut room).map_err(changed)?;
        let before = collector.held();
        let mut lines = input.by_ref().take(look.range.end - look.range.start);
        look_in::<V>(job, look, &mut lines, buffer, &mut memo, collector).map_err(changed)?;
        job.held.change_rows(before, collector.held());
        job.held.check()?;
        at = look.range.end;
    }
    Ok(())
}

/// Reads over so many bytes.
fn skip(input: &mut impl Read, mut bytes: u64, room: &mut [u8]) -> io::Result<()> {
    while bytes > 0 {
        let most = usize::try_from(bytes).unwrap_or(usize::MAX).min(room.len());
        match read(input, &mut room[..most])? {
            0 => return Err(io::Error::other("it is shorter than it was")),
            count => bytes -= count as u64,
        }
    }
    Ok(())
}
