//! What gives scans away, as tables.

use super::number::grouped;
use super::story::Section;
use crate::realism::audit::{Audit, CHANCE, LEAK, Rule};

/// The report: fields, pairs and the tree, and the lines to look at.
#[must_use]
pub fn tell(audit: &Audit) -> Vec<Section> {
    let count = |number: usize| grouped(u64::try_from(number).unwrap_or(u64::MAX));
    let facts = format!(
        "{} lines of {} scans and {} look-alikes; {} scans that somebody allowed are left aside, as are ports, servers and \
         dates.",
        count(audit.lines),
        count(audit.scans),
        count(audit.look_alikes),
        count(audit.left_aside)
    );
    if let Some(why) = &audit.unmeasured {
        return vec![Section {
            heading: "Audit".to_owned(),
            notes: vec![facts, format!("Unmeasured: {why}.")],
            ..Section::default()
        }];
    }
    let header = vec![
        "looks at",
        "balanced accuracy",
        "95 % interval",
        "by chance",
        "bits",
        "is",
    ];
    let mut story = vec![
        Section {
            heading: "One field".to_owned(),
            header: header.clone(),
            rows: audit.fields.iter().map(cells).collect(),
            notes: vec![facts],
        },
        Section {
            heading: "Two fields, the best".to_owned(),
            header: header.clone(),
            rows: audit.pairs.iter().map(cells).collect(),
            notes: Vec::new(),
        },
    ];
    if let Some(tree) = &audit.tree {
        story.push(Section {
            heading: "A tree of three questions".to_owned(),
            header,
            rows: vec![cells(tree)],
            notes: tree
                .value
                .iter()
                .map(|words| format!("Learnt of all: {words}."))
                .collect(),
        });
    }
    let mut notes: Vec<String> = audit
        .fields
        .iter()
        .chain(&audit.pairs)
        .filter(|rule| rule.leaks)
        .map(|rule| {
            let value = rule.value.as_deref().unwrap_or("no single value");
            format!("{}; look at {}", value, rule.places.join(", "))
        })
        .collect();
    if notes.is_empty() {
        notes.push("None.".to_owned());
    }
    notes.push(format!(
        "A leak is right in more than {LEAK} of lines, both classes weighing the same, on campaigns of actors that the rule \
         did not learn from, where chance is as right in at most {CHANCE} of deals. A detector could learn it instead of the \
         behaviour. \"By chance\" is the part of deals, with the classes of actors dealt by lot, in which the best of all \
         fields and pairs (of the tree, the tree) is as right: with few campaigns some rule always is right more often than a \
         coin."
    ));
    story.push(Section {
        heading: "Leaks".to_owned(),
        notes,
        ..Section::default()
    });
    story
}

fn cells(rule: &Rule) -> Vec<String> {
    vec![
        rule.fields.join(" + "),
        format!("{:.2}", rule.accuracy),
        format!("{:.2} to {:.2}", rule.low, rule.high),
        rule.chance
            .map_or_else(|| "not asked".to_owned(), |chance| format!("{chance:.3}")),
        rule.bits
            .map_or_else(String::new, |bits| format!("{bits:.2}")),
        if rule.leaks { "a leak" } else { "none" }.to_owned(),
    ]
}
