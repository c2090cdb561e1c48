//! Every line to the collector, one by one: where there are tables, whose rows come in any order, and for sessions of
//! what cannot be read again, whose lines hang together over any time. Each thread reads a log from front to
//! back into a collector of its own and gives that to the one of all now and then (`gathered`).

use super::budget::Part;
use super::feed::Buffer;
use super::gathered::{Gathered, Taken};
use super::lens::{Seed, Who, hash};
use super::shared::Told;
use super::walk::{Place, Sink, Walker};
use super::work::Timed;
use super::{Job, Outcome};
use crate::collector::KeyTexts;
use crate::detector::count;
use crate::exclusion::Memo;
use crate::find::ComputerSource;
use crate::input::TableItem;
use crate::scan::{Bad, Notice, Stopped};
use crate::{Exclusions, LogFile};
use scanbench_w3c::{BadLine, Entry, Field, Header, ReadError, Record};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// Takes all lines.
struct All<'a> {
    part: Part,
    /// Whether the group of the line at hand is counted in this reading.
    is_collected: bool,
    exclusions: &'a Exclusions,
    memo: Memo,
    taken: Taken,
    bad: Vec<BadLine>,
}

impl Sink<u16> for All<'_> {
    fn line<'c>(
        &mut self,
        at: Place,
        _: Option<u16>,
        _: &impl Record,
        _: &[u8],
        _: impl Fn() -> &'c [u8],
    ) -> bool {
        self.is_collected = self.part.is_whole() || self.part.holds(at.who);
        true
    }

    fn whole(&mut self, entry: &Entry<'_>, client: &[u8], computer: &[u8]) {
        let asked = (self.exclusions, &mut self.memo);
        let is_collected = self.is_collected;
        take(
            &mut self.taken,
            asked,
            entry,
            client,
            computer,
            is_collected,
        );
    }

    fn bad(&mut self, bad: BadLine) {
        self.bad.push(bad);
    }

    fn header(&mut self, _: u64, _: &Header) {}
}

fn take(
    taken: &mut Taken,
    (exclusions, memo): (&Exclusions, &mut Memo),
    record: &impl Record,
    client: &[u8],
    computer: &[u8],
    is_collected: bool,
) {
    let (collector, counters) = (&mut taken.collector, &mut taken.counters);
    count(
        collector,
        counters,
        (exclusions, memo),
        record,
        client,
        computer,
        is_collected,
    );
    taken.note(record.time());
}

pub(super) fn run(
    job: &Job<'_>,
    told: &mut Vec<Told>,
    notice: &mut dyn FnMut(Notice<'_>),
) -> Result<Outcome, Stopped> {
    told.resize(job.logs.len(), Told::default());
    // Where bad lines are few enough to be counted one by one, they are counted in the order of the logs.
    let most = match job.options.max_bad_lines {
        Some(_) => 1,
        None => job.logs.len().max(1),
    };
    let gathered = Gathered::new(job, std::mem::take(told));
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..job.options.threads.get().min(most) {
            let (gathered, sender) = (&gathered, sender.clone());
            scope.spawn(move || {
                let mut worker = Worker {
                    job,
                    gathered,
                    buffer: Buffer::new(job.options.block_bytes),
                    sender,
                };
                while let Some(number) = gathered.next() {
                    if let Err(stopped) = worker.log(number) {
                        gathered.stop(stopped);
                    }
                }
            });
        }
        drop(sender);
        // Until the last thread has ended; where one panicked, the scope does so too.
        loop {
            match receiver.recv_timeout(Duration::from_millis(100)) {
                Ok(one) => notice(one),
                Err(RecvTimeoutError::Timeout) => {
                    notice(Notice::Progress(job.bytes.load(Ordering::Relaxed)));
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    let left = gathered.left();
    *told = left.told;
    if let Some(stopped) = left.stopped {
        return Err(stopped);
    }
    Ok(Outcome {
        collector: left.collector,
        counters: left.counters,
        counts: left.counts,
        stats: None,
        failed: left.failed,
        is_late: left.is_late,
    })
}

struct Worker<'a, 's> {
    job: &'a Job<'a>,
    gathered: &'s Gathered<'a>,
    buffer: Buffer,
    sender: mpsc::Sender<Notice<'a>>,
}

impl<'a> Worker<'a, '_> {
    fn log(&mut self, number: usize) -> Result<(), Stopped> {
        let mut told = self.gathered.told(number);
        let outcome = if self.job.logs[number].source.is_table() {
            self.table(number, &mut told)
        } else {
            self.text(number, &mut told)
        };
        self.gathered.done(number, told);
        outcome
    }

    fn tell(&self, notice: Notice<'a>) {
        // Where nobody listens any more there is nobody to tell.
        drop(self.sender.send(notice));
    }

    fn text(&mut self, number: usize, told: &mut Told) -> Result<(), Stopped> {
        let (job, gathered) = (self.job, self.gathered);
        let log = &job.logs[number];
        let computer = ComputerSource::new(job.options.computer, &log.file);
        let mut walker = Walker::new(job.context(computer), Header::default(), 0);
        let mut sink = All {
            part: job.part,
            is_collected: true,
            exclusions: job.exclusions,
            memo: Memo::default(),
            taken: Taken::new(job),
            bad: Vec::new(),
        };
        let mut stopped = None;
        let sender = &self.sender;
        let buffer = &mut self.buffer;
        let outcome = log.source.open().and_then(|(input, _)| {
            let mut input = Timed::new(input, &job.clock);
            buffer.feed_each(
                &mut input,
                true,
                &mut walker,
                &mut sink,
                &mut |sink: &mut All<'_>, count| {
                    job.bytes.fetch_add(count, Ordering::Relaxed);
                    stopped = tell_bad(gathered, &log.file, &mut sink.bad, told, sender);
                    sink.taken.bytes += count;
                    sink.taken.weigh(job);
                    if sink.taken.is_worth_giving() {
                        gathered.give(number, &mut sink.taken);
                    }
                    stopped.is_none() && gathered.goes_on()
                },
            )
        });
        let stopped =
            stopped.or_else(|| tell_bad(gathered, &log.file, &mut sink.bad, told, sender));
        sink.taken.counts = walker.counts();
        let is_unsorted = sink.taken.is_unsorted;
        gathered.give(number, &mut sink.taken);
        if let Some(stopped) = stopped {
            return Err(stopped);
        }
        if is_unsorted && !std::mem::replace(&mut told.unsorted, true) {
            self.tell(Notice::Unsorted(&log.file));
        }
        if let Err(source) = outcome {
            gathered.fail();
            if std::mem::replace(&mut told.broken, true) {
                return Ok(());
            }
            let error = ReadError {
                offset: walker.offset(),
                line: walker.lines() + 1,
                pending: 0,
                source,
            };
            self.tell(Notice::Broken(&log.file, error));
        }
        Ok(())
    }

    fn table(&mut self, number: usize, told: &mut Told) -> Result<(), Stopped> {
        /// Rows between two looks at whether to stop.
        const BREATH: u64 = 1 << 12;

        let (job, gathered) = (self.job, self.gathered);
        let log = &job.logs[number];
        let mut table = match log.source.open_table() {
            Ok(table) => table,
            Err(why) => {
                gathered.fail();
                if !std::mem::replace(&mut told.broken, true) {
                    self.tell(Notice::BrokenTable(&log.file, why));
                }
                return Ok(());
            }
        };
        // Exclusions may ask for any of them.
        if job.exclusions.list().is_empty() {
            table.skip_columns(job.rule.client.field());
        }
        let computer = ComputerSource::new(job.options.computer, &log.file);
        let (mut taken, mut memo) = (Taken::new(job), Memo::default());
        let part = Some(job.part).filter(|part| !part.is_whole());
        let mut rows = 0_u64;
        loop {
            rows += 1;
            if rows.is_multiple_of(BREATH) {
                taken.weigh(job);
                if !gathered.goes_on() {
                    break;
                }
            }
            match table.next_row() {
                Ok(Some(TableItem::Row(row))) => {
                    taken.counts.entries += 1;
                    let client = job.rule.client.of(&row);
                    let computer = computer.of(row.get(Field::SComputername));
                    let asked = (job.exclusions, &mut memo);
                    let is_collected = part.is_none_or(|part| {
                        let keys = KeyTexts::of(&row, &client, computer);
                        part.holds(who(&job.seed, keys.picked(job.rule.group_by)))
                    });
                    take(&mut taken, asked, &row, &client, computer, is_collected);
                }
                Ok(Some(TableItem::Bad(bad))) => {
                    taken.counts.bad += 1;
                    if bad.row > told.bad {
                        told.bad = bad.row;
                        self.tell(Notice::Bad(&log.file, Bad::Row(bad.to_string())));
                    }
                    if let Some(stopped) = gathered.count_bad() {
                        return Err(stopped);
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    gathered.fail();
                    if !std::mem::replace(&mut told.broken, true) {
                        self.tell(Notice::BrokenTable(&log.file, error.to_string()));
                    }
                    break;
                }
            }
        }
        taken.counts.bytes += table.counts().bytes;
        gathered.give(number, &mut taken);
        if std::mem::replace(&mut told.columns, true) {
            return Ok(());
        }
        let layout = table.layout();
        for field in [Field::SPort, Field::CIp, Field::SIp] {
            if layout.position(field).is_none() {
                self.tell(Notice::NoColumn(&log.file, field));
            }
        }
        if layout.is_local_time() {
            self.tell(Notice::LocalTime(&log.file));
        }
        Ok(())
    }
}

/// The group of a row.
fn who(seed: &Seed, keys: KeyTexts<'_>) -> Who {
    let (computer, server) = (hash(seed, keys.computer), hash(seed, keys.server));
    Who {
        server: computer.rotate_left(1) ^ server,
        client: hash(seed, keys.client),
    }
}

/// Tells bad lines; gives why to stop, where that is reached.
fn tell_bad<'a>(
    gathered: &Gathered<'a>,
    file: &'a LogFile,
    bad: &mut Vec<BadLine>,
    told: &mut Told,
    sender: &mpsc::Sender<Notice<'a>>,
) -> Option<Stopped> {
    for line in bad.drain(..) {
        if line.line > told.bad {
            told.bad = line.line;
            // Where nobody listens any more there is nobody to tell.
            drop(sender.send(Notice::Bad(file, Bad::Line(line))));
        }
        if let Some(stopped) = gathered.count_bad() {
            return Some(stopped);
        }
    }
    None
}
