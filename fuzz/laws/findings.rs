//! What is said of a file must lie in it, and must do nothing to who reads it.

use scanbench_spec::{Finding, Findings, Source};

/// Every place lies in the text.
pub(crate) fn are_placed(list: &[Finding], text: &str) {
    for finding in list {
        if let Some(span) = &finding.span {
            assert!(
                span.start <= span.end && span.end <= text.len(),
                "{finding:?} in {} bytes",
                text.len()
            );
        }
        assert!(!finding.message.is_empty());
    }
}

/// A file was refused: for a reason, at a place that lies in it, and what is shown of it acts on no terminal.
pub(crate) fn refuse(findings: &Findings) {
    assert!(!findings.list().is_empty());
    are_placed(findings.list(), findings.source().text());
    is_harmless(&findings.to_string());
}

/// Findings without their file, as they are shown.
pub(crate) fn shown(list: &[Finding], source: &Source) {
    are_placed(list, source.text());
    is_harmless(&Findings::new(source, list.to_vec()).to_string());
}

/// Nothing in a text acts on a terminal.
pub fn is_harmless(text: &str) {
    let acts = |char: char| matches!(char, '\0'..='\x08' | '\x0b'..='\x1f' | '\x7f' | '\u{202e}');
    assert!(!text.contains(acts), "{text:?}");
}
