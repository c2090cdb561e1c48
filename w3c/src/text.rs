//! Text out of a log, made safe to show to a person. Whoever sends a request chooses what stands in the log.

use std::borrow::Cow;

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

/// [`visible`] for text over several lines, such as a message with a line of a file in it: newlines stay.
#[must_use]
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    if text.contains(|c| c != '\n' && acts(c)) {
        let lines = text.split('\n').map(|line| visible(line.as_bytes()));
        Cow::Owned(lines.collect::<Vec<_>>().join("\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// JSON of the same meaning in which nothing acts on a terminal either: what [`visible`] escapes and JSON lets stand
/// (DEL, C1 controls, invisible and direction-changing characters) becomes `\\u` escapes (RFC 8259, section 7). Outside
/// strings JSON has ASCII only, so the text may be taken as it is, whole or a line of it.
#[must_use]
pub fn inert_json(json: String) -> String {
    use std::fmt::Write as _;

    // Newlines between members stay; within strings JSON has none.
    let acts = |c: char| c != '\n' && acts(c);
    if !json.contains(acts) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if acts(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
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

    #[test]
    fn newlines_stay() {
        assert_eq!(visible_lines("a\nb"), "a\nb");
        assert_eq!(
            visible_lines("a\x1b[1m\nb\r\n\u{9b}"),
            "a\\x1b[1m\nb\\r\n\\u{9b}"
        );
    }

    #[test]
    fn json_means_the_same() {
        assert_eq!(inert_json("{\"é\":\"🙂\"}".to_owned()), "{\"é\":\"🙂\"}");
        // RFC 8259, section 7: beyond the basic plane, as a pair of surrogates. U+E0041 is DB40 DC41 in UTF-16.
        assert_eq!(
            inert_json("[\"\u{7f}\u{9b}31m\u{202e}\u{e0041}\"]".to_owned()),
            "[\"\\u007f\\u009b31m\\u202e\\udb40\\udc41\"]"
        );
    }
}
