//! One log that grows.

use super::row::hex;
use crate::LogFile;
use scanbench_w3c::{Content, LineParser, MAX_LINE_BYTES, Reader};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Read at a time once a log is being read ...
const CHUNK_BYTES: u64 = 256 << 10;
/// ... and at first, where nothing is known of its times: what is read ahead of other logs stays in memory.
const FIRST_CHUNK_BYTES: u64 = 8 << 10;
/// A log without an entry in so many bytes is judged by its directives.
const JUDGED_BYTES: usize = 16 << 10;
/// First bytes that tell a file from its successor under the same name.
const HEAD_BYTES: u64 = 1024;

/// What came of reading on.
pub(super) enum Chunk {
    /// The buffer holds whole lines up to this length, and begins this far inside of a line.
    Lines { length: usize, skipped: u64 },
    /// No whole line.
    Nothing,
    /// It is no log that is followed.
    Foreign(Content),
    /// It is another file than before.
    Replaced,
}

/// A file's first bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) bytes: u64,
    pub(super) digest: String,
}

impl Head {
    fn of(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::default();
        }
        Self {
            bytes: bytes.len() as u64,
            digest: hex(&Sha256::digest(bytes)[..16]),
        }
    }

    fn read(file: &mut File, length: u64) -> io::Result<Self> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        file.take(length).read_to_end(&mut bytes)?;
        Ok(Self::of(&bytes))
    }
}

/// Whether there was a file when last looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    There,
    Missed,
    /// Missed after a search for new names too, and told.
    Gone,
}

/// How a log is read on.
pub(super) struct Tail {
    pub(super) log: LogFile,
    /// Where the next line begins, and the lines before it.
    pub(super) offset: u64,
    pub(super) line: u64,
    /// Lines before this byte were counted in a run before.
    pub(super) counted_to: u64,
    /// Its size when last looked at: nothing behind is read, so that logs are read as of one moment.
    pub(super) size: u64,
    /// What was there before the last search for new logs.
    pub(super) settled: u64,
    /// The time of the last line read.
    pub(super) position: i64,
    pub(super) head: Head,
    /// `None` until the directives before `offset` were read.
    pub(super) parser: Option<LineParser>,
    /// Whether it was found to be a web log; until then it may be anything.
    pub(super) is_web: bool,
    /// It is passed over, with its size when that was found.
    pub(super) foreign: Option<u64>,
    pub(super) told_columns: bool,
    pub(super) presence: Presence,
    /// Bytes of an unfinished line over the limit that were passed over.
    skipped: u64,
}

impl Tail {
    /// From its first line.
    pub(super) fn new(log: LogFile) -> Self {
        Self {
            log,
            offset: 0,
            line: 0,
            counted_to: 0,
            size: 0,
            settled: 0,
            position: i64::MIN,
            head: Head::default(),
            parser: None,
            is_web: false,
            foreign: None,
            told_columns: false,
            presence: Presence::There,
            skipped: 0,
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.log.path.as_deref().unwrap_or(Path::new(""))
    }

    /// Passes over the whole lines that are there. What stands before them is only read when lines come.
    pub(super) fn start_at_end(&mut self) -> io::Result<()> {
        let mut file = File::open(self.path())?;
        let size = file.metadata()?.len();
        self.offset = end_of_lines(&mut file, size)?;
        self.counted_to = self.offset;
        self.head = Head::read(&mut file, self.offset.min(HEAD_BYTES))?;
        Ok(())
    }

    /// Whether the file begins as it did.
    pub(super) fn begins_with(&self, head: &Head) -> io::Result<bool> {
        let mut file = File::open(self.path())?;
        Ok(Head::read(&mut file, head.bytes)? == *head)
    }

    /// Its size now; 0 where it cannot be told.
    pub(super) fn length(&self) -> u64 {
        fs::metadata(self.path()).map_or(0, |data| data.len())
    }

    /// Looks at the size. Whether there is something to read; `None` where the file has shrunk.
    pub(super) fn look(&mut self) -> io::Result<Option<bool>> {
        // Not what the folder says of it: on Windows that lags behind while the writer has the file open.
        self.size = self.path().metadata()?.len();
        self.presence = Presence::There;
        match self.foreign {
            Some(size) => Ok((self.size >= size).then_some(false)),
            None if self.size < self.offset => Ok(None),
            None => Ok(Some(self.size > self.offset + self.skipped)),
        }
    }

    /// Reads whole lines from `offset` on. An unfinished last line is read again next time, since its bytes may
    /// be room that the writer has not filled yet.
    pub(super) fn read(&mut self, buffer: &mut Vec<u8>) -> io::Result<Chunk> {
        let mut file = File::open(self.path())?;
        if Head::read(&mut file, self.head.bytes)? != self.head {
            return Ok(Chunk::Replaced);
        }
        let known = self.offset.min(HEAD_BYTES);
        if self.head.bytes < known {
            self.head = Head::read(&mut file, known)?;
        }
        if self.parser.is_none()
            && let Some(foreign) = self.catch_up(&mut file)?
        {
            return Ok(Chunk::Foreign(foreign));
        }
        let mut want = if self.position == i64::MIN {
            FIRST_CHUNK_BYTES
        } else {
            CHUNK_BYTES
        };
        loop {
            let from = self.offset + self.skipped;
            let there = self.size.saturating_sub(from);
            buffer.clear();
            file.seek(SeekFrom::Start(from))?;
            let got = Read::by_ref(&mut file)
                .take(want.min(there))
                .read_to_end(buffer)?;
            let ended = (got as u64) < want;
            if let Some(last) = memchr::memrchr(b'\n', buffer) {
                let length = last + 1;
                if !self.is_web && !tells(&buffer[..length]) && got < JUDGED_BYTES {
                    if ended {
                        return Ok(Chunk::Nothing);
                    }
                    want *= 2;
                    continue;
                }
                if !self.is_web
                    && let Some(foreign) = foreign(&buffer[..length])?
                {
                    return Ok(Chunk::Foreign(foreign));
                }
                self.is_web = true;
                if self.offset == 0 && self.skipped == 0 {
                    let head = length.min(usize::try_from(HEAD_BYTES).unwrap_or(length));
                    self.head = Head::of(&buffer[..head]);
                }
                let skipped = std::mem::take(&mut self.skipped);
                return Ok(Chunk::Lines { length, skipped });
            }
            if self.skipped > 0 || got > MAX_LINE_BYTES + 1 {
                self.skipped += got as u64;
            } else if !ended {
                want *= 2;
            }
            if ended {
                return Ok(Chunk::Nothing);
            }
        }
    }

    /// Whether more may be there; to be asked behind a chunk.
    pub(super) fn has_more(&self) -> bool {
        self.foreign.is_none() && self.size > self.offset + self.skipped
    }

    /// Reads what stands before `offset`, for the directives; what it is, where it is no web log.
    fn catch_up(&mut self, file: &mut File) -> io::Result<Option<Content>> {
        if self.offset == 0 {
            self.parser = Some(LineParser::default());
            return Ok(None);
        }
        file.seek(SeekFrom::Start(0))?;
        let mut reader = Reader::new(file.take(self.offset))?;
        loop {
            match reader.next_item() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => return Err(error.source),
            }
        }
        self.line = reader.counts().lines();
        self.parser = Some(LineParser::new(reader.header().clone()));
        match reader.content() {
            // No entry was needed to tell: what stands before is whole.
            Content::Web => self.is_web = true,
            Content::Empty => {}
            other => return Ok(Some(other.clone())),
        }
        Ok(None)
    }
}

/// Whether a line says more than directives do.
fn tells(lines: &[u8]) -> bool {
    lines.split(|byte| *byte == b'\n').any(|line| {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        !line.trim_ascii().is_empty() && !line.starts_with(b"#")
    })
}

/// What a file that begins with these lines is, where it is no web log.
fn foreign(lines: &[u8]) -> io::Result<Option<Content>> {
    Ok(match Reader::new(lines)?.content() {
        Content::Web | Content::Empty => None,
        other => Some(other.clone()),
    })
}

/// Where the last line end is, going back from `size`.
fn end_of_lines(file: &mut File, size: u64) -> io::Result<u64> {
    let mut end = size;
    let mut block = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(64 << 10);
        block.clear();
        file.seek(SeekFrom::Start(start))?;
        Read::by_ref(file)
            .take(end - start)
            .read_to_end(&mut block)?;
        if let Some(last) = memchr::memrchr(b'\n', &block) {
            return Ok(start + last as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}
