//! Text out of files and streams to the walker, block by block.

use super::table::Value;
use super::walk::{Sink, Walker};
use scanbench_w3c::MAX_LINE_BYTES;
use std::io::{self, Read};

/// Memory to read into, used again for each block. Reads go to one aligned place: into odd places the kernel copies
/// up to four times slower. What is left of a block is put in front of that place.
pub(super) struct Buffer {
    bytes: Vec<u8>,
    base: usize,
    block: usize,
}

impl Buffer {
    pub(super) fn new(block: usize) -> Self {
        const PAGE: usize = 4096;
        /// A line that is not yet over the limit, and its end.
        const FRONT: usize = MAX_LINE_BYTES + 2;

        let block = block.max(1);
        let bytes = vec![0; FRONT + PAGE + block];
        let aligned = bytes[FRONT..].as_ptr().align_offset(PAGE);
        Self {
            base: FRONT + aligned.min(PAGE),
            bytes,
            block,
        }
    }

    /// Feeds all that `input` gives to the walker. `is_end` says that the input's end is the end of the file, so
    /// that a last line without a line feed is one. `breathe` is called after each block with the bytes so far and
    /// says whether to go on.
    ///
    /// Gives whether it came to the end.
    pub(super) fn feed<V: Value>(
        &mut self,
        input: &mut impl Read,
        is_end: bool,
        walker: &mut Walker<'_>,
        sink: &mut impl Sink<V>,
        breathe: &mut dyn FnMut(u64) -> bool,
    ) -> io::Result<bool> {
        self.feed_each(input, is_end, walker, sink, &mut |_, count| breathe(count))
    }

    /// The same, where who breathes wants to see what was taken so far.
    pub(super) fn feed_each<V: Value, S: Sink<V>>(
        &mut self,
        input: &mut impl Read,
        is_end: bool,
        walker: &mut Walker<'_>,
        sink: &mut S,
        breathe: &mut dyn FnMut(&mut S, u64) -> bool,
    ) -> io::Result<bool> {
        let mut carry = 0;
        loop {
            let room = &mut self.bytes[self.base..self.base + self.block];
            let count = read(input, room)?;
            let block = &self.bytes[self.base - carry..self.base + count];
            if count == 0 {
                if is_end {
                    walker.walk_end(block, sink);
                }
                return Ok(true);
            }
            let done = walker.walk(block, sink);
            let rest = self.base - carry + done..self.base + count;
            carry = rest.len();
            self.bytes.copy_within(rest, self.base - carry);
            if !breathe(sink, count as u64) {
                return Ok(false);
            }
        }
    }
}

/// One read that signals do not disturb.
pub(super) fn read(input: &mut impl Read, room: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}
