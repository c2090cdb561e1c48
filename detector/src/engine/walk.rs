//! Over the lines of a stretch of text: keys and values of each, by the fast path where a line is plain, else by the
//! careful one.

use super::lens::{FastLine, Lens, Seed, Who, counted, hash};
use super::table::Value;
use crate::find::ComputerSource;
use crate::{Asks, ClientSource, Count, Rule};
use scanbench_w3c::{
    BadLine, BlockLine, BlockReader, Bounds, Counts, Entry, Field, Header, Line, LineParser,
    LogClock, MAX_LINE_BYTES, RawLine, Record, Shape, Timestamp,
};
use std::time::Duration;

/// Some editors and scripts put it before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What walks over lines and takes what it finds.
pub(super) trait Sink<V> {
    /// A line with its bin and keys; `value` is `None` where it has none that counts. `true` asks for the whole
    /// line, which comes as `whole`. Only exclusions ask for the computer.
    fn line<'c>(
        &mut self,
        at: Place,
        value: Option<V>,
        record: &impl Record,
        client: &[u8],
        computer: impl Fn() -> &'c [u8],
    ) -> bool;
    /// The line that was asked for.
    fn whole(&mut self, entry: &Entry<'_>, client: &[u8], computer: &[u8]);
    /// A line that is none.
    fn bad(&mut self, bad: BadLine);
    /// Other directives are in force from this byte on.
    fn header(&mut self, offset: u64, header: &Header);
}

/// Where and whose a line is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Byte in the file where it begins, and where the next one does.
    pub(super) offset: u64,
    pub(super) next: u64,
    /// The bin, counted from the epoch.
    pub(super) bin: i64,
    pub(super) time: Timestamp,
    pub(super) who: Who,
}

/// What is the same for all lines of a log.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) rule: &'a Rule,
    pub(super) seed: &'a Seed,
    pub(super) computer: ComputerSource<'a>,
    /// The fields that they look at.
    pub(super) asks: &'a Asks,
    pub(super) portable: bool,
}

/// Walks over blocks of one log, one behind the other.
pub(super) struct Walker<'a> {
    context: Context<'a>,
    parser: LineParser,
    lens: Option<Lens>,
    blocks: BlockReader,
    /// Lines before the next one.
    line: u64,
    /// Byte in the file where the next block begins.
    offset: u64,
    clock: LogClock,
    bins: Bins,
    servers: ServerHash,
    counts: Counts,
    /// Bytes so far of a line that is over the limit.
    long: Option<(u64, u64)>,
    /// Where whole lines begin: behind the end of such a line, where it began before.
    lines_from: Option<u64>,
}

/// The bin of the last line, which the next one mostly shares, and its milliseconds: a division takes longer than to
/// see that none is needed.
#[derive(Clone, Copy)]
struct Bins {
    width: Duration,
    bin: i64,
    from: i64,
    to: i64,
}

impl Bins {
    fn new(width: Duration) -> Self {
        Self {
            width,
            bin: 0,
            from: 0,
            to: 0,
        }
    }

    #[inline]
    fn of(&mut self, time: Timestamp) -> i64 {
        if !(self.from..self.to).contains(&time.millis()) {
            self.change(time);
        }
        self.bin
    }

    #[cold]
    fn change(&mut self, time: Timestamp) {
        let width = crate::window::millis(self.width).max(1);
        self.bin = bin(time, self.width);
        self.from = self.bin.saturating_mul(width);
        self.to = self.from.saturating_add(width);
    }
}

impl<'a> Walker<'a> {
    pub(super) fn new(context: Context<'a>, header: Header, offset: u64) -> Self {
        let lens = Lens::new(&header, &context);
        Self {
            lens,
            parser: LineParser::new(header),
            blocks: if context.portable {
                BlockReader::portable()
            } else {
                BlockReader::new()
            },
            context,
            line: 0,
            offset,
            clock: LogClock::default(),
            bins: Bins::new(context.rule.window.reach()),
            servers: ServerHash::default(),
            counts: Counts::default(),
            long: None,
            lines_from: Some(offset),
        }
    }

    pub(super) fn header(&self) -> &Header {
        self.parser.header()
    }

    /// Whether a `#Date` stood among the lines so far.
    pub(super) fn is_dated(&self) -> bool {
        self.parser.is_dated()
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// Byte in the file up to which lines were walked over.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Goes on at another line of the same log, under the same directives. Lines are not numbered from here on.
    pub(super) fn go_to(&mut self, offset: u64) {
        self.offset = offset;
    }

    /// Lines walked over.
    pub(super) fn lines(&self) -> u64 {
        self.line
    }

    /// Where a line began that is over the limit and goes on, and its bytes so far.
    pub(super) fn unfinished(&self) -> Option<(u64, u64)> {
        self.long
    }

    /// With memory that another walker has used, so that many small logs need no memory each.
    pub(super) fn with_blocks(mut self, blocks: BlockReader) -> Self {
        self.blocks = blocks;
        self
    }

    /// The memory, for another walker.
    pub(super) fn into_blocks(self) -> BlockReader {
        self.blocks
    }

    /// Begins in the middle of such a line.
    pub(super) fn with_unfinished(mut self, long: Option<(u64, u64)>) -> Self {
        self.lines_from = self.lines_from.filter(|_| long.is_none());
        self.long = long;
        self
    }

    /// Byte in the file where whole lines begin; `None` where none did yet.
    pub(super) fn lines_from(&self) -> Option<u64> {
        self.lines_from
    }

    /// Walks over the whole lines of `block` and gives how many bytes they take. What stands behind the last line
    /// feed is to come again, with more behind it; but of a line over the limit all is taken.
    pub(super) fn walk<V: Value>(&mut self, block: &[u8], sink: &mut impl Sink<V>) -> usize {
        let mut done = if self.offset == 0 && block.starts_with(BYTE_ORDER_MARK) {
            self.offset += BYTE_ORDER_MARK.len() as u64;
            self.counts.bytes += BYTE_ORDER_MARK.len() as u64;
            BYTE_ORDER_MARK.len()
        } else {
            self.finish_long_line(block, sink)
        };
        if self.long.is_none() {
            done += self.walk_lines(&block[done..], sink);
            let rest = &block[done..];
            if rest.len() > MAX_LINE_BYTES + 1 {
                self.long = Some((self.offset, rest.len() as u64));
                self.offset += rest.len() as u64;
                done = block.len();
            }
        }
        done
    }

    /// The last line of a file, which has no line feed.
    pub(super) fn walk_end<V: Value>(&mut self, rest: &[u8], sink: &mut impl Sink<V>) {
        if let Some((start, length)) = self.long.take() {
            self.too_long(start, length + rest.len() as u64, sink);
        } else if !rest.is_empty() {
            let bare = rest.strip_suffix(b"\r").unwrap_or(rest);
            self.careful(bare, 0, rest.len(), false, sink);
        }
        self.offset += rest.len() as u64;
        self.counts.bytes += rest.len() as u64;
    }

    /// Takes bytes of a line that is over the limit, up to its end; gives how many.
    fn finish_long_line<V: Value>(&mut self, block: &[u8], sink: &mut impl Sink<V>) -> usize {
        let Some((start, length)) = self.long else {
            return 0;
        };
        let feed = memchr::memchr(b'\n', block);
        let taken = feed.map_or(block.len(), |feed| feed + 1);
        self.offset += taken as u64;
        self.long = match feed {
            Some(feed) => {
                self.too_long(start, length + feed as u64, sink);
                self.counts.bytes += self.offset - start;
                self.lines_from.get_or_insert(self.offset);
                None
            }
            None => Some((start, length + taken as u64)),
        };
        taken
    }

    fn too_long<V: Value>(&mut self, start: u64, length: u64, sink: &mut impl Sink<V>) {
        self.line += 1;
        self.counts.bad += 1;
        let line = RawLine {
            text: b"",
            number: self.line,
            offset: start,
            terminated: true,
            too_long: Some((length, MAX_LINE_BYTES)),
        };
        if let Line::Bad(bad) = self.parser.parse(&line) {
            sink.bad(bad);
        }
    }

    fn walk_lines<V: Value>(&mut self, block: &[u8], sink: &mut impl Sink<V>) -> usize {
        let mut blocks = std::mem::take(&mut self.blocks);
        let mut lines = blocks.lines(block);
        loop {
            let shape = self
                .lens
                .as_ref()
                .map_or(Shape::default(), |lens| lens.shape);
            let Some(line) = lines.next(shape) else {
                break;
            };
            self.line += 1;
            let is_done = line.end - line.start <= MAX_LINE_BYTES
                && line
                    .bounds
                    .is_some_and(|bounds| self.fast(block, line, bounds, sink));
            if !is_done {
                self.line -= 1;
                self.careful(
                    &block[line.start..line.end],
                    line.start,
                    line.next,
                    true,
                    sink,
                );
            }
        }
        let done = lines.rest();
        self.blocks = blocks;
        self.offset += done as u64;
        self.counts.bytes += done as u64;
        done
    }

    /// Reads a plain line; `false` where a value is not plain after all.
    #[inline]
    fn fast<V: Value>(
        &mut self,
        block: &[u8],
        line: BlockLine<'_>,
        bounds: Bounds<'_>,
        sink: &mut impl Sink<V>,
    ) -> bool {
        let Some(lens) = &self.lens else {
            return false;
        };
        let mut record = FastLine {
            lens,
            block,
            bounds,
            time: Timestamp::default(),
            port: None,
        };
        let time = if let Some(stamp) = record.stamp() {
            self.clock.read(stamp)
        } else {
            let (date, time) = record.date_and_time();
            Timestamp::parse_log(date, time)
        };
        let Some(time) = time else {
            return false;
        };
        record.time = time;
        record.port = match record.logged_port() {
            Ok(port) => port,
            Err(b"-") => None,
            Err(_) => return false,
        };
        let forwarded;
        let client_text: &[u8] = match self.context.rule.client {
            ClientSource::Logged => record.client_text(),
            ClientSource::Forwarded { .. } => {
                forwarded = self.context.rule.client.of(&record);
                &forwarded
            }
        };
        let server = if let Some(joined) = record.joined_server() {
            hash(self.context.seed, joined)
        } else {
            let (computer, server) = record.server_texts();
            let computer = self.context.computer.of(computer);
            self.servers.of(&self.context, computer, server)
        };
        let place = Place {
            offset: self.offset + line.start as u64,
            next: self.offset + line.next as u64,
            bin: self.bins.of(time),
            time,
            who: Who {
                server,
                client: self.context.client_hash(client_text),
            },
        };
        self.counts.entries += 1;
        let value = match self.context.rule.count {
            Count::Port => record.port.and_then(|port| V::from_port(port)),
            _ => V::from_hash(hash(
                self.context.seed,
                record
                    .get(self.context.rule.count.field())
                    .unwrap_or_default(),
            )),
        };
        let source = self.context.computer;
        let computer = || source.of(record.server_texts().0);
        if sink.line(place, value, &record, client_text, computer) {
            let computer = computer();
            let raw = RawLine {
                text: &block[line.start..line.end],
                number: self.line,
                offset: place.offset,
                terminated: true,
                too_long: None,
            };
            if let Line::Entry(entry) = self.parser.parse(&raw) {
                sink.whole(&entry, client_text, computer);
            }
        }
        true
    }

    /// Reads any line with care.
    fn careful<V: Value>(
        &mut self,
        text: &[u8],
        start: usize,
        next: usize,
        terminated: bool,
        sink: &mut impl Sink<V>,
    ) {
        self.line += 1;
        let context = self.context;
        let offset = self.offset + start as u64;
        let raw = RawLine {
            text,
            number: self.line,
            offset,
            terminated,
            too_long: (text.len() > MAX_LINE_BYTES).then_some((text.len() as u64, MAX_LINE_BYTES)),
        };
        let mut is_directive = false;
        match self.parser.parse(&raw) {
            Line::Blank => self.counts.blank += 1,
            Line::Bad(bad) => {
                self.counts.bad += 1;
                sink.bad(bad);
            }
            Line::Directive => is_directive = true,
            Line::Entry(entry) => {
                self.counts.entries += 1;
                let server = entry.get(Field::SIp).unwrap_or_default();
                let computer = context.computer.of(entry.get(Field::SComputername));
                let client = context.rule.client.of(&entry);
                let place = Place {
                    offset,
                    next: self.offset + next as u64,
                    bin: bin(entry.time(), context.rule.window.reach()),
                    time: entry.time(),
                    who: Who {
                        server: self.servers.of(&context, computer, server),
                        client: context.client_hash(&client),
                    },
                };
                let value = match context.rule.count {
                    Count::Port => entry.port().and_then(|port| V::from_port(port)),
                    count => V::from_hash(hash(context.seed, counted(&entry, count))),
                };
                if sink.line(place, value, &entry, &client, || computer) {
                    sink.whole(&entry, &client, computer);
                }
            }
        }
        if is_directive {
            self.counts.directives += 1;
            self.lens = Lens::new(self.parser.header(), &context);
            sink.header(self.offset + next as u64, self.parser.header());
        }
    }
}

impl Context<'_> {
    #[inline]
    fn client_hash(&self, client: &[u8]) -> u64 {
        if self.rule.group_by.client {
            hash(self.seed, client)
        } else {
            0
        }
    }
}

/// The hash of computer and server address, as far as the rule groups by them: that of the two with a blank between
/// them, as they stand in most logs that have both.
#[derive(Default)]
struct ServerHash {
    joined: Vec<u8>,
    computer: usize,
    hash: u64,
}

impl ServerHash {
    /// From the texts. Most logs have one server, so the last one is remembered.
    fn of(&mut self, context: &Context<'_>, computer: &[u8], server: &[u8]) -> u64 {
        let by = context.rule.group_by;
        let computer = if by.computer { computer } else { b"" };
        let server = if by.server { server } else { b"" };
        let is_last = self.joined.len() == computer.len() + 1 + server.len()
            && self.computer == computer.len()
            && self.joined.starts_with(computer)
            && self.joined.ends_with(server);
        if !is_last {
            self.joined.clear();
            self.joined.extend_from_slice(computer);
            self.joined.push(b' ');
            self.joined.extend_from_slice(server);
            self.computer = computer.len();
            self.hash = hash(context.seed, &self.joined);
        }
        self.hash
    }
}

/// The bin of a moment, counted from the epoch. A zero width makes each millisecond its own.
#[inline]
pub(super) fn bin(time: Timestamp, width: Duration) -> i64 {
    time.millis()
        .div_euclid(crate::window::millis(width).max(1))
}
