//! Every line to the collector, one by one, on one thread: for sessions, whose lines hang together over any time,
//! and where there are tables, whose rows come in any order.

use super::feed::Buffer;
use super::lens::ComputerSource;
use super::look::collect;
use super::shared::Told;
use super::walk::{Place, Sink, Walker};
use super::work::Timed;
use super::{Job, Outcome};
use crate::collector::Collector;
use crate::detection::Counters;
use crate::input::TableItem;
use crate::scan::{Bad, Notice, Stats, Stopped};
use crate::{Exclusions, LogFile};
use scanbench_w3c::{BadLine, Counts, Entry, Field, Header, ReadError, Record, Timestamp};
use std::sync::atomic::Ordering;

/// Takes all lines.
struct All<'a> {
    exclusions: &'a Exclusions,
    collector: &'a mut Collector,
    counters: &'a mut Counters,
    bad: Vec<BadLine>,
    latest: Timestamp,
    is_unsorted: bool,
    /// What is earlier was closed.
    closed: Timestamp,
    is_late: bool,
}

impl All<'_> {
    fn take(&mut self, record: &impl Record, client: &[u8], computer: &[u8]) {
        self.counters.lines += 1;
        let signature = self.exclusions.signature(record, client, computer);
        self.counters
            .count(&signature, self.exclusions, record.time());
        collect(self.collector, self.exclusions, record, client, computer);
        if record.time() < self.latest {
            self.is_unsorted = true;
        }
        self.latest = self.latest.max(record.time());
        self.is_late |= record.time() < self.closed;
    }
}

impl Sink<u16> for All<'_> {
    fn line(&mut self, _: Place, _: Option<u16>, _: &impl Record, _: &[u8], _: &[u8]) -> bool {
        true
    }

    fn whole(&mut self, entry: &Entry<'_>, client: &[u8], computer: &[u8]) {
        self.take(entry, client, computer);
    }

    fn bad(&mut self, bad: BadLine) {
        self.bad.push(bad);
    }

    fn header(&mut self, _: u64, _: &Header) {}
}

struct Run<'a, 'n> {
    job: &'a Job<'a>,
    notice: &'n mut dyn FnMut(Notice<'_>),
    collector: Collector,
    counters: Counters,
    counts: Counts,
    failed: u64,
    closed: Timestamp,
    is_late: bool,
}

pub(super) fn run(
    job: &Job<'_>,
    told: &mut Vec<Told>,
    notice: &mut dyn FnMut(Notice<'_>),
) -> Result<Outcome, Stopped> {
    told.resize(job.logs.len(), Told::default());
    let mut run = Run {
        job,
        notice,
        collector: Collector::new(job.rule.clone()),
        counters: Counters::new(job.exclusions),
        counts: Counts::default(),
        failed: 0,
        closed: Timestamp::from_millis(i64::MIN),
        is_late: false,
    };
    let has_tables = job.logs.iter().any(|log| log.source.is_table());
    for (number, log) in job.logs.iter().enumerate() {
        if log.source.is_table() {
            run.table(log, &mut told[number])?;
        } else {
            run.text(log, &mut told[number])?;
        }
        // Logs come in the order of their first bins, so nothing before the next one's will come any more.
        if let Some(next) = job
            .logs
            .get(number + 1)
            .filter(|_| !has_tables && !job.options.unsorted)
        {
            let reach = crate::window::millis(job.rule.window.reach());
            let floor = next.floor.saturating_mul(reach.max(1));
            let lateness = crate::window::millis(job.options.lateness);
            run.closed = Timestamp::from_millis(floor.saturating_sub(lateness));
            run.collector.close_before(run.closed);
        }
    }
    Ok(Outcome {
        collector: run.collector,
        counters: run.counters,
        counts: run.counts,
        stats: Stats::default(),
        failed: run.failed,
        is_late: run.is_late,
    })
}

impl<'a> Run<'a, '_> {
    fn text(&mut self, log: &'a super::plan::Log, told: &mut Told) -> Result<(), Stopped> {
        let job = self.job;
        let computer = ComputerSource {
            said: job.options.computer,
            place: &log.file.computer,
        };
        let mut walker = Walker::new(job.context(computer), Header::default(), 0);
        let mut sink = All {
            exclusions: job.exclusions,
            collector: &mut self.collector,
            counters: &mut self.counters,
            bad: Vec::new(),
            latest: Timestamp::from_millis(i64::MIN),
            is_unsorted: false,
            closed: self.closed,
            is_late: false,
        };
        let mut buffer = Buffer::new(job.options.block_bytes);
        let mut stopped = None;
        let mut bad_before = self.counts.bad;
        let notice = &mut *self.notice;
        let outcome = log.source.open().and_then(|(input, _)| {
            let mut input = Timed::new(input, &job.clock);
            buffer.feed_each(
                &mut input,
                true,
                &mut walker,
                &mut sink,
                &mut |sink: &mut All<'_>, count| {
                    job.bytes.fetch_add(count, Ordering::Relaxed);
                    notice(Notice::Progress(job.bytes.load(Ordering::Relaxed)));
                    stopped =
                        tell_bad(job, &log.file, &mut sink.bad, &mut bad_before, told, notice);
                    if job.options.cancelled.load(Ordering::Relaxed) {
                        stopped.get_or_insert(Stopped::Cancelled);
                    }
                    stopped.is_none()
                },
            )
        });
        self.is_late |= sink.is_late;
        let (is_unsorted, mut bad) = (sink.is_unsorted, std::mem::take(&mut sink.bad));
        if stopped.is_none() {
            stopped = tell_bad(job, &log.file, &mut bad, &mut bad_before, told, self.notice);
        }
        if let Some(stopped) = stopped {
            return Err(stopped);
        }
        self.counts.add(&walker.counts());
        if is_unsorted && !std::mem::replace(&mut told.unsorted, true) {
            (self.notice)(Notice::Unsorted(&log.file));
        }
        if let Err(source) = outcome {
            self.failed += 1;
            if std::mem::replace(&mut told.broken, true) {
                return Ok(());
            }
            let error = ReadError {
                offset: walker.offset(),
                line: walker.lines() + 1,
                pending: 0,
                source,
            };
            (self.notice)(Notice::Broken(&log.file, error));
        }
        Ok(())
    }

    fn table(&mut self, log: &'a super::plan::Log, told: &mut Told) -> Result<(), Stopped> {
        /// Rows between two looks at whether to stop.
        const BREATH: u64 = 1 << 14;

        let job = self.job;
        let mut table = match log.source.open_table() {
            Ok(table) => table,
            Err(why) => {
                self.failed += 1;
                (self.notice)(Notice::BrokenTable(&log.file, why));
                return Ok(());
            }
        };
        let computer = ComputerSource {
            said: job.options.computer,
            place: &log.file.computer,
        };
        let mut rows = 0_u64;
        loop {
            rows += 1;
            if rows.is_multiple_of(BREATH) && job.options.cancelled.load(Ordering::Relaxed) {
                return Err(Stopped::Cancelled);
            }
            match table.next_row() {
                Ok(Some(TableItem::Row(row))) => {
                    self.counts.entries += 1;
                    let client = job.rule.client.of(&row);
                    let computer = computer.of(row.get(Field::SComputername));
                    let mut sink = All {
                        exclusions: job.exclusions,
                        collector: &mut self.collector,
                        counters: &mut self.counters,
                        bad: Vec::new(),
                        latest: Timestamp::default(),
                        is_unsorted: false,
                        closed: self.closed,
                        is_late: false,
                    };
                    sink.take(&row, &client, computer);
                }
                Ok(Some(TableItem::Bad(bad))) => {
                    self.counts.bad += 1;
                    if bad.row > told.bad {
                        told.bad = bad.row;
                        (self.notice)(Notice::Bad(&log.file, Bad::Row(bad.to_string())));
                    }
                    let count = self.counts.bad;
                    if let Some(allowed) = job.options.max_bad_lines.filter(|max| count > *max) {
                        return Err(Stopped::BadLines { count, allowed });
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    self.failed += 1;
                    (self.notice)(Notice::BrokenTable(&log.file, error.to_string()));
                    break;
                }
            }
        }
        self.counts.bytes += table.counts().bytes;
        let layout = table.layout();
        for field in [Field::SPort, Field::CIp, Field::SIp] {
            if layout.position(field).is_none() {
                (self.notice)(Notice::NoColumn(&log.file, field));
            }
        }
        if layout.is_local_time() {
            (self.notice)(Notice::LocalTime(&log.file));
        }
        Ok(())
    }
}

/// Tells bad lines; gives why to stop, where that is reached.
fn tell_bad(
    job: &Job<'_>,
    file: &LogFile,
    bad: &mut Vec<BadLine>,
    before: &mut u64,
    told: &mut Told,
    notice: &mut dyn FnMut(Notice<'_>),
) -> Option<Stopped> {
    for line in bad.drain(..) {
        *before += 1;
        if line.line > told.bad {
            told.bad = line.line;
            notice(Notice::Bad(file, Bad::Line(line)));
        }
        if let Some(allowed) = job.options.max_bad_lines.filter(|max| *before > *max) {
            return Some(Stopped::BadLines {
                count: *before,
                allowed,
            });
        }
    }
    None
}
