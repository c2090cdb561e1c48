//! A line into its values.
//!
//! The draft separates fields by white space and quotes strings. IIS separates by one space and never quotes:
//! a `"` that a client sent stands there as it came. So a line is split plainly first; quotes are looked at only
//! where the writer is known to quote (Advanced Logging), or where the plain split does not give the declared
//! number of columns (logs rewritten by other tools).

use std::ops::Range;

/// Where a value stands in its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    start: usize,
    end: usize,
}

impl Span {
    pub(crate) fn range(self) -> Range<usize> {
        self.start..self.end
    }

    pub(crate) fn start(self) -> usize {
        self.start
    }
}

fn separates(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Splits at runs of spaces and tabs.
pub(crate) fn split_plain(line: &[u8], spans: &mut Vec<Span>) {
    spans.clear();
    let mut start = 0;
    for end in memchr::memchr2_iter(b' ', b'\t', line) {
        if end > start {
            spans.push(Span { start, end });
        }
        start = end + 1;
    }
    if start < line.len() {
        spans.push(Span {
            start,
            end: line.len(),
        });
    }
}

/// Splits at runs of spaces and tabs outside quoted strings (`"..."`, with `""` for a quote). The unquoted
/// values are written to `text`, one space between them, and the spans point there. A quote inside a word
/// (`a="b"`) is a character like any other.
pub(crate) fn split_quoted(line: &[u8], text: &mut Vec<u8>, spans: &mut Vec<Span>) {
    spans.clear();
    text.clear();
    let mut rest = line;
    while let Some(first) = rest.iter().position(|&byte| !separates(byte)) {
        rest = &rest[first..];
        let start = text.len();
        if rest[0] == b'"' {
            rest = &rest[1..];
            loop {
                let quote = memchr::memchr(b'"', rest).unwrap_or(rest.len());
                text.extend_from_slice(&rest[..quote]);
                rest = rest.get(quote + 1..).unwrap_or_default();
                if rest.first() != Some(&b'"') {
                    break;
                }
                text.push(b'"');
                rest = &rest[1..];
            }
        } else {
            let end = rest
                .iter()
                .position(|&byte| separates(byte))
                .unwrap_or(rest.len());
            text.extend_from_slice(&rest[..end]);
            rest = &rest[end..];
        }
        spans.push(Span {
            start,
            end: text.len(),
        });
        text.push(b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(line: &str) -> Vec<&str> {
        let mut spans = Vec::new();
        split_plain(line.as_bytes(), &mut spans);
        spans.into_iter().map(|span| &line[span.range()]).collect()
    }

    fn quoted(line: &str) -> Vec<String> {
        let (mut text, mut spans) = (Vec::new(), Vec::new());
        split_quoted(line.as_bytes(), &mut text, &mut spans);
        spans
            .into_iter()
            .map(|span| String::from_utf8(text[span.range()].to_vec()).unwrap())
            .collect()
    }

    #[test]
    fn runs_of_white_space_separate_once() {
        assert_eq!(plain("a b  c\td "), ["a", "b", "c", "d"]);
        assert_eq!(plain("  a"), ["a"]);
        assert!(plain("").is_empty());
        assert!(plain(" \t ").is_empty());
    }

    #[test]
    fn quotes_hold_spaces() {
        assert_eq!(quoted(r#"1 "a b" - "" x"#), ["1", "a b", "-", "", "x"]);
        assert_eq!(quoted(r#"" ""g"" w " 0"#), [r#" "g" w "#, "0"]);
        assert_eq!(quoted(r#"k="v w" z"#), [r#"k="v"#, r#"w""#, "z"]);
        assert_eq!(quoted(r#"a "open end"#), ["a", "open end"]);
        assert_eq!(quoted(r#"""#), [""]);
    }
}
