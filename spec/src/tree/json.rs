//! JSON into the tree. JSON is YAML, but YAML is much more: so `serde_json` says whether it is JSON, and the reader of
//! YAML, which knows places, where each value stands.

use super::{Node, Value, yaml};
use crate::Finding;
use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

pub(super) fn parse(text: &str) -> Result<Node, Vec<Finding>> {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        let byte = offset(text, error.line(), error.column());
        let message = error.to_string();
        // The place is told by the finding.
        let message = message
            .rsplit_once(" at line ")
            .map_or(message.as_str(), |(message, _)| message);
        return Err(vec![Finding::new(message).at(byte..byte)]);
    }
    let (written, pairs) = without_pairs(text);
    if pairs.is_empty() {
        return yaml::parse(text);
    }
    match yaml::parse(&written) {
        Ok(mut node) => {
            move_back(&mut node, &pairs);
            Ok(node)
        }
        Err(mut findings) => {
            let spans = findings.iter_mut().filter_map(|one| one.span.as_mut());
            spans.for_each(|span| moved(span, &pairs));
            Err(findings)
        }
    }
}

/// Bytes of a pair of escapes, `\ud83d\ude00`, and of the one that YAML has for it, `\U0001f600`.
const PAIR: usize = 12;
const ONE: usize = 10;

/// The text with each pair of surrogates as one escape, since YAML knows no pairs, and where those escapes end in it.
fn without_pairs(text: &str) -> (Cow<'_, str>, Vec<usize>) {
    let mut written = String::new();
    let (mut ends, mut copied, mut at) = (Vec::new(), 0, 0);
    // In JSON a backslash stands only in texts.
    while let Some(next) = text[at..].find('\\') {
        at += next;
        if let Some(char) = pair(&text[at..]) {
            written.push_str(&text[copied..at]);
            // Writing to a String cannot fail.
            let _ = write!(written, "\\U{:08x}", u32::from(char));
            ends.push(written.len());
            at += PAIR;
            copied = at;
        } else {
            // Past what is escaped, which may be a backslash; in JSON that is one byte.
            at += 2;
        }
    }
    if ends.is_empty() {
        return (Cow::Borrowed(text), ends);
    }
    written.push_str(&text[copied..]);
    (Cow::Owned(written), ends)
}

/// The character of a pair of surrogates that a text begins with.
fn pair(text: &str) -> Option<char> {
    let unit = |range: Range<usize>| {
        let digits = text.get(range)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let units = [unit(0..PAIR / 2)?, unit(PAIR / 2..PAIR)?];
    // Two escapes that are no pair are two characters, and YAML reads those.
    let mut chars = char::decode_utf16(units);
    let first = chars.next()?.ok()?;
    chars.next().is_none().then_some(first)
}

/// Moves places in the text that YAML read to those in the file.
fn move_back(node: &mut Node, ends: &[usize]) {
    moved(&mut node.span, ends);
    match &mut node.value {
        Value::List(list) => list.iter_mut().for_each(|node| move_back(node, ends)),
        Value::Table(entries) => {
            for (key, node) in entries {
                moved(&mut key.span, ends);
                move_back(node, ends);
            }
        }
        _ => {}
    }
}

fn moved(span: &mut Range<usize>, ends: &[usize]) {
    let old = |byte: usize| byte + (PAIR - ONE) * ends.partition_point(|end| *end <= byte);
    *span = old(span.start)..old(span.end);
}

/// The byte at a line and a column, both from 1, where columns count bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    text.floor_char_boundary((start + column.saturating_sub(1)).min(text.len()))
}
