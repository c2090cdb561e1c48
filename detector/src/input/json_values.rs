//! Where one JSON value ends and the next begins, without reading what is in them: a stream of objects or a
//! long array is cut into pieces that are small.

use super::window::Window;
use std::io::{self, Read};
use std::ops::ControlFlow;

/// How the objects stand in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// One on each line (NDJSON): damage to a line harms that line only.
    Lines,
    /// One behind another, each over several lines (`jq .[]`).
    Stream,
    /// In one array (`az monitor log-analytics query`).
    Array,
}

/// A stretch at the front of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A value of so many bytes.
    Value(usize),
    /// A line over the limit, its length, number and first byte; it was taken already.
    TooLong { length: u64, line: u64, offset: u64 },
    /// The input ends in the middle of a value of so many bytes.
    Cut(usize),
    /// Something that cannot stand here; nothing behind it can be told apart.
    Stray,
    /// The value that begins here is over the limit, and only its end would tell where the next begins.
    Endless,
    /// The end of the array was missing.
    Unclosed,
    /// The end.
    End,
}

/// Cuts the input of a window into values.
pub(super) struct Splitter {
    style: Style,
    limit: usize,
    /// In an array, whether its `[` and its `]` have been taken.
    opened: bool,
    closed: bool,
}

impl Splitter {
    pub(super) fn new(style: Style, limit: usize) -> Self {
        Self {
            style,
            limit,
            opened: style != Style::Array,
            closed: false,
        }
    }

    /// The next value, at the front of the window; whoever asks takes it before asking again.
    pub(super) fn next<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<Piece> {
        match self.style {
            Style::Lines => self.next_line(window),
            Style::Stream | Style::Array => self.next_value(window),
        }
    }

    fn next_line<R: Read>(&self, window: &mut Window<R>) -> io::Result<Piece> {
        let mut searched = 0;
        loop {
            let unread = window.unread();
            if let Some(found) = memchr::memchr(b'\n', &unread[searched..]) {
                let length = searched + found;
                if unread[..length].trim_ascii().is_empty() {
                    window.take(length + 1);
                    searched = 0;
                    continue;
                }
                if length > self.limit {
                    return pass_line(window);
                }
                return Ok(Piece::Value(length));
            }
            searched = unread.len();
            if searched > self.limit {
                return pass_line(window);
            }
            if window.at_end() {
                let blank = unread.trim_ascii().is_empty();
                return Ok(if blank {
                    Piece::End
                } else {
                    Piece::Value(searched)
                });
            }
            window.fill()?;
        }
    }

    fn next_value<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<Piece> {
        loop {
            let unread = window.unread();
            let blank = unread.iter().take_while(|byte| self.passes(**byte)).count();
            let next = unread.get(blank).copied();
            window.take(blank);
            match next {
                None if window.at_end() => {
                    let whole = self.closed || self.style == Style::Stream;
                    return Ok(if whole { Piece::End } else { Piece::Unclosed });
                }
                None => window.fill()?,
                Some(_) if self.closed => return Ok(Piece::Stray),
                Some(b'[') if !self.opened => {
                    self.opened = true;
                    window.take(1);
                }
                Some(b']') if self.style == Style::Array => {
                    self.closed = true;
                    window.take(1);
                }
                Some(b']' | b'}') => return Ok(Piece::Stray),
                Some(_) => return self.measure(window),
            }
        }
    }

    /// Whether a byte may stand between two values. How many commas there are is nobody's concern here.
    fn passes(&self, byte: u8) -> bool {
        byte.is_ascii_whitespace() || (byte == b',' && self.style == Style::Array && !self.closed)
    }

    /// The length of the value at the front of the window.
    fn measure<R: Read>(&self, window: &mut Window<R>) -> io::Result<Piece> {
        let mut scan = Scan::default();
        let mut searched = 0;
        loop {
            let unread = window.unread();
            if let ControlFlow::Break(length) = scan.run(unread, searched) {
                return Ok(match length {
                    // A comma where none belongs: taking nothing would go on for ever.
                    0 => Piece::Stray,
                    _ if length > self.limit => Piece::Endless,
                    _ => Piece::Value(length),
                });
            }
            searched = unread.len();
            if searched > self.limit {
                return Ok(Piece::Endless);
            }
            if window.at_end() {
                return Ok(Piece::Cut(searched));
            }
            window.fill()?;
        }
    }
}

/// Takes a line that is too long to be kept.
fn pass_line<R: Read>(window: &mut Window<R>) -> io::Result<Piece> {
    let (line, offset) = (window.line(), window.offset());
    let terminated = loop {
        let unread = window.unread();
        let end = memchr::memchr(b'\n', unread);
        let length = end.map_or(unread.len(), |end| end + 1);
        window.take(length);
        if end.is_some() || window.at_end() {
            break end.is_some();
        }
        window.fill()?;
    };
    Ok(Piece::TooLong {
        length: window.offset() - offset - u64::from(terminated),
        line,
        offset,
    })
}

/// How deep in brackets a scan is, and whether in a string.
#[derive(Default)]
struct Scan {
    depth: u64,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    /// Goes on from `place`; breaks with the length where the value ends.
    fn run(&mut self, bytes: &[u8], mut place: usize) -> ControlFlow<usize> {
        while let Some(&byte) = bytes.get(place) {
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                    place += 1;
                    continue;
                }
                let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[place..]) else {
                    return ControlFlow::Continue(());
                };
                place += found + 1;
                if bytes[place - 1] == b'\\' {
                    self.escaped = true;
                } else {
                    self.in_string = false;
                    if self.depth == 0 {
                        return ControlFlow::Break(place);
                    }
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 1 => self.depth -= 1,
                b'}' | b']' if self.depth == 1 => return ControlFlow::Break(place + 1),
                // A bare word or number ends before what cannot be in it.
                b'}' | b']' | b',' if self.depth == 0 => return ControlFlow::Break(place),
                _ if self.depth == 0 && byte.is_ascii_whitespace() => {
                    return ControlFlow::Break(place);
                }
                _ => {}
            }
            place += 1;
        }
        ControlFlow::Continue(())
    }
}
