//! Entries into lines, as IIS writes them.

use crate::{Columns, Timestamp};
use std::io::{self, Write};

/// The line end of a log. IIS writes CR LF; logs that went through other systems often have LF.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Newline {
    /// CR LF.
    #[default]
    CrLf,
    /// LF.
    Lf,
}

impl Newline {
    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::CrLf => b"\r\n",
            Self::Lf => b"\n",
        }
    }
}

/// Appends one value the way IIS does: nothing becomes `-`, white space and control characters become `+`,
/// everything else stands as it is (a literal `+` too, so the way back is not unique).
///
/// Sources: real logs for space and `-`; Microsoft KB 820729 for the other characters in HTTP.sys's own log.
pub fn encode_value(out: &mut Vec<u8>, value: &[u8]) {
    if value.is_empty() {
        out.push(b'-');
        return;
    }
    let first = out.len();
    out.extend_from_slice(value);
    for byte in &mut out[first..] {
        if *byte <= b' ' || *byte == 0x7f {
            *byte = b'+';
        }
    }
}

/// Writes a log: header blocks and entries.
///
/// ```
/// use scanbench_w3c::{Columns, Newline, Writer};
///
/// let mut log = Vec::new();
/// let mut writer = Writer::new(&mut log, Newline::Lf);
/// let columns = Columns::new(["date", "time", "cs(User-Agent)"]);
/// writer.header("Microsoft Internet Information Services 10.0", "2026-11-02T10:00:00Z".parse()?, &columns)?;
/// writer.entry([&b"2026-11-02"[..], b"10:00:00", b"Mozilla/5.0 (X11)"])?;
/// assert!(log.ends_with(b"2026-11-02 10:00:00 Mozilla/5.0+(X11)\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Writer<W> {
    output: W,
    newline: Newline,
    line: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// A writer to `output`, which is written once a line: give it a buffer.
    pub fn new(output: W, newline: Newline) -> Self {
        Self {
            output,
            newline,
            line: Vec::new(),
        }
    }

    /// The four directives that IIS writes whenever it opens or reopens a log.
    ///
    /// # Errors
    /// Where the output fails.
    pub fn header(&mut self, software: &str, date: Timestamp, columns: &Columns) -> io::Result<()> {
        self.line.clear();
        write_header(&mut self.line, self.newline, software, date, columns);
        self.output.write_all(&self.line)
    }

    /// One line. A first value that begins with `#` would read as a directive; its `#` is written as `+`.
    ///
    /// # Errors
    /// Where the output fails.
    pub fn entry<'v>(&mut self, values: impl IntoIterator<Item = &'v [u8]>) -> io::Result<()> {
        self.line.clear();
        for value in values {
            if !self.line.is_empty() {
                self.line.push(b' ');
            }
            encode_value(&mut self.line, value);
        }
        if let Some(first) = self.line.first_mut().filter(|first| **first == b'#') {
            *first = b'+';
        }
        self.line.extend_from_slice(self.newline.as_bytes());
        self.output.write_all(&self.line)
    }
}

/// Appends the four directives of a header block to `out`.
fn write_header(
    out: &mut Vec<u8>,
    newline: Newline,
    software: &str,
    date: Timestamp,
    columns: &Columns,
) {
    let end = newline.as_bytes();
    out.extend_from_slice(b"#Software: ");
    out.extend(software.bytes().filter(|byte| !byte.is_ascii_control()));
    out.extend_from_slice(end);
    out.extend_from_slice(b"#Version: 1.0");
    out.extend_from_slice(end);
    out.extend_from_slice(b"#Date: ");
    date.write_date(out);
    out.push(b' ');
    date.write_time(out);
    out.extend_from_slice(end);
    out.extend_from_slice(b"#Fields:");
    for name in columns.names() {
        out.push(b' ');
        encode_value(out, name.as_bytes());
    }
    out.extend_from_slice(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_as_iis_writes_them() {
        for (value, written) in [
            (&b""[..], &b"-"[..]),
            (b"-", b"-"),
            (b"a b", b"a+b"),
            (b"a+b", b"a+b"),
            (b"x\r\ny\tz\x1b\x7f", b"x++y+z++"),
            (b"\xff/\xc3\xa9", b"\xff/\xc3\xa9"),
        ] {
            let mut out = Vec::new();
            encode_value(&mut out, value);
            assert_eq!(out, written);
        }
    }

    #[test]
    fn header_block_as_iis_writes_it() {
        let mut log = Vec::new();
        let columns = Columns::new(["date", "time", "X Forwarded"]);
        let date = "2026-11-02T03:04:05Z".parse().unwrap();
        Writer::new(&mut log, Newline::CrLf)
            .header(
                "Microsoft Internet Information Services 8.5",
                date,
                &columns,
            )
            .unwrap();
        let expected = "#Software: Microsoft Internet Information Services 8.5\r\n#Version: 1.0\r\n\
                        #Date: 2026-11-02 03:04:05\r\n#Fields: date time X+Forwarded\r\n";
        assert_eq!(String::from_utf8(log).unwrap(), expected);
    }
}
