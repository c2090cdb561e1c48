//! How far a set is from a real log in each property, beside how far the halves of the real log are from each other.

use super::Layout;
use super::palette::{ALLOWED, ATTACK, BAND, FALSE, GRID, Ink, MUTED};
use super::sheet::{Anchor, Entry, Mark, Shape, Sheet, Style, legend_height, pixels};
use crate::realism::compare::{Compared, Comparison, ROOM, Verdict};

/// The name of its file, without the ending.
pub(crate) const NAME: &str = "distances";
const LANE: f32 = 26.0;

const LEGEND: [Entry; 4] = [
    Entry {
        shape: Shape::Dot,
        ink: ALLOWED,
        filled: true,
        words: "near",
    },
    Entry {
        shape: Shape::Dot,
        ink: ATTACK,
        filled: false,
        words: "far",
    },
    Entry {
        shape: Shape::Square,
        ink: BAND,
        filled: true,
        words: "up to twice the halves",
    },
    Entry {
        shape: Shape::Square,
        ink: MUTED,
        filled: true,
        words: "halves of the real log",
    },
];

/// Draws a lane for each property.
pub(crate) fn draw(comparison: &Comparison, layout: Layout) -> Option<String> {
    let left = layout.pick(190.0, 130.0);
    let width = layout.width() - left - layout.pick(80.0, 48.0);
    let head = legend_height(layout, &LEGEND) + 14.0;
    let lanes = f32::from(u16::try_from(comparison.properties.len()).ok()?);
    let body = head + LANE * lanes;
    let mut sheet = Sheet::new(layout.width(), body + 40.0);
    sheet.legend(layout, &LEGEND);
    let x = |distance: f64| left + width * pixels(distance.clamp(0.0, 1.0));
    for (at, words) in [
        (0.0, "0"),
        (0.25, "0.25"),
        (0.5, "0.5"),
        (0.75, "0.75"),
        (1.0, "1"),
    ] {
        sheet.line((x(at), head), (x(at), body), GRID, None);
        sheet.text(
            x(at),
            body + 16.0,
            words,
            Style::muted(11.0).anchor(Anchor::Middle),
        );
    }
    sheet.text(
        left,
        body + 32.0,
        "distance: 0 is alike",
        Style::muted(11.0),
    );
    for (index, one) in comparison.properties.iter().enumerate() {
        let top = head + LANE * f32::from(u16::try_from(index).ok()?);
        let name = Style::text(12.0).anchor(Anchor::End);
        sheet.text(left - 10.0, top + 17.0, one.property.name(), name);
        lane(&mut sheet, one, top, &x);
    }
    let (near, measured) = comparison.near();
    sheet.svg(
        "Distances from a real log",
        &format!("{near} of {measured} properties are at most {ROOM} times as far as the halves of the real log."),
    )
}

fn lane(sheet: &mut Sheet, one: &Compared, top: f32, x: &dyn Fn(f64) -> f32) {
    let name = one.property.name();
    let mark = |tip: String, ink: Ink, filled| Mark {
        tip,
        ink,
        filled,
        time: None,
    };
    let middle = top + LANE / 2.0;
    if let Some(yardstick) = one.yardstick {
        let room = (ROOM * yardstick).min(1.0);
        sheet.plain(x(0.0), top + 4.0, x(room) - x(0.0), LANE - 8.0, BAND);
        let tip = format!("{name}: the halves of the real log are {yardstick:.3} apart");
        sheet.bar(
            x(yardstick) - 1.5,
            top + 4.0,
            3.0,
            LANE - 8.0,
            &mark(tip, MUTED, true),
        );
    }
    let Some(distance) = one.distance else {
        sheet.text(x(0.0) + 4.0, top + 17.0, "unmeasured", Style::muted(11.0));
        return;
    };
    let (ink, filled) = match one.verdict {
        Verdict::Near => (ALLOWED, true),
        Verdict::Far => (ATTACK, false),
        Verdict::NoYardstick | Verdict::Unmeasured => (FALSE, false),
    };
    if let Some((low, high)) = one.low.zip(one.high) {
        sheet.line((x(low), middle), (x(high), middle), ink, None);
    }
    let tip = format!("{name}: {distance:.3}, {}", one.verdict.name());
    sheet.dot(x(distance), middle, 4.5, &mark(tip, ink, filled));
}
