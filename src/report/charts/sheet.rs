//! A sheet to draw on: the library's canvas, with pens that take only colours of the palette and texts in which
//! nothing acts.

use super::Layout;
use super::palette::{Ink, MUTED, PAPER, TEXT};
use charts_rs::{
    Canvas, Circle, Color, DEFAULT_FONT_FAMILY, Fill, Line, Point, Polygon, Rect, Text,
    measure_text_width_family, svg_with_accessibility,
};
use scanbench_w3c::visible;

/// Names are cut before they are measured, since a log may hold one of any length.
const LONGEST: usize = 200;

/// Fonts that are everywhere, and look like the one whose widths the library knows.
const FONTS: &str = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif";

/// A picture that is being drawn.
pub(super) struct Sheet {
    canvas: Canvas,
}

/// How a text stands at its place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) size: f32,
    pub(super) ink: Ink,
    pub(super) anchor: Anchor,
    pub(super) bold: bool,
}

impl Style {
    /// Text of this size.
    pub(super) fn text(size: f32) -> Self {
        Self {
            size,
            ink: TEXT,
            anchor: Anchor::Start,
            bold: false,
        }
    }

    /// Text that explains.
    pub(super) fn muted(size: f32) -> Self {
        Self::text(size).ink(MUTED)
    }

    pub(super) fn ink(self, ink: Ink) -> Self {
        Self { ink, ..self }
    }

    pub(super) fn anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    pub(super) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }
}

/// A thing that tells what it is where it is pointed at or stepped to.
pub(super) struct Mark {
    /// What it is, as a sentence.
    pub(super) tip: String,
    /// The colour of what it stands for.
    pub(super) ink: Ink,
    /// Hollow ones are only drawn around.
    pub(super) filled: bool,
    /// When it starts and ends, in seconds from 1970, where it can be zoomed.
    pub(super) time: Option<(i64, i64)>,
}

impl Mark {
    fn fill(&self) -> Color {
        if self.filled { self.ink } else { PAPER }.color()
    }

    fn dataset(&self) -> Vec<(String, String)> {
        let times = self.time.map(|(start, end)| {
            [
                ("start".to_owned(), start.to_string()),
                ("end".to_owned(), end.to_string()),
            ]
        });
        times.into_iter().flatten().collect()
    }

    fn title(&self) -> String {
        shown(&self.tip)
    }
}

/// The class of marks.
const MARK: &str = "mark";
/// ... of what moves with the scale of time.
const TICK: &str = "tick";

impl Sheet {
    /// Paper of this size.
    pub(super) fn new(width: f32, height: f32) -> Self {
        let mut sheet = Self {
            canvas: Canvas::new(width, height),
        };
        sheet.plain(0.0, 0.0, width, height, PAPER);
        sheet
    }

    /// The picture, with a name and a description for those who cannot see it. `None` where a text could not be
    /// drawn.
    pub(super) fn svg(&self, title: &str, description: &str) -> Option<String> {
        let svg = self.canvas.svg().ok()?;
        Some(svg_with_accessibility(&svg, title, &shown(description)))
    }

    pub(super) fn text(&mut self, x: f32, y: f32, text: &str, style: Style) {
        self.classed_text(x, y, text, style, None);
    }

    /// A text on an axis that moves when the picture is zoomed.
    pub(super) fn tick_text(&mut self, x: f32, y: f32, text: &str, style: Style) {
        self.classed_text(x, y, text, style, Some(TICK.to_owned()));
    }

    fn classed_text(&mut self, x: f32, y: f32, text: &str, style: Style, class: Option<String>) {
        let anchor = match style.anchor {
            Anchor::Start => None,
            Anchor::Middle => Some("middle".to_owned()),
            Anchor::End => Some("end".to_owned()),
        };
        self.canvas.text(Text {
            text: shown(text),
            font_family: Some(FONTS.to_owned()),
            font_size: Some(style.size),
            font_color: Some(style.ink.color()),
            font_weight: style.bold.then(|| "600".to_owned()),
            x: Some(x),
            y: Some(y),
            text_anchor: anchor,
            class,
            ..Text::default()
        });
    }

    pub(super) fn line(
        &mut self,
        from: (f32, f32),
        to: (f32, f32),
        ink: Ink,
        dashes: Option<&str>,
    ) {
        self.canvas.line(Line {
            color: Some(ink.color()),
            stroke_width: 1.0,
            left: from.0,
            top: from.1,
            right: to.0,
            bottom: to.1,
            stroke_dash_array: dashes.map(ToOwned::to_owned),
        });
    }

    /// A line on an axis that moves when the picture is zoomed.
    pub(super) fn tick_line(&mut self, x: f32, top: f32, bottom: f32, ink: Ink) {
        self.canvas.rect(Rect {
            fill: Some(Fill::Solid(ink.color())),
            left: x,
            top,
            width: 1.0,
            height: bottom - top,
            class: Some(TICK.to_owned()),
            ..Rect::default()
        });
    }

    /// A coloured ground.
    pub(super) fn plain(&mut self, left: f32, top: f32, width: f32, height: f32, ink: Ink) {
        self.canvas.rect(Rect {
            fill: Some(Fill::Solid(ink.color())),
            left,
            top,
            width,
            height,
            ..Rect::default()
        });
    }

    /// A coloured ground with these corners.
    pub(super) fn area(&mut self, corners: &[(f32, f32)], ink: Ink) {
        self.canvas.polygon(Polygon {
            fill: Some(ink.color()),
            points: corners.iter().copied().map(Point::from).collect(),
            ..Polygon::default()
        });
    }

    /// The part of the picture that has a scale of time, so that it can be zoomed.
    pub(super) fn frame(&mut self, left: f32, width: f32, (start, end): (i64, i64)) {
        self.canvas.rect(Rect {
            fill: Some(Fill::Solid(Color::transparent())),
            left,
            top: 0.0,
            width,
            height: 1.0,
            class: Some("frame".to_owned()),
            dataset: vec![
                ("start".to_owned(), start.to_string()),
                ("end".to_owned(), end.to_string()),
            ],
            ..Rect::default()
        });
    }

    pub(super) fn bar(&mut self, left: f32, top: f32, width: f32, height: f32, mark: &Mark) {
        // The line around stays inside, so that hollow and filled bars are of one size.
        let inset = if mark.filled { 0.0 } else { 0.75 };
        self.canvas.rect(Rect {
            color: (!mark.filled).then(|| mark.ink.color()),
            stroke_width: (!mark.filled).then_some(1.5),
            fill: Some(Fill::Solid(mark.fill())),
            left: left + inset,
            top: top + inset,
            width: (width - 2.0 * inset).max(1.0),
            height: height - 2.0 * inset,
            rx: Some(2.0),
            ry: Some(2.0),
            class: Some(MARK.to_owned()),
            title: Some(mark.title()),
            dataset: mark.dataset(),
            ..Rect::default()
        });
    }

    /// A square ground with a thin line around it.
    pub(super) fn cell(
        &mut self,
        left: f32,
        top: f32,
        width: f32,
        height: f32,
        edge: Ink,
        mark: &Mark,
    ) {
        self.canvas.rect(Rect {
            color: Some(edge.color()),
            stroke_width: Some(1.0),
            fill: Some(Fill::Solid(mark.fill())),
            left,
            top,
            width,
            height,
            class: Some(MARK.to_owned()),
            title: Some(mark.title()),
            ..Rect::default()
        });
    }

    /// A square around a point, through which what lies there is seen.
    pub(super) fn ring(&mut self, x: f32, y: f32, half: f32, mark: &Mark) {
        self.canvas.rect(Rect {
            color: Some(mark.ink.color()),
            stroke_width: Some(2.0),
            fill: Some(Fill::Solid(Color::transparent())),
            left: x - half,
            top: y - half,
            width: 2.0 * half,
            height: 2.0 * half,
            class: Some(MARK.to_owned()),
            title: Some(mark.title()),
            ..Rect::default()
        });
    }

    /// A triangle that stands on `bottom`.
    pub(super) fn triangle(&mut self, x: f32, bottom: f32, size: f32, mark: &Mark) {
        let half = size / 2.0;
        self.canvas.polygon(Polygon {
            color: Some(mark.ink.color()),
            fill: Some(mark.fill()),
            points: vec![
                Point::from((x, bottom - size)),
                Point::from((x + half, bottom)),
                Point::from((x - half, bottom)),
            ],
            class: Some(MARK.to_owned()),
            title: Some(mark.title()),
            dataset: mark.dataset(),
            ..Polygon::default()
        });
    }

    pub(super) fn dot(&mut self, x: f32, y: f32, radius: f32, mark: &Mark) {
        self.canvas.circle(Circle {
            stroke_color: Some(mark.ink.color()),
            stroke_width: 1.5,
            fill: Some(mark.fill()),
            cx: x,
            cy: y,
            r: radius,
            class: Some(MARK.to_owned()),
            title: Some(mark.title()),
            ..Circle::default()
        });
    }

    /// Small shapes with words, from left to right and then on the next line. [`legend_height`] says how high.
    pub(super) fn legend(&mut self, layout: Layout, entries: &[Entry]) {
        for (entry, x, y) in flow(layout, entries) {
            let ink = entry.ink.color();
            let fill = if entry.filled { ink } else { PAPER.color() };
            match entry.shape {
                Shape::Square => self.canvas.rect(Rect {
                    color: Some(ink),
                    stroke_width: Some(1.5),
                    fill: Some(Fill::Solid(fill)),
                    left: x + 0.75,
                    top: y + 2.75,
                    width: 8.5,
                    height: 8.5,
                    rx: Some(1.0),
                    ry: Some(1.0),
                    ..Rect::default()
                }),
                Shape::Triangle => self.canvas.polygon(Polygon {
                    color: Some(ink),
                    fill: Some(fill),
                    points: vec![
                        Point::from((x + 5.0, y + 2.0)),
                        Point::from((x + 10.0, y + 11.5)),
                        Point::from((x, y + 11.5)),
                    ],
                    ..Polygon::default()
                }),
                Shape::Stroke => self.canvas.rect(Rect {
                    fill: Some(Fill::Solid(ink)),
                    left: x + 3.5,
                    top: y,
                    width: 3.0,
                    height: 14.0,
                    rx: Some(1.5),
                    ry: Some(1.5),
                    ..Rect::default()
                }),
                Shape::Dot => self.canvas.circle(Circle {
                    stroke_color: Some(ink),
                    stroke_width: 1.5,
                    fill: Some(fill),
                    cx: x + 5.0,
                    cy: y + 7.0,
                    r: 4.5,
                    ..Circle::default()
                }),
            };
            self.text(x + 16.0, y + 11.0, entry.words, Style::muted(LEGEND));
        }
    }
}

/// Where the entries of a legend stand.
fn flow(layout: Layout, entries: &[Entry]) -> impl Iterator<Item = (&Entry, f32, f32)> {
    let (left, right) = (8.0, layout.width() - 8.0);
    let (mut x, mut y) = (left, 4.0);
    entries.iter().map(move |entry| {
        let room = 16.0 + width(entry.words, LEGEND);
        if x > left && x + room > right {
            x = left;
            y += 20.0;
        }
        let place = (entry, x, y);
        x += room + 18.0;
        place
    })
}

/// How high a legend is.
pub(super) fn legend_height(layout: Layout, entries: &[Entry]) -> f32 {
    flow(layout, entries)
        .last()
        .map_or(0.0, |(_, _, y)| y + 20.0)
}

/// Size of the legend's words.
const LEGEND: f32 = 12.0;

/// A line of a legend.
pub(super) struct Entry {
    pub(super) shape: Shape,
    pub(super) ink: Ink,
    pub(super) filled: bool,
    pub(super) words: &'static str,
}

/// What stands before the words.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Square,
    Triangle,
    Dot,
    Stroke,
}

/// How wide a text is, about.
pub(super) fn width(text: &str, size: f32) -> f32 {
    measure_text_width_family(DEFAULT_FONT_FAMILY, size, text).map_or(0.0, |found| found.width())
}

/// As much of a text as the width takes; what is cut shows as an ellipsis.
pub(super) fn fit(text: &str, size: f32, room: f32) -> String {
    let text = shown(text);
    if width(&text, size) <= room {
        return text;
    }
    let mut chars: Vec<char> = text.chars().collect();
    while !chars.is_empty() {
        chars.pop();
        let cut: String = chars.iter().chain(['…'].iter()).collect();
        if width(&cut, size) <= room {
            return cut;
        }
    }
    "…".to_owned()
}

/// Text in which nothing acts, and not too long.
fn shown(text: &str) -> String {
    let text = visible(text.as_bytes());
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A number of pixels. Places need no more digits than a screen has.
#[expect(
    clippy::cast_possible_truncation,
    reason = "from places on a picture, far inside the range"
)]
pub(super) fn pixels(value: f64) -> f32 {
    value as f32
}

/// A count as a length.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub(super) fn length(count: u64) -> f64 {
    count as f64
}
