//! What is wrong with a file, shown where it stands.

use crate::Source;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str};
use std::fmt;
use std::ops::Range;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Likely not what was meant.
    Warning,
    /// Wrong.
    #[default]
    Error,
}

impl Severity {
    /// `note`, `warning` or `error`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What kind of finding it is: stable, so that a finding can be looked up, counted and waived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    /// Such as `SBX001`.
    pub id: &'static str,
    /// Such as `unknown-key`.
    pub slug: &'static str,
    /// What it means, in a sentence.
    pub meaning: &'static str,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Bytes of the file that it is about; `None` for the file as a whole.
    pub span: Option<Range<usize>>,
    /// What is wrong and what was expected.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// How grave it is.
    pub severity: Severity,
    /// Its kind, where it has one.
    pub code: Option<&'static Code>,
    /// The id of the entry that it is about, where it is about one.
    pub about: Option<String>,
}

impl Finding {
    /// An error about the file as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            span: None,
            message: message.into(),
            help: None,
            severity: Severity::Error,
            code: None,
            about: None,
        }
    }

    /// The same about an entry of the file.
    #[must_use]
    pub fn about(mut self, id: impl Into<String>) -> Self {
        self.about = Some(id.into());
        self
    }

    /// The same of a kind.
    #[must_use]
    pub fn code(mut self, code: &'static Code) -> Self {
        self.code = Some(code);
        self
    }

    /// The same, as grave as this.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The same at a place.
    #[must_use]
    pub fn at(mut self, span: impl Into<Option<Range<usize>>>) -> Self {
        self.span = span.into();
        self
    }

    /// The same with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// All that is wrong with one file. Shown, each finding has the file's name, line and column, the line itself
/// and the advice.
#[derive(Clone, Debug)]
pub struct Findings {
    source: Source,
    findings: Vec<Finding>,
}

impl Findings {
    /// Findings about a file, in the order of their places.
    #[must_use]
    pub fn new(source: &Source, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| finding.span.as_ref().map_or(0, |span| span.start));
        Self {
            source: source.clone(),
            findings,
        }
    }

    /// `Ok` where there are none.
    ///
    /// # Errors
    /// The findings, where there are any.
    pub fn check(source: &Source, findings: Vec<Finding>) -> Result<(), Self> {
        if findings.is_empty() {
            Ok(())
        } else {
            Err(Self::new(source, findings))
        }
    }

    /// Each of them, in the order of their places.
    #[must_use]
    pub fn list(&self) -> &[Finding] {
        &self.findings
    }

    /// The file that they are about.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }
}

impl std::error::Error for Findings {}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, text) = (self.source.name(), self.source.text());
        for (index, finding) in self.findings.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            let level = match finding.severity {
                Severity::Error => Level::ERROR,
                Severity::Warning => Level::WARNING,
                Severity::Note => Level::NOTE,
            };
            let mut title = level.primary_title(&finding.message);
            if let Some(code) = finding.code {
                title = title.id(code.id);
            }
            let mut group = if let Some(span) = &finding.span {
                // A place may lie within a character, which cannot be drawn.
                let start = text.floor_char_boundary(span.start);
                let end = text.ceil_char_boundary(span.end).max(start);
                // The lines that it is about alone: of all of them, the renderer would look through the whole file for
                // each finding.
                let (first, lines) = self.source.lines_of(start..end);
                let span = start - lines.start..end - lines.start;
                Group::with_title(title).element(
                    Snippet::source(&text[lines])
                        .line_start(first)
                        .path(normalize_untrusted_str(name))
                        .annotation(AnnotationKind::Primary.span(span)),
                )
            } else {
                let place = format!("in {name}");
                Group::with_title(title)
                    .element(Level::NOTE.message(normalize_untrusted_str(&place)))
            };
            if let Some(help) = &finding.help {
                group = group.element(Level::HELP.message(normalize_untrusted_str(help)));
            }
            f.write_str(&Renderer::plain().render(&[group]))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_has_its_place() {
        let source = Source::new("a.toml", "x = 1\ny = 99999\n");
        let findings = Findings::new(
            &source,
            vec![
                Finding::new("expected a port")
                    .at(10..15)
                    .help("ports end at 65535"),
                Finding::new("no name"),
            ],
        );
        let text = findings.to_string();
        assert!(text.contains("a.toml:2:5"), "{text}");
        assert!(text.contains("^^^^^"), "{text}");
        assert!(text.contains("help: ports end at 65535"), "{text}");
        assert!(text.starts_with("error: no name"), "{text}");
        assert!(Findings::check(&source, vec![]).is_ok());
    }

    /// Wherever a finding is, it is told as by the renderer that has all of the file; but for the blanks around line
    /// numbers, which that one forgets for an empty line behind the ninth.
    #[test]
    fn a_finding_looks_as_if_all_of_the_file_were_shown() {
        fn parts(told: &str) -> Vec<(&str, &str)> {
            told.lines()
                .map(|line| line.split_once('|').unwrap_or((line, "")))
                .map(|(number, rest)| (number.trim(), rest))
                .collect()
        }

        let text = "a = 1\nlonger = \"line\"\n\n\tb = é\r\nc\n\n\n\n\n\n\n[x]\ny = 2";
        for text in [text.to_owned(), format!("{text}\n")] {
            let source = Source::new("a.toml", text.as_str());
            let places: Vec<usize> = (0..=text.len())
                .filter(|place| text.is_char_boundary(*place))
                .collect();
            for (at, start) in places.iter().enumerate() {
                for end in &places[at..] {
                    let finding = Finding::new("no").at(*start..*end);
                    let told = Findings::new(&source, vec![finding]).to_string();
                    let snippet = Snippet::source(text.as_str())
                        .path("a.toml")
                        .annotation(AnnotationKind::Primary.span(*start..*end));
                    let group = Group::with_title(Level::ERROR.primary_title("no"));
                    let expected = Renderer::plain().render(&[group.element(snippet)]);
                    assert_eq!(parts(&told), parts(&expected), "{start}..{end}");
                }
            }
        }
    }

    /// Names and texts of a file stand in messages, helps and paths, and may be anything.
    #[test]
    fn nothing_in_a_finding_acts() {
        let source = Source::new("\u{1b}[31m\u{202e}.toml", "é: 1\n");
        let within = Finding::new("\u{1b}[31ma\u{202e}")
            .at(1..1)
            .help("\u{1b}[31mb\u{202e}");
        let findings = Findings::new(&source, vec![within, Finding::new("no place")]);
        let text = findings.to_string();
        assert!(
            text.contains("error: no place") && text.contains("[31mb"),
            "{text}"
        );
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
    }
}
