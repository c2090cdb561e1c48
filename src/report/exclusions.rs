//! What exclusions remove, hide and are credited with, told as tables and sentences.

use super::story::{Section, false_rows};
use crate::eval::{Attribution, Dataset, Effect, Evaluation, ExclusionOutcome, Worth};
use serde::Serialize;

/// How a sentence begins that tells of a promise that does not hold.
pub(super) const BROKEN: &str = "BROKEN PROMISE";

/// What was measured of an exclusion list, for programs: the part of an evaluation that is about exclusions.
#[derive(Debug, Serialize)]
pub struct Ledger<'e> {
    schema_version: u32,
    datasets: &'e [Dataset],
    exclusions: &'e [ExclusionOutcome],
    exclusions_together: &'e Effect,
}

/// The same as [`measured`], for programs.
#[must_use]
pub fn as_json(evaluation: &Evaluation) -> Ledger<'_> {
    Ledger {
        schema_version: evaluation.schema_version,
        datasets: &evaluation.datasets,
        exclusions: &evaluation.exclusions,
        exclusions_together: &evaluation.exclusions_together,
    }
}

/// The part of a report on exclusions: what each does alone, and, where they overlap, who is to be credited.
pub(super) fn section(evaluation: &Evaluation) -> Section {
    let mut rows: Vec<Vec<String>> = evaluation.exclusions.iter().map(exclusion_row).collect();
    let mut together = vec!["all together".to_owned(), String::new(), String::new()];
    together.extend(effect_cells(&evaluation.exclusions_together));
    rows.push(together);
    let mut notes = vec![whole(&evaluation.exclusions_together)];
    let overlap: Vec<String> = evaluation
        .exclusions
        .iter()
        .filter(|one| one.attribution.alone != one.attribution.last)
        .map(|one| {
            let credited = &one.attribution.shapley;
            format!(
                "{} ({} false episodes, {} attacks)",
                one.id,
                number(credited.false_episodes),
                number(credited.campaigns_hidden)
            )
        })
        .collect();
    if !overlap.is_empty() {
        notes.push(format!(
            "These act on the same rows, so what each does alone does not add up; their fair shares: {}.",
            overlap.join(", ")
        ));
    }
    notes.extend(promises(evaluation).filter(|promise| promise.starts_with(BROKEN)));
    Section {
        heading: "What each exclusion removes, and what it hides".to_owned(),
        header: vec![
            "exclusion",
            "stage",
            "lines",
            "false rows removed",
            "authorised removed",
            "right rows hidden",
            "attacks hidden",
        ],
        rows,
        notes,
    }
}

/// Everything that was measured of an exclusion list.
#[must_use]
pub fn measured(evaluation: &Evaluation) -> Vec<Section> {
    vec![
        alone(evaluation),
        credited(evaluation),
        list_as_a_whole(evaluation),
    ]
}

fn alone(evaluation: &Evaluation) -> Section {
    let mut rows: Vec<Vec<String>> = evaluation
        .exclusions
        .iter()
        .map(|one| {
            let mut row = vec![one.id.clone(), one.stage.to_owned(), one.lines.to_string()];
            row.extend(measured_cells(&one.effect));
            row
        })
        .collect();
    let mut together = vec!["all together".to_owned(), String::new(), String::new()];
    together.extend(measured_cells(&evaluation.exclusions_together));
    rows.push(together);
    Section {
        heading: "Each alone".to_owned(),
        header: vec![
            "exclusion",
            "stage",
            "lines",
            "bins",
            "false episodes removed",
            "authorised removed",
            "attacks hidden",
            "which, wholly or in part",
        ],
        rows,
        notes: vec![
            "bins: rows that are gone. An episode is a run of neighbouring rows of one client and server, and is removed \
             where none of them is left; authorised ones stand apart. Behind a share: its 95 % interval, by campaign; it \
             covers what the generator draws by lot, not how far its scenarios are from your network."
                .to_owned(),
        ],
    }
}

fn measured_cells(effect: &Effect) -> [String; 5] {
    [
        effect.rows_removed.all().to_string(),
        effect.false_episodes_removed.with_interval(),
        effect.episodes_removed.authorised.to_string(),
        effect.true_campaigns_hidden.with_interval(),
        campaigns(effect),
    ]
}

fn credited(evaluation: &Evaluation) -> Section {
    let cell = |one: &Attribution, pick: &dyn Fn(&Worth<f64>) -> f64| {
        let error = pick(&one.shapley_error);
        let share = number(pick(&one.shapley));
        if error > 0.0 {
            format!("{share} ± {error:.2}")
        } else {
            share
        }
    };
    let rows = evaluation.exclusions.iter().map(|one| {
        let by = &one.attribution;
        vec![
            one.id.clone(),
            by.alone.false_episodes.to_string(),
            by.last.false_episodes.to_string(),
            cell(by, &|worth| worth.false_episodes),
            cell(by, &|worth| worth.authorised_episodes),
            by.alone.campaigns_hidden.to_string(),
            by.last.campaigns_hidden.to_string(),
            cell(by, &|worth| worth.campaigns_hidden),
            cell(by, &|worth| worth.campaigns_hidden_in_part),
            listed(&by.campaigns_back_without_it),
        ]
    });
    Section {
        heading: "Who is to be credited".to_owned(),
        header: vec![
            "exclusion",
            "false episodes alone",
            "last",
            "fair share",
            "authorised, share",
            "campaigns hidden alone",
            "last",
            "fair share",
            "in part, share",
            "seen again without it",
        ],
        rows: rows.collect(),
        notes: vec![
            "alone: with no other in force; last: what would be back without it. Exclusions that overlap are credited \
             twice alone and not at all last; fair shares (Shapley's value) sum to what all do together."
                .to_owned(),
        ],
    }
}

fn list_as_a_whole(evaluation: &Evaluation) -> Section {
    let effect = &evaluation.exclusions_together;
    let mut notes = vec![whole(effect)];
    for (what, campaigns) in [
        ("HIDDEN", &effect.campaigns_hidden),
        ("HIDDEN IN PART", &effect.campaigns_hidden_in_part),
    ] {
        notes.extend(campaigns.iter().map(|id| format!("{what}: {id}")));
    }
    notes.extend(promises(evaluation));
    Section {
        heading: "The list as a whole".to_owned(),
        notes,
        ..Section::default()
    }
}

fn whole(effect: &Effect) -> String {
    format!(
        "All together: false episodes removed {}; of the attacks with rows, hidden {}.",
        effect.false_episodes_removed.with_interval(),
        effect.true_campaigns_hidden.with_interval()
    )
}

/// What `expect` promises, and whether it holds.
fn promises(evaluation: &Evaluation) -> impl Iterator<Item = String> {
    evaluation.exclusions.iter().flat_map(|one| {
        let broken = one.broken.iter().map(|broken| {
            format!(
                "{BROKEN}: {} promises {} = {}, measured {}",
                one.id, broken.promise, broken.promised, broken.measured
            )
        });
        let holds = (one.promises > 0 && one.broken.is_empty())
            .then(|| format!("holds what it promises: {}", one.id));
        broken.chain(holds)
    })
}

fn exclusion_row(one: &ExclusionOutcome) -> Vec<String> {
    let mut row = vec![one.id.clone(), one.stage.to_owned(), one.lines.to_string()];
    row.extend(effect_cells(&one.effect));
    row
}

fn effect_cells(effect: &Effect) -> [String; 4] {
    [
        false_rows(&effect.rows_removed),
        effect.rows_removed.authorised.to_string(),
        effect.rows_removed.malicious.to_string(),
        campaigns(effect),
    ]
}

fn campaigns(effect: &Effect) -> String {
    let mut campaigns = effect.campaigns_hidden.clone();
    let in_part = effect.campaigns_hidden_in_part.iter();
    campaigns.extend(in_part.map(|id| format!("{id} (in part)")));
    listed(&campaigns)
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// A share of a whole number: `1`, `0.5`, `0.33`.
pub(super) fn number(share: f64) -> String {
    // Adding nothing makes -0 to 0.
    let text = format!("{:.2}", (share * 100.0).round() / 100.0 + 0.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_as_short_as_they_can_be() {
        for (share, text) in [
            (1.0, "1"),
            (0.5, "0.5"),
            (1.0 / 3.0, "0.33"),
            (0.0, "0"),
            (-1e-9, "0"),
            (10.0, "10"),
        ] {
            assert_eq!(number(share), text);
        }
    }
}
