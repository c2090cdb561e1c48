//! Precision against recall at every threshold, with the rule as published and the setting that was chosen.

use super::Layout;
use super::palette::{ALLOWED, ATTACK, FALSE, GRID, Ink, TEXT};
use super::sheet::{Anchor, Entry, Mark, Shape, Sheet, Style, legend_height, pixels};
use crate::eval::sweep::{By, Point, Rate, Setting, Sweep, WindowKind};

/// The bin of the rule as published, in seconds, and its threshold.
const PUBLISHED: (u64, u64) = (600, 30);

const HEIGHT: f32 = 300.0;

/// The name of its part of the page, and of its file.
pub(crate) const NAME: &str = "precision-recall";

/// A line through the thresholds of one family.
struct Series {
    by: By,
    window: WindowKind,
    with_exclusions: bool,
    ink: Ink,
    filled: bool,
    words: &'static str,
}

const SERIES: [Series; 4] = [
    Series {
        by: By::Requests,
        window: WindowKind::Tumbling,
        with_exclusions: false,
        ink: FALSE,
        filled: true,
        words: "baseline: requests",
    },
    Series {
        by: By::Ports,
        window: WindowKind::Sliding,
        with_exclusions: false,
        ink: ALLOWED,
        filled: false,
        words: "sliding",
    },
    Series {
        by: By::Ports,
        window: WindowKind::Tumbling,
        with_exclusions: true,
        ink: ATTACK,
        filled: true,
        words: "tumbling, with exclusions",
    },
    Series {
        by: By::Ports,
        window: WindowKind::Tumbling,
        with_exclusions: false,
        ink: ALLOWED,
        filled: true,
        words: "tumbling",
    },
];

/// The width that is drawn: that of the rule, or else the first.
pub(crate) fn bin(sweep: &Sweep) -> Option<u64> {
    let mut bins = sweep.points.iter().map(|point| point.setting.bin_seconds);
    bins.clone().find(|bin| *bin == PUBLISHED.0).or(bins.next())
}

pub(crate) fn draw(sweep: &Sweep, layout: Layout) -> Option<String> {
    let bin = bin(sweep)?;
    let place = |point: &Point| {
        let measures = &point.whole;
        let recall = measures.campaign_recall.value?;
        point
            .can_fire
            .then_some((recall, measures.episode_precision.value?))
    };
    let drawn: Vec<(&Series, Vec<(&Point, (f64, f64))>)> = SERIES
        .iter()
        .map(|series| {
            let points = sweep.points.iter().filter(|point| {
                let setting = &point.setting;
                (setting.by, setting.window) == (series.by, series.window)
                    && (setting.with_exclusions, setting.bin_seconds)
                        == (series.with_exclusions, bin)
            });
            let points = points.filter_map(|point| Some((point, place(point)?)));
            (series, points.collect::<Vec<_>>())
        })
        .collect();
    if drawn.iter().all(|(_, points)| points.is_empty()) {
        return None;
    }
    let noted = noted(sweep, bin);
    let mut legend: Vec<Entry> = drawn
        .iter()
        .filter(|(_, points)| !points.is_empty())
        .map(|(series, _)| Entry {
            shape: Shape::Dot,
            ink: series.ink,
            filled: series.filled,
            words: series.words,
        })
        .collect();
    legend.reverse();
    if !noted.is_empty() {
        legend.push(Entry {
            shape: Shape::Square,
            ink: TEXT,
            filled: false,
            words: "as published, and chosen, with 95 % intervals",
        });
    }
    let left = layout.pick(64.0, 44.0);
    let width = layout.width() - left - 24.0;
    let head = legend_height(layout, &legend) + 26.0;
    let body = head + HEIGHT;
    let at = |(recall, precision): (f64, f64)| {
        (
            left + width * pixels(recall),
            body - HEIGHT * pixels(precision),
        )
    };
    let mut sheet = Sheet::new(layout.width(), body + 46.0);
    sheet.legend(layout, &legend);
    for (part, words) in [
        (0.0, "0"),
        (0.25, "25 %"),
        (0.5, "50 %"),
        (0.75, "75 %"),
        (1.0, "100 %"),
    ] {
        let style = Style::muted(11.0);
        sheet.line(at((0.0, part)), at((1.0, part)), GRID, None);
        let (x, y) = at((0.0, part));
        sheet.text(x - 8.0, y + 4.0, words, style.anchor(Anchor::End));
        let (x, y) = at((part, 0.0));
        let anchor = if part < 1.0 {
            Anchor::Middle
        } else {
            Anchor::End
        };
        if part > 0.0 {
            sheet.text(x, y + 18.0, words, style.anchor(anchor));
        }
    }
    let style = Style::muted(11.0);
    sheet.text(left, head - 10.0, "episode precision", style);
    let (x, y) = at((1.0, 0.0));
    let words = "attacks caught (campaign recall)";
    sheet.text(x, y + 36.0, words, style.anchor(Anchor::End));

    for (series, points) in &drawn {
        for pair in points.windows(2) {
            let dashes = (!series.filled).then_some("4 3");
            sheet.line(at(pair[0].1), at(pair[1].1), series.ink, dashes);
        }
        for (point, place) in points {
            let (x, y) = at(*place);
            let mark = Mark {
                tip: tip(point),
                ink: series.ink,
                filled: series.filled,
                time: None,
            };
            sheet.dot(x, y, 3.5, &mark);
        }
    }
    for (words, point) in noted {
        let Some((recall, precision)) = place(point) else {
            continue;
        };
        let measures = &point.whole;
        if let Some(interval) = measures.campaign_recall.interval {
            let ends = (
                at((interval.low, precision)),
                at((interval.high, precision)),
            );
            sheet.line(ends.0, ends.1, TEXT, Some("2 3"));
        }
        if let Some(interval) = measures.episode_precision.interval {
            let ends = (at((recall, interval.low)), at((recall, interval.high)));
            sheet.line(ends.0, ends.1, TEXT, Some("2 3"));
        }
        note(&mut sheet, at((recall, precision)), words, point, layout);
    }
    sheet.svg(
        "Precision and recall",
        "Episode precision against campaign recall at every threshold, for the rule and a baseline.",
    )
}

/// The rule as published, and what was chosen of tumbling bins of any width.
fn noted(sweep: &Sweep, bin: u64) -> Vec<(&'static str, &Point)> {
    let published = Setting {
        by: By::Ports,
        with_exclusions: false,
        window: WindowKind::Tumbling,
        bin_seconds: bin,
        threshold: PUBLISHED.1,
    };
    let chosen = sweep.best.iter().filter_map(|best| best.setting);
    let mut chosen =
        chosen.filter(|setting| setting.by == By::Ports && setting.window == WindowKind::Tumbling);
    let chosen = chosen.find(|setting| !setting.with_exclusions);
    let published = (bin == PUBLISHED.0).then(|| sweep.point(&published));
    let mut noted = Vec::new();
    noted.extend(published.flatten().map(|point| ("as published", point)));
    let chosen = chosen.and_then(|setting| sweep.point(&setting));
    noted.extend(chosen.map(|point| ("chosen", point)));
    noted
}

/// A square around a point, with its name and threshold.
fn note(sheet: &mut Sheet, (x, y): (f32, f32), words: &str, point: &Point, layout: Layout) {
    let mark = Mark {
        tip: format!("{words}: {}", tip(point)),
        ink: TEXT,
        filled: false,
        time: None,
    };
    sheet.ring(x, y, 7.0, &mark);
    let width = super::heat::span(point.setting.bin_seconds);
    let words = format!("{words}: {} in {width}", point.setting.threshold);
    // The chosen point may lie beside the published one: one name goes above, the other below.
    let below = words.starts_with("chosen");
    let (anchor, x) = if x > layout.width() / 2.0 {
        (Anchor::End, x - 4.0)
    } else {
        (Anchor::Start, x + 4.0)
    };
    let y = if below { y + 24.0 } else { y - 14.0 };
    sheet.text(x, y, &words, Style::text(11.0).bold().anchor(anchor));
}

/// A point in words.
fn tip(point: &Point) -> String {
    let setting = &point.setting;
    let what = match setting.by {
        By::Ports => "ports",
        By::Requests => "requests",
        By::NotFound => "% 404",
    };
    let exclusions = if setting.with_exclusions {
        ", with exclusions"
    } else {
        ""
    };
    let needless = point
        .whole
        .needless_alerts_a_day
        .map_or_else(|| "unmeasured".to_owned(), |number| format!("{number:.1}"));
    format!(
        "{} {what}, {}{exclusions}: attacks caught {}, episode precision {}, needless alerts a day {needless}",
        setting.threshold,
        setting.window.name(),
        rate(&point.whole.campaign_recall),
        rate(&point.whole.episode_precision)
    )
}

/// `17 of 31 (55 %; 38 to 71)`.
pub(crate) fn rate(rate: &Rate) -> String {
    let percent = |part: f64| format!("{:.0}", part * 100.0);
    match (rate.value, rate.interval) {
        (None, _) => "unmeasured".to_owned(),
        (Some(value), None) => format!("{} of {} ({} %)", rate.hits, rate.of, percent(value)),
        (Some(value), Some(interval)) => format!(
            "{} of {} ({} %; {} to {})",
            rate.hits,
            rate.of,
            percent(value),
            percent(interval.low),
            percent(interval.high)
        ),
    }
}
