//! A log in its very bytes, line by line: whoever puts lines between others must not change those.

use scanbench_w3c::MAX_LINE_BYTES;
use std::io::{self, BufRead, Read as _};

/// The byte order mark that some editors put before a text.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// Reads lines with their ends. A line longer than any that is an entry comes in pieces.
pub(super) struct RawLines<R> {
    input: R,
    line: Vec<u8>,
    inside: bool,
}

/// A line, or a piece of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw<'a> {
    /// All its bytes, its end too.
    pub(super) bytes: &'a [u8],
    /// Whether it is a line from its begin to its end, and not a piece of an overlong one.
    pub(super) whole: bool,
}

impl Raw<'_> {
    /// Without its end.
    pub(super) fn text(&self) -> &[u8] {
        let text = self.bytes.strip_suffix(b"\n").unwrap_or(self.bytes);
        text.strip_suffix(b"\r").unwrap_or(text)
    }

    /// Whether a line end stands behind it.
    pub(super) fn is_terminated(&self) -> bool {
        self.bytes.ends_with(b"\n")
    }
}

impl<R: BufRead> RawLines<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            line: Vec::new(),
            inside: false,
        }
    }

    /// The next one; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Raw<'_>>> {
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
        Ok(Some(Raw {
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
        while let Some(raw) = lines.next().unwrap() {
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
