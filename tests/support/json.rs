//! What the program writes for programs.

use serde_json::Value;

/// The values of JSON Lines.
pub(crate) fn json_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
