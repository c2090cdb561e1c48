//! Findings as JUnit XML: a test for each exclusion and one for the file; what fails is a failure, the rest is output.

use super::{Checked, Place};
use scanbench_spec::Finding;
use std::collections::BTreeSet;
use std::io::{self, Write};

pub(super) fn write(out: &mut impl Write, checked: &Checked<'_>) -> io::Result<()> {
    let list = checked.findings.list();
    // Findings may be about exclusions that could not be read.
    let known: BTreeSet<&str> = checked.ids.iter().copied().collect();
    let unread: BTreeSet<&str> = list
        .iter()
        .filter_map(|finding| finding.about.as_deref())
        .filter(|id| !known.contains(id))
        .collect();
    let ids = std::iter::once(None)
        .chain(checked.ids.iter().copied().map(Some))
        .chain(unread.into_iter().map(Some));
    let cases: Vec<(Option<&str>, Vec<&Finding>)> = ids
        .map(|id| {
            let about = list.iter().filter(|finding| finding.about.as_deref() == id);
            (id, about.collect())
        })
        .collect();
    let failed = cases
        .iter()
        .filter(|(_, findings)| findings.iter().any(|finding| checked.fails(finding)));
    let suite = escaped(checked.findings.source().name());
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites>")?;
    writeln!(
        out,
        "  <testsuite name=\"{suite}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\">",
        cases.len(),
        failed.count()
    )?;
    for (id, findings) in &cases {
        let name = escaped(id.unwrap_or("the file as a whole"));
        writeln!(out, "    <testcase classname=\"{suite}\" name=\"{name}\">")?;
        let (failing, telling): (Vec<&Finding>, Vec<&Finding>) =
            findings.iter().partition(|finding| checked.fails(finding));
        // One failure a test is all that most readers of this format show.
        if let Some(first) = failing.first() {
            writeln!(
                out,
                "      <failure type=\"{}\" message=\"{}\">{}</failure>",
                escaped(first.code.map_or("finding", |code| code.id)),
                escaped(&first.message),
                escaped(&told(checked, &failing))
            )?;
        }
        if !telling.is_empty() {
            writeln!(
                out,
                "      <system-out>{}</system-out>",
                escaped(&told(checked, &telling))
            )?;
        }
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")
}

fn told(checked: &Checked<'_>, findings: &[&Finding]) -> String {
    let lines = findings.iter().map(|finding| {
        let place = Place::of(checked.findings, finding)
            .map_or_else(String::new, |at| format!("{}:{}: ", at.line, at.column));
        let code = finding
            .code
            .map_or_else(String::new, |code| format!("[{}]", code.id));
        let help = finding
            .help
            .as_ref()
            .map_or_else(String::new, |help| format!("\n  {help}"));
        format!(
            "{place}{}{code}: {}{help}",
            finding.severity.name(),
            finding.message
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// For an attribute or a text; characters that XML 1.0 cannot have are shown as a replacement.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(char),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            char if char.is_control() => out.push('\u{fffd}'),
            char => out.push(char),
        }
    }
    out
}
