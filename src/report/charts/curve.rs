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
    let lines: Vec<Curve<'_>> = SERIES
        .iter()
        .map(|series| series.of(sweep, bin))
        .filter(|line| !line.points.is_empty())
        .collect();
    if lines.is_empty() {
        return None;
    }
    let noted = noted(sweep, bin);
    let mut legend: Vec<Entry> = lines.iter().rev().map(|line| line.series.entry()).collect();
    if !noted.is_empty() {
        legend.push(Entry {
            shape: Shape::Square,
            ink: TEXT,
            filled: false,
            words: "as published, and chosen, with 95 % intervals",
        });
    }
    let left = layout.pick(64.0, 44.0);
    let body = legend_height(layout, &legend) + 26.0 + HEIGHT;
    let mut pen = Pen {
        sheet: Sheet::new(layout.width(), body + 46.0),
        layout,
        left,
        width: layout.width() - left - 24.0,
        body,
    };
    pen.sheet.legend(layout, &legend);
    pen.axes();
    for line in &lines {
        pen.curve(line);
    }
    for (words, point) in noted {
        pen.noted(words, point);
    }
    pen.sheet.svg(
        "Precision and recall",
        "Episode precision against campaign recall at every threshold, for the rule and a baseline.",
    )
}

/// Where a point lies: its recall and its precision, where both were measured.
fn place(point: &Point) -> Option<(f64, f64)> {
    let measures = &point.whole;
    let recall = measures.campaign_recall.value?;
    let precision = measures.episode_precision.value?;
    point.can_fire.then_some((recall, precision))
}

/// A series with its points, in the order of thresholds.
struct Curve<'s> {
    series: &'static Series,
    points: Vec<(&'s Point, (f64, f64))>,
}

impl Series {
    fn of<'s>(&'static self, sweep: &'s Sweep, bin: u64) -> Curve<'s> {
        let points = sweep.points.iter().filter(|point| {
            let setting = &point.setting;
            (setting.by, setting.window) == (self.by, self.window)
                && (setting.with_exclusions, setting.bin_seconds) == (self.with_exclusions, bin)
        });
        Curve {
            series: self,
            points: points
                .filter_map(|point| Some((point, place(point)?)))
                .collect(),
        }
    }

    fn entry(&self) -> Entry {
        Entry {
            shape: Shape::Dot,
            ink: self.ink,
            filled: self.filled,
            words: self.words,
        }
    }
}

struct Pen {
    sheet: Sheet,
    layout: Layout,
    left: f32,
    width: f32,
    /// Where precision is nothing.
    body: f32,
}

impl Pen {
    fn at(&self, (recall, precision): (f64, f64)) -> (f32, f32) {
        (
            self.left + self.width * pixels(recall),
            self.body - HEIGHT * pixels(precision),
        )
    }

    fn axes(&mut self) {
        let style = Style::muted(11.0);
        for (part, words) in [
            (0.0, "0"),
            (0.25, "25 %"),
            (0.5, "50 %"),
            (0.75, "75 %"),
            (1.0, "100 %"),
        ] {
            let (from, to) = (self.at((0.0, part)), self.at((1.0, part)));
            self.sheet.line(from, to, GRID, None);
            self.sheet
                .text(from.0 - 8.0, from.1 + 4.0, words, style.anchor(Anchor::End));
            let (x, y) = self.at((part, 0.0));
            let anchor = if part < 1.0 {
                Anchor::Middle
            } else {
                Anchor::End
            };
            if part > 0.0 {
                self.sheet.text(x, y + 18.0, words, style.anchor(anchor));
            }
        }
        let (x, y) = self.at((0.0, 1.0));
        self.sheet.text(x, y - 10.0, "episode precision", style);
        let (x, y) = self.at((1.0, 0.0));
        let words = "attacks caught (campaign recall)";
        self.sheet
            .text(x, y + 36.0, words, style.anchor(Anchor::End));
    }

    fn curve(&mut self, line: &Curve<'_>) {
        let series = line.series;
        for pair in line.points.windows(2) {
            let dashes = (!series.filled).then_some("4 3");
            let (from, to) = (self.at(pair[0].1), self.at(pair[1].1));
            self.sheet.line(from, to, series.ink, dashes);
        }
        for (point, place) in &line.points {
            let (x, y) = self.at(*place);
            let mark = Mark {
                tip: tip(point),
                ink: series.ink,
                filled: series.filled,
                time: None,
            };
            self.sheet.dot(x, y, 3.5, &mark);
        }
    }

    /// A point by name, with its intervals.
    fn noted(&mut self, words: &str, point: &Point) {
        let Some((recall, precision)) = place(point) else {
            return;
        };
        let measures = &point.whole;
        let across = measures
            .campaign_recall
            .interval
            .map(|one| ((one.low, precision), (one.high, precision)));
        let up = measures
            .episode_precision
            .interval
            .map(|one| ((recall, one.low), (recall, one.high)));
        for (from, to) in across.into_iter().chain(up) {
            let (from, to) = (self.at(from), self.at(to));
            self.sheet.line(from, to, TEXT, Some("2 3"));
        }
        let at = self.at((recall, precision));
        note(&mut self.sheet, at, words, point, self.layout);
    }
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
