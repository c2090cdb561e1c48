//! Pieces of the page: values of any length, tables, figures.

use super::{Part, trusted};
use crate::report::charts::Layout;
use maud::{Markup, html};
use scanbench_w3c::visible;

/// Characters of a value that are shown before it is folded.
const SHOWN: usize = 96;
/// ... of a sentence that may name values.
const SHOWN_OF_SENTENCES: usize = 600;
/// Words up to this length are never broken.
const LONGEST_WORD: usize = 24;

/// A value, folded where it is long; all of it is there when unfolded.
pub(super) fn long(value: &str) -> Markup {
    folded(value, SHOWN)
}

/// A sentence that may name values, folded where it is long.
pub(super) fn sentence(text: &str) -> Markup {
    folded(text, SHOWN_OF_SENTENCES)
}

fn folded(value: &str, shown: usize) -> Markup {
    let value = visible(value.as_bytes());
    let mut words = value.split(' ');
    let breaks = words.any(|word| word.chars().count() > LONGEST_WORD);
    match value.char_indices().nth(shown) {
        None if breaks => html! { span.breaks { (value) } },
        None => html! { (value) },
        Some((end, _)) => {
            let rest = value[end..].chars().count();
            html! {
                details.long {
                    summary { (value[..end]) "… " span.muted { "(" (rest) " more)" } }
                    span.whole { (value) }
                }
            }
        }
    }
}

/// A value where nothing can be folded, cut.
pub(super) fn short(value: &str) -> String {
    let value = visible(value.as_bytes());
    match value.char_indices().nth(SHOWN) {
        None => value,
        Some((end, _)) => format!("{}…", &value[..end]),
    }
}

/// A table that scrolls by itself where it is wider than the screen.
pub(super) fn table<H: AsRef<str>>(label: &str, header: &[H], rows: &[Vec<String>]) -> Markup {
    let classes: Vec<_> = (0..header.len())
        .map(|column| class(rows, column))
        .collect();
    let class = |column: usize| classes.get(column).copied().flatten();
    html! {
        div.table tabindex="0" role="region" aria-label=(format!("Table: {}", short(label))) {
            table {
                thead {
                    tr {
                        @for (column, title) in header.iter().map(AsRef::as_ref).enumerate() {
                            @if title.is_empty() { td {} }
                            @else { th scope="col" class=[class(column)] { (title) } }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            @for (column, cell) in row.iter().enumerate() {
                                @if column == 0 {
                                    th scope="row" class=[class(0)] { (long(cell)) }
                                } @else {
                                    td class=[class(column)] { (long(cell)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// How a column is set: numbers to the right, sentences not too narrow.
fn class(rows: &[Vec<String>], column: usize) -> Option<&'static str> {
    let cells = || rows.iter().filter_map(|row| row.get(column));
    let is_number = |cell: &String| {
        cell.is_empty()
            || cell
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b',')
    };
    if cells().all(is_number) && cells().any(|cell| !cell.is_empty()) {
        Some("number")
    } else {
        cells()
            .any(|cell| cell.chars().count() > 32)
            .then_some("words")
    }
}

/// A picture on the page, and what stands around it.
pub(super) struct Figure {
    pub(super) id: &'static str,
    /// The words of the link to it.
    pub(super) label: &'static str,
    pub(super) title: &'static str,
    /// Whether it has a scale of time that can be stretched.
    pub(super) zooms: bool,
    /// How to read it.
    pub(super) lead: Markup,
    /// The same as a table.
    pub(super) table: Markup,
}

impl Figure {
    /// A section with the picture, for screens and for phones, and the table behind it; `None` where there is nothing to
    /// draw.
    pub(super) fn part(&self, draw: &dyn Fn(Layout) -> Option<String>) -> Option<Part> {
        let (wide, narrow) = draw(Layout::Wide).zip(draw(Layout::Narrow))?;
        let heading = format!("{}-heading", self.id);
        let label = format!(
            "{}. Arrow keys step through what is drawn{}.",
            self.title,
            if self.zooms {
                "; plus, minus and 0 zoom"
            } else {
                ""
            }
        );
        let section = html! {
            section id=(self.id) aria-labelledby=(heading) {
                h2 id=(heading) { (self.title) }
                p.lead { (self.lead) }
                figure {
                    @for (class, svg) in [("plot wide", wide), ("plot narrow", narrow)] {
                        div class=(class) tabindex="0" role="group" aria-label=(label) data-zooms[self.zooms] {
                            (trusted(svg))
                        }
                    }
                }
                details.behind {
                    summary { "The same as a table" }
                    (self.table)
                }
            }
        };
        Some(Part {
            id: self.id,
            label: self.label,
            section,
        })
    }
}
