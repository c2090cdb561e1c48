//! Text out of a log, made safe to show to a person. Whoever sends a request chooses what stands in the log.

/// `bytes` as text in which nothing acts: control characters (so also ANSI escapes), invisible and
/// direction-changing characters and invalid UTF-8 are shown as escapes (`\x1b`, `\u{202e}`, `\xff`).
#[must_use]
pub fn visible(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            // Writing to a String cannot fail.
            let _ = match c {
                '\n' => write!(out, "\\n"),
                '\r' => write!(out, "\\r"),
                '\t' => write!(out, "\\t"),
                _ if c.is_ascii_control() => write!(out, "\\x{:02x}", u32::from(c)),
                _ if acts_on_layout(c) => write!(out, "\\u{{{:x}}}", u32::from(c)),
                _ => {
                    out.push(c);
                    Ok(())
                }
            };
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// Whether a character draws nothing and does something instead: [`visible`] shows it as an escape.
#[must_use]
pub fn acts(c: char) -> bool {
    c.is_control() || acts_on_layout(c)
}

/// Characters that draw nothing themselves but change what a terminal or browser draws: C1 controls, line and
/// paragraph separators, zero-width and bidirectional controls (Unicode UAX #9), and tag characters.
fn acts_on_layout(c: char) -> bool {
    matches!(u32::from(c),
        0x80..=0x9f | 0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f
        | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0xe007f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts() {
        assert_eq!(visible(b"plain /\xc3\xa9"), "plain /é");
        assert_eq!(visible(b"\x1b[31mred"), "\\x1b[31mred");
        assert_eq!(visible(b"a\xffb\n"), "a\\xffb\\n");
        assert_eq!(visible("x\u{202e}y\u{9b}".as_bytes()), "x\\u{202e}y\\u{9b}");
        assert!(['\n', '\x1b', '\u{9b}', '\u{202e}'].into_iter().all(acts));
        assert!(!['a', ' ', 'é', '\u{5d0}'].into_iter().any(acts));
    }
}
