//! `run`: the main job from scenario to report.

use super::embedded;
use super::evaluate::{Length, Plots, score, show, write_reports};
use super::failure::Failure;
use super::gates::hold_promises;
use super::generate::{Making, make};
use super::messages::tell;
use scanbench_detector::{Exclusions, Rule};
use scanbench_generator::Scenario;
use std::io::{self, Write};
use std::path::PathBuf;

/// Generate, detect and evaluate in one go
///
/// Makes the logs of a scenario, runs the rule without and with exclusions, and prints who fired, rightly or
/// wrongly, and what each exclusion removed and hid.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench run
  scanbench run bin-edge
  scanbench run my-scenario.toml --exclusions exclusions.toml -o out

Exit codes: 0 done and every [exclusion.expect] holds, 1 one does not hold, 2 bad input or arguments,
3 bad scenario or exclusion file, 130 interrupted")]
pub(crate) struct Args {
    /// A scenario file, or the name of a built-in one (see `scanbench scenarios`)
    #[arg(value_name = "SCENARIO", default_value = "default")]
    scenario: String,

    /// Exclusion list, or the name of a built-in one: `documented` is what the rule's documentation proposes
    #[arg(long, value_name = "FILE", default_value = "documented")]
    exclusions: String,

    /// Keep the dataset (DIR/dataset) and the report (DIR/report.html, report.json, report.md and junit.xml)
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,

    #[command(flatten)]
    plots: Plots,

    #[command(flatten)]
    length: Length,

    #[command(flatten)]
    making: Making,

    /// Replace the dataset that DIR holds
    #[arg(long, requires = "output")]
    force: bool,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let scenario = Scenario::from_source(&embedded::scenario(&args.scenario)?)?;
    let exclusions = Exclusions::from_source(&embedded::exclusions(&args.exclusions)?)?;
    // Without -o the dataset is gone when `_scratch` is dropped.
    let (folder, _scratch) = if let Some(folder) = &args.output {
        (folder.clone(), None)
    } else {
        let scratch = tempfile::tempdir().map_err(|error| {
            Failure::Input(format!(
                "cannot make a temporary folder: {error}; give -o DIR"
            ))
        })?;
        (scratch.path().to_owned(), Some(scratch))
    };
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::Input(format!("cannot make {}: {error}", folder.display())))?;
    let dataset = folder.join("dataset");
    make(&scenario, &dataset, &args.making, args.force)?;
    let mut scored = score(
        std::slice::from_ref(&dataset),
        &Rule::default(),
        &exclusions,
    )?;
    args.plots.sweep(&mut scored, &dataset, &exclusions)?;
    {
        let mut out = io::stdout().lock();
        writeln!(out, "{}: {}", scenario.name(), scenario.title())?;
    }
    show(&scored.evaluation, &args.length)?;
    if args.output.is_some() {
        write_reports(&folder, &scored, &[])?;
    } else {
        tell(
            "\n--full says every column; the dataset was temporary: -o DIR keeps logs, labels, truth and the report",
        );
    }
    args.plots.write(&scored)?;
    hold_promises(&scored.evaluation)
}
