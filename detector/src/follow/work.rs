//! The work of following: looking at logs, reading what came, counting it.

use super::bins::{Bins, Seen};
use super::notice::{Dropped, FollowNotice};
use super::row::FollowedRow;
use super::tail::{Chunk, Presence, Tail};
use super::{FollowOptions, FollowTotals, Follower, Round};
use crate::collector::KeyTexts;
use crate::exclusion::Memo;
use crate::find::ComputerSource;
use scanbench_w3c::{Content, Entry, Field, Line, LineParser, MAX_LINE_BYTES, RawLine};
use std::io;
use std::time::{Duration, Instant};

/// Rows are given after so long at the latest, however much there is to read.
const ROUND: Duration = Duration::from_millis(100);

impl Follower {
    /// Reads some of what there is, or looks whether there is more. To be called again at once where the round says
    /// that there is more, else after a while.
    pub fn round(&mut self, tell: &mut dyn FnMut(FollowNotice<'_>)) -> Round {
        let mut rows = Vec::new();
        let mut bytes = 0;
        let begun = Instant::now();
        let searched = self.pending.is_empty() && self.look(tell);
        while let Some((_, id)) = self.pending.pop_first() {
            bytes += self.read_on(id, &mut rows, tell);
            // What a run before has read must be together before windows that move can be told.
            if !self.is_catching_up() {
                let unread = self
                    .pending
                    .first()
                    .map_or(i64::MAX, |(position, _)| *position);
                self.bins.look(unread, &mut rows);
                self.bins.close(unread, self.options.lateness, &mut rows);
            }
            if !rows.is_empty() || begun.elapsed() > ROUND {
                break;
            }
        }
        if self.pending.is_empty() {
            self.bins.look(i64::MAX, &mut rows);
            self.bins.close(i64::MAX, self.options.lateness, &mut rows);
        }
        self.changed |= bytes > 0 || !rows.is_empty();
        Round {
            rows,
            bytes,
            more: !self.pending.is_empty(),
            searched,
        }
    }

    /// Whether lines that a run before has read are still being read again, for windows that move.
    fn is_catching_up(&mut self) -> bool {
        self.catches_up = self.catches_up
            && self.pending.iter().any(|(_, id)| {
                let tail = self.tails.get(id);
                tail.is_some_and(|tail| tail.offset < tail.counted_to)
            });
        self.catches_up
    }

    /// Looks for new logs, where it is time, and at the sizes of all.
    fn look(&mut self, tell: &mut dyn FnMut(FollowNotice<'_>)) -> bool {
        let searches = Instant::now() >= self.search_at;
        if searches {
            // Whatever was written before the last look is read by now, or will be found in this one.
            self.bins.settle();
            for tail in self.tails.values_mut() {
                tail.settled = tail.size;
            }
            self.search(false, tell);
        }
        let mut replaced = Vec::new();
        for (id, tail) in &mut self.tails {
            match tail.look() {
                Ok(Some(true)) => {
                    self.pending.insert((tail.position, *id));
                }
                Ok(Some(false)) => {}
                Ok(None) => {
                    tell(FollowNotice::Replaced(&tail.log));
                    replaced.push(*id);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    // Moved, perhaps: a search behind the one that missed it finds it under its new name. Deleted, or
                    // on a share that is away: where it comes back, it goes on. So it is kept either way.
                    match tail.presence {
                        Presence::There => tail.presence = Presence::Missed,
                        Presence::Missed if searches => {
                            (tail.presence, tail.parser) = (Presence::Gone, None);
                            tell(FollowNotice::Gone(&tail.log));
                        }
                        Presence::Missed | Presence::Gone => {}
                    }
                }
                Err(error) => tell(FollowNotice::Unreadable(&tail.log, error)),
            }
        }
        for id in replaced {
            self.begin_anew(id);
        }
        searches
    }

    /// Follows another file under the name of one that was followed.
    fn begin_anew(&mut self, id: u64) {
        self.changed = true;
        if let Some(tail) = self.tails.remove(&id) {
            self.add(tail.path().to_owned(), Tail::new(tail.log));
        }
    }

    /// Reads on in one log; the bytes read.
    fn read_on(
        &mut self,
        id: u64,
        rows: &mut Vec<FollowedRow>,
        tell: &mut dyn FnMut(FollowNotice<'_>),
    ) -> u64 {
        let Some(tail) = self.tails.get_mut(&id) else {
            return 0;
        };
        let arrived = Instant::now();
        let (length, skipped) = match tail.read(&mut self.buffer) {
            Ok(Chunk::Lines { length, skipped }) => (length, skipped),
            Ok(Chunk::Nothing) => return 0,
            Ok(Chunk::Foreign(content)) => {
                tail.foreign = Some(tail.size);
                if content != Content::Empty {
                    tell(FollowNotice::PassedOver(&tail.log, content));
                }
                return 0;
            }
            Ok(Chunk::Replaced) => {
                tell(FollowNotice::Replaced(&tail.log));
                self.begin_anew(id);
                return 0;
            }
            Err(error) => {
                tell(FollowNotice::Unreadable(&tail.log, error));
                return 0;
            }
        };
        let mut lines = Lines {
            id,
            arrived,
            options: &self.options,
            bins: &mut self.bins,
            memo: &mut self.memo,
            totals: &mut self.totals,
            rows,
            tell,
            late: 0,
        };
        lines.count(tail, &self.buffer[..length], skipped);
        let has_more = tail.has_more();
        if has_more {
            self.pending.insert((tail.position, id));
        }
        self.tell_dropped(tell);
        length as u64
    }

    fn tell_dropped(&mut self, tell: &mut dyn FnMut(FollowNotice<'_>)) {
        let totals = &mut self.totals;
        for shed in self.bins.shed.drain(..) {
            totals.dropped_groups += shed.groups;
            totals.dropped_lines += shed.lines;
            totals.dropped_most = totals.dropped_most.max(shed.most);
            tell(FollowNotice::Dropped(Dropped {
                server: &shed.server,
                start: shed.start,
                groups: shed.groups,
                lines: shed.lines,
                most: shed.most,
            }));
        }
    }
}

/// Counts the lines of one chunk.
struct Lines<'a> {
    id: u64,
    arrived: Instant,
    options: &'a FollowOptions,
    bins: &'a mut Bins,
    memo: &'a mut Memo,
    totals: &'a mut FollowTotals,
    rows: &'a mut Vec<FollowedRow>,
    tell: &'a mut dyn FnMut(FollowNotice<'_>),
    late: u64,
}

impl Lines<'_> {
    fn count(&mut self, tail: &mut Tail, chunk: &[u8], mut skipped: u64) {
        let mut parser = tail.parser.take().unwrap_or_default();
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', chunk) {
            let text = &chunk[start..end];
            let length = skipped + (end - start) as u64;
            self.line(tail, &mut parser, text, length);
            tail.offset += length + 1;
            tail.line += 1;
            (start, skipped) = (end + 1, 0);
        }
        tail.parser = Some(parser);
        if self.late > 0 {
            self.totals.late += self.late;
            (self.tell)(FollowNotice::Late(&tail.log, self.late));
        }
    }

    fn line(&mut self, tail: &mut Tail, parser: &mut LineParser, text: &[u8], length: u64) {
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let text = match tail.offset {
            0 => text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text),
            _ => text,
        };
        let too_long = length > MAX_LINE_BYTES as u64 + 1 || text.len() > MAX_LINE_BYTES;
        let line = RawLine {
            text,
            number: tail.line + 1,
            offset: tail.offset,
            terminated: true,
            too_long: too_long.then_some((length, MAX_LINE_BYTES)),
        };
        let is_new = tail.offset >= tail.counted_to;
        match parser.parse(&line) {
            Line::Entry(entry) => {
                tail.position = entry.time().millis();
                self.entry(tail, &entry, is_new);
            }
            Line::Bad(bad) if is_new => {
                self.totals.bad += 1;
                (self.tell)(FollowNotice::Bad(&tail.log, bad));
            }
            Line::Bad(_) | Line::Directive | Line::Blank => {}
        }
    }

    fn entry(&mut self, tail: &mut Tail, entry: &Entry<'_>, is_new: bool) {
        if !std::mem::replace(&mut tail.told_columns, true) {
            for field in [Field::SPort, Field::CIp, Field::SIp] {
                if entry.columns().position(field).is_none() {
                    (self.tell)(FollowNotice::NoColumn(&tail.log, field));
                }
            }
        }
        let computer = ComputerSource::new(self.options.computer.as_deref(), &tail.log);
        let computer = computer.of(entry.get(Field::SComputername));
        let client = self.bins.rule().client.of(entry);
        let exclusions = self.bins.exclusions();
        let signature = exclusions.signature(self.memo, entry, &client, computer);
        if is_new {
            self.totals.lines += 1;
            let time = entry.time();
            let (first, last) = self.totals.span.get_or_insert((time, time));
            *first = time.min(*first);
            *last = time.max(*last);
            let drops = exclusions.drops(signature);
            self.totals.suppressed_lines += u64::from(drops);
        }
        let seen = Seen {
            keys: KeyTexts::of(entry, &client, computer),
            signature,
            file: self.id,
            offset: tail.offset,
            arrived: self.arrived,
            settled: tail.offset < tail.settled,
            is_new,
        };
        let late = self.bins.add(entry, &seen, self.rows);
        self.late += u64::from(late && is_new);
    }
}
