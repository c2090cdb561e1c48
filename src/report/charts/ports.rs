//! How near each campaign came to the threshold: the distinct ports of every window with lines of it.

use super::Layout;
use super::palette::{ALLOWED, ATTACK, BAND, FALSE, GRID, TEXT};
use super::sheet::{
    Anchor, Entry, Mark, Shape, Sheet, Style, fit, legend_height, length, pixels, width as width_of,
};
use super::timeline::ink;
use crate::report::scene::{Lane, Scene};

/// Campaigns that are drawn, those with most ports first.
pub(crate) const MOST_LANES: usize = 40;

const LEGEND: [Entry; 4] = [
    Entry {
        shape: Shape::Dot,
        ink: ATTACK,
        filled: true,
        words: "attack",
    },
    Entry {
        shape: Shape::Dot,
        ink: ALLOWED,
        filled: true,
        words: "authorised scan",
    },
    Entry {
        shape: Shape::Dot,
        ink: FALSE,
        filled: true,
        words: "look-alike",
    },
    Entry {
        shape: Shape::Dot,
        ink: TEXT,
        filled: false,
        words: "under the threshold",
    },
];

pub(super) fn draw(scene: &Scene<'_>, layout: Layout) -> Option<String> {
    let mut lanes: Vec<(&Lane<'_>, u64)> = scene
        .lanes()
        .filter_map(|lane| Some((lane, *lane.windows.last_key_value()?.0)))
        .collect();
    lanes.sort_by(|(one, ports), (other, more)| {
        (more, &one.outcome.id).cmp(&(ports, &other.outcome.id))
    });
    lanes.truncate(MOST_LANES);
    let most = lanes.first()?.1.max(scene.threshold);

    let left = layout.pick(232.0, 16.0);
    let lane_height = layout.pick(28.0, 46.0);
    let head = legend_height(layout, &LEGEND) + 28.0;
    let body = head + lane_height * f32::from(u16::try_from(lanes.len()).ok()?);
    let width = layout.width() - left - 24.0;
    let x = |ports: u64| left + width * pixels(place(ports) / place(most.saturating_mul(5) / 4));
    let mut sheet = Sheet::new(layout.width(), body + 44.0);
    sheet.legend(layout, &LEGEND);

    let (near, threshold) = (x(near(scene.threshold)), x(scene.threshold));
    sheet.plain(near, head - 4.0, threshold - near, body - head + 8.0, BAND);
    for ports in ticks(most) {
        let at = x(ports);
        sheet.line((at, body + 4.0), (at, body + 8.0), GRID, None);
        let style = Style::muted(11.0).anchor(Anchor::Middle);
        sheet.text(at, body + 20.0, &ports.to_string(), style);
    }
    sheet.line((left, body + 4.0), (left + width, body + 4.0), GRID, None);
    let caption = Style::muted(11.0);
    let words = "distinct ports in ten minutes, each dot a window (log scale)";
    sheet.text(left, body + 36.0, words, caption);
    sheet.line(
        (threshold, head - 4.0),
        (threshold, body + 4.0),
        TEXT,
        Some("4 3"),
    );
    let words = format!("{} or more: the rule fires", scene.threshold);
    let room = layout.width() - threshold - 8.0;
    let words = if width_of(&words, 11.0) <= room {
        words
    } else {
        format!("{}: fires", scene.threshold)
    };
    sheet.text(threshold + 6.0, head - 8.0, &words, Style::text(11.0));
    let words = layout.pick("near misses", "near");
    sheet.text(
        threshold - 6.0,
        head - 8.0,
        words,
        caption.anchor(Anchor::End),
    );

    for (index, (lane, _)) in lanes.iter().enumerate() {
        let top = head + lane_height * f32::from(u16::try_from(index).ok()?);
        let one = lane.outcome;
        let name = fit(&one.id, 13.0, layout.pick(left - 24.0, 330.0));
        sheet.text(8.0, top + layout.pick(18.0, 16.0), &name, Style::text(13.0));
        let y = top + layout.pick(14.0, 31.0);
        sheet.line((left, y), (left + width, y), GRID, None);
        for (&ports, &windows) in &lane.windows {
            let plural = if windows == 1 { "window" } else { "windows" };
            let mark = Mark {
                tip: format!("{}: {windows} {plural} with {ports} distinct ports", one.id),
                ink: ink(Some(one.class)),
                filled: ports >= scene.threshold,
                time: None,
            };
            sheet.dot(x(ports), y, 5.0, &mark);
        }
    }
    sheet.svg(
        "Ports and threshold",
        &format!(
            "The distinct ports of each campaign's windows; the rule fires at {} or more.",
            scene.threshold
        ),
    )
}

/// From which count on a window is a near miss: two thirds of the threshold, as for `detect --stats`.
pub(crate) fn near(threshold: u64) -> u64 {
    threshold.saturating_mul(2).div_ceil(3)
}

/// One port lies at the left edge.
fn place(ports: u64) -> f64 {
    length(ports.max(1)).ln()
}

/// 1, 3, 10, 30, 100 ...
fn ticks(most: u64) -> impl Iterator<Item = u64> {
    let tens = std::iter::successors(Some(1_u64), |ten| ten.checked_mul(10));
    tens.flat_map(|ten| [ten, ten.saturating_mul(3)])
        .take_while(move |ports| *ports <= most.saturating_mul(5) / 4)
}
