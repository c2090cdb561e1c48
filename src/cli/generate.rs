//! `generate`: a scenario into a dataset.

use super::CANCELLED;
use super::embedded;
use super::failure::Failure;
use super::messages::{Messages, count};
use scanbench_generator::{GenerateError, Options, Scenario, Summary};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// Make labelled IIS logs from a scenario
///
/// Writes a folder with logs as IIS lays them out, a label for every line that is not background, the truth about
/// every campaign, and a manifest with checksums. The same scenario and seed give the same bytes on any number of
/// threads.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench generate default -o dataset
  scanbench generate my-scenario.toml -o dataset --seed 7 --force

Exit codes: 0 made, 2 bad arguments or folder, 3 bad scenario file, 130 interrupted (nothing is left behind)")]
pub(crate) struct Args {
    /// A scenario file, or the name of a built-in one (see `scanbench scenarios`)
    #[arg(value_name = "SCENARIO")]
    scenario: String,

    /// The folder to make; it must be empty or absent
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,

    #[command(flatten)]
    making: Making,

    /// Replace the dataset that the folder holds
    #[arg(long)]
    force: bool,
}

/// How a dataset is made.
#[derive(clap::Args)]
pub(crate) struct Making {
    /// Another seed than the scenario's
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// So many times the background, with the same campaigns [default: the scenario's]
    #[arg(long, value_name = "X")]
    scale: Option<f64>,

    /// Threads that work [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let scenario = Scenario::from_source(&embedded::scenario(&args.scenario)?)?;
    make(&scenario, &args.output, &args.making, args.force)?;
    Ok(())
}

/// Makes a dataset and says what it holds.
pub(crate) fn make(
    scenario: &Scenario,
    folder: &Path,
    making: &Making,
    force: bool,
) -> Result<Summary, Failure> {
    let all_cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let mut messages = Messages::steps("making");
    let summary = scanbench_generator::generate(
        scenario,
        folder,
        &Options {
            seed: making.seed,
            scale: making.scale,
            threads: making.threads.unwrap_or(all_cores),
            force,
            cancelled: Some(&CANCELLED),
            progress: &|progress| messages.step(progress.done_blocks, progress.total_blocks),
        },
    );
    messages.end();
    let summary = summary.map_err(|error| match error {
        GenerateError::Cancelled => Failure::Interrupted,
        other => Failure::input(&other),
    })?;
    messages.say(&format!(
        "made {} ({} labelled) in {}: {}, {} on which the rule must fire",
        count(summary.lines, "line", "lines"),
        summary.labelled_lines,
        count(summary.files, "file", "files"),
        count(summary.campaigns, "campaign", "campaigns"),
        count(summary.must_fire, "bin", "bins"),
    ));
    Ok(summary)
}
