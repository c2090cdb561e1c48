//! Texts between double quotes, for the languages that exclusions are written in.

use scanbench_w3c::acts;
use std::fmt::Write as _;

/// A text between double quotes, as KQL, YAML and TOML read it alike.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for char in text.chars() {
        match char {
            '"' | '\\' => {
                out.push('\\');
                out.push(char);
            }
            // What turns the direction of text would show another query than is run. Escapes of four digits are all that
            // the three languages share; what lies beyond turns nothing.
            char if acts(char) && u32::from(char) <= 0xffff => {
                let _ = write!(out, "\\u{:04X}", u32::from(char));
            }
            char => out.push(char),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_quoted_text_acts() {
        assert_eq!(
            quoted("a\"\\é\u{1b}\u{202e}\u{9b}"),
            r#""a\"\\é\u001B\u202E\u009B""#
        );
    }
}
