//! The report on a terminal, and plain in a pipe.

use super::story::Section;
use comfy_table::{ContentArrangement, Table, TableStyle};
use scanbench_w3c::visible;
use std::io::{self, Write};

/// Writes the sections as text. Nothing in them acts on a terminal.
///
/// # Errors
/// Where the output fails.
pub fn write(out: &mut dyn Write, story: &[Section]) -> io::Result<()> {
    for (index, section) in story.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        if !section.heading.is_empty() {
            writeln!(
                out,
                "{}",
                visible(section.heading.as_bytes()).to_uppercase()
            )?;
        }
        if !section.rows.is_empty() {
            let mut table = plain_table(&section.header);
            for row in &section.rows {
                table.add_row(row.iter().map(|cell| visible(cell.as_bytes())));
            }
            write_plain(out, &table)?;
        }
        for note in &section.notes {
            writeln!(out, "{}", visible(note.as_bytes()))?;
        }
    }
    Ok(())
}

/// A table without lines between the cells: readable piped and on a terminal.
pub(super) fn plain_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(TableStyle::new())
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header.to_vec());
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

/// Writes a table with no blanks at the ends of lines.
pub(super) fn write_plain(out: &mut dyn Write, table: &Table) -> io::Result<()> {
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
