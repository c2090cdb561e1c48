//! The story in thirty lines, for a terminal: the same tables as [`super::story`], cut to what a person acts on. What is
//! left out is counted, never silent.

use super::story::{self, Section};
use super::{exclusions, operation, paired};
use crate::eval::{CampaignOutcome, Evaluation};
use scanbench_generator::truth::Class;

/// Campaigns, or groups of those with the same fate, before the rest is summed up. With the other tables as they are for
/// five exclusions and two baselines, that makes thirty lines.
const MOST_CAMPAIGNS: usize = 9;
/// Rows of the exclusions' table, "all together" among them.
const MOST_EXCLUSIONS: usize = 6;
/// The column of false rows.
const FALSE_ROWS: usize = 3;
/// Sentences about broken promises, and rows that the truth does not expect.
const MOST_NOTES: usize = 3;

/// The report as sections without headings: the sum, what happened to whom, how good that is, what exclusions do, and
/// what that means in operation.
#[must_use]
pub fn tell(evaluation: &Evaluation) -> Vec<Section> {
    let said = |notes: Vec<String>| Section {
        notes,
        ..Section::default()
    };
    let mut told = vec![
        said(vec![story::verdict(evaluation)]),
        campaigns(evaluation),
        scores(evaluation),
    ];
    if !evaluation.exclusions.is_empty() {
        told.push(list(evaluation));
    }
    let mut end = operation::brief(evaluation);
    end.extend(evaluation.comparisons.iter().map(paired::brief));
    end.extend(evaluation.differences.as_ref().map(story::difference_sum));
    // That rows are those of the truth is how it should be, and no news.
    let agrees = evaluation.agreement.as_ref().is_none_or(|agreement| {
        agreement.missing_rows.is_empty() && agreement.unexpected_rows.is_empty()
    });
    if !agrees {
        end.extend(first(story::agreement(evaluation).notes));
    }
    told.push(said(end));
    told
}

/// The scores, with rows a day in the place of what false rows are: the campaigns above say that.
fn scores(evaluation: &Evaluation) -> Section {
    let mut section = story::scores(evaluation);
    section.notes.clear();
    section.heading.clear();
    let with = (!evaluation.exclusions.is_empty()).then_some(&evaluation.with_exclusions);
    let baselines = evaluation.baselines.iter().map(|one| &one.score);
    let scores = std::iter::once(&evaluation.without_exclusions)
        .chain(with)
        .chain(baselines);
    for (row, score) in section.rows.iter_mut().zip(scores) {
        row[FALSE_ROWS] = score.rows.false_rows().to_string();
        row.insert(FALSE_ROWS + 1, operation::number(score.rows_a_day, 1));
    }
    section.header.insert(FALSE_ROWS + 1, "rows a day");
    section
}

/// How much a campaign's fate is news: the least is told first.
fn rank(one: &CampaignOutcome) -> usize {
    let (fired, left) = (
        one.rows_without_exclusions > 0,
        one.rows_with_exclusions > 0,
    );
    match (one.class, fired, left) {
        (Class::Malicious, true, false) => 0,
        (Class::Malicious, false, _) => 1,
        (Class::LookAlike, true, true) => 2,
        (Class::Malicious, true, true) => 3,
        (Class::Authorised, true, true) => 4,
        (_, true, false) => 5,
        (_, false, _) => 6,
    }
}

/// What campaigns of a rank are, for the sum.
const RANKS: [&str; 7] = [
    "hidden attacks",
    "missed attacks",
    "false alarms",
    "caught attacks",
    "allowed scans reported",
    "alarms removed",
    "silent",
];

/// Campaigns with one fate.
#[derive(Clone)]
struct Group {
    stem: String,
    rank: usize,
    size: usize,
    /// Of the first.
    row: Vec<String>,
}

fn campaigns(evaluation: &Evaluation) -> Section {
    let mut section = story::campaigns(evaluation);
    section.heading.clear();
    section.notes.clear();
    // One discovery that meets four servers is four campaigns with one text, and so is one scan with a hundred seeds.
    let mut groups: Vec<Group> = Vec::new();
    for (one, row) in evaluation.campaigns.iter().zip(section.rows) {
        let stem = stem(&one.id);
        let same = groups.iter_mut().find(|group| {
            group.stem == stem && group.row[1..3] == row[1..3] && group.row.last() == row.last()
        });
        if let Some(group) = same {
            group.size += 1;
        } else {
            groups.push(Group {
                stem: stem.to_owned(),
                rank: rank(one),
                size: 1,
                row,
            });
        }
    }
    let mut order: Vec<usize> = (0..groups.len()).collect();
    if groups.len() > MOST_CAMPAIGNS {
        order.sort_by_key(|at| groups[*at].rank);
        let mut left = [0_usize; RANKS.len()];
        for at in order.split_off(MOST_CAMPAIGNS - 1) {
            left[groups[at].rank] += groups[at].size;
        }
        order.sort_unstable();
        let sum: usize = left.iter().sum();
        let parts: Vec<String> = left
            .iter()
            .zip(RANKS)
            .filter(|(count, _)| **count > 0)
            .map(|(count, what)| format!("{what} {count}"))
            .collect();
        let mut row = vec![String::new(); section.header.len()];
        row[0] = format!("and {sum} more");
        if let Some(last) = row.last_mut() {
            *last = parts.join(", ");
        }
        order.push(groups.len());
        groups.push(Group {
            stem: String::new(),
            rank: RANKS.len(),
            size: 1,
            row,
        });
    }
    section.rows = order
        .into_iter()
        .map(|at| {
            let Group {
                stem,
                size,
                mut row,
                ..
            } = groups[at].clone();
            if size > 1 {
                row[0] = format!("{stem} (×{size})");
                // These differ within the group.
                let cells = row.len() - 1;
                for cell in &mut row[3..cells] {
                    cell.clear();
                }
            }
            row
        })
        .collect();
    section
}

/// A campaign's name without its server: the generator names the parts of one actor `actor@SERVER`.
fn stem(name: &str) -> &str {
    name.split_once('@').map_or(name, |(stem, _)| stem)
}

fn list(evaluation: &Evaluation) -> Section {
    let mut section = exclusions::section(evaluation);
    section.heading.clear();
    if section.rows.len() > MOST_EXCLUSIONS {
        let weight = |at: &usize| {
            let effect = &evaluation.exclusions[*at].effect;
            (
                effect.true_campaigns_hidden.hits(),
                effect.rows_removed.all(),
            )
        };
        let mut order: Vec<usize> = (0..evaluation.exclusions.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse(weight(at)));
        let left = order.split_off(MOST_EXCLUSIONS - 2).len();
        order.sort_unstable();
        let together = section.rows.pop();
        let mut rows: Vec<Vec<String>> = order
            .into_iter()
            .map(|at| section.rows[at].clone())
            .collect();
        let mut rest = vec![String::new(); section.header.len()];
        rest[0] = format!("and {left} more, with less effect");
        rows.push(rest);
        rows.extend(together);
        section.rows = rows;
    }
    section.notes = first(
        section
            .notes
            .into_iter()
            .filter(|note| note.starts_with(exclusions::BROKEN))
            .collect(),
    );
    section
}

/// The first few sentences, and how many more there are.
fn first(mut notes: Vec<String>) -> Vec<String> {
    let more = notes.len().saturating_sub(MOST_NOTES);
    if more > 0 {
        notes.truncate(MOST_NOTES);
        notes.push(format!("and {more} more: see --full"));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::scene::tests::small;
    use crate::report::terminal;

    fn lines(evaluation: &Evaluation) -> Vec<String> {
        let mut out = Vec::new();
        terminal::write(&mut out, &tell(evaluation)).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// Two hundred more campaigns and forty more exclusions change neither the length nor the sums.
    #[test]
    fn thirty_lines_whatever_there_is() {
        let mut evaluation = small().evaluation;
        let before = evaluation.campaigns.len();
        let (campaign, exclusion) = (
            evaluation.campaigns[0].clone(),
            evaluation.exclusions[0].clone(),
        );
        for number in 0..200 {
            let mut one = campaign.clone();
            one.id = format!("more-{number}");
            evaluation.campaigns.push(one);
        }
        for number in 0..40 {
            let mut one = exclusion.clone();
            one.id = format!("list-{number}");
            evaluation.exclusions.push(one);
        }
        let lines = lines(&evaluation);
        assert!(lines.len() <= 29, "{lines:#?}");
        let told = before + 200 - (MOST_CAMPAIGNS - 1);
        assert!(
            lines
                .iter()
                .any(|line| line.starts_with(&format!("and {told} more"))),
            "{lines:#?}"
        );
        let hidden = evaluation.exclusions.len() - (MOST_EXCLUSIONS - 2);
        assert!(
            lines
                .iter()
                .any(|line| line.starts_with(&format!("and {hidden} more, with less"))),
            "{lines:#?}"
        );
    }

    #[test]
    fn one_fate_of_many_servers_is_one_row() {
        let mut evaluation = small().evaluation;
        let mut one = evaluation.campaigns[0].clone();
        evaluation.campaigns.clear();
        for server in ["A", "B", "C"] {
            one.id = format!("walk@{server}");
            evaluation.campaigns.push(one.clone());
        }
        let rows = tell(&evaluation)[1].rows.clone();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0][0], "walk (×3)");
    }
}
