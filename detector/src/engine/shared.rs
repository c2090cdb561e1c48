//! What threads share: which piece is next, and the pieces of each log put in order.

use super::ahead::Errand;
use super::ledger::{Ledger, Look, Text};
use super::piece::Piece;
use super::table::Value;
use super::walk::bin;
use super::{Job, plan::Log};
use crate::scan::{Bad, Notice, Stopped};
use scanbench_w3c::{Header, ReadError};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A stretch of a log to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Task {
    /// The log, by its place in the list.
    pub(super) log: usize,
    /// The piece of the log, from 0.
    pub(super) piece: usize,
}

/// A piece as it came out of the first look.
pub(super) struct Entered<V> {
    pub(super) piece: Piece<V>,
    /// Whether a `#Date` stands in it.
    pub(super) is_dated: bool,
    pub(super) text: Text,
    /// Whether the log ends with it.
    pub(super) is_last: bool,
    /// Whether what was taken together with it ends with it.
    pub(super) ends_lot: bool,
    /// Why nothing more could be read, with the byte up to which it could, and bytes of an unfinished line.
    pub(super) broken: Option<(io::Error, u64, usize)>,
}

/// What a thread is to do once it has entered a piece.
pub(super) enum Then {
    /// Look at these again.
    Look(Vec<Look>),
    /// The piece was read under the wrong directives; these are the right ones.
    Again(Task, Header),
}

/// What was said of a log, so that it is not said again when reading begins again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    /// The last bad line, or bad row, that was told.
    pub(super) bad: u64,
    pub(super) unsorted: bool,
    pub(super) broken: bool,
    /// Of a table, what its columns are like.
    pub(super) columns: bool,
}

struct LogState {
    next_piece: usize,
    header: Header,
    lines: u64,
    last: i64,
    is_done: bool,
}

struct State<'a, V> {
    ledger: Ledger<V>,
    logs: Vec<LogState>,
    /// Pieces that wait for those before them. Of all logs together: a map for each would keep room for eleven pieces, and
    /// there may be many thousand logs.
    waiting: BTreeMap<Task, Entered<V>>,
    told: Vec<Told>,
    /// The next task to be taken.
    next: Task,
    /// How often something was taken that is not all entered.
    open: usize,
    /// Threads that wait for an errand and have not been given one.
    idle: usize,
    /// One for each thread that was counted as idle and no longer is.
    errands: Vec<Errand>,
    failed: u64,
    stopped: Option<Stopped>,
    deferred: Vec<Look>,
    send: Box<dyn FnMut(Notice<'a>) + Send + 'a>,
}

/// Shared by all threads of one scan.
pub(super) struct Shared<'a, V> {
    job: &'a Job<'a>,
    state: Mutex<State<'a, V>>,
    changed: Condvar,
    /// The state has a reason to stop: told without waiting for whoever holds it.
    is_stopped: AtomicBool,
}

/// What is left when all is done.
pub(super) struct Left<V> {
    pub(super) ledger: Ledger<V>,
    pub(super) told: Vec<Told>,
    pub(super) failed: u64,
    pub(super) stopped: Option<Stopped>,
    /// What is to be looked at in streams, when they are read again.
    pub(super) deferred: Vec<Look>,
}

impl<'a, V: Value> Shared<'a, V> {
    pub(super) fn new(
        job: &'a Job<'a>,
        ledger: Ledger<V>,
        told: Vec<Told>,
        send: Box<dyn FnMut(Notice<'a>) + Send + 'a>,
    ) -> Self {
        let logs = job
            .logs
            .iter()
            .map(|_| LogState {
                next_piece: 0,
                header: Header::default(),
                lines: 0,
                last: i64::MIN,
                is_done: false,
            })
            .collect();
        Self {
            job,
            state: Mutex::new(State {
                ledger,
                logs,
                waiting: BTreeMap::new(),
                told,
                next: Task { log: 0, piece: 0 },
                open: 0,
                idle: 0,
                errands: Vec::new(),
                failed: 0,
                stopped: None,
                deferred: Vec::new(),
                send,
            }),
            changed: Condvar::new(),
            is_stopped: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<'a, V>> {
        // A thread that panicked has ended the scan anyway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be looked at next, one piece or many small logs, and entered together; `None` where nothing is left
    /// or the scan was stopped. Waits where pieces that were taken are far behind, so that what comes before them does
    /// not pile up.
    pub(super) fn take(&self) -> Option<Vec<Task>> {
        let most_open = 2 * self.job.options.threads.get() + 1;
        let mut state = self.lock();
        loop {
            if state.next.log == self.job.logs.len() || state.stopped.is_some() {
                return None;
            }
            if state.open < most_open {
                state.open += 1;
                return Some(state.take(self.job));
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Something to read for another thread, for one that found no piece left; `None` once all is done or stopped.
    pub(super) fn wait_for_errand(&self) -> Option<Errand> {
        let mut state = self.lock();
        state.idle += 1;
        loop {
            // First of all: whoever gave it away waits for what is read.
            if let Some(errand) = state.errands.pop() {
                return Some(errand);
            }
            if state.open == 0 || state.stopped.is_some() {
                state.idle -= 1;
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Gives an errand to a thread that waits for one, where there is one.
    pub(super) fn give(&self, errand: &mut dyn FnMut() -> Errand) {
        let mut state = self.lock();
        if state.idle > 0 {
            state.idle -= 1;
            state.errands.push(errand());
            self.changed.notify_all();
        }
    }

    /// Whether the scan was stopped, for whoever would read on.
    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// Whether to go on.
    pub(super) fn goes_on(&self) -> bool {
        if self.job.options.cancelled.load(Ordering::Relaxed) {
            self.stop(Stopped::Cancelled);
        }
        !self.is_stopped()
    }

    pub(super) fn stop(&self, why: Stopped) {
        self.lock().stopped.get_or_insert(why);
        self.is_stopped.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    /// Takes pieces, one of each log, and whatever waited for them.
    pub(super) fn enter(&self, pieces: Vec<(Task, Entered<V>)>) -> Then {
        let mut state = self.lock();
        let mut then = Vec::new();
        for (task, entered) in pieces {
            state.waiting.insert(task, entered);
            while let Some(outcome) = state.enter_next(self.job, task.log) {
                match outcome {
                    Ok(looks) => then.extend(looks),
                    Err(again) => {
                        self.changed.notify_all();
                        // What was entered before it is to be looked at all the same; it comes with the next piece.
                        state.ledger.postpone(then);
                        return again;
                    }
                }
            }
        }
        if self.job.held.is_limited() {
            self.job.held.set_counted(state.ledger.held());
            if let Err(stopped) = self.job.held.check() {
                state.stopped.get_or_insert(stopped);
            }
        }
        if state.stopped.is_some() {
            self.is_stopped.store(true, Ordering::Relaxed);
        }
        let (later, now) = then
            .into_iter()
            .partition(|look: &Look| matches!(look.text, Text::Again));
        state.deferred.extend::<Vec<Look>>(later);
        self.changed.notify_all();
        Then::Look(now)
    }

    pub(super) fn left(self) -> Left<V> {
        let state = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        Left {
            ledger: state.ledger,
            told: state.told,
            failed: state.failed,
            stopped: state.stopped,
            deferred: state.deferred,
        }
    }
}

impl<'a, V: Value> State<'a, V> {
    /// The next piece, or the next logs together where they are so small that threads would mostly wait for each
    /// other.
    fn take(&mut self, job: &Job<'_>) -> Vec<Task> {
        /// A piece is worth so many lots of small logs.
        const LOTS: u64 = 32;
        const MOST_LOGS: usize = 128;

        let enough = job.options.piece_bytes as u64 / LOTS;
        let (mut lot, mut bytes) = (Vec::new(), 0);
        while let Some(log) = job.logs.get(self.next.log) {
            let size = log.small.unwrap_or(u64::MAX);
            if !lot.is_empty() && (size > enough - bytes || lot.len() == MOST_LOGS) {
                break;
            }
            lot.push(self.next);
            self.next.piece += 1;
            if self.next.piece >= log.pieces.len() {
                self.next = Task {
                    log: self.next.log + 1,
                    piece: 0,
                };
            }
            if size >= enough {
                break;
            }
            bytes += size;
        }
        lot
    }

    /// The first log of which nothing was taken yet.
    fn begun(&self) -> usize {
        self.next.log + usize::from(self.next.piece > 0)
    }

    /// Enters the next piece of a log, where it is there.
    fn enter_next(&mut self, job: &'a Job<'a>, number: usize) -> Option<Result<Vec<Look>, Then>> {
        let log = &mut self.logs[number];
        let task = Task {
            log: number,
            piece: log.next_piece,
        };
        let entered = self.waiting.remove(&task)?;
        let (before, needs_day) = (&entered.piece.header_before, entered.piece.needs_day);
        let is_known = *before == log.header;
        if !before.reads_like(&log.header) || (needs_day && !is_known) {
            return Some(Err(Then::Again(task, log.header.clone())));
        }
        log.next_piece += 1;
        self.open -= usize::from(entered.ends_lot);
        let after = entered.piece.header_after.clone();
        // Read without the day that was said before it, which may be wanted behind it.
        log.header = if is_known || entered.is_dated {
            after
        } else {
            after.with_day_of(&log.header)
        };
        let lines_before = log.lines;
        log.lines += entered.piece.counts.lines();
        self.tell(&job.logs[number], number, &entered, lines_before, job);

        let log = &mut self.logs[number];
        if let Some((_, last)) = entered.piece.times {
            log.last = log.last.max(last.millis());
        }
        let lateness = crate::window::millis(job.options.lateness);
        let floor = match log.last {
            i64::MIN => i64::MIN,
            last => bin(
                scanbench_w3c::Timestamp::from_millis(last.saturating_sub(lateness)),
                job.rule.window.reach(),
            ),
        };
        let is_last = entered.is_last || entered.broken.is_some();
        self.ledger
            .enter(number, entered.piece, &entered.text, floor);
        if is_last && !log.is_done {
            log.is_done = true;
            self.ledger.done(number);
        }
        let begun = self.begun();
        Some(Ok(self.ledger.settle(begun)))
    }

    fn tell(
        &mut self,
        log: &'a Log,
        number: usize,
        entered: &Entered<V>,
        lines_before: u64,
        job: &'a Job<'a>,
    ) {
        // Pieces that were under way when it was stopped are no more of interest.
        if self.stopped.is_some() {
            return;
        }
        let told = &mut self.told[number];
        for (count, bad) in (self.ledger.counts.bad + 1..).zip(&entered.piece.bad) {
            let mut bad = bad.clone();
            bad.line += lines_before;
            if bad.line > told.bad {
                told.bad = bad.line;
                (self.send)(Notice::Bad(&log.file, Bad::Line(bad)));
            }
            if let Some(allowed) = job.options.max_bad_lines.filter(|max| count > *max) {
                self.stopped
                    .get_or_insert(Stopped::BadLines { count, allowed });
                return;
            }
        }
        let more = entered.piece.counts.bad - entered.piece.bad.len() as u64;
        let end = lines_before + entered.piece.counts.lines();
        if more > 0 && end > told.bad {
            told.bad = end;
            (self.send)(Notice::MoreBad(&log.file, more));
        }
        if let Some(allowed) = job.options.max_bad_lines
            && self.ledger.counts.bad + entered.piece.counts.bad > allowed
        {
            self.stopped.get_or_insert(Stopped::BadLines {
                count: allowed + 1,
                allowed,
            });
            return;
        }
        let before = self.logs[number].last;
        let is_unsorted = entered.piece.is_unsorted
            || entered
                .piece
                .times
                .is_some_and(|(first, _)| first.millis() < before);
        if is_unsorted && !told.unsorted {
            told.unsorted = true;
            (self.send)(Notice::Unsorted(&log.file));
        }
        if let Some((error, offset, pending)) = &entered.broken {
            self.failed += 1;
            if !told.broken {
                told.broken = true;
                let error = ReadError {
                    offset: *offset,
                    line: self.logs[number].lines + 1,
                    pending: *pending,
                    source: io::Error::new(error.kind(), error.to_string()),
                };
                (self.send)(Notice::Broken(&log.file, error));
            }
        }
    }
}
