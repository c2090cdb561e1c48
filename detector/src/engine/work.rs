//! What each thread does: take a piece, look over it, enter it, and look again at what became final.

use super::again::look_again;
use super::ahead::Stream;
use super::feed::{Buffer, read};
use super::ledger::{Ledger, Text};
use super::look::look;
use super::piece::Gather;
use super::plan::Source;
use super::shared::{Entered, Shared, Task, Then, Told};
use super::table::Value;
use super::walk::Walker;
use super::{Job, Outcome};
use crate::collector::Collector;
use crate::detection::Counters;
use crate::exclusion::Memo;
use crate::find::ComputerSource;
use crate::input::FileBytes;
use crate::scan::{Notice, Stats, Stopped};
use scanbench_w3c::{BlockReader, Header, visible};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Text of a stream that is kept together until all bins in it are final.
const KEPT_BYTES: usize = 4 << 20;

/// Time spent, over all threads.
#[derive(Debug, Default)]
pub(super) struct StageClock {
    reading: AtomicU64,
    /// Time in which a thread waited for what another one reads.
    waiting: AtomicU64,
    first: AtomicU64,
    second: AtomicU64,
}

impl StageClock {
    /// Times a read of the thread that looks over what is read.
    pub(super) fn reading<T>(&self, read: impl FnOnce() -> T) -> T {
        timed(&[&self.reading], read)
    }

    /// Times a read for another thread. It counts as a part of the first look too, as other reads do.
    pub(super) fn reading_ahead<T>(&self, read: impl FnOnce() -> T) -> T {
        timed(&[&self.reading, &self.first], read)
    }

    /// Times a second look.
    pub(super) fn looking_again<T>(&self, look: impl FnOnce() -> T) -> T {
        timed(&[&self.second], look)
    }

    /// Times a wait within the first look.
    pub(super) fn waiting<T>(&self, wait: impl FnOnce() -> T) -> T {
        timed(&[&self.waiting], wait)
    }
}

fn timed<T>(totals: &[&AtomicU64], act: impl FnOnce() -> T) -> T {
    let since = Instant::now();
    let outcome = act();
    for total in totals {
        note(total, since);
    }
    outcome
}

fn note(total: &AtomicU64, since: Instant) {
    let nanos = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
    total.fetch_add(nanos, Ordering::Relaxed);
}

/// Input whose reads are timed.
pub(super) struct Timed<'a, R> {
    input: R,
    clock: &'a StageClock,
}

impl<'a, R: Read> Timed<'a, R> {
    pub(super) fn new(input: R, clock: &'a StageClock) -> Self {
        Self { input, clock }
    }
}

impl<R: Read> Read for Timed<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let input = &mut self.input;
        self.clock.reading(|| input.read(out))
    }
}

/// Looks at all logs, with as many threads as were asked for.
pub(super) fn run<V: Value>(
    job: &Job<'_>,
    told: &mut Vec<Told>,
    notice: &mut dyn FnMut(Notice<'_>),
) -> Result<Outcome, Stopped> {
    let (sender, receiver) = mpsc::channel();
    let send = sender.clone();
    let threads = job.options.threads.get();
    let ledger = Ledger::new(
        job.rule.window,
        job.rule.threshold,
        job.options.unsorted,
        job.logs.iter().map(|log| log.floor),
        Counters::new(job.exclusions),
    );
    told.resize(job.logs.len(), Told::default());
    let shared = Shared::<V>::new(
        job,
        ledger,
        std::mem::take(told),
        // Where nobody listens any more there is nobody to tell.
        Box::new(move |notice| drop(send.send(Message::Notice(notice)))),
    );
    let collectors: Vec<Collector> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                let (shared, sender) = (&shared, sender.clone());
                scope.spawn(move || {
                    let _release = Release { shared, sender };
                    Worker::new(job, shared).work()
                })
            })
            .collect();
        listen(job, threads, &receiver, notice);
        workers
            .into_iter()
            .filter_map(|worker| match worker.join() {
                Ok(collector) => Some(collector),
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    let mut left = shared.left();
    *told = left.told;
    if let Some(stopped) = left.stopped {
        return Err(stopped);
    }
    let again = look_again::<V>(job, left.deferred)?;
    let mut collector = Collector::new(job.rule.clone());
    for other in collectors.into_iter().chain(again) {
        collector.absorb(other);
    }
    let ledger = &mut left.ledger;
    let spent = |total: &AtomicU64| Duration::from_nanos(total.load(Ordering::Relaxed));
    let (reading, first) = (spent(&job.clock.reading), spent(&job.clock.first));
    let waiting = spent(&job.clock.waiting);
    Ok(Outcome {
        collector,
        counters: std::mem::take(&mut ledger.counters),
        counts: ledger.counts,
        stats: Some(Stats {
            groups: ledger.tables.groups,
            bins: ledger.tables.bins,
            near_misses: ledger.tables.near_misses,
            most: ledger.tables.most,
            reading,
            first_look: first.saturating_sub(reading + waiting),
            second_look: spent(&job.clock.second),
        }),
        failed: left.failed,
        is_late: ledger.is_late,
    })
}

/// What a thread says to the one that listens.
enum Message<'a> {
    Notice(Notice<'a>),
    Done,
}

/// Says that a thread is done, however it ended; where it panicked, nobody is to wait for what it had taken.
struct Release<'s, 'a, V: Value> {
    shared: &'s Shared<'a, V>,
    sender: mpsc::Sender<Message<'a>>,
}

impl<V: Value> Drop for Release<'_, '_, V> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.shared.stop(Stopped::Cancelled);
        }
        // Where nobody listens any more there is nobody to tell.
        drop(self.sender.send(Message::Done));
    }
}

/// Tells what the threads have to say, and how far they are, until all of them are done.
fn listen<'a>(
    job: &Job<'a>,
    mut running: usize,
    receiver: &mpsc::Receiver<Message<'a>>,
    notice: &mut dyn FnMut(Notice<'_>),
) {
    while running > 0 {
        match receiver.recv_timeout(Duration::from_millis(100)) {
            Ok(Message::Notice(one)) => notice(one),
            Ok(Message::Done) => running -= 1,
            Err(RecvTimeoutError::Timeout) => {
                notice(Notice::Progress(job.bytes.load(Ordering::Relaxed)));
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

struct Worker<'a, 's, V> {
    job: &'a Job<'a>,
    shared: &'s Shared<'a, V>,
    buffer: Buffer,
    /// Lent to the walker over a piece.
    blocks: Option<BlockReader>,
    memo: Memo,
    collector: Collector,
    /// Texts of streams that were given away, to be used again.
    lent: Vec<Arc<Vec<u8>>>,
}

impl<'a, 's, V: Value> Worker<'a, 's, V> {
    fn new(job: &'a Job<'a>, shared: &'s Shared<'a, V>) -> Self {
        Self {
            job,
            shared,
            buffer: Buffer::new(job.options.block_bytes),
            blocks: None,
            memo: Memo::default(),
            collector: Collector::new(job.rule.clone()),
            lent: Vec::new(),
        }
    }

    /// Not inlined, so that benches can count the instructions of it alone.
    #[inline(never)]
    fn work(mut self) -> Collector {
        while let Some(lot) = self.shared.take() {
            let since = Instant::now();
            match lot.as_slice() {
                [only] if !self.job.logs[only.log].is_cut() => self.stream(only.log),
                _ => self.lot(&lot),
            }
            note(&self.job.clock.first, since);
        }
        while let Some(errand) = self.shared.wait_for_errand() {
            errand.run(&self.job.clock);
        }
        self.collector
    }

    fn walker(&self, log: usize, header: Header, offset: u64) -> Walker<'a> {
        let computer = ComputerSource::new(self.job.options.computer, &self.job.logs[log].file);
        Walker::new(self.job.context(computer), header, offset)
    }

    /// Looks over pieces of files that were taken together.
    fn lot(&mut self, lot: &[Task]) {
        let mut entered = Vec::with_capacity(lot.len());
        for (index, task) in lot.iter().enumerate() {
            let header = if task.piece == 0 {
                Header::default()
            } else {
                self.job.logs[task.log].header.clone()
            };
            match self.piece(*task, header, index + 1 == lot.len()) {
                Some(piece) => entered.push((*task, piece)),
                None => return,
            }
        }
        self.enter(entered);
    }

    /// Looks over one piece of a file; `None` where the scan was stopped.
    fn piece(&mut self, task: Task, header: Header, ends_lot: bool) -> Option<Entered<V>> {
        let log = &self.job.logs[task.log];
        let (start, end) = log.pieces[task.piece];
        let mut walker = self.walker(task.log, header, start);
        if let Some(blocks) = self.blocks.take() {
            walker = walker.with_blocks(blocks);
        }
        let memo = std::mem::take(&mut self.memo);
        let mut gather = Gather::<V>::new(self.job, walker.header(), start, memo);
        let outcome = self.read_piece(log, start, end, &mut walker, &mut gather);
        let broken = match outcome {
            Ok(true) => None,
            Ok(false) => return None,
            Err(error) => Some((error, walker.offset(), 0)),
        };
        let (piece, memo) = gather.finish(walker.counts(), walker.header());
        self.memo = memo;
        let is_dated = walker.is_dated();
        self.blocks = Some(walker.into_blocks());
        Some(Entered {
            piece,
            is_dated,
            text: Text::File,
            is_last: task.piece + 1 == log.pieces.len(),
            ends_lot,
            broken,
        })
    }

    fn read_piece(
        &mut self,
        log: &super::plan::Log,
        start: u64,
        end: u64,
        walker: &mut Walker<'_>,
        gather: &mut Gather<'_, V>,
    ) -> io::Result<bool> {
        let Source::Plain(path) = &log.source else {
            return Err(io::Error::other("it is no plain file"));
        };
        let mut file = File::open(path)?;
        if start > 0 {
            file.seek(SeekFrom::Start(start))?;
        }
        let mut input = Timed::new(file, &self.job.clock).take(end - start);
        let (job, shared) = (self.job, self.shared);
        self.buffer
            .feed(&mut input, end == u64::MAX, walker, gather, &mut |count| {
                job.bytes.fetch_add(count, Ordering::Relaxed);
                shared.goes_on()
            })
    }

    /// Enters pieces, reads one again under other directives where it must be, and looks again at what is final.
    fn enter(&mut self, pieces: Vec<(Task, Entered<V>)>) {
        match self.shared.enter(pieces) {
            // Never of logs that are taken together: those begin under no directives.
            Then::Again(task, header) => {
                if let Some(piece) = self.piece(task, header, true) {
                    self.enter(vec![(task, piece)]);
                }
            }
            Then::Look(looks) => {
                let since = Instant::now();
                for one in &looks {
                    let before = self.collector.held();
                    let (buffer, memo) = (&mut self.buffer, &mut self.memo);
                    let looked = look::<V>(self.job, one, buffer, memo, &mut self.collector);
                    if let Err(error) = looked {
                        self.shared.stop(Stopped::Changed {
                            log: self.job.logs[one.log].file.to_string(),
                            why: visible(error.to_string().as_bytes()),
                        });
                    }
                    self.job.held.change_rows(before, self.collector.held());
                    if let Err(stopped) = self.job.held.check() {
                        self.shared.stop(stopped);
                    }
                    if self.shared.is_stopped() {
                        break;
                    }
                }
                note(&self.job.clock.second, since);
            }
        }
    }

    /// Looks over a log from front to back, and keeps its text as long as it may be looked at again, unless the log is
    /// read twice.
    fn stream(&mut self, number: usize) {
        let log = &self.job.logs[number];
        let (mut input, file_bytes) = match log.source.open() {
            Ok((input, file_bytes)) => (Stream::new(input, &self.job.clock), file_bytes),
            Err(error) => return self.end_stream(number, 0, error),
        };
        let reads_again = self.job.reads_again(log);
        let kept = self.job.options.piece_bytes.min(KEPT_BYTES);
        let mut header = Header::default();
        let (mut offset, mut index) = (0_u64, 0);
        let mut read_bytes = 0;
        let block = self.job.options.block_bytes.max(1);
        let mut rest: Vec<u8> = Vec::new();
        let mut unfinished = None;
        loop {
            if input.is_here() {
                input.hand_over(block, |errand| self.shared.give(errand));
            }
            let walker = self.walker(number, header, offset);
            let mut walker = walker.with_unfinished(unfinished);
            let memo = std::mem::take(&mut self.memo);
            let mut gather = Gather::<V>::new(self.job, walker.header(), offset, memo);
            let mut text = self.spare(rest.len() + kept + block);
            text[..rest.len()].copy_from_slice(&rest);
            let mut filled = rest.len();
            rest.clear();
            let mut passed = 0;
            let mut ended = None;
            // What was left over may be longer than a piece, where it is one line.
            while filled < kept || passed == 0 {
                if text.len() < filled + block {
                    text.resize(filled + block, 0);
                }
                let outcome = read(&mut input, &mut text[filled..filled + block]);
                match outcome {
                    Ok(0) => {
                        walker.walk_end(&text[passed..filled], &mut gather);
                        passed = filled;
                        ended = Some(Ok(()));
                        break;
                    }
                    Ok(count) => {
                        filled += count;
                        passed += walker.walk(&text[passed..filled], &mut gather);
                        // Of a packed file the bytes in the file count, as its size does.
                        let so_far = file_bytes
                            .as_ref()
                            .map_or(read_bytes + count as u64, FileBytes::get);
                        self.job
                            .bytes
                            .fetch_add(so_far - read_bytes, Ordering::Relaxed);
                        read_bytes = so_far;
                    }
                    Err(error) => {
                        ended = Some(Err((error, walker.offset(), filled - passed)));
                        break;
                    }
                }
                if !self.shared.goes_on() {
                    return;
                }
            }
            if ended.is_none() {
                rest.extend_from_slice(&text[passed..filled]);
            }
            let text = Arc::new(text);
            self.lent.push(Arc::clone(&text));
            let begin = offset;
            offset += passed as u64;
            header = walker.header().clone();
            unfinished = walker.unfinished();
            let (is_last, broken) = match ended {
                None => (false, None),
                Some(Ok(())) => (true, None),
                Some(Err(broken)) => (true, Some(broken)),
            };
            if let Some(from) = walker.lines_from() {
                gather.begin_at(from);
            }
            let (piece, memo) = gather.finish(walker.counts(), &header);
            self.memo = memo;
            let entered = Entered {
                piece,
                is_dated: walker.is_dated(),
                text: if reads_again {
                    Text::Again
                } else {
                    Text::Kept(text, begin)
                },
                is_last,
                ends_lot: is_last,
                broken,
            };
            let task = Task {
                log: number,
                piece: index,
            };
            self.enter(vec![(task, entered)]);
            if is_last || self.shared.is_stopped() {
                return;
            }
            index += 1;
        }
    }

    /// Memory for so many bytes: used before, where a text that was lent is given back, for fresh pages cost as much
    /// as reading into them.
    fn spare(&mut self, bytes: usize) -> Vec<u8> {
        /// Texts that are remembered; what is lent beyond is not used again.
        const REMEMBERED: usize = 4;

        let free = self
            .lent
            .iter()
            .position(|text| Arc::strong_count(text) == 1);
        let used = free.and_then(|free| Arc::into_inner(self.lent.swap_remove(free)));
        let excess = self.lent.len().saturating_sub(REMEMBERED);
        self.lent.drain(..excess);
        let mut text = used.unwrap_or_default();
        if text.len() < bytes {
            text.resize(bytes, 0);
        }
        text
    }

    /// A log that could not even be opened any more.
    fn end_stream(&mut self, log: usize, offset: u64, error: io::Error) {
        let header = Header::default();
        let gather = Gather::<V>::new(self.job, &header, offset, Memo::default());
        let (piece, _) = gather.finish(scanbench_w3c::Counts::default(), &header);
        let entered = Entered {
            piece,
            is_dated: false,
            text: Text::File,
            is_last: true,
            ends_lot: true,
            broken: Some((error, offset, 0)),
        };
        self.enter(vec![(Task { log, piece: 0 }, entered)]);
    }
}
