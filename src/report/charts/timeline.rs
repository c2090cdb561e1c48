//! Campaigns and rows in time, a lane for each campaign, by server.

use super::Layout;
use super::palette::{ALLOWED, ATTACK, FALSE, GRID, Ink, TEXT};
use super::sheet::{Anchor, Entry, Mark, Shape, Sheet, Style, fit, legend_height, pixels};
use crate::report::scene::{Lane, Row, Scene, Server};
use crate::report::story;
use scanbench_generator::truth::Class;
use scanbench_w3c::Timestamp;

/// Campaigns that are drawn; more make no picture that anybody reads.
pub(crate) const MOST_LANES: usize = 120;
/// Rows that are drawn.
pub(crate) const MOST_ROWS: usize = 4000;

/// A bar shows however short its campaign was; as in the script that zooms.
const NARROWEST: f32 = 5.0;

/// Steps between ticks, in minutes.
const STEPS: [i64; 15] = [
    1, 2, 5, 10, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080, 40_320, 525_600,
];

const LEGEND: [Entry; 5] = [
    entry(Shape::Square, ATTACK, true, "attack"),
    entry(Shape::Square, ALLOWED, true, "authorised scan"),
    entry(Shape::Square, FALSE, true, "look-alike"),
    entry(Shape::Triangle, TEXT, true, "row of the rule"),
    entry(
        Shape::Triangle,
        TEXT,
        false,
        "row that an exclusion removes",
    ),
];

const fn entry(shape: Shape, ink: Ink, filled: bool, words: &'static str) -> Entry {
    Entry {
        shape,
        ink,
        filled,
        words,
    }
}

/// The colour of a class.
pub(super) fn ink(class: Option<Class>) -> Ink {
    match class {
        Some(Class::Malicious) => ATTACK,
        Some(Class::Authorised) => ALLOWED,
        Some(Class::LookAlike) | None => FALSE,
    }
}

/// Where times lie on the picture.
struct Scale {
    left: f32,
    width: f32,
    start: i64,
    end: i64,
}

impl Scale {
    /// Whole hours around all that is drawn.
    fn around(scene: &Scene<'_>, layout: Layout) -> Option<Self> {
        const HOUR: i64 = 3600;

        let lanes = scene.lanes().filter_map(|lane| lane.span);
        let rows = scene
            .rows
            .iter()
            .map(|row| (row.alert.time_generated, row.end));
        let mut spans = lanes
            .chain(rows)
            .map(|(start, end)| (seconds(start), seconds(end)));
        let first = spans.next()?;
        let (start, end) = spans.fold(first, |(start, end), (from, to)| {
            (start.min(from), end.max(to))
        });
        let left = layout.pick(232.0, 20.0);
        Some(Self {
            left,
            width: layout.width() - left - 20.0,
            start: start.div_euclid(HOUR) * HOUR,
            end: (end.div_euclid(HOUR) + 1) * HOUR,
        })
    }

    fn x(&self, second: i64) -> f32 {
        let part = span(second - self.start) / span(self.end - self.start);
        self.left + self.width * pixels(part)
    }

    /// The ticks, with their words.
    fn ticks(&self, most: i64) -> Vec<(i64, String)> {
        let minutes = (self.end - self.start) / 60;
        let step = STEPS
            .into_iter()
            .find(|step| minutes / step <= most)
            .unwrap_or(STEPS[STEPS.len() - 1]);
        let step = step * 60;
        let first = -(-self.start).div_euclid(step) * step;
        let ticks = std::iter::successors(Some(first), |second| Some(second + step));
        ticks
            .take_while(|second| *second <= self.end)
            .map(|second| {
                let text = Timestamp::from_millis(second * 1000).to_string();
                let part = if step >= 86_400 { 5..10 } else { 11..16 };
                let words = text.get(part).unwrap_or_default().to_owned();
                (second, words)
            })
            .collect()
    }
}

fn seconds(time: Timestamp) -> i64 {
    time.millis().div_euclid(1000)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds of a dataset stay far below 2^52"
)]
fn span(seconds: i64) -> f64 {
    seconds as f64
}

/// The lane's heights: where the words, the rows and the bar stand.
struct Heights {
    lane: f32,
    name: f32,
    outcome: f32,
    rows: f32,
    bar: f32,
}

pub(super) fn draw(scene: &Scene<'_>, layout: Layout) -> Option<String> {
    let scale = Scale::around(scene, layout)?;
    let heights = layout.pick(
        Heights {
            lane: 40.0,
            name: 16.0,
            outcome: 31.0,
            rows: 17.0,
            bar: 20.0,
        },
        Heights {
            lane: 62.0,
            name: 14.0,
            outcome: 29.0,
            rows: 44.0,
            bar: 46.0,
        },
    );
    let lanes = scene.lanes().count().min(MOST_LANES);
    let unlabelled = scene
        .servers
        .iter()
        .filter(|server| !server.unlabelled.is_empty());
    let count = lanes + unlabelled.count();
    let head = legend_height(layout, &LEGEND) + 10.0;
    let body = head + 30.0 * sheets(scene.servers.len()) + heights.lane * sheets(count);
    let mut sheet = Sheet::new(layout.width(), body + layout.pick(28.0, 42.0));
    sheet.legend(layout, &LEGEND);
    sheet.frame(scale.left, scale.width, (scale.start, scale.end));
    for (second, words) in scale.ticks(layout.pick(12, 4)) {
        let x = scale.x(second);
        sheet.tick_line(x, head, body + 4.0, GRID);
        sheet.tick_text(
            x,
            body + 18.0,
            &words,
            Style::muted(11.0).anchor(Anchor::Middle),
        );
    }
    let day = Timestamp::from_millis(scale.start * 1000).to_string();
    let words = format!("UTC, from {}", day.get(..10).unwrap_or_default());
    let y = body + layout.pick(18.0, 34.0);
    sheet.text(layout.pick(16.0, 8.0), y, &words, Style::muted(11.0));
    let mut pen = Pen {
        sheet,
        scale,
        heights,
        layout,
        top: head,
        lanes,
        rows: MOST_ROWS,
    };
    for server in &scene.servers {
        pen.server(scene, server);
    }
    pen.sheet.svg("Timeline", &description(scene, &pen.scale))
}

fn sheets(count: usize) -> f32 {
    // Counts here are far below what a float keeps exactly.
    u16::try_from(count).map_or(0.0, f32::from)
}

fn description(scene: &Scene<'_>, scale: &Scale) -> String {
    format!(
        "{} campaigns on {} servers and {} rows of the rule, from {} to {}.",
        scene.lanes().count(),
        scene.servers.len(),
        scene.rows.len(),
        Timestamp::from_millis(scale.start * 1000),
        Timestamp::from_millis(scale.end * 1000)
    )
}

struct Pen {
    sheet: Sheet,
    scale: Scale,
    heights: Heights,
    layout: Layout,
    top: f32,
    /// Lanes and rows that may still be drawn.
    lanes: usize,
    rows: usize,
}

impl Pen {
    fn server(&mut self, scene: &Scene<'_>, server: &Server<'_>) {
        let right = self.layout.width() - 8.0;
        self.sheet
            .line((8.0, self.top + 4.0), (right, self.top + 4.0), GRID, None);
        let name = fit(server.name, 13.0, right - 8.0);
        self.sheet
            .text(8.0, self.top + 22.0, &name, Style::text(13.0).bold());
        self.top += 30.0;
        for lane in &server.campaigns {
            if self.lanes == 0 {
                break;
            }
            self.lanes -= 1;
            self.lane(scene, lane);
        }
        if !server.unlabelled.is_empty() {
            self.words("no campaign", "false", Style::muted(11.0));
            self.rows(scene, &server.unlabelled);
            self.top += self.heights.lane;
        }
    }

    fn lane(&mut self, scene: &Scene<'_>, lane: &Lane<'_>) {
        let one = lane.outcome;
        let outcome = story::outcome(one);
        let style = if one.class == Class::Malicious && one.rows_with_exclusions == 0 {
            Style::text(11.0).ink(ATTACK).bold()
        } else {
            Style::muted(11.0)
        };
        self.words(&one.id, &in_brief(lane), style);
        if let Some((first, last)) = lane.span {
            let (start, end) = (seconds(first), seconds(last));
            let left = self.scale.x(start);
            let mark = Mark {
                tip: format!(
                    "{}: {}, {}, {first} to {last}; the rule {outcome}",
                    one.id,
                    story::class(one.class),
                    story::kind(one.kind)
                ),
                ink: ink(Some(one.class)),
                filled: one.rows_without_exclusions > 0,
                time: Some((start, end)),
            };
            let width = (self.scale.x(end) - left).max(NARROWEST);
            self.sheet
                .bar(left, self.top + self.heights.bar, width, 9.0, &mark);
        }
        self.rows(scene, &lane.rows);
        self.top += self.heights.lane;
    }

    fn words(&mut self, name: &str, outcome: &str, style: Style) {
        let room = self.layout.pick(self.scale.left - 28.0, 340.0);
        let left = self.layout.pick(16.0, 8.0);
        let name = fit(name, 13.0, room);
        let outcome = fit(outcome, 11.0, room);
        self.sheet
            .text(left, self.top + self.heights.name, &name, Style::text(13.0));
        let y = self.top + self.heights.outcome;
        self.sheet.text(left, y, &outcome, style);
    }

    fn rows(&mut self, scene: &Scene<'_>, rows: &[usize]) {
        for row in rows.iter().filter_map(|index| scene.rows.get(*index)) {
            if self.rows == 0 {
                return;
            }
            self.rows -= 1;
            let (start, end) = (seconds(row.alert.time_generated), seconds(row.end));
            let mark = Mark {
                tip: tip(row),
                ink: TEXT,
                filled: row.left,
                time: Some((start, end)),
            };
            let x = f32::midpoint(self.scale.x(start), self.scale.x(end));
            self.sheet
                .triangle(x, self.top + self.heights.rows, 10.0, &mark);
        }
    }
}

/// What the rule and the exclusions did with a campaign, in as few words as stand under its name.
fn in_brief(lane: &Lane<'_>) -> String {
    let one = lane.outcome;
    let fired = one.rows_without_exclusions > 0;
    let by = match one.hidden_by.as_slice() {
        [] => "exclusions".to_owned(),
        ids => ids.join(", "),
    };
    let removed = fired && one.rows_with_exclusions == 0;
    match (one.class, fired) {
        (Class::Malicious, false) => "missed".to_owned(),
        (Class::Malicious, true) if removed => format!("hidden by {by}"),
        (Class::Malicious, true) => "caught".to_owned(),
        (_, false) => "silent".to_owned(),
        (Class::LookAlike, true) if removed => format!("false, removed by {by}"),
        (Class::LookAlike, true) => "false".to_owned(),
        (Class::Authorised, true) if removed => format!("allowed, removed by {by}"),
        (Class::Authorised, true) => "allowed, reported".to_owned(),
    }
}

fn tip(row: &Row<'_>) -> String {
    let removed = match (row.left, row.removed_by.as_slice()) {
        (true, _) => String::new(),
        (false, []) => "; removed by several exclusions together".to_owned(),
        (false, ids) => format!("; removed by {}", ids.join(", ")),
    };
    format!(
        "Row at {}: {} reached {} ports of {} ({} lines){removed}",
        row.alert.time_generated,
        row.alert.c_ip,
        row.alert.distinct(),
        row.alert.computer,
        row.alert.connections_count
    )
}
