//! How common each value of a property is in a set and in a real log: two bars a value.

use super::Layout;
use super::palette::{ALLOWED, GRID, MUTED};
use super::sheet::{Anchor, Entry, Mark, Shape, Sheet, Style, fit, legend_height, pixels};
use crate::realism::compare::{Compared, ValueShares};
use crate::realism::profile::Property;

const LANE: f32 = 20.0;
const BAR: f32 = 7.0;

const LEGEND: [Entry; 2] = [
    Entry {
        shape: Shape::Square,
        ink: ALLOWED,
        filled: true,
        words: "the set",
    },
    Entry {
        shape: Shape::Square,
        ink: MUTED,
        filled: true,
        words: "the real log",
    },
];

/// The name of a property's file, without the ending.
pub(crate) const fn name(property: Property) -> &'static str {
    match property {
        Property::Hours => "shares-hours",
        Property::Weekdays => "shares-weekdays",
        Property::Sessions => "shares-sessions",
        Property::Gaps => "shares-gaps",
        Property::Popularity => "shares-popularity",
        Property::Sizes => "shares-sizes",
        Property::Times => "shares-times",
        Property::Statuses => "shares-statuses",
        Property::Agents => "shares-agents",
        Property::Probes => "shares-probes",
        Property::Silences => "shares-silences",
        Property::Headers => "shares-headers",
    }
}

/// Draws a lane for each value; `None` where nothing was measured.
pub(crate) fn draw(one: &Compared, layout: Layout) -> Option<String> {
    let most = one
        .values
        .iter()
        .map(|value| value.set.max(value.real))
        .fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let left = layout.pick(190.0, 120.0);
    let width = layout.width() - left - layout.pick(80.0, 54.0);
    let head = legend_height(layout, &LEGEND) + 14.0;
    let body = head + LANE * f32::from(u16::try_from(one.values.len()).ok()?);
    let mut sheet = Sheet::new(layout.width(), body + 20.0);
    sheet.legend(layout, &LEGEND);
    sheet.line((left, head), (left, body), GRID, None);
    for (index, value) in one.values.iter().enumerate() {
        let top = head + LANE * f32::from(u16::try_from(index).ok()?);
        let label = fit(&value.name, 12.0, left - 16.0);
        let style = Style::text(12.0).anchor(Anchor::End);
        sheet.text(left - 8.0, top + 14.0, &label, style);
        lane(
            &mut sheet,
            value,
            top,
            &|share| width * pixels(share / most),
            left,
        );
    }
    sheet.svg(
        &format!("{} in the set and in the real log", one.property.name()),
        &format!(
            "{} values; a bar is the share of lines, visits or pauses that have the value.",
            one.values.len()
        ),
    )
}

fn lane(sheet: &mut Sheet, value: &ValueShares, top: f32, long: &dyn Fn(f64) -> f32, left: f32) {
    for (row, (side, share, ink)) in [
        (0.0, ("the set", value.set, ALLOWED)),
        (1.0, ("the real log", value.real, MUTED)),
    ] {
        let mark = Mark {
            tip: format!("{}: {:.1} % of {side}", value.name, share * 100.0),
            ink,
            filled: true,
            time: None,
        };
        if share > 0.0 {
            sheet.bar(
                left,
                top + 2.0 + row * (BAR + 1.0),
                long(share).max(0.5),
                BAR,
                &mark,
            );
        }
    }
    let percent = format!("{:.0} / {:.0} %", value.set * 100.0, value.real * 100.0);
    let end = left + long(value.set.max(value.real));
    sheet.text(end + 6.0, top + 14.0, &percent, Style::muted(11.0));
}
