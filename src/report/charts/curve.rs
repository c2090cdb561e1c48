//! Curves through every threshold: precision against recall, and recall against false positives, with the rule as
//! published and the setting that was chosen.

mod plane;

pub(crate) use plane::Plane;

use super::Layout;
use super::palette::{ALLOWED, ATTACK, FALSE, GRID, HEAT, Ink, TEXT};
use super::sheet::{Anchor, Entry, Mark, Shape, Sheet, Style, legend_height, pixels};
use crate::eval::sweep::{By, Measures, Point, Rate, Setting, Sweep, WindowKind};
use crate::report::number::{grouped, span};
use plane::Scale;

/// The bin of the rule as published, in seconds, and its threshold.
const PUBLISHED: (u64, u64) = (600, 30);

const HEIGHT: f32 = 300.0;

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

pub(crate) fn draw(sweep: &Sweep, plane: Plane, layout: Layout) -> Option<String> {
    let bin = bin(sweep)?;
    let lines: Vec<Curve<'_>> = SERIES
        .iter()
        .map(|series| series.of(sweep, plane, bin))
        .filter(|line| !line.points.is_empty())
        .collect();
    if lines.is_empty() {
        return None;
    }
    let noted = noted(sweep, bin);
    let mut legend: Vec<Entry> = lines.iter().rev().map(|line| line.series.entry()).collect();
    // The band of the rule alone, which is drawn last.
    let band = lines.last().filter(|_| plane == Plane::Roc);
    if band.is_some() {
        legend.push(Entry {
            shape: Shape::Square,
            ink: HEAT[0],
            filled: true,
            words: "95 % intervals of recall",
        });
    }
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
    let places = lines.iter().flat_map(|line| &line.points);
    let noted_places = noted.iter().filter_map(|(_, point)| plane.place(point));
    let across = places.map(|(_, place)| place.0);
    let mut pen = Pen {
        sheet: Sheet::new(layout.width(), body + 46.0),
        scale: Scale::of(
            plane,
            layout,
            across.chain(noted_places.map(|place| place.0)),
        ),
        plane,
        layout,
        left,
        width: layout.width() - left - 24.0,
        body,
    };
    pen.sheet.legend(layout, &legend);
    if let Some(line) = band {
        pen.band(line);
    }
    pen.axes();
    for line in &lines {
        pen.curve(line);
    }
    for (words, point) in noted {
        pen.noted(words, point);
    }
    pen.sheet.svg(plane.title(), plane.description())
}

/// A series with its points, in the order of thresholds.
struct Curve<'s> {
    series: &'static Series,
    points: Vec<(&'s Point, (f64, f64))>,
}

impl Series {
    fn of<'s>(&'static self, sweep: &'s Sweep, plane: Plane, bin: u64) -> Curve<'s> {
        let points = sweep.points.iter().filter(|point| {
            let setting = &point.setting;
            (setting.by, setting.window) == (self.by, self.window)
                && (setting.with_exclusions, setting.bin_seconds) == (self.with_exclusions, bin)
        });
        Curve {
            series: self,
            points: points
                .filter_map(|point| Some((point, plane.place(point)?)))
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
    plane: Plane,
    scale: Scale,
    layout: Layout,
    left: f32,
    width: f32,
    /// Where what lies up is nothing.
    body: f32,
}

impl Pen {
    fn at(&self, (right, up): (f64, f64)) -> (f32, f32) {
        (
            self.left + self.width * pixels(self.scale.part(right)),
            self.body - HEIGHT * pixels(up),
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
            self.sheet
                .line(from, (self.left + self.width, to.1), GRID, None);
            self.sheet
                .text(from.0 - 8.0, from.1 + 4.0, words, style.anchor(Anchor::End));
        }
        for (value, words) in self.scale.ticks(self.layout) {
            let (x, y) = self.at((value, 0.0));
            let anchor = if x < self.left + self.width - 1.0 {
                Anchor::Middle
            } else {
                Anchor::End
            };
            self.sheet.line((x, y), (x, y + 4.0), GRID, None);
            self.sheet.text(x, y + 18.0, &words, style.anchor(anchor));
        }
        let [right, up] = self.plane.axes();
        let (x, y) = self.at((0.0, 1.0));
        self.sheet.text(x, y - 10.0, up, style);
        let (x, y) = (self.left + self.width, self.body);
        self.sheet
            .text(x, y + 36.0, right, style.anchor(Anchor::End));
    }

    /// The ground between the lower and the upper ends of what lies up.
    fn band(&mut self, line: &Curve<'_>) {
        let ends = line.points.iter().filter_map(|(point, place)| {
            let (low, high) = self.plane.spans(point)[1]?;
            Some((self.at((place.0, low)), self.at((place.0, high))))
        });
        let (lower, mut upper): (Vec<_>, Vec<_>) = ends.unzip();
        upper.reverse();
        let around: Vec<(f32, f32)> = lower.into_iter().chain(upper).collect();
        self.sheet.area(&around, HEAT[0]);
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
        let Some((right, up)) = self.plane.place(point) else {
            return;
        };
        let [across, along] = self.plane.spans(point);
        let across = across.map(|(low, high)| ((low, up), (high, up)));
        let along = along.map(|(low, high)| ((right, low), (right, high)));
        for (from, to) in across.into_iter().chain(along) {
            let (from, to) = (self.at(from), self.at(to));
            self.sheet.line(from, to, TEXT, Some("2 3"));
        }
        self.note((right, up), words, point);
    }

    /// A square around a point, with its name and threshold.
    fn note(&mut self, place: (f64, f64), words: &str, point: &Point) {
        let (x, y) = self.at(place);
        let mark = Mark {
            tip: format!("{words}: {}", tip(point)),
            ink: TEXT,
            filled: false,
            time: None,
        };
        self.sheet.ring(x, y, 7.0, &mark);
        let width = span(point.setting.bin_seconds);
        let words = format!("{words}: {} in {width}", point.setting.threshold);
        // The chosen point may lie beside the published one: one name goes above, the other below.
        let below = words.starts_with("chosen");
        let (anchor, x) = if x > self.layout.width() / 2.0 {
            (Anchor::End, x - 4.0)
        } else {
            (Anchor::Start, x + 4.0)
        };
        // Not onto the words of the axis.
        let y = if below {
            (y + 24.0).min(self.body - 4.0)
        } else {
            y - 14.0
        };
        let style = Style::text(11.0).bold().anchor(anchor);
        self.sheet.text(x, y, &words, style);
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
        "{} {what}, {}{exclusions}: attacks caught {}, episode precision {}, benign bins with a false row {}, needless \
         alerts a day {needless}",
        setting.threshold,
        setting.window.name(),
        rate(&point.whole.campaign_recall),
        rate(&point.whole.episode_precision),
        false_positives(&point.whole)
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

/// `18 of 4,420 (0.407 %; 0.000 to 1.119)`: benign bins with a false row.
pub(crate) fn false_positives(measures: &Measures) -> String {
    let Some(value) = measures.false_positive_rate else {
        return "unmeasured".to_owned();
    };
    let percent = |part: f64| format!("{:.3}", part * 100.0);
    let band = measures
        .false_positive_band
        .map_or_else(String::new, |band| {
            format!("; {} to {}", percent(band.low), percent(band.high))
        });
    format!(
        "{} of {} ({} %{band})",
        grouped(measures.benign_bins_hit),
        grouped(measures.benign_bins),
        percent(value)
    )
}
