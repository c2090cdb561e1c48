//! JSON as this program writes it: names and texts come out of logs, and JSON lets characters stand that act on a
//! terminal, so these are escaped. What a reader of JSON gets is the same.

use scanbench_w3c::inert_json;
use serde::Serialize;
use std::io::{self, Write};

/// Writes `value` over several lines, ended by a newline.
///
/// # Errors
/// Where the output fails, or `value` cannot be JSON.
pub fn write_pretty(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    writeln!(out, "{}", inert_json(serde_json::to_string_pretty(value)?))
}

/// Writes `value` as one line, ended by a newline.
///
/// # Errors
/// Where the output fails, or `value` cannot be JSON.
pub fn write_line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    writeln!(out, "{}", inert_json(serde_json::to_string(value)?))
}

/// The bytes of a file with `value` over several lines.
///
/// # Errors
/// Where `value` cannot be JSON.
pub fn file(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write_pretty(&mut bytes, value)?;
    Ok(bytes)
}
