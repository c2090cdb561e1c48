//! Rows by class as one short bar for each choice of exclusions: the picture of the first screen.

use super::palette::{ALLOWED, ATTACK, FALSE, MUTED};
use super::sheet::{Mark, Sheet, Style, length, pixels};
use crate::eval::RowCounts;

const WIDTH: f32 = 300.0;
const LANE: f32 = 40.0;

/// Draws the bars on one scale; `None` where there is no row.
pub(crate) fn draw(bars: &[(&str, &RowCounts)]) -> Option<String> {
    let total = |one: &RowCounts| one.all();
    let most = bars
        .iter()
        .map(|(_, one)| total(one))
        .max()
        .filter(|most| *most > 0)?;
    let mut sheet = Sheet::new(WIDTH, LANE * f32::from(u16::try_from(bars.len()).ok()?));
    let mut told = Vec::new();
    for (index, (name, counts)) in bars.iter().enumerate() {
        let top = LANE * f32::from(u16::try_from(index).ok()?);
        let words = format!("{name}: {}", total(counts));
        sheet.text(0.0, top + 12.0, &words, Style::muted(12.0));
        let mut x = 0.0;
        for (count, ink, what) in [
            (counts.malicious, ATTACK, "right"),
            (counts.authorised, ALLOWED, "of authorised scans"),
            (counts.false_rows(), FALSE, "false"),
            (counts.unknown, MUTED, "on recorded lines alone"),
        ] {
            if count == 0 {
                continue;
            }
            let tip = format!("{name}: {count} {what}");
            // A part of many stays visible.
            let width = (WIDTH * pixels(length(count) / length(most))).max(3.0);
            told.push(tip.clone());
            let mark = Mark {
                tip,
                ink,
                filled: true,
                time: None,
            };
            sheet.bar(x, top + 18.0, width - 1.0, 12.0, &mark);
            x += width;
        }
    }
    sheet.svg("Rows by what stands behind them", &told.join("; "))
}
