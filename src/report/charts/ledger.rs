//! What each exclusion removes against what it hides: bars to the right and to the left of one line, on one scale.

use super::Layout;
use super::palette::{ALLOWED, ATTACK, FALSE, GRID, MUTED, TEXT};
use super::sheet::{Anchor, Entry, Mark, Shape, Sheet, Style, fit, legend_height, length, pixels};
use crate::eval::{Attribution, Effect};
use crate::report::exclusions::number;
use crate::report::scene::Scene;
use crate::report::story;

const LEGEND: [Entry; 4] = [
    Entry {
        shape: Shape::Square,
        ink: ATTACK,
        filled: true,
        words: "right rows hidden",
    },
    Entry {
        shape: Shape::Square,
        ink: FALSE,
        filled: true,
        words: "false rows removed",
    },
    Entry {
        shape: Shape::Square,
        ink: ALLOWED,
        filled: true,
        words: "rows of authorised scans removed",
    },
    Entry {
        shape: Shape::Stroke,
        ink: TEXT,
        filled: true,
        words: "fair share, where exclusions overlap",
    },
];

pub(super) fn draw(scene: &Scene<'_>, layout: Layout) -> Option<String> {
    let evaluation = scene.evaluation;
    if evaluation.exclusions.is_empty() {
        return None;
    }
    let mut rows: Vec<(&str, &Effect, Option<&Attribution>)> = evaluation
        .exclusions
        .iter()
        .map(|one| (one.id.as_str(), &one.effect, Some(&one.attribution)))
        .collect();
    if rows.len() > 1 {
        rows.push(("all together", &evaluation.exclusions_together, None));
    }
    let most = |count: fn(&Effect) -> u64| rows.iter().map(|(_, one, _)| count(one)).max();
    let hidden = most(|one| one.rows_removed.malicious)?;
    let removed = most(|one| one.rows_removed.false_rows() + one.rows_removed.authorised)?;
    let lane = layout.pick(44.0, 66.0);
    let head = legend_height(layout, &LEGEND) + 28.0;
    let height = head + lane * f32::from(u16::try_from(rows.len()).ok()?) + 8.0;
    let mut sheet = Sheet::new(layout.width(), height);
    sheet.legend(layout, &LEGEND);

    let left = layout.pick(232.0, 8.0);
    // Room for the numbers and captions at both ends.
    let margin = 88.0;
    let width = layout.width() - left - 8.0 - 2.0 * margin;
    let unit = width / pixels(length((hidden + removed).max(1)));
    let middle = left + margin + unit * pixels(length(hidden));
    let mut pen = Pen {
        sheet,
        layout,
        left,
        middle,
        unit,
        lane,
    };
    let caption = Style::muted(11.0);
    pen.sheet.text(
        middle - 8.0,
        head - 8.0,
        "hides attacks",
        caption.anchor(Anchor::End),
    );
    pen.sheet
        .text(middle + 8.0, head - 8.0, "removes noise", caption);
    for (index, (id, effect, attribution)) in rows.iter().enumerate() {
        let top = head + lane * f32::from(u16::try_from(index).ok()?);
        pen.row(top, id, effect);
        if let Some(attribution) = attribution {
            pen.fair_share(top, id, attribution);
        }
    }
    pen.sheet.svg(
        "Exclusions",
        &format!(
            "{} exclusions together remove {} false rows and hide {} attacks.",
            evaluation.exclusions.len(),
            evaluation.exclusions_together.rows_removed.false_rows(),
            evaluation.exclusions_together.campaigns_hidden.len()
        ),
    )
}

struct Pen {
    sheet: Sheet,
    layout: Layout,
    left: f32,
    /// Where nothing is hidden and nothing removed.
    middle: f32,
    /// The length of one row.
    unit: f32,
    /// The height of a line.
    lane: f32,
}

impl Pen {
    fn row(&mut self, top: f32, id: &str, effect: &Effect) {
        let right = self.layout.width() - 8.0;
        self.sheet.line((8.0, top), (right, top), GRID, None);
        let room = self.layout.pick(self.left - 24.0, 340.0);
        let name = fit(id, 13.0, room);
        self.sheet.text(8.0, top + 18.0, &name, Style::text(13.0));
        let hides = fit(&hides(effect), 11.0, room);
        let style = if effect.campaigns_hidden.is_empty() {
            Style::muted(11.0)
        } else {
            Style::text(11.0).ink(ATTACK).bold()
        };
        self.sheet.text(8.0, top + 33.0, &hides, style);

        // On a phone names stand above the bars, where the middle line would cross them.
        let (from, to) = self.layout.pick((0.0, self.lane), (38.0, 62.0));
        let middle = self.middle;
        self.sheet
            .line((middle, top + from), (middle, top + to), MUTED, None);
        let top = top + self.layout.pick(13.0, 42.0);
        let counts = &effect.rows_removed;
        let hidden = self.unit * pixels(length(counts.malicious));
        let mark = |ink, tip: String| Mark {
            tip,
            ink,
            filled: true,
            time: None,
        };
        if counts.malicious > 0 {
            let tip = format!(
                "{id} hides {} right rows: {}",
                counts.malicious,
                self::hides(effect)
            );
            self.sheet
                .bar(self.middle - hidden, top, hidden, 16.0, &mark(ATTACK, tip));
        }
        let plain = Style::text(12.0);
        self.sheet.text(
            self.middle - hidden - 6.0,
            top + 12.5,
            &counts.malicious.to_string(),
            plain.anchor(Anchor::End),
        );
        let mut x = self.middle;
        for (count, ink, what) in [
            (
                counts.false_rows(),
                FALSE,
                format!("false rows ({})", story::false_rows(counts)),
            ),
            (
                counts.authorised,
                ALLOWED,
                "rows of authorised scans".to_owned(),
            ),
        ] {
            if count > 0 {
                let width = self.unit * pixels(length(count));
                let tip = format!("{id} removes {count} {what}");
                self.sheet.bar(x, top, width, 16.0, &mark(ink, tip));
                x += width;
            }
        }
        let removed = counts.false_rows() + counts.authorised;
        self.sheet
            .text(x + 6.0, top + 12.5, &removed.to_string(), plain);
    }
}

impl Pen {
    /// Marks the fair share of what is removed, where that is not what the exclusion removes alone.
    fn fair_share(&mut self, top: f32, id: &str, attribution: &Attribution) {
        let alone = attribution.alone.false_rows + attribution.alone.authorised_rows;
        let share = attribution.shapley.false_rows + attribution.shapley.authorised_rows;
        let alone = u64::try_from(alone).map_or(0.0, length);
        if (share - alone).abs() < 0.005 || share < 0.0 {
            return;
        }
        let mark = Mark {
            tip: format!(
                "{id}: its fair share among overlapping exclusions is {} rows",
                number(share)
            ),
            ink: TEXT,
            filled: true,
            time: None,
        };
        let x = self.middle + self.unit * pixels(share);
        let top = top + self.layout.pick(9.0, 38.0);
        self.sheet.bar(x - 1.5, top, 3.0, 24.0, &mark);
    }
}

/// `hides scan-inside`, or what stands for that.
fn hides(effect: &Effect) -> String {
    let removed = &effect.rows_removed;
    match (
        effect.campaigns_hidden.as_slice(),
        effect.campaigns_hidden_in_part.as_slice(),
    ) {
        ([], []) if removed.false_rows() + removed.authorised == 0 => "changes nothing".to_owned(),
        ([], []) => "hides nothing".to_owned(),
        ([], parts) => format!("hides part of {}", parts.join(", ")),
        (ids, _) => format!("hides {}", ids.join(", ")),
    }
}
