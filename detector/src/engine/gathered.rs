//! What threads have taken of all logs, put together, and forgotten again as far as time has passed.

use super::Job;
use super::shared::Told;
use crate::collector::Collector;
use crate::detection::Counters;
use crate::scan::Stopped;
use crate::window::millis;
use scanbench_w3c::{Counts, Timestamp};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was taken of one log since the last time.
pub(super) struct Taken {
    pub(super) collector: Collector,
    pub(super) counters: Counters,
    pub(super) counts: Counts,
    pub(super) is_unsorted: bool,
    /// The latest moment of the log so far, and the earliest since the last time.
    latest: Timestamp,
    earliest: Timestamp,
    /// Bytes since then that are worth giving; `None` where nothing is forgotten before the end.
    worth: Option<u64>,
    pub(super) bytes: u64,
    /// Bytes held that were said to be.
    weighed: usize,
}

impl Taken {
    pub(super) fn new(job: &Job<'_>) -> Self {
        Self {
            collector: Collector::new(job.rule.clone()),
            counters: Counters::new(job.exclusions),
            counts: Counts::default(),
            is_unsorted: false,
            latest: Timestamp::from_millis(i64::MIN),
            earliest: Timestamp::from_millis(i64::MAX),
            worth: closes(job).then_some(job.options.piece_bytes as u64),
            bytes: 0,
            weighed: 0,
        }
    }

    /// Says how much more is held than before.
    pub(super) fn weigh(&mut self, job: &Job<'_>) {
        let held = self.collector.held();
        job.held.add_counted(held.saturating_sub(self.weighed));
        self.weighed = held;
    }

    pub(super) fn note(&mut self, time: Timestamp) {
        self.is_unsorted |= time < self.latest;
        self.latest = self.latest.max(time);
        self.earliest = self.earliest.min(time);
    }

    /// Whether there is so much that something may be forgotten behind it.
    pub(super) fn is_worth_giving(&self) -> bool {
        self.worth.is_some_and(|worth| self.bytes >= worth)
    }
}

/// Whether lines are in order of time, so that some can be forgotten before the end.
fn closes(job: &Job<'_>) -> bool {
    !job.options.unsorted && !job.logs.iter().any(|log| log.source.is_table())
}

struct State {
    next: usize,
    /// The moment up to which each log was read; the latest of all where it is done.
    passed: Vec<i64>,
    told: Vec<Told>,
    collector: Collector,
    counters: Counters,
    counts: Counts,
    bad: u64,
    failed: u64,
    stopped: Option<Stopped>,
    /// What is earlier was forgotten.
    closed: i64,
    is_late: bool,
    /// Lines that were left when last something was forgotten, and those that came since.
    left_over: u64,
    fresh: u64,
}

/// Of all logs, for all threads.
pub(super) struct Gathered<'a> {
    job: &'a Job<'a>,
    state: Mutex<State>,
}

/// What remains at the end.
pub(super) struct Left {
    pub(super) collector: Collector,
    pub(super) counters: Counters,
    pub(super) counts: Counts,
    pub(super) told: Vec<Told>,
    pub(super) failed: u64,
    pub(super) stopped: Option<Stopped>,
    pub(super) is_late: bool,
}

impl<'a> Gathered<'a> {
    pub(super) fn new(job: &'a Job<'a>, told: Vec<Told>) -> Self {
        let reach = millis(job.rule.window.reach()).max(1);
        let begin = |log: &super::plan::Log| log.floor.saturating_mul(reach);
        Self {
            state: Mutex::new(State {
                next: 0,
                passed: job.logs.iter().map(begin).collect(),
                told,
                collector: Collector::new(job.rule.clone()),
                counters: Counters::new(job.exclusions),
                counts: Counts::default(),
                bad: 0,
                failed: 0,
                stopped: None,
                closed: i64::MIN,
                is_late: false,
                left_over: 0,
                fresh: 0,
            }),
            job,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A thread that panicked has ended the scan anyway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next log to be read.
    pub(super) fn next(&self) -> Option<usize> {
        let mut state = self.lock();
        if state.stopped.is_some() || state.next == self.job.logs.len() {
            return None;
        }
        state.next += 1;
        Some(state.next - 1)
    }

    /// Whether to go on.
    pub(super) fn goes_on(&self) -> bool {
        if self.job.options.cancelled.load(Ordering::Relaxed) {
            self.stop(Stopped::Cancelled);
        }
        if let Err(stopped) = self.job.held.check() {
            self.stop(stopped);
        }
        self.lock().stopped.is_none()
    }

    pub(super) fn stop(&self, why: Stopped) {
        self.lock().stopped.get_or_insert(why);
    }

    /// Counts a log, or the rest of one, that cannot be read.
    pub(super) fn fail(&self) {
        self.lock().failed += 1;
    }

    /// Counts a bad line; gives why to stop, where there are too many.
    pub(super) fn count_bad(&self) -> Option<Stopped> {
        let allowed = self.job.options.max_bad_lines?;
        let mut state = self.lock();
        state.bad += 1;
        let count = state.bad;
        (count > allowed).then_some(Stopped::BadLines { count, allowed })
    }

    pub(super) fn told(&self, log: usize) -> Told {
        self.lock().told[log]
    }

    pub(super) fn done(&self, log: usize, told: Told) {
        let mut state = self.lock();
        state.told[log] = told;
        state.passed[log] = i64::MAX;
        state.close(self.job, true);
    }

    /// Takes what a thread has taken of a log.
    pub(super) fn give(&self, log: usize, taken: &mut Taken) {
        let fresh = Taken {
            latest: taken.latest,
            is_unsorted: taken.is_unsorted,
            ..Taken::new(self.job)
        };
        let given = std::mem::replace(taken, fresh);
        let mut state = self.lock();
        state.is_late |= given.earliest.millis() < state.closed;
        state.fresh += given.counters.lines;
        state.collector.absorb(given.collector);
        state.counters.add(&given.counters);
        state.counts.add(&given.counts);
        state.passed[log] = state.passed[log].max(given.latest.millis());
        state.close(self.job, false);
    }

    pub(super) fn left(self) -> Left {
        let state = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        Left {
            collector: state.collector,
            counters: state.counters,
            counts: state.counts,
            told: state.told,
            failed: state.failed,
            stopped: state.stopped,
            is_late: state.is_late,
        }
    }
}

impl State {
    /// Forgets what all logs have passed, where that is much: all that is kept is looked at.
    fn close(&mut self, job: &Job<'_>, ends_log: bool) {
        let enough = if ends_log {
            self.left_over / 2
        } else {
            self.left_over
        };
        if !closes(job) || self.fresh <= enough {
            return;
        }
        let passed = self.passed.iter().copied().min().unwrap_or(i64::MAX);
        let closed = passed.saturating_sub(millis(job.options.lateness));
        if closed == i64::MAX || closed <= self.closed {
            return;
        }
        self.closed = closed;
        self.collector.close_before(Timestamp::from_millis(closed));
        (self.left_over, self.fresh) = (self.collector.kept() as u64, 0);
    }
}
