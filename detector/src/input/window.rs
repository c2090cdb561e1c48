//! The unread part of a text, with its place: what readers of rows look at and take from.

use std::io::{self, Read};

/// Bytes asked for at a time, and the buffer's size to begin with.
const BLOCK_BYTES: usize = 256 << 10;

/// A stretch of the input that grows at its end and is taken from its front.
pub(super) struct Window<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    /// Bytes taken.
    offset: u64,
    /// Line ends taken.
    line_ends: u64,
}

impl<R: Read> Window<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            buffer: vec![0; BLOCK_BYTES],
            start: 0,
            end: 0,
            at_end: false,
            offset: 0,
            line_ends: 0,
        }
    }

    pub(super) fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Whether nothing comes behind the unread bytes.
    pub(super) fn at_end(&self) -> bool {
        self.at_end
    }

    /// Where the unread bytes begin, from 0.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The line where the unread bytes begin, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line_ends + 1
    }

    pub(super) fn take(&mut self, count: usize) {
        let taken = &self.buffer[self.start..self.start + count];
        self.line_ends += memchr::memchr_iter(b'\n', taken).count() as u64;
        self.start += count;
        self.offset += count as u64;
    }

    /// Reads more behind the unread bytes, doubling the buffer where they fill it; whoever calls this without
    /// taking has a limit.
    pub(super) fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(count) => {
                    self.end += count;
                    self.at_end = count == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
