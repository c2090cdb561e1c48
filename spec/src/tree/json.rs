//! JSON into the tree. JSON is YAML, but YAML is much more: so `serde_json` says whether it is JSON, and the reader of
//! YAML, which knows places, where each value stands.

use super::{Node, yaml};
use crate::Finding;
use serde::de::IgnoredAny;

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
    yaml::parse(text)
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
