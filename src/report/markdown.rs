//! The report in Markdown, for a pull request or a ticket.

use super::story::Section;
use std::io::{self, Write};

/// Writes the sections as Markdown. Whatever comes from logs, scenarios or exclusions is text there, not markup.
///
/// # Errors
/// Where the output fails.
pub fn write(out: &mut dyn Write, title: &str, story: &[Section]) -> io::Result<()> {
    writeln!(out, "# {}", escape(title))?;
    for section in story {
        writeln!(out, "\n## {}\n", escape(&section.heading))?;
        if !section.rows.is_empty() {
            write_row(out, section.header.iter().copied())?;
            writeln!(out, "|{}", "---|".repeat(section.header.len()))?;
            for row in &section.rows {
                write_row(out, row.iter().map(String::as_str))?;
            }
            writeln!(out)?;
        }
        for note in &section.notes {
            writeln!(out, "{}\n", escape(note))?;
        }
    }
    Ok(())
}

fn write_row<'c>(out: &mut dyn Write, cells: impl Iterator<Item = &'c str>) -> io::Result<()> {
    write!(out, "|")?;
    for cell in cells {
        write!(out, " {} |", escape(cell))?;
    }
    writeln!(out)
}

/// Every character that means something to Markdown or HTML is escaped (`CommonMark` 2.4 allows a backslash before
/// any ASCII punctuation); control characters are shown.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in scanbench_w3c::visible(text.as_bytes()).chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '&' | '~' | '@'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_cell_is_markup() {
        assert_eq!(
            escape("<script>|[x](y)*_@all\u{1b}"),
            r"\<script\>\|\[x\](y)\*\_\@all\\x1b"
        );
    }

    #[test]
    fn a_section() {
        let section = Section {
            heading: "Scores".into(),
            header: vec!["a", "b"],
            rows: vec![vec!["1".into(), "x|y".into()]],
            notes: vec!["Done.".into()],
        };
        let mut out = Vec::new();
        write(&mut out, "Report", &[section]).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "# Report\n\n## Scores\n\n| a | b |\n|---|---|\n| 1 | x\\|y |\n\nDone.\n\n"
        );
    }
}
