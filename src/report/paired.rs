//! Two detectors or two exclusion lists on the same campaigns, as a table and as a sentence.

use super::story::Section;
use crate::eval::{Beside, Comparison, Paired};

/// Campaigns that a sentence names.
const NAMED: usize = 3;

/// What stands in front of the two sides.
struct Words {
    heading: &'static str,
    other: &'static str,
    header: [&'static str; 7],
}

fn words(beside: Beside) -> Words {
    match beside {
        Beside::OurDetector => Words {
            heading: "Campaign by campaign beside our detector",
            other: "our detector",
            header: [
                "campaigns with a row",
                "both",
                "only the engine",
                "only our detector",
                "neither",
                "difference in points",
                "by chance",
            ],
        },
        Beside::EarlierReport => Words {
            heading: "Campaign by campaign beside the earlier report",
            other: "the earlier report",
            header: [
                "campaigns with a row",
                "both",
                "only now",
                "only then",
                "neither",
                "difference in points",
                "by chance",
            ],
        },
    }
}

pub(super) fn section(comparison: &Comparison) -> Section {
    let words = words(comparison.beside);
    let mut notes = Vec::new();
    for (what, paired) in classes(comparison) {
        let sides = [
            (words.header[2], &paired.only_here),
            (words.header[3], &paired.only_there),
        ];
        for (side, names) in sides.into_iter().filter(|(_, names)| !names.is_empty()) {
            notes.push(format!("{what}, {side}: {}.", names.join(", ")));
        }
    }
    notes.push(
        "Difference: the share of campaigns with a row less the share there, in points of a hundred; behind it the middle \
         95 of 100 of 10,000 draws of campaigns with repetition, and none where all campaigns do the same. By chance: how \
         likely a difference as large is where either side could as well have had each campaign that only one has \
         (McNemar's exact test, two-sided)."
            .to_owned(),
    );
    Section {
        heading: words.heading.to_owned(),
        header: words.header.to_vec(),
        rows: classes(comparison)
            .into_iter()
            .map(|(what, paired)| {
                vec![
                    what.to_owned(),
                    paired.both.to_string(),
                    paired.only_here.len().to_string(),
                    paired.only_there.len().to_string(),
                    paired.neither.to_string(),
                    difference(paired, " (", ")"),
                    chance(paired.chance),
                ]
            })
            .collect(),
        notes,
    }
}

fn classes(comparison: &Comparison) -> [(&'static str, &Paired); 2] {
    [
        ("attacks", &comparison.attacks),
        ("look-alikes", &comparison.look_alikes),
    ]
}

/// Whether an attack was lost, or something benign fires that did not.
pub(super) fn is_worse(comparison: &Comparison) -> bool {
    let (attacks, look_alikes) = (&comparison.attacks, &comparison.look_alikes);
    !attacks.only_there.is_empty() || !look_alikes.only_here.is_empty()
}

/// The same in a sentence or two.
pub(super) fn brief(comparison: &Comparison) -> String {
    let other = words(comparison.beside).other;
    let part = |what: &str, paired: &Paired| {
        let (more, fewer) = (paired.only_here.len(), paired.only_there.len());
        let weight = match more + fewer {
            0 => String::new(),
            _ => format!(
                " ({}; McNemar p {})",
                difference(paired, " points, ", ""),
                chance(paired.chance)
            ),
        };
        format!(
            "{more} more and {fewer} fewer of {} {what}{weight}",
            paired.campaigns()
        )
    };
    let lost = &comparison.attacks.only_there;
    let named = match lost.as_slice() {
        [] => String::new(),
        [..] if lost.len() > NAMED => format!(
            " Lost: {} and {} more.",
            lost[..NAMED].join(", "),
            lost.len() - NAMED
        ),
        [..] => format!(" Lost: {}.", lost.join(", ")),
    };
    format!(
        "Beside {other}, rows on {}; {}.{named}",
        part("attacks", &comparison.attacks),
        part("look-alikes", &comparison.look_alikes)
    )
}

/// `-20.0 (-60.0 to +0.0)`, in points of a hundred, with what stands around the interval.
fn difference(paired: &Paired, before: &str, behind: &str) -> String {
    // Adding 0 makes no -0.0 of a difference of nothing.
    let points = |part: f64| format!("{:+.1}", part * 100.0 + 0.0);
    match (paired.difference, paired.interval) {
        (None, _) => super::operation::UNMEASURED.to_owned(),
        (Some(value), None) => points(value),
        (Some(value), Some(interval)) => format!(
            "{}{before}{} to {}{behind}",
            points(value),
            points(interval.low),
            points(interval.high)
        ),
    }
}

fn chance(chance: f64) -> String {
    if chance < 0.001 {
        "under 0.001".to_owned()
    } else {
        format!("{chance:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::DrawnInterval;

    fn comparison() -> Comparison {
        Comparison {
            beside: Beside::EarlierReport,
            attacks: Paired {
                both: 3,
                only_there: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
                difference: Some(-4.0 / 7.0),
                interval: Some(DrawnInterval {
                    low: -0.857,
                    high: -0.143,
                    draws: 10_000,
                }),
                chance: 0.125,
                ..Paired::default()
            },
            look_alikes: Paired {
                neither: 2,
                difference: Some(0.0),
                chance: 1.0,
                ..Paired::default()
            },
        }
    }

    #[test]
    fn in_two_sentences() {
        assert_eq!(
            brief(&comparison()),
            "Beside the earlier report, rows on 0 more and 4 fewer of 7 attacks (-57.1 points, -85.7 to -14.3; McNemar p \
             0.125); 0 more and 0 fewer of 2 look-alikes. Lost: a, b, c and 1 more."
        );
    }

    #[test]
    fn in_a_table() {
        let section = section(&comparison());
        assert_eq!(
            section.rows,
            [
                [
                    "attacks",
                    "3",
                    "0",
                    "4",
                    "0",
                    "-57.1 (-85.7 to -14.3)",
                    "0.125"
                ],
                ["look-alikes", "0", "0", "0", "2", "+0.0", "1.000"],
            ]
        );
        assert_eq!(section.notes[0], "attacks, only then: a, b, c, d.");
    }
}
