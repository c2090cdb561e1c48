//! Which evenly paced scans the edge of a bin hides: the part that is seen, by ports and pace.

use super::Layout;
use super::palette::{ALLOWED, GRID, MUTED, TEXT};
use super::sheet::{Anchor, Entry, Mark, Shape, Sheet, Style, legend_height, pixels};
use crate::edges::{EdgePoint, Pace};
use crate::eval::edge::PacedScan;
use crate::eval::sweep::WindowKind;

/// Paces that are drawn, as multiples of the one at which a scan just fills a bin.
const PACES: [f64; 4] = [1.0, 4.0 / 3.0, 2.0, 10.0];

const HEIGHT: f32 = 220.0;

const LEGEND: [Entry; 2] = [
    Entry {
        shape: Shape::Dot,
        ink: ALLOWED,
        filled: true,
        words: "closed form, tumbling bins",
    },
    Entry {
        shape: Shape::Square,
        ink: TEXT,
        filled: false,
        words: "measured on scans that the detector saw",
    },
];

/// What is drawn, with the points that were measured where some were.
pub(crate) struct Edge<'a> {
    pub(crate) threshold: u32,
    pub(crate) bin_seconds: f64,
    pub(crate) measured: &'a [EdgePoint],
}

impl Edge<'_> {
    /// Ports a minute at which `threshold` ports just fit into a bin.
    fn pace(&self) -> f64 {
        f64::from(self.threshold) * 60.0 / self.bin_seconds
    }

    /// The part that tumbling bins see.
    pub(crate) fn seen(&self, ports: u32, per_minute: f64) -> f64 {
        let scan = PacedScan {
            ports,
            per_minute,
            threshold: self.threshold,
            width: self.bin_seconds,
        };
        scan.fixed(self.bin_seconds)
    }

    /// The paces that are drawn, in ports a minute.
    pub(crate) fn paces(&self) -> [f64; 4] {
        PACES.map(|times| times * self.pace())
    }

    /// The last number of ports that is drawn: from 2k-1 on no edge hides anything.
    pub(crate) fn last(&self) -> u32 {
        self.threshold * 2
    }

    fn measured(&self) -> impl Iterator<Item = &EdgePoint> {
        self.measured.iter().filter(|point| {
            let ports = u32::from(point.ports);
            point.window == WindowKind::Tumbling
                && point.pace == Pace::Even
                && (self.threshold..=self.last()).contains(&ports)
        })
    }
}

pub(crate) fn draw(edge: &Edge<'_>, layout: Layout) -> Option<String> {
    // With fewer ports there is no curve, and with more no room for its dots.
    if !(2..=1000).contains(&edge.threshold) || edge.bin_seconds <= 0.0 {
        return None;
    }
    let has_measured = edge.measured().next().is_some();
    let legend = &LEGEND[..if has_measured { 2 } else { 1 }];
    let left = layout.pick(232.0, 124.0);
    let width = layout.width() - left - layout.pick(64.0, 48.0);
    let head = legend_height(layout, legend) + 24.0;
    let body = head + HEIGHT;
    let (from, to) = (edge.threshold, edge.last());
    let x = |ports: u32| left + width * pixels(f64::from(ports - from) / f64::from(to - from));
    let y = |part: f64| body - HEIGHT * pixels(part);
    let mut sheet = Sheet::new(layout.width(), body + 46.0);
    sheet.legend(layout, legend);

    for (part, words) in [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")] {
        sheet.line((left, y(part)), (left + width, y(part)), GRID, None);
        let style = Style::muted(11.0);
        sheet.text(left + width + 8.0, y(part) + 4.0, words, style);
    }
    let step = ((to - from) / layout.pick(6, 3)).max(1);
    let number = usize::try_from(step).unwrap_or(1);
    for ports in (from..=to).step_by(number) {
        let style = Style::muted(11.0).anchor(Anchor::Middle);
        sheet.text(x(ports), body + 18.0, &ports.to_string(), style);
    }
    let words = "distinct ports of the scan";
    sheet.text(left, body + 36.0, words, Style::muted(11.0));

    sheet.line((left, y(1.0)), (left + width, y(1.0)), MUTED, Some("5 4"));
    let style = Style::muted(11.0).anchor(Anchor::End);
    sheet.text(left - 10.0, y(1.0), "sliding: 100 %", style);
    for per_minute in edge.paces() {
        let dots: Vec<u32> = (from..=to).collect();
        for pair in dots.windows(2) {
            let point = |ports| (x(ports), y(edge.seen(ports, per_minute)));
            sheet.line(point(pair[0]), point(pair[1]), ALLOWED, None);
        }
        let first = edge.seen(from, per_minute);
        let words = format!("{} a minute: {:.0} %", pace(per_minute), first * 100.0);
        let style = Style::text(11.0).anchor(Anchor::End);
        sheet.text(left - 10.0, y(first) + 4.0, &words, style);
        for ports in (from..=to).step_by(usize::try_from((step / 2).max(1)).unwrap_or(1)) {
            let part = edge.seen(ports, per_minute);
            let mark = Mark {
                tip: format!(
                    "{ports} ports at {} a minute: {:.1} % of scans are seen",
                    pace(per_minute),
                    part * 100.0
                ),
                ink: ALLOWED,
                filled: true,
                time: None,
            };
            sheet.dot(x(ports), y(part), 3.0, &mark);
        }
    }
    for point in edge.measured() {
        let Some(part) = point.measured() else {
            continue;
        };
        let mark = Mark {
            tip: format!(
                "{} ports at {} a minute: the detector saw {} of {} scans",
                point.ports,
                pace(point.per_minute),
                point.detected,
                point.trials
            ),
            ink: TEXT,
            filled: false,
            time: None,
        };
        let (middle, height) = (x(u32::from(point.ports)), y(part));
        sheet.bar(middle - 4.5, height - 4.5, 9.0, 9.0, &mark);
    }
    sheet.svg(
        "The edge of the bin",
        &format!(
            "The part of evenly paced scans that tumbling bins see, from {from} to {to} ports, at {} to {} ports a minute.",
            pace(edge.paces()[0]),
            pace(edge.paces()[3])
        ),
    )
}

/// `3`, `4.5`.
pub(crate) fn pace(per_minute: f64) -> String {
    let text = format!("{per_minute:.1}");
    text.trim_end_matches(".0").to_owned()
}
