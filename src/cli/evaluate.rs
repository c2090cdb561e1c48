//! `evaluate`: a dataset through the detector, and its rows against the truth.

use super::detect::{ReadArgs, read};
use super::failure::Failure;
use super::rule_args::RuleArgs;
use scanbench::eval::{Evaluation, Evaluator, GroundTruth, Runs};
use scanbench::report::{markdown, story, terminal};
use scanbench_detector::{Detection, Exclusions, Rule, Totals};
use scanbench_generator::manifest;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Score the rule, with and without exclusions, on datasets
///
/// Runs the detector over the logs of each dataset and holds its rows against the truth: who fires, rightly or wrongly,
/// who is missed and why, and what each exclusion removes and hides.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench evaluate dataset
  scanbench evaluate dataset --exclusions exclusions.toml -o report
  scanbench evaluate seed-1 seed-2 seed-3

Exit codes: 0 scored and every [exclusion.expect] holds, 1 one does not hold, 2 bad input or arguments,
3 bad exclusion file, 130 interrupted")]
pub(crate) struct Args {
    /// Folders of datasets, as `scanbench generate` writes them; the scores are those of all together
    #[arg(value_name = "DATASET", required = true)]
    datasets: Vec<PathBuf>,

    #[command(flatten)]
    rule: RuleArgs,

    /// Write report.json and report.md into this folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let (rule, exclusions) = (args.rule.rule()?, args.rule.exclusions()?);
    let evaluation = evaluate(&args.datasets, &rule, &exclusions)?;
    show(&evaluation)?;
    if let Some(folder) = &args.output {
        write_reports(folder, &evaluation)?;
    }
    hold_promises(&evaluation)
}

/// Checks each dataset, detects on it and scores the rows. One dataset is held at a time.
pub(crate) fn evaluate(
    datasets: &[PathBuf],
    rule: &Rule,
    exclusions: &Exclusions,
) -> Result<Evaluation, Failure> {
    let mut evaluator = Evaluator::default();
    for dataset in datasets {
        let (truth, detection, totals) = detect(dataset, rule, exclusions)?;
        evaluator.add(&truth, &Runs::from(&detection).with_keys(&totals));
    }
    Ok(evaluator.finish())
}

/// Checks a dataset and detects on it.
pub(crate) fn detect(
    dataset: &Path,
    rule: &Rule,
    exclusions: &Exclusions,
) -> Result<(GroundTruth, Detection, Totals), Failure> {
    let manifest = manifest::verify(dataset).map_err(|error| {
        Failure::Input(format!(
            "{error}\na dataset is a folder that `scanbench generate` wrote; to read your own logs use \
             `scanbench detect`"
        ))
    })?;
    let truth = GroundTruth::read(dataset, &manifest).map_err(|error| Failure::input(&error))?;
    let paths = [dataset.to_owned()];
    let (detection, totals) = read(&paths, rule, exclusions, &ReadArgs::default())?;
    if totals.failed > 0 {
        return Err(Failure::InputTold);
    }
    Ok((truth, detection, totals))
}

/// Prints the report.
pub(crate) fn show(evaluation: &Evaluation) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    terminal::write(&mut out, &story::tell(evaluation))?;
    out.flush()?;
    Ok(())
}

/// Writes `report.json` and `report.md`, each whole or not at all.
pub(crate) fn write_reports(folder: &Path, evaluation: &Evaluation) -> Result<(), Failure> {
    let datasets = evaluation
        .datasets
        .iter()
        .map(|one| format!("{} (seed {}, {} lines)", one.scenario, one.seed, one.lines));
    let title = format!("scanbench: {}", datasets.collect::<Vec<_>>().join(", "));
    let mut text = Vec::new();
    markdown::write(&mut text, &title, &story::tell(evaluation))?;
    let mut json = serde_json::to_vec_pretty(evaluation).map_err(io::Error::from)?;
    json.push(b'\n');
    for (name, bytes) in [("report.json", json), ("report.md", text)] {
        write_whole(folder, name, &bytes).map_err(|error| {
            Failure::Input(format!(
                "cannot write {}: {error}",
                folder.join(name).display()
            ))
        })?;
    }
    Ok(())
}

/// Writes a file beside its place and then renames it, so that it is whole or absent.
pub(crate) fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(folder.join(name))
        .map_err(|error| error.error)?;
    Ok(())
}

/// Fails where an exclusion's promise does not hold.
pub(crate) fn hold_promises(evaluation: &Evaluation) -> Result<(), Failure> {
    let broken: usize = evaluation
        .exclusions
        .iter()
        .map(|one| one.broken.len())
        .sum();
    if broken == 0 {
        return Ok(());
    }
    Err(Failure::Gate(format!(
        "{broken} promise(s) of exclusions do not hold; see BROKEN PROMISE above"
    )))
}
