//! A line that is being put together. Values are copied in pieces of a fixed length, longer than they are, and what is too
//! much is written over by the next value: a call for each of a line's thirty copies costs more than all else. A cursor is
//! a local variable of whoever writes a line, so that its position stays in a register.

#![expect(
    clippy::inline_always,
    reason = "only where all is in one function does the cursor stay in registers: a third of the time of a line"
)]

use super::digits::{FULL, SHORT};
use crate::text::{Piece, SLACK, Texts};
use std::io::{self, Write as _};
use std::net::IpAddr;

/// A text of the server's, with bytes behind it that may be copied too.
#[derive(Debug)]
pub(super) struct Slack {
    bytes: Vec<u8>,
    length: usize,
}

impl Slack {
    pub(super) fn new(mut bytes: Vec<u8>) -> Self {
        let length = bytes.len();
        bytes.resize(length + SLACK, b' ');
        Self { bytes, length }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Text that grows, with room behind it in which a line can be written.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    /// Text, and whatever is behind it.
    bytes: Vec<u8>,
    length: usize,
}

impl Buffer {
    /// The text.
    pub(crate) fn text(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// How many bytes of text there are.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Takes the first `count` bytes of the text away.
    pub(crate) fn take(&mut self, count: usize) {
        let count = count.min(self.length);
        self.bytes.copy_within(count..self.length, 0);
        self.length -= count;
    }

    /// Appends a text.
    pub(crate) fn push(&mut self, text: &[u8]) {
        let mut cursor = self.cursor(text.len());
        cursor.push(text);
        let end = cursor.position;
        self.length = end;
    }

    /// A cursor behind the text, with room for so many bytes. What it writes is text once [`Buffer::grow_to`] is told its
    /// position.
    #[inline]
    pub(super) fn cursor(&mut self, room: usize) -> Cursor<'_> {
        let needed = self.length + room + 2 * SLACK;
        if self.bytes.len() < needed {
            self.bytes.resize(needed.next_power_of_two(), 0);
        }
        Cursor {
            bytes: &mut self.bytes,
            position: self.length,
        }
    }

    /// The text ends where a cursor stands.
    #[inline]
    pub(super) fn grow_to(&mut self, position: usize) {
        self.length = position.min(self.bytes.len());
    }
}

impl io::Write for Buffer {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.push(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where a line is written. Its room has been measured before.
#[derive(Debug)]
pub(super) struct Cursor<'b> {
    bytes: &'b mut [u8],
    position: usize,
}

impl Cursor<'_> {
    /// Where it stands.
    #[inline(always)]
    pub(super) fn position(&self) -> usize {
        self.position
    }

    #[inline(always)]
    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes[self.position] = byte;
        self.position += 1;
    }

    /// Appends a text of any length.
    pub(super) fn push(&mut self, text: &[u8]) {
        self.bytes[self.position..self.position + text.len()].copy_from_slice(text);
        self.position += text.len();
    }

    /// Appends a text of a fixed length.
    #[inline(always)]
    pub(super) fn fixed<const N: usize>(&mut self, text: &[u8; N]) {
        self.bytes[self.position..self.position + N].copy_from_slice(text);
        self.position += N;
    }

    /// Appends a piece.
    #[inline(always)]
    pub(super) fn piece(&mut self, texts: &Texts, piece: Piece) {
        let (source, length) = texts.with_slack(piece);
        self.wide(source, length);
    }

    /// Appends a text with slack.
    #[inline(always)]
    pub(super) fn slack(&mut self, text: &Slack) {
        self.wide(&text.bytes, text.length);
    }

    /// Appends the text of a buffer, which a cursor has written.
    #[inline(always)]
    pub(super) fn buffer(&mut self, text: &Buffer) {
        self.wide(&text.bytes, text.length);
    }

    /// Appends the first `length` bytes, which have [`SLACK`] more behind them.
    #[inline(always)]
    fn wide(&mut self, source: &[u8], length: usize) {
        let to = &mut self.bytes[self.position..self.position + length + SLACK];
        let from = &source[..length + SLACK];
        // Most texts are in the first chunk, and of the others a call is cheaper than a loop.
        if let (Some(to), Some(from)) = (to.first_chunk_mut::<SLACK>(), from.first_chunk::<SLACK>())
        {
            *to = *from;
        }
        if length > SLACK {
            to[SLACK..length].copy_from_slice(&from[SLACK..length]);
        }
        self.position += length;
    }

    /// Appends a number in decimal digits: three at a time, from a table.
    #[inline(always)]
    pub(super) fn number(&mut self, value: u32) {
        if value < 1_000 {
            self.short(value);
        } else if value < 1_000_000 {
            self.short(value / 1_000);
            self.full(value % 1_000);
        } else {
            self.position = long(self.bytes, self.position, value);
        }
    }

    /// An IPv4 address.
    #[inline(always)]
    pub(super) fn v4(&mut self, address: u32) {
        let [first, second, third, fourth] = address.to_be_bytes();
        self.short(first.into());
        self.byte(b'.');
        self.short(second.into());
        self.byte(b'.');
        self.short(third.into());
        self.byte(b'.');
        self.short(fourth.into());
    }

    /// Any address.
    pub(super) fn address(&mut self, address: IpAddr) {
        self.position = written(self.bytes, self.position, address);
    }

    /// A number below 1000.
    #[inline(always)]
    fn short(&mut self, value: u32) {
        let digits = SHORT[value as usize % 1_000];
        self.bytes[self.position..self.position + 4].copy_from_slice(&digits);
        self.position += usize::from(digits[3]);
    }

    /// The last three digits of a longer number.
    #[inline(always)]
    fn full(&mut self, value: u32) {
        let digits = &FULL[value as usize % 1_000];
        self.bytes[self.position..self.position + 4].copy_from_slice(digits);
        self.position += 3;
    }
}

/// Writes a number of seven digits or more; returns where it ends.
fn long(bytes: &mut [u8], position: usize, value: u32) -> usize {
    let mut cursor = Cursor { bytes, position };
    if value >= 1_000_000_000 {
        cursor.short(value / 1_000_000_000);
        cursor.full(value / 1_000_000 % 1_000);
    } else {
        cursor.short(value / 1_000_000);
    }
    cursor.full(value / 1_000 % 1_000);
    cursor.full(value % 1_000);
    cursor.position
}

/// Writes an address; returns where it ends.
#[cold]
fn written(bytes: &mut [u8], position: usize, address: IpAddr) -> usize {
    let mut rest = &mut bytes[position..];
    let room = rest.len();
    // The room has been measured before.
    let _ = write!(rest, "{address}");
    position + room - rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Cursor<'_>)) -> String {
        let mut buffer = Buffer::default();
        buffer.push(b"> ");
        let mut cursor = buffer.cursor(100);
        write(&mut cursor);
        let end = cursor.position();
        buffer.grow_to(end);
        let text = String::from_utf8(buffer.text().to_vec()).unwrap();
        text.strip_prefix("> ").unwrap().to_owned()
    }

    #[test]
    fn numbers_and_addresses() {
        for value in [
            0,
            7,
            10,
            99,
            100,
            999,
            1_000,
            1_001,
            65_535,
            999_999,
            1_000_000,
            20_030_004,
            999_999_999,
            1_000_000_000,
            2_148_074_254,
            u32::MAX,
        ] {
            assert_eq!(written(|cursor| cursor.number(value)), value.to_string());
        }
        for text in ["1.2.3.4", "255.100.10.99", "203.0.113.250", "0.0.0.0"] {
            let address: std::net::Ipv4Addr = text.parse().unwrap();
            assert_eq!(written(|cursor| cursor.v4(address.into())), text);
        }
        for text in ["1.2.3.4", "2001:db8::77"] {
            assert_eq!(
                written(|cursor| cursor.address(text.parse().unwrap())),
                text
            );
        }
    }

    #[test]
    fn texts_of_any_length_one_after_another() {
        let mut texts = Texts::default();
        let long = "a".repeat(77);
        let pieces = [texts.add(&long), texts.add("b"), Piece::EMPTY];
        let text = written(|cursor| {
            cursor.slack(&Slack::new(b"head ".to_vec()));
            for piece in pieces {
                cursor.piece(&texts, piece);
            }
            cursor.fixed(b"xyz");
            cursor.push(b"end");
        });
        assert_eq!(text, format!("head {long}bxyzend"));
    }

    #[test]
    fn a_buffer_gives_from_its_front() {
        let mut buffer = Buffer::default();
        for _ in 0..1_000 {
            buffer.push(b"0123456789");
        }
        buffer.take(9_995);
        assert_eq!((buffer.len(), buffer.text()), (5, b"56789".as_slice()));
        buffer.take(77);
        assert_eq!(buffer.text(), b"");
    }
}
