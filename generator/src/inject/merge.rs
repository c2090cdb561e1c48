//! New lines into one log, where IIS would have written them: behind what ended before, with a header after a long
//! silence. The old lines stay byte for byte and in their order.

use super::books::Books;
use super::place::{Stream, Target};
use super::survey::{Head, STEP, Survey, is_usable};
use crate::emit::{Buffer, ColumnWriter, Destination, Named, OutputFile};
use crate::error::{GenerateError, io_at};
use crate::manifest::{FileRecord, hex};
use crate::request::Request;
use crate::truth::{InjectedFile, Original};
use crate::world::World;
use scanbench_w3c::{Directive, Field, Line, LineParser, RawLines, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Write as _};
use std::iter::Peekable;
use std::path::Path;
use std::slice;

/// HTTP.sys closes a log after so long without a request.
const SILENCE_MS: i64 = 900_000;
/// Of one second, so many old lines are held at a time to put new ones between them.
const MOST_HELD: usize = 4_096;

/// What is the same for all lines of a log.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) target: &'a Target,
    pub(super) stream: &'a Stream,
    /// The header with which a log begins that has none of its own.
    pub(super) head: Option<&'a Head>,
    pub(super) to: &'a Destination,
}

/// One log being written.
struct Merge<'a, 'b> {
    setting: Setting<'a>,
    books: &'b mut Books<'a>,
    queue: Peekable<slice::Iter<'b, usize>>,
    log: OutputFile,
    labels: OutputFile,
    /// Counted as the manifest counts: line ends, and lines that begin with `#`.
    ends: u64,
    directives: u64,
    /// Lines begun so far.
    line: u64,
    inside: bool,
    file: InjectedFile,
    writer: ColumnWriter<'a>,
    named: BTreeMap<u16, Named>,
    head: Head,
    usable: bool,
    /// The second of the last line.
    last: Option<i64>,
    text: Buffer,
    /// Old lines of one second.
    held: Vec<Vec<u8>>,
    second: i64,
}

/// Writes one log: the old one, if there is one, and the requests at these places of the books, in the order of their
/// ends.
pub(super) fn merge<'a>(
    setting: Setting<'a>,
    (path, original): (&str, Option<(&Path, &Survey)>),
    requests: &[usize],
    books: &mut Books<'a>,
    mut on_step: impl FnMut() -> Result<(), GenerateError>,
) -> Result<(Vec<FileRecord>, InjectedFile), GenerateError> {
    let labels = path.strip_suffix(".log").unwrap_or(path);
    let mut merge = Merge {
        setting,
        books,
        queue: requests.iter().peekable(),
        log: OutputFile::new(format!("logs/{path}")).always(),
        labels: OutputFile::new(format!("labels/{labels}.jsonl")),
        ends: 0,
        directives: 0,
        line: 0,
        inside: false,
        file: InjectedFile {
            path: format!("logs/{path}"),
            original: None,
            unterminated: false,
            added: Vec::new(),
        },
        writer: ColumnWriter::new(setting.world.texts(), &setting.target.server),
        named: BTreeMap::new(),
        head: Head::default(),
        usable: false,
        last: None,
        text: Buffer::default(),
        held: Vec::new(),
        second: i64::MIN,
    };
    if let Some((original, seen)) = original {
        merge.old(original, seen, &mut on_step)?;
    }
    merge.new_before(i64::MAX)?;
    let Merge {
        mut log,
        labels,
        ends,
        directives,
        file,
        ..
    } = merge;
    log.count(ends, ends.saturating_sub(directives));
    let mut records = Vec::new();
    records.extend(labels.close(setting.to)?);
    records.extend(log.close(setting.to)?);
    Ok((records, file))
}

impl Merge<'_, '_> {
    /// The old log, with new lines between its own. What was written to it since it was surveyed is left out.
    fn old(
        &mut self,
        path: &Path,
        seen: &Survey,
        on_step: &mut dyn FnMut() -> Result<(), GenerateError>,
    ) -> Result<(), GenerateError> {
        let file = File::open(path).map_err(io_at("read", path))?;
        let file = file.take(seen.bytes);
        let mut lines = RawLines::new(BufReader::with_capacity(256 << 10, file));
        let mut parser = LineParser::default();
        let (mut hash, mut bytes, mut number) = (Sha256::new(), 0, 0);
        // Lines behind the held ones that are no entries, and the last block of directives among them.
        let (mut waiting, mut block, mut in_block) = (Vec::new(), Head::default(), false);
        let mut has_bom = false;
        while let Some(raw) = lines.next_line().map_err(io_at("read", path))? {
            number += 1;
            bytes += raw.bytes.len() as u64;
            hash.update(raw.bytes);
            if number % STEP == 0 {
                on_step()?;
            }
            has_bom |= number == 1 && raw.has_bom();
            let line = raw.raw(number);
            let text = line.text;
            let parsed = if raw.whole {
                parser.parse(&line)
            } else {
                Line::Blank
            };
            match parsed {
                Line::Entry(entry) => {
                    let second = entry.time().millis().div_euclid(1000) * 1000;
                    in_block = false;
                    self.books.old(&entry, &self.setting.stream.computer);
                    if second == self.second
                        && waiting.is_empty()
                        && !self.held.is_empty()
                        && self.held.len() < MOST_HELD
                    {
                        self.held.push(raw.bytes.to_vec());
                        continue;
                    }
                    self.release()?;
                    if !(has_bom && self.last.is_none()) {
                        self.new_before(second)?;
                    }
                    self.put(&std::mem::take(&mut waiting))?;
                    if !block.text.is_empty() {
                        self.take_head(std::mem::take(&mut block));
                    }
                    if has_bom && self.last.is_none() {
                        // Nothing may stand before a byte order mark: what is older stands under the log's own header.
                        self.last = Some(i64::MAX);
                        self.new_before(second)?;
                    }
                    self.second = second;
                    self.held.push(raw.bytes.to_vec());
                }
                Line::Directive => {
                    let directive = Directive::parse(text);
                    if !in_block || matches!(directive, Some(Directive::Software(_))) {
                        block.text.clear();
                    }
                    in_block = true;
                    block.text.extend_from_slice(text);
                    block
                        .text
                        .extend_from_slice(self.setting.stream.seen.newline.as_bytes());
                    if let Some(Directive::Fields(columns)) = directive {
                        block.columns = columns;
                    } else if block.columns.is_empty() {
                        block.columns = self.head.columns.clone();
                    }
                    waiting.extend_from_slice(raw.bytes);
                }
                Line::Blank | Line::Bad(_) => waiting.extend_from_slice(raw.bytes),
            }
            if self.held.is_empty() && waiting.len() > 1 << 20 && block.text.is_empty() {
                // A heap of what is no entry: nothing that comes later belongs before it.
                self.put(&std::mem::take(&mut waiting))?;
            }
        }
        self.release()?;
        self.put(&waiting)?;
        if !block.text.is_empty() {
            self.take_head(block);
        }
        let sha256 = hex(&hash.finalize());
        if sha256 != seen.sha256 {
            let changed = "it changed while it was read; inject into a copy that nobody writes to";
            return Err(io_at("read", path)(io::Error::other(changed)));
        }
        self.file.original = Some(Original { sha256, bytes });
        Ok(())
    }

    /// From now on, lines stand under these directives.
    fn take_head(&mut self, head: Head) {
        self.usable = is_usable(&head.columns);
        self.writer.set_columns(&head.columns);
        self.head = head;
    }

    /// Writes the held lines, and between them the new ones of the same second.
    fn release(&mut self) -> Result<(), GenerateError> {
        if self.held.is_empty() {
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        let places = i64::try_from(held.len()).unwrap_or(i64::MAX) + 1;
        self.last = Some(self.second);
        for (place, line) in (0..).zip(&held) {
            // Behind so many of them as its share of the second says.
            self.new_before(self.second + place_of(place, places))?;
            self.put(line)?;
        }
        self.new_before(self.second + 1000)
    }

    /// Writes new lines that ended before a moment.
    fn new_before(&mut self, moment: i64) -> Result<(), GenerateError> {
        while let Some(request) = self.queue.next_if(|request| {
            let end = self.books.requests[**request].end;
            end < moment
        }) {
            self.new_line(*request)?;
        }
        Ok(())
    }

    fn new_line(&mut self, number: usize) -> Result<(), GenerateError> {
        let request = self.books.requests[number];
        let second = request.end.div_euclid(1000) * 1000;
        if self.head.text.is_empty()
            && let Some(head) = self.setting.head
        {
            self.take_head(head.clone());
        }
        if !self.usable {
            self.books.unwritten += 1;
            return Ok(());
        }
        let opens = self.setting.stream.seen.writes_headers();
        if self
            .last
            .is_none_or(|last| opens && second.saturating_sub(last) >= SILENCE_MS)
        {
            self.header(second)?;
        }
        self.last = Some(second);
        let port = request.port;
        let (target, stream) = (self.setting.target, self.setting.stream);
        let named = self.named.entry(port).or_insert_with(|| stream.named(port));
        let mut text = std::mem::take(&mut self.text);
        text.take(usize::MAX);
        self.writer.line(&mut text, named, &request);
        text.push(stream.seen.newline.as_bytes());
        let has_computer = self.head.columns.position(Field::SComputername).is_some();
        let computer = if has_computer {
            String::from_utf8_lossy(&named.computer).into_owned()
        } else {
            stream.computer.clone()
        };
        self.books
            .new_line(number, &computer, target.server.address_at(request.address));
        self.put_new(text.text())?;
        self.text = text;
        self.label(&request)
    }

    fn label(&mut self, request: &Request) -> Result<(), GenerateError> {
        let Some(plan) = self.setting.world.plan_of(request.campaign) else {
            return Ok(());
        };
        // Ids have no character that JSON escapes. Writing to a buffer cannot fail.
        let _ = writeln!(
            self.labels.text(),
            "{{\"line\":{},\"campaign\":\"{}\",\"labels\":[\"{}\"]}}",
            self.line,
            plan.id,
            plan.kind.name(),
        );
        self.labels.count(1, 1);
        self.labels.pump(self.setting.to)
    }

    /// The directives in force, once more, with this date.
    fn header(&mut self, second: i64) -> Result<(), GenerateError> {
        let newline = self.setting.stream.seen.newline.as_bytes();
        let text = self.head.text.clone();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let mut dated = Vec::new();
            let line = if line.len() >= 5 && line[..5].eq_ignore_ascii_case(b"#Date") {
                let date = Timestamp::from_millis(second);
                dated.extend_from_slice(b"#Date: ");
                date.write_date(&mut dated);
                dated.push(b' ');
                date.write_time(&mut dated);
                dated.extend_from_slice(newline);
                &dated
            } else {
                line
            };
            self.books.added_directives += 1;
            self.put_new(line)?;
        }
        Ok(())
    }

    /// Writes a new line.
    fn put_new(&mut self, line: &[u8]) -> Result<(), GenerateError> {
        if self.inside {
            self.file.unterminated = true;
            self.put(self.setting.stream.seen.newline.as_bytes())?;
        }
        self.put(line)?;
        match self.file.added.last_mut() {
            Some((_, last)) if *last + 1 == self.line => *last = self.line,
            _ => self.file.added.push((self.line, self.line)),
        }
        Ok(())
    }

    /// Writes bytes, and counts lines in them.
    fn put(&mut self, bytes: &[u8]) -> Result<(), GenerateError> {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if !self.inside {
                self.line += 1;
                self.directives += u64::from(line[0] == b'#');
            }
            self.inside = !line.ends_with(b"\n");
            self.ends += u64::from(!self.inside);
        }
        self.log.text().push(bytes);
        self.log.pump(self.setting.to)
    }
}

/// Milliseconds of the second that lie before the n-th of its lines.
fn place_of(line: i64, places: i64) -> i64 {
    1000 * (line + 1) / places
}
