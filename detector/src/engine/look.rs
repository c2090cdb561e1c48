//! The second look: the lines of a bin again, with care, for those few that may make a row.

use super::feed::Buffer;
use super::ledger::{Look, Text};
use super::lens::WhoSet;
use super::table::Value;
use super::walk::{Context, Place, Sink, Walker};
use super::work::Timed;
use super::{Job, plan::Source};
use crate::Exclusions;
use crate::collector::Collector;
use crate::exclusion::Memo;
use crate::find::ComputerSource;
use scanbench_w3c::{BadLine, Entry, Header, Record};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;

/// Takes the lines that are wanted.
struct Wanted<'a> {
    exclusions: &'a Exclusions,
    memo: &'a mut Memo,
    by_bin: &'a HashMap<i64, Vec<Arc<WhoSet>>>,
    /// The bin of the last line, and who is wanted in it.
    bin: i64,
    who: &'a [Arc<WhoSet>],
    collector: &'a mut Collector,
}

impl<V: Value> Sink<V> for Wanted<'_> {
    fn line<'c>(
        &mut self,
        at: Place,
        _: Option<V>,
        _: &impl Record,
        _: &[u8],
        _: impl Fn() -> &'c [u8],
    ) -> bool {
        if at.bin != self.bin {
            self.bin = at.bin;
            self.who = self.by_bin.get(&at.bin).map_or(&[], Vec::as_slice);
        }
        self.who.iter().any(|who| who.contains(&at.who))
    }

    fn whole(&mut self, entry: &Entry<'_>, client: &[u8], computer: &[u8]) {
        let signature = self
            .exclusions
            .signature(self.memo, entry, client, computer);
        self.collector.add(entry, client, computer, signature);
    }

    fn bad(&mut self, _: BadLine) {}

    fn header(&mut self, _: u64, _: &Header) {}
}

/// Looks again.
pub(super) fn look<V: Value>(
    job: &Job<'_>,
    look: &Look,
    buffer: &mut Buffer,
    memo: &mut Memo,
    collector: &mut Collector,
) -> io::Result<()> {
    let log = &job.logs[look.log];
    let (mut walker, mut sink) = begin(job, look, memo, collector);
    let (start, end) = (look.range.start, look.range.end);
    let marks = look.range.marks.as_ref();
    let found = look
        .wanted
        .get(&look.range.bin)
        .and_then(|who| marks?.find(who, start, end));
    let stretches = found.unwrap_or_else(|| std::iter::once(start..end).collect());
    let mut file = match (&look.text, &log.source) {
        // Of many logs with lines in a bin, few have some of whoever is wanted.
        _ if stretches.is_empty() => None,
        (Text::Kept(..), _) => None,
        (Text::File, Source::Plain(path)) => Some(File::open(path)?),
        (Text::File | Text::Again, _) => return Err(io::Error::other("its text was not kept")),
    };
    for stretch in stretches {
        walker.go_to(stretch.start);
        if let Text::Kept(text, begin) = &look.text {
            let place = |offset: u64| usize::try_from(offset - begin).unwrap_or(usize::MAX);
            let range = place(stretch.start)..place(stretch.end);
            let text = text.get(range).unwrap_or_default();
            feed::<V>(&mut Cursor::new(text), buffer, &mut walker, &mut sink)?;
        } else if let Some(file) = &mut file {
            file.seek(SeekFrom::Start(stretch.start))?;
            let length = stretch.end - stretch.start;
            let mut input = Timed::new(file, &job.clock).take(length);
            feed::<V>(&mut input, buffer, &mut walker, &mut sink)?;
        }
        if walker.offset() < stretch.end {
            return Err(io::Error::other("it is shorter than it was"));
        }
    }
    Ok(())
}

/// Looks again at what `input` gives, which is all of the stretch.
pub(super) fn look_in<V: Value>(
    job: &Job<'_>,
    look: &Look,
    input: &mut impl Read,
    buffer: &mut Buffer,
    memo: &mut Memo,
    collector: &mut Collector,
) -> io::Result<()> {
    let (mut walker, mut sink) = begin(job, look, memo, collector);
    walker.go_to(look.range.start);
    feed::<V>(input, buffer, &mut walker, &mut sink)?;
    if walker.offset() < look.range.end {
        return Err(io::Error::other("it is shorter than it was"));
    }
    Ok(())
}

fn begin<'a>(
    job: &'a Job<'_>,
    look: &'a Look,
    memo: &'a mut Memo,
    collector: &'a mut Collector,
) -> (Walker<'a>, Wanted<'a>) {
    let log = &job.logs[look.log];
    let context = job.context(ComputerSource::new(job.options.computer, &log.file));
    let header = Header::clone(&look.range.header);
    let sink = Wanted {
        exclusions: job.exclusions,
        memo,
        by_bin: &look.wanted,
        bin: i64::MIN,
        who: &[],
        collector,
    };
    (Walker::new(context, header, look.range.start), sink)
}

fn feed<V: Value>(
    input: &mut impl Read,
    buffer: &mut Buffer,
    walker: &mut Walker<'_>,
    sink: &mut Wanted<'_>,
) -> io::Result<()> {
    // The last line of a range may be the last of its file, with no line feed behind it.
    buffer.feed::<V>(input, true, walker, sink, &mut |_| true)?;
    Ok(())
}

impl Job<'_> {
    pub(super) fn context<'c>(&'c self, computer: ComputerSource<'c>) -> Context<'c> {
        Context {
            rule: self.rule,
            seed: &self.seed,
            computer,
            asks: &self.asks,
            portable: self.options.portable,
        }
    }
}
