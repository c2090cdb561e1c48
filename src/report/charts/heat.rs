//! What each threshold catches at each width of a bin, where it keeps to the budget.

use super::Layout;
use super::palette::{GRID, HEAT, Ink, MUTED, PAPER, TEXT};
use super::sheet::{Anchor, Mark, Sheet, Style, length, pixels};
use crate::eval::sweep::{By, Point, Sweep, WindowKind};
use crate::report::number::span;

/// The name of its part of the page, and of its file.
pub(crate) const NAME: &str = "thresholds";

const CELL: f32 = 24.0;

/// The tumbling windows of the rule alone, or else of the rule with exclusions where there are some.
pub(crate) fn points(sweep: &Sweep) -> Vec<&Point> {
    let of_rule = |with| {
        let points = sweep.points.iter().filter(move |point| {
            let setting = &point.setting;
            (setting.by, setting.window) == (By::Ports, WindowKind::Tumbling)
                && setting.with_exclusions == with
        });
        points.collect::<Vec<_>>()
    };
    let with = of_rule(true);
    if with.is_empty() {
        of_rule(false)
    } else {
        with
    }
}

pub(crate) fn draw(sweep: &Sweep, layout: Layout) -> Option<String> {
    let points = points(sweep);
    let unique = |pick: fn(&Point) -> u64| {
        let mut values: Vec<u64> = points.iter().map(|point| pick(point)).collect();
        values.sort_unstable();
        values.dedup();
        values
    };
    let bins = unique(|point| point.setting.bin_seconds);
    let all = unique(|point| point.setting.threshold);
    // As many as fit, and evenly; the table behind has all.
    let fit = layout.pick(40, 9);
    let thresholds: Vec<u64> = all
        .iter()
        .copied()
        .step_by(all.len().div_ceil(fit).max(1))
        .collect();
    if bins.is_empty() || thresholds.is_empty() {
        return None;
    }
    let left = layout.pick(64.0, 52.0);
    let columns = pixels(length(thresholds.len() as u64));
    let wide = ((layout.width() - left - 8.0) / columns).min(64.0);
    let head = 62.0;
    let height = CELL * f32::from(u16::try_from(bins.len()).ok()?);
    let mut sheet = Sheet::new(layout.width(), head + height + 12.0);
    let mut x = left;
    for (ink, words) in HEAT
        .into_iter()
        .zip(["under 40 %", "40 to 70 %", "over 70 %"])
    {
        sheet.plain(x, 6.0, 12.0, 12.0, ink);
        sheet.text(x + 17.0, 16.0, words, Style::muted(11.0));
        x += layout.pick(104.0, 92.0);
    }
    let words = format!(
        "per cent of attacks caught; plain: over {} needless alerts a day",
        sweep.budget
    );
    sheet.text(left, 36.0, &words, Style::muted(layout.pick(11.0, 10.0)));
    for (column, threshold) in (0_u16..).zip(&thresholds) {
        let middle = left + wide * (f32::from(column) + 0.5);
        let style = Style::muted(10.0).anchor(Anchor::Middle);
        sheet.text(middle, head - 6.0, &threshold.to_string(), style);
    }
    for (row, bin) in (0_u16..).zip(&bins) {
        let top = head + CELL * f32::from(row);
        let style = Style::text(11.0).anchor(Anchor::End);
        sheet.text(left - 8.0, top + 16.0, &span(*bin), style);
        for (column, threshold) in (0_u16..).zip(&thresholds) {
            let point = points.iter().find(|point| {
                (point.setting.bin_seconds, point.setting.threshold) == (*bin, *threshold)
            });
            if let Some(point) = point {
                let at = (left + wide * f32::from(column), top);
                cell(&mut sheet, at, wide, sweep.budget, point);
            }
        }
    }
    sheet.svg(
        "Thresholds and bins",
        "Campaign recall at each threshold and width of a tumbling bin, and whether it keeps to the budget.",
    )
}

fn cell(sheet: &mut Sheet, (left, top): (f32, f32), wide: f32, budget: f64, point: &Point) {
    let recall = point.whole.campaign_recall.value.filter(|_| point.can_fire);
    let needless = point.whole.needless_alerts_a_day;
    let keeps = needless.is_some_and(|needless| needless <= budget);
    let (ink, words): (Ink, String) = match recall {
        None => (PAPER, "–".to_owned()),
        Some(recall) => {
            let step = if recall < 0.4 {
                HEAT[0]
            } else if recall <= 0.7 {
                HEAT[1]
            } else {
                HEAT[2]
            };
            (
                if keeps { step } else { PAPER },
                format!("{:.0}", recall * 100.0),
            )
        }
    };
    let needless = needless.map_or_else(|| "unmeasured".to_owned(), |one| format!("{one:.1}"));
    let mark = Mark {
        tip: format!(
            "{} ports in {}: attacks caught {}, needless alerts a day {needless}{}",
            point.setting.threshold,
            span(point.setting.bin_seconds),
            super::curve::rate(&point.whole.campaign_recall),
            if point.can_fire {
                ""
            } else {
                "; above the set limit, so it cannot fire"
            }
        ),
        ink,
        filled: true,
        time: None,
    };
    sheet.cell(left, top, wide, CELL, GRID, &mark);
    let ink = if keeps && recall.is_some() {
        TEXT
    } else {
        MUTED
    };
    let style = Style::text(10.0).ink(ink).anchor(Anchor::Middle);
    sheet.text(left + wide / 2.0, top + 16.0, &words, style);
}
