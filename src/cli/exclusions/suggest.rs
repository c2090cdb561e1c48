//! `exclusions suggest`: the narrowest exclusions that would remove the false rows of labelled data.

use crate::cli::evaluate::{detect, detect_again};
use crate::cli::failure::Failure;
use clap::ValueEnum;
use scanbench::eval::{Evaluation, Evaluator, GroundTruth, Runs, Suggester};
use scanbench::report::json;
use scanbench::report::suggestions::{self, SuggestedList, Tried};
use scanbench_detector::{Alert, Exclusions, Rule, Selection};
use scanbench_spec::Source;
use scanbench_w3c::Timestamp;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

/// How long a suggestion is good for after the last moment of the data that it was made from.
const LIFETIME: Duration = Duration::from_hours(24 * 90);

/// Suggest the narrowest exclusions that remove false rows
///
/// Looks for false rows on one half of the data, proposes for each of their causes the addresses and ports that were
/// seen (and the hours, where they come back), and tries each on the other half. Of several datasets the first half of
/// them is for finding; one dataset is cut in the middle of its time, so that what was found is tried on what came
/// later, as in real use.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench exclusions suggest --against dataset > suggested.toml
  scanbench exclusions suggest --against seed-1 seed-2 seed-3 seed-4 --format json

Exit codes: 0 done, 2 bad input or arguments, 130 interrupted")]
pub(crate) struct Args {
    /// Folders of datasets, as `scanbench generate` writes them
    #[arg(long, value_name = "DATASET", required = true, num_args = 1..)]
    against: Vec<PathBuf>,

    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "toml")]
    format: FormatArg,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatArg {
    Toml,
    Json,
}

/// Which rows belong to the half in which suggestions are found.
enum Split {
    /// Those of so many datasets from the first.
    Datasets(usize),
    /// Those before a moment.
    Before(Timestamp),
}

impl Split {
    fn is_tuning(&self, dataset: usize, row: &Alert) -> bool {
        match self {
            Self::Datasets(first) => dataset < *first,
            Self::Before(moment) => row.time_generated < *moment,
        }
    }

    fn told(&self, datasets: usize) -> String {
        match self {
            Self::Datasets(first) => format!(
                "found on the first {first} of {datasets} datasets, tried on the others, which were drawn apart"
            ),
            Self::Before(moment) => {
                format!(
                    "found before {moment}, tried on what came later, as there is one dataset only"
                )
            }
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let list = suggest(&args.against)?;
    let mut out = io::stdout().lock();
    match args.format {
        FormatArg::Toml => out.write_all(suggestions::toml(&list).as_bytes())?,
        FormatArg::Json => {
            json::write_pretty(&mut out, &list)?;
        }
    }
    out.flush()?;
    Ok(())
}

fn suggest(datasets: &[PathBuf]) -> Result<SuggestedList, Failure> {
    // Without a limit on sets, rows tell all their ports; which rows there are does not depend on it.
    let rule = Rule {
        set_limit: None,
        ..Rule::default()
    };
    let mut suggester = Suggester::default();
    let mut split = Split::Datasets(datasets.len().div_ceil(2));
    let mut last = Timestamp::default();
    let mut truths = Vec::new();
    for (number, dataset) in datasets.iter().enumerate() {
        let (truth, detection, _) = detect(dataset, &rule, &Exclusions::default())?;
        let alerts = detection.alerts(&Selection::None);
        let (first, behind) = time(&truth, &alerts);
        if datasets.len() == 1 {
            let middle = i64::midpoint(first.millis(), behind.millis());
            split = Split::Before(Timestamp::from_millis(middle));
        }
        last = last.max(behind);
        suggester.add(&truth, &alerts, &rule.window, &|row| {
            split.is_tuning(number, row)
        });
        truths.push(truth);
    }
    let (found, none) = suggester.finish();
    let expires = last.plus(LIFETIME).floor(Duration::from_hours(24));
    let text = suggestions::bare(&found, expires);
    let exclusions = Exclusions::from_source(&Source::new("suggested.toml", text))?;
    let (tuning, other) = try_out(datasets, &truths, &rule, &exclusions, &split)?;
    let tried = suggestions::ids(&found)
        .into_iter()
        .zip(found)
        .zip(tuning.exclusions.into_iter().zip(other.exclusions))
        .map(|((id, suggestion), (tuning, other))| Tried {
            id,
            suggestion,
            tuning: tuning.effect,
            other: other.effect,
        });
    Ok(SuggestedList {
        split: split.told(datasets.len()),
        expires,
        // What else stands in the rows may keep them; then the suggestion is none.
        exclusions: tried
            .filter(|one| one.tuning.rows_removed.all() > 0)
            .collect(),
        none,
    })
}

/// What each exclusion does on either half.
fn try_out(
    datasets: &[PathBuf],
    truths: &[GroundTruth],
    rule: &Rule,
    exclusions: &Exclusions,
    split: &Split,
) -> Result<(Evaluation, Evaluation), Failure> {
    let (mut tuning, mut other) = (Evaluator::default(), Evaluator::default());
    for (number, (dataset, truth)) in datasets.iter().zip(truths).enumerate() {
        let (detection, _) = detect_again(dataset, rule, exclusions)?;
        let runs = Runs::from(&detection);
        tuning.add_part(truth, &runs, &|row| split.is_tuning(number, row));
        other.add_part(truth, &runs, &|row| !split.is_tuning(number, row));
    }
    Ok((tuning.finish(), other.finish()))
}

/// The first moment of what is labelled or fires, and the last.
fn time(truth: &GroundTruth, alerts: &[Alert]) -> (Timestamp, Timestamp) {
    let bins = truth.windows.iter().map(|window| window.bin);
    let times: Vec<Timestamp> = bins
        .chain(alerts.iter().map(|row| row.time_generated))
        .collect();
    let first = times.iter().min().copied().unwrap_or_default();
    (first, times.iter().max().copied().unwrap_or(first))
}
