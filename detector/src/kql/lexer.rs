//! A KQL text to tokens, each with its place.

use scanbench_spec::Finding;
use std::ops::Range;
use std::time::Duration;

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A name, a keyword or an operator that is a word, such as `in` or `startswith_cs`.
    Word(String),
    /// A text between quotes.
    Text(String),
    /// A whole number.
    Number(u64),
    /// A span of time, such as `10m`.
    Span(Duration),
    /// Anything else, such as `|`, `==` or `!in~`.
    Sign(&'static str),
}

/// A piece of the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// Longer signs before those that they begin with. Words that end in `~` or begin with `!` are signs too.
const SIGNS: [&str; 30] = [
    "!in~",
    "!in",
    "in~",
    "!contains_cs",
    "!contains",
    "!startswith_cs",
    "!startswith",
    "!endswith_cs",
    "!endswith",
    "!has_cs",
    "!has",
    "!between",
    "..",
    "==",
    "!=",
    "<=",
    ">=",
    "=~",
    "!~",
    "<",
    ">",
    "=",
    "|",
    "(",
    ")",
    "[",
    "]",
    ",",
    ";",
    "-",
];

/// The units of spans, and how many microseconds they have. Longer ones first.
const UNITS: [(&str, u64); 16] = [
    ("microseconds", 1),
    ("microsecond", 1),
    ("milliseconds", 1_000),
    ("millisecond", 1_000),
    ("seconds", 1_000_000),
    ("second", 1_000_000),
    ("minutes", 60_000_000),
    ("minute", 60_000_000),
    ("hours", 3_600_000_000),
    ("hour", 3_600_000_000),
    ("days", 86_400_000_000),
    ("day", 86_400_000_000),
    ("ms", 1_000),
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
];

/// Makes tokens; comments and white space are left out.
///
/// # Errors
/// What is no token, at its place.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Finding> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(char) = text[at..].chars().next() {
        let rest = &text[at..];
        if char.is_whitespace() || char == '\u{feff}' {
            at += char.len_utf8();
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else {
            let (kind, length) = token(rest, char).map_err(|(why, length)| {
                Finding::new(why)
                    .at(at..at + length)
                    .help("expected KQL, as in the query of an analytics rule")
            })?;
            let span = at..at + length;
            at = span.end;
            tokens.push(Token { kind, span });
        }
    }
    Ok(tokens)
}

/// The token at the start of a text, and its length; else what is wrong, and how much of the text it is.
fn token(rest: &str, first: char) -> Result<(Kind, usize), (String, usize)> {
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    if let Some(sign) = SIGNS.iter().find(|sign| {
        // `in~` is a sign and `in` is a word, and `!inner` is neither.
        let last_is_word = sign.ends_with(is_word);
        rest.starts_with(**sign)
            && !(last_is_word
                && rest[sign.len()..].starts_with(|char| is_word(char) || char == '~'))
    }) {
        return Ok((Kind::Sign(sign), sign.len()));
    }
    match first {
        '"' | '\'' => quoted(rest, first),
        '@' if rest[1..].starts_with(['"', '\'']) => verbatim(rest),
        '0'..='9' => number(rest),
        char if is_word(char) => {
            let length = rest.find(|char| !is_word(char)).unwrap_or(rest.len());
            Ok((Kind::Word(rest[..length].to_owned()), length))
        }
        char => Err((
            format!("`{}` is no part of KQL", char.escape_debug()),
            char.len_utf8(),
        )),
    }
}

/// A text with escapes.
fn quoted(rest: &str, quote: char) -> Result<(Kind, usize), (String, usize)> {
    let open = || {
        (
            "this text has no end".to_owned(),
            rest.lines().next().map_or(1, str::len),
        )
    };
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, char)) = chars.next() {
        match char {
            char if char == quote => return Ok((Kind::Text(text), at + 1)),
            '\n' => return Err(open()),
            '\\' => {
                let (_, escape) = chars.next().ok_or_else(open)?;
                text.push(match escape {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    '0' => '\0',
                    'u' => {
                        let digits: String = chars.by_ref().take(4).map(|(_, char)| char).collect();
                        let code = u32::from_str_radix(&digits, 16)
                            .ok()
                            .and_then(char::from_u32);
                        code.ok_or_else(|| {
                            (
                                format!("`\\u{}` is no character", digits.escape_debug()),
                                at + 1,
                            )
                        })?
                    }
                    '\\' | '"' | '\'' => escape,
                    other => {
                        return Err((format!("`\\{}` is no escape", other.escape_debug()), at + 1));
                    }
                });
            }
            char => text.push(char),
        }
    }
    Err(open())
}

/// A text in which only the quote, doubled, is special.
fn verbatim(rest: &str) -> Result<(Kind, usize), (String, usize)> {
    let quote = if rest[1..].starts_with('"') {
        '"'
    } else {
        '\''
    };
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(2).peekable();
    while let Some((at, char)) = chars.next() {
        if char != quote {
            text.push(char);
        } else if chars.next_if(|(_, next)| *next == quote).is_some() {
            text.push(quote);
        } else {
            return Ok((Kind::Text(text), at + 1));
        }
    }
    Err((
        "this text has no end".to_owned(),
        rest.lines().next().map_or(1, str::len),
    ))
}

/// A whole number, or with a unit behind it a span of time.
fn number(rest: &str) -> Result<(Kind, usize), (String, usize)> {
    let length = rest
        .find(|char: char| !char.is_ascii_alphanumeric() && char != '_')
        .unwrap_or(rest.len());
    let whole = &rest[..length];
    let digits = whole
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(length);
    let (digits, unit) = whole.split_at(digits);
    let wrong = || {
        (
            format!("`{whole}` is neither a whole number nor a span of time such as 10m"),
            length,
        )
    };
    let value: u64 = digits.parse().map_err(|_| wrong())?;
    if unit.is_empty() {
        return Ok((Kind::Number(value), length));
    }
    let micros = match unit {
        "s" => 1_000_000,
        unit => {
            UNITS
                .iter()
                .find(|(name, _)| *name == unit)
                .ok_or_else(wrong)?
                .1
        }
    };
    let span = value.checked_mul(micros).ok_or_else(wrong)?;
    Ok((Kind::Span(Duration::from_micros(span)), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        tokens(text)
            .unwrap()
            .into_iter()
            .map(|token| token.kind)
            .collect()
    }

    #[test]
    fn words_signs_texts_numbers_and_spans() {
        let word = |text: &str| Kind::Word(text.to_owned());
        let text = |text: &str| Kind::Text(text.to_owned());
        assert_eq!(
            kinds(
                "cIP !in~ ('a\\'b', \"\\u0041\\n\", @\"c:\\\"\"\") // no\n| in ina in~ >= 30 10m 2days"
            ),
            [
                word("cIP"),
                Kind::Sign("!in~"),
                Kind::Sign("("),
                text("a'b"),
                Kind::Sign(","),
                text("A\n"),
                Kind::Sign(","),
                text("c:\\\""),
                Kind::Sign(")"),
                Kind::Sign("|"),
                word("in"),
                word("ina"),
                Kind::Sign("in~"),
                Kind::Sign(">="),
                Kind::Number(30),
                Kind::Span(Duration::from_mins(10)),
                Kind::Span(Duration::from_hours(48)),
            ]
        );
    }

    #[test]
    fn what_is_no_token_is_told_at_its_place() {
        for (wrong, at) in [
            ("a \u{1b}", 2..3),
            ("  'abc", 2..6),
            ("1x", 0..2),
            ("'\\q'", 0..2),
            ("99999999999999d", 0..15),
        ] {
            let finding = tokens(wrong).unwrap_err();
            assert_eq!(finding.span, Some(at), "{wrong:?}: {}", finding.message);
            assert!(!finding.message.contains('\u{1b}'));
        }
    }
}
