//! Tests on a text.

use memchr::memmem;
use regex::bytes::{Regex, RegexBuilder};
use std::borrow::Cow;
use std::fmt;

/// How a text is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TextKind {
    /// The whole value.
    Equals,
    /// Anywhere in the value.
    Contains,
    /// At its beginning.
    StartsWith,
    /// At its end.
    EndsWith,
    /// As a term, like `has` of KQL: with no letter or digit beside it, in any case.
    Has,
    /// A regular expression that matches anywhere, in linear time.
    Regex,
}

impl TextKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Equals,
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
        Self::Has,
        Self::Regex,
    ];

    /// Its key in a file.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Equals => "equals",
            Self::Contains => "contains",
            Self::StartsWith => "starts-with",
            Self::EndsWith => "ends-with",
            Self::Has => "has",
            Self::Regex => "regex",
        }
    }
}

/// A test on a text: with regard to case, as `==` of KQL, unless it says otherwise.
#[derive(Clone, Debug)]
pub struct TextTest {
    kind: TextKind,
    text: String,
    ignores_case: bool,
    /// What is looked for, in lower case where case does not matter, and how: to work that out takes longer than to
    /// look for it in a line.
    finder: memmem::Finder<'static>,
    regex: Option<Regex>,
}

impl TextTest {
    /// A test for the text as it is.
    ///
    /// # Errors
    /// Why it is no regular expression.
    pub(crate) fn new(kind: TextKind, text: &str, ignores_case: bool) -> Result<Self, String> {
        let ignores_case = ignores_case || kind == TextKind::Has;
        let regex = if kind == TextKind::Regex {
            let built = RegexBuilder::new(text)
                .case_insensitive(ignores_case)
                .size_limit(1 << 20)
                .nest_limit(64)
                .build()
                .map_err(|error| format!("not a regular expression: {error}"))?;
            Some(built)
        } else {
            None
        };
        let needle = if ignores_case {
            lower(text.as_bytes())
        } else {
            Cow::Borrowed(text.as_bytes())
        };
        Ok(Self {
            kind,
            text: text.to_owned(),
            ignores_case,
            finder: memmem::Finder::new(&needle).into_owned(),
            regex,
        })
    }

    /// A text as a log has it: a field of a log has no blank, since IIS writes `+` for it.
    pub(crate) fn as_logged(kind: TextKind, text: &str) -> Cow<'_, str> {
        match kind {
            TextKind::Regex => Cow::Borrowed(text),
            _ => Cow::Owned(text.replace(' ', "+")),
        }
    }

    /// How it compares.
    #[must_use]
    pub fn kind(&self) -> TextKind {
        self.kind
    }

    /// What it looks for, as it is logged; the pattern of a regular expression.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether case does not matter.
    #[must_use]
    pub fn ignores_case(&self) -> bool {
        self.ignores_case
    }

    /// Whether a value passes.
    #[must_use]
    pub fn holds(&self, value: &[u8]) -> bool {
        if let Some(regex) = &self.regex {
            return regex.is_match(value);
        }
        let value = if self.ignores_case {
            lower(value)
        } else {
            Cow::Borrowed(value)
        };
        match self.kind {
            TextKind::Equals => *value == *self.finder.needle(),
            TextKind::Contains => self.finder.find(&value).is_some(),
            TextKind::StartsWith => value.starts_with(self.finder.needle()),
            TextKind::EndsWith => value.ends_with(self.finder.needle()),
            TextKind::Has => has(&value, self.finder.needle()),
            TextKind::Regex => false,
        }
    }
}

/// As `contains "Nessus" in any case`.
impl fmt::Display for TextTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let any_case = if self.ignores_case && self.kind != TextKind::Has {
            " in any case"
        } else {
            ""
        };
        write!(f, "{} \"{}\"{any_case}", self.kind.key(), self.text)
    }
}

impl PartialEq for TextTest {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, self.ignores_case, self.finder.needle())
            == (other.kind, other.ignores_case, other.finder.needle())
            && (self.kind != TextKind::Regex || self.text == other.text)
    }
}

impl Eq for TextTest {}

/// In lower case, character by character; those whose lower case is more than one character stay.
pub(crate) fn lower(text: &[u8]) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        return if text.iter().any(u8::is_ascii_uppercase) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    let mut out = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        for char in chunk.valid().chars() {
            let mut small = char.to_lowercase();
            let one = match (small.next(), small.next()) {
                (Some(one), None) => one,
                _ => char,
            };
            out.extend_from_slice(one.encode_utf8(&mut [0; 4]).as_bytes());
        }
        out.extend_from_slice(chunk.invalid());
    }
    Cow::Owned(out)
}

/// Whether a text holds a term: no letter or digit may stand beside it, where it has one itself at that edge. So
/// `has "+"` is `contains "+"`, as in Kusto.
fn has(value: &[u8], term: &[u8]) -> bool {
    let is_letter = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
    let (has_start, has_end) = (is_letter(first_char(term)), is_letter(last_char(term)));
    // Overlapping ones too: "aa" is a term of "aaa+aa" only the second time.
    let mut from = 0;
    while let Some(found) = value.get(from..).and_then(|rest| memmem::find(rest, term)) {
        let (before, rest) = value.split_at(from + found);
        let behind = rest.get(term.len()..).unwrap_or_default();
        let is_parted = (has_start && is_letter(last_char(before)))
            || (has_end && is_letter(first_char(behind)));
        if !is_parted {
            return true;
        }
        from += found + 1;
    }
    false
}

fn first_char(text: &[u8]) -> Option<char> {
    text.get(..text.len().min(4))?
        .utf8_chunks()
        .next()?
        .valid()
        .chars()
        .next()
}

fn last_char(text: &[u8]) -> Option<char> {
    // No character has more than four bytes.
    (1..=text.len().min(4)).find_map(|length| {
        let end = text.get(text.len() - length..)?;
        str::from_utf8(end).ok()?.chars().next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        use TextKind::{Contains, EndsWith, Equals, Has, Regex, StartsWith};
        for (kind, text, ignores_case, value, expected) in [
            (Equals, "Nessus 10", false, "Nessus+10", true),
            (Equals, "nessus", false, "Nessus", false),
            (Equals, "nessus", true, "NESSUS", true),
            (Equals, "GÉRARD", true, "gérard", true),
            (Contains, "essu", false, "Nessus", true),
            (Contains, "ESSU", true, "Nessus", true),
            (StartsWith, "Ness", false, "Nessus", true),
            (StartsWith, "essus", false, "Nessus", false),
            (EndsWith, "us", false, "Nessus", true),
            (EndsWith, "US", false, "Nessus", false),
            // Terms, by the examples of KQL's documentation of `has`.
            (Has, "north", false, "North+America", true),
            (Has, "amer", false, "North+America", false),
            (Has, "nessus", false, "Mozilla/5.0+(Nessus)", true),
            (Has, "aa", false, "aaa+aa", true),
            (Has, "5.0", false, "Mozilla/5.0", true),
            (Has, "5.0", false, "Mozilla/15.0", false),
            (Has, "/", false, "Mozilla/15.0", true),
            (Has, "+a", false, "x+a", true),
            (Has, "+a", false, "x+ab", false),
            (Has, "a", false, "éa", false),
            (Has, "é", false, "a+É", true),
            (Regex, "^Ness.s$", false, "Nessus", true),
            (Regex, "ness", false, "Nessus", false),
            (Regex, "ness", true, "Nessus", true),
            // A value that is no UTF-8.
            (Regex, "s$", false, "\u{e9}s", true),
        ] {
            let logged = TextTest::as_logged(kind, text);
            let test = TextTest::new(kind, &logged, ignores_case).unwrap();
            assert_eq!(
                test.holds(value.as_bytes()),
                expected,
                "{kind:?} {text} {value}"
            );
        }
        let contains = TextTest::new(Contains, "B", true).unwrap();
        assert!(contains.holds(b"\xffb\xc3"));
    }

    #[test]
    fn regular_expressions_are_bounded() {
        for text in ["(", "a{1000}{1000}{1000}", &"(".repeat(100_000)] {
            assert!(TextTest::new(TextKind::Regex, text, false).is_err());
        }
    }

    #[test]
    fn texts_are_the_same_where_they_look_for_the_same() {
        let test = |kind, text, any_case| TextTest::new(kind, text, any_case).unwrap();
        let same = [
            (test(TextKind::Equals, "a", false), "equals \"a\""),
            (
                test(TextKind::Contains, "a", true),
                "contains \"a\" in any case",
            ),
            (test(TextKind::Contains, "a", false), "contains \"a\""),
            (test(TextKind::StartsWith, "a", false), "starts-with \"a\""),
            (test(TextKind::Has, "a", true), "has \"a\""),
            (test(TextKind::Regex, "a b", false), "regex \"a b\""),
            (test(TextKind::Regex, "b", false), "regex \"b\""),
        ];
        for (at, (one, shown)) in same.iter().enumerate() {
            assert_eq!(one.to_string(), *shown);
            for (other, (another, _)) in same.iter().enumerate() {
                assert_eq!(one == another, at == other, "{one} and {another}");
            }
        }
        // Where case does not matter, it does not matter how it was written.
        assert_eq!(
            test(TextKind::Equals, "A", true),
            test(TextKind::Equals, "a", true)
        );
    }

    #[test]
    fn a_blank_is_logged_as_plus_but_not_in_a_pattern() {
        assert_eq!(TextTest::as_logged(TextKind::Equals, "a b"), "a+b");
        assert_eq!(TextTest::as_logged(TextKind::Has, "a b"), "a+b");
        assert_eq!(TextTest::as_logged(TextKind::Regex, "a b"), "a b");
    }
}
