//! What a file is, told from its first bytes.

use super::csv_rows::header_names;
use super::layout::is_header;
use std::fmt;

/// Bytes that are looked at: enough for the header of a table, and few enough for a folder of small files.
pub(super) const HEAD_BYTES: usize = 16 << 10;

/// The fewest bytes that are judged; every magic number is shorter.
const MIN_BYTES: usize = 8;

/// The byte order mark that some exports put before UTF-8 text.
pub(super) const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// The kinds that are told apart. What is none of them is text, for the reader of W3C logs to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Gzip,
    Zstd,
    Zip,
    Parquet,
    Csv,
    JsonLines,
    JsonStream,
    JsonArray,
    /// What the Log Analytics API answers: `{"tables": [{"columns": ..., "rows": ...}]}`.
    ApiAnswer,
    Xz,
    Bzip2,
    SevenZip,
    Tar,
    Text,
}

impl Kind {
    pub(super) fn of(head: &[u8]) -> Self {
        const MAGIC: [(&[u8], Kind); 9] = [
            (b"\x1f\x8b", Kind::Gzip),
            (b"\x28\xb5\x2f\xfd", Kind::Zstd),
            (b"PK\x03\x04", Kind::Zip),
            (b"PK\x05\x06", Kind::Zip), // with nothing in it
            (b"PAR1", Kind::Parquet),
            (b"PARE", Kind::Parquet), // encrypted
            (b"\xfd7zXZ\0", Kind::Xz),
            (b"BZh", Kind::Bzip2),
            (b"7z\xbc\xaf\x27\x1c", Kind::SevenZip),
        ];
        if let Some((_, kind)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
            return *kind;
        }
        // A skippable frame of zstd (RFC 8878, 3.1.2): 0x184D2A50 to 0x184D2A5F, lowest byte first.
        if head.len() >= 4 && head[0] & 0xf0 == 0x50 && head[1..4] == [0x2a, 0x4d, 0x18] {
            return Self::Zstd;
        }
        if head.get(257..262) == Some(b"ustar") {
            return Self::Tar;
        }
        Self::of_text(
            head.strip_prefix(UTF8_BOM)
                .unwrap_or(head)
                .trim_ascii_start(),
        )
    }

    fn of_text(text: &[u8]) -> Self {
        let Some((first, rest)) = text.split_first() else {
            return Self::Text;
        };
        let next = rest.trim_ascii_start();
        match first {
            b'{' if next.is_empty() => Self::Text,
            b'{' if next.starts_with(b"\"tables\"") => Self::ApiAnswer,
            // A line that holds nothing but the opening brace begins an object over several lines.
            b'{' if starts_with_line_end(rest) => Self::JsonStream,
            b'{' => Self::JsonLines,
            b'[' if matches!(next.first(), Some(b'{' | b']')) => Self::JsonArray,
            b'#' | b'[' | b'<' => Self::Text,
            _ if is_header(header_names(text).iter().map(String::as_str)) => Self::Csv,
            _ => Self::Text,
        }
    }
}

/// Whether so much of a file tells what it is: all that is looked at, or a line and the begin of the next, so
/// that a log which comes through a pipe as it is written is not waited for.
pub(super) fn is_enough(head: &[u8]) -> bool {
    let has_line = || {
        let line = head.trim_ascii_start();
        memchr::memchr(b'\n', line).is_some_and(|end| !line[end..].trim_ascii().is_empty())
    };
    head.len() >= HEAD_BYTES || (head.len() >= MIN_BYTES && has_line())
}

fn starts_with_line_end(text: &[u8]) -> bool {
    text.iter()
        .find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'))
        .is_some_and(|byte| *byte == b'\n')
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip-compressed data",
            Self::Zstd => "zstd-compressed data",
            Self::Zip => "a zip archive",
            Self::Parquet => "a Parquet file",
            Self::Csv => "comma-separated values",
            Self::JsonLines | Self::JsonStream | Self::JsonArray => "JSON",
            Self::ApiAnswer => "a raw answer of the Log Analytics API",
            Self::Xz => "xz-compressed data",
            Self::Bzip2 => "bzip2-compressed data",
            Self::SevenZip => "a 7z archive",
            Self::Tar => "a tar archive",
            Self::Text => "text",
        })
    }
}
