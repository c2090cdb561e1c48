//! A log in its very bytes, line by line: whoever puts lines between others must not change those.

use crate::content::UTF8_BOM;
use crate::{MAX_LINE_BYTES, RawLine};
use std::io::{self, BufRead, Read as _};

/// Reads lines with their ends. A line longer than any that is an entry comes in pieces.
pub struct RawLines<R> {
    input: R,
    line: Vec<u8>,
    inside: bool,
}

/// A line, or a piece of one.
#[derive(Clone, Copy, Debug)]
pub struct WholeLine<'a> {
    /// All its bytes, its end too.
    pub bytes: &'a [u8],
    /// Whether it is a line from its begin to its end, and not a piece of an overlong one.
    pub whole: bool,
}

impl WholeLine<'_> {
    /// As the parser takes it; `number` is its number in the file, from 1. Of the first line a byte order mark is taken
    /// off.
    #[must_use]
    pub fn raw(&self, number: u64) -> RawLine<'_> {
        let text = self.text();
        RawLine {
            text: match number {
                1 => text.strip_prefix(UTF8_BOM).unwrap_or(text),
                _ => text,
            },
            number,
            offset: 0,
            terminated: true,
            too_long: None,
        }
    }

    /// Whether the text begins with a byte order mark.
    #[must_use]
    pub fn has_bom(&self) -> bool {
        self.bytes.starts_with(UTF8_BOM)
    }

    /// Without its end.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        let text = self.bytes.strip_suffix(b"\n").unwrap_or(self.bytes);
        text.strip_suffix(b"\r").unwrap_or(text)
    }

    /// Whether a line end stands behind it.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        self.bytes.ends_with(b"\n")
    }
}

impl<R: BufRead> RawLines<R> {
    /// Reads lines of this input.
    pub fn new(input: R) -> Self {
        Self {
            input,
            line: Vec::new(),
            inside: false,
        }
    }

    /// The next one; `None` at the end.
    ///
    /// # Errors
    /// Where the input fails.
    pub fn next_line(&mut self) -> io::Result<Option<WholeLine<'_>>> {
        self.line.clear();
        // Room for the line and its end.
        let limit = MAX_LINE_BYTES as u64 + 2;
        (&mut self.input)
            .take(limit)
            .read_until(b'\n', &mut self.line)?;
        if self.line.is_empty() {
            return Ok(None);
        }
        let began = !self.inside;
        self.inside = !self.line.ends_with(b"\n") && self.line.len() as u64 == limit;
        Ok(Some(WholeLine {
            bytes: &self.line,
            whole: began && !self.inside,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_once() {
        let long = vec![b'x'; MAX_LINE_BYTES * 2];
        let text = [b"a\r\n\n".as_slice(), &long, b"\nlast"].concat();
        let mut lines = RawLines::new(text.as_slice());
        let (mut all, mut whole) = (Vec::new(), Vec::new());
        while let Some(raw) = lines.next_line().unwrap() {
            all.extend_from_slice(raw.bytes);
            if raw.whole {
                whole.push((raw.text().to_vec(), raw.is_terminated()));
            }
        }
        assert_eq!(all, text);
        let expected = [
            (b"a".to_vec(), true),
            (Vec::new(), true),
            (b"last".to_vec(), false),
        ];
        assert_eq!(whole, expected);
    }
}
