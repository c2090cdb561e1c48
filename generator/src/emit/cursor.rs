//! A line that is being put together. Values are copied in pieces of a fixed length, longer than they are, and what is too
//! much is written over by the next value: a call for each of a line's thirty copies costs more than all else. A cursor is
//! a local variable of whoever writes a line, so that its position stays in a register.

#![expect(
    clippy::inline_always,
    reason = "only where all is in one function does the cursor stay in registers: a third of the time of a line"
)]

use super::digits::{FULL, SHORT};
use crate::text::{CHUNK, Piece, SLACK, Texts};
use std::io::{self, Write as _};
use std::net::IpAddr;

/// A text of the server's, with a blank behind it and bytes that may be copied too.
#[derive(Debug, Default)]
pub(super) struct Slack {
    bytes: Vec<u8>,
    length: u32,
}

impl Slack {
    pub(super) fn new(mut bytes: Vec<u8>) -> Self {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        bytes.resize(bytes.len() + 1 + SLACK, b' ');
        Self { bytes, length }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.bytes[..self.length as usize]
    }

    /// Puts a text of the same length in place of its first bytes; nothing where there are fewer.
    pub(super) fn begin_with<const N: usize>(&mut self, text: &[u8; N]) {
        if let Some(begin) = self.bytes.first_chunk_mut() {
            *begin = *text;
        }
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
        let end = cursor.position();
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
            end: self.bytes.len(),
            rest: &mut self.bytes[self.length..],
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

/// Where a line is written. Its room has been measured before. What lies ahead is a slice that is cut as it is written to,
/// so that each value costs one look at its length. All that takes a cursor is inlined, however large: one call with a
/// pointer to it, and it lies in memory instead of in registers.
#[derive(Debug)]
pub(super) struct Cursor<'b> {
    rest: &'b mut [u8],
    /// The position of the slice's end.
    end: usize,
}

impl<'b> Cursor<'b> {
    /// Where it stands.
    #[inline(always)]
    pub(super) fn position(&self) -> usize {
        self.end - self.rest.len()
    }

    /// What lies ahead, to be cut and put back.
    #[inline(always)]
    fn rest(&mut self) -> &'b mut [u8] {
        std::mem::take(&mut self.rest)
    }

    #[inline(always)]
    pub(super) fn byte(&mut self, byte: u8) {
        self.fixed(&[byte]);
    }

    /// Appends a text of any length.
    #[inline(always)]
    pub(super) fn push(&mut self, text: &[u8]) {
        let (to, rest) = self.rest().split_at_mut(text.len());
        to.copy_from_slice(text);
        self.rest = rest;
    }

    /// Appends a text of a fixed length.
    #[inline(always)]
    pub(super) fn fixed<const N: usize>(&mut self, text: &[u8; N]) {
        let (to, rest) = self.rest().split_at_mut(N);
        to.copy_from_slice(text);
        self.rest = rest;
    }

    /// Appends what stands for no value, and a blank if `BLANK`.
    #[inline(always)]
    pub(super) fn none<const BLANK: bool>(&mut self) {
        if BLANK {
            self.fixed(b"- ");
        } else {
            self.byte(b'-');
        }
    }

    /// Appends a piece, and a blank if `BLANK`.
    #[inline(always)]
    pub(super) fn piece<const BLANK: bool>(&mut self, texts: &Texts, piece: Piece) {
        let (source, length) = texts.with_slack(piece);
        self.wide(source, length, BLANK);
    }

    /// Appends a text with slack, and a blank if `BLANK`.
    #[inline(always)]
    pub(super) fn slack<const BLANK: bool>(&mut self, text: &Slack) {
        self.wide(&text.bytes, text.length, BLANK);
    }

    /// Appends the first `length` bytes and, if `blank`, the blank behind them. The source has [`SLACK`] more.
    #[inline(always)]
    fn wide(&mut self, source: &[u8], length: u32, blank: bool) {
        let length = length as usize + usize::from(blank);
        let rest = self.rest();
        let to = &mut rest[..length + SLACK];
        let from = &source[..length + SLACK];
        to[..CHUNK].copy_from_slice(&from[..CHUNK]);
        if length > CHUNK {
            to[CHUNK..SLACK].copy_from_slice(&from[CHUNK..SLACK]);
            if length > SLACK {
                to[SLACK..length].copy_from_slice(&from[SLACK..length]);
            }
        }
        self.rest = &mut rest[length..];
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
            self.rest = long(self.rest(), value);
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
    #[inline(always)]
    pub(super) fn address(&mut self, address: IpAddr) {
        self.rest = written(self.rest(), address);
    }

    /// A number below 1000.
    #[inline(always)]
    fn short(&mut self, value: u32) {
        let digits = SHORT[value as usize % 1_000];
        let rest = self.rest();
        rest[..4].copy_from_slice(&digits);
        // There are three at most, which the compiler does not know otherwise.
        self.rest = &mut rest[usize::from(digits[3] & 3)..];
    }

    /// The last three digits of a longer number.
    #[inline(always)]
    fn full(&mut self, value: u32) {
        let rest = self.rest();
        rest[..4].copy_from_slice(&FULL[value as usize % 1_000]);
        self.rest = &mut rest[3..];
    }
}

/// Writes a number of seven digits or more; returns what lies behind.
#[inline(never)]
fn long(rest: &mut [u8], value: u32) -> &mut [u8] {
    let mut cursor = Cursor { end: 0, rest };
    if value >= 1_000_000_000 {
        cursor.short(value / 1_000_000_000);
        cursor.full(value / 1_000_000 % 1_000);
    } else {
        cursor.short(value / 1_000_000);
    }
    cursor.full(value / 1_000 % 1_000);
    cursor.full(value % 1_000);
    cursor.rest
}

/// Writes an address; returns what lies behind.
#[inline(never)]
fn written(mut rest: &mut [u8], address: IpAddr) -> &mut [u8] {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match address {
        // Nothing to be left out, which is all that makes them difficult (RFC 5952): nearly all that were drawn.
        IpAddr::V6(address) if !address.segments().contains(&0) => {
            let mut cursor = Cursor { end: 0, rest };
            for (nth, group) in address.segments().into_iter().enumerate() {
                if nth > 0 {
                    cursor.byte(b':');
                }
                for shift in [12, 8, 4, 0] {
                    if group >> shift > 0 {
                        cursor.byte(HEX[usize::from(group >> shift & 15)]);
                    }
                }
            }
            cursor.rest
        }
        _ => {
            // The room has been measured before.
            let _ = write!(rest, "{address}");
            rest
        }
    }
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
        for text in [
            "1.2.3.4",
            "2001:db8::77",
            "2400:1:20:300:4000:abcd:ef01:2345",
            "fe80:1:1:1:1:1:1:0",
        ] {
            assert_eq!(
                written(|cursor| cursor.address(text.parse().unwrap())),
                text
            );
        }
    }

    #[test]
    fn texts_of_any_length_one_after_another() {
        let lengths = [
            0,
            1,
            CHUNK - 1,
            CHUNK,
            CHUNK + 1,
            SLACK - 1,
            SLACK,
            SLACK + 1,
            500,
        ];
        let mut texts = Texts::default();
        let all: Vec<String> = lengths
            .iter()
            .zip('a'..)
            .map(|(length, letter)| letter.to_string().repeat(*length))
            .collect();
        let pieces: Vec<Piece> = all.iter().map(|text| texts.add(text)).collect();
        let mut buffer = Buffer::default();
        let mut cursor = buffer.cursor(2_000);
        for piece in &pieces {
            cursor.piece::<true>(&texts, *piece);
        }
        for piece in &pieces {
            cursor.piece::<false>(&texts, *piece);
        }
        cursor.slack::<true>(&Slack::new(b"slack".to_vec()));
        cursor.none::<true>();
        cursor.none::<false>();
        cursor.fixed(b"xyz");
        cursor.push(b"end");
        let end = cursor.position();
        buffer.grow_to(end);
        let expected = format!("{} {}slack - -xyzend", all.join(" "), all.concat());
        assert_eq!(String::from_utf8_lossy(buffer.text()), expected);
        let mut slack = Slack::new(b"10:00:00 x".to_vec());
        slack.begin_with(b"10:00:01");
        assert_eq!(slack.text(), b"10:00:01 x");
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
