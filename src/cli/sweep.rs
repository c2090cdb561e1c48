//! `sweep`: the rule at every threshold, width and kind of window on datasets.

use super::datasets;
use super::detect::{ReadArgs, read};
use super::embedded;
use super::evaluate::count;
use super::failure::Failure;
use super::messages::tell;
use super::sweep_args::{WindowArg, numbers, positive_range, range, width};
use super::whole::write_file;
use scanbench::eval::GroundTruth;
use scanbench::eval::sweep::{Halves, Sweep, Sweeper, WindowKind};
use scanbench::report::json;
use scanbench::report::{html, markdown, sweep as report, terminal};
use scanbench::sweeps::{SweepPlan, watched};
use scanbench_detector::{Exclusions, Rule};
use scanbench_generator::manifest;
use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Measure the rule at every threshold, width and kind of window
///
/// Reads each dataset twice, for the grid and for the baselines, and scores every point of the grid against its truth,
/// beside baselines that look at no port: precision and recall with intervals, the best setting under a budget of
/// needless alerts a day (chosen on one half of the data, reported on the other), and what a daily run of the rule misses
/// or reports twice.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench sweep dataset
  scanbench sweep dataset --bin 5m,10m,30m --threshold 5..60 --window tumbling,sliding -o out
  scanbench sweep suite --seeds 1..20 --budget 2 --exclusions exclusions.toml -o out

Exit codes: 0 swept, 2 bad input or arguments, 3 bad scenario or exclusion file, 130 interrupted")]
pub(crate) struct Args {
    /// Folders of datasets, as `scanbench generate` writes them; with --seeds, scenarios
    #[arg(required = true, value_name = "DATASET")]
    names: Vec<PathBuf>,

    /// Make each scenario with each of these seeds, one after the other in a temporary folder
    #[arg(long, value_name = "RANGE", value_parser = range)]
    seeds: Option<RangeInclusive<u64>>,

    /// Widths of bins and windows
    #[arg(
        long = "bin",
        value_name = "DURATION",
        value_delimiter = ',',
        value_parser = width,
        default_value = "1m,2m,3m,5m,10m,15m,20m,30m,45m,1h,2h,4h"
    )]
    bins: Vec<Duration>,

    /// Distinct ports that make a row: numbers and ranges, both ends included
    #[arg(
        long = "threshold",
        value_name = "RANGE",
        value_delimiter = ',',
        value_parser = positive_range,
        default_value = "6..45"
    )]
    thresholds: Vec<RangeInclusive<u64>>,

    /// How time is cut; hopping windows begin every half width
    #[arg(
        long = "window",
        value_name = "KIND",
        value_delimiter = ',',
        default_value = "tumbling,hopping,sliding"
    )]
    windows: Vec<WindowArg>,

    /// Measure each point with these exclusions too: a file, or the name of a built-in list
    #[arg(long, value_name = "FILE")]
    exclusions: Option<String>,

    /// Most values that a set keeps, as in the query; 0 for no limit
    #[arg(long, value_name = "N", default_value_t = 128)]
    set_limit: usize,

    /// Alerts a day, with no attack behind them, that are put up with
    #[arg(long, value_name = "N", default_value_t = 2.0)]
    budget: f64,

    /// Write sweep.html, sweep.json, sweep.csv and sweep.md into this folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    if !args.budget.is_finite() || args.budget < 0.0 {
        return Err(Failure::Input("--budget must be 0 or more".to_owned()));
    }
    let exclusions = match &args.exclusions {
        Some(name) => Exclusions::from_source(&embedded::exclusions(name)?)?,
        None => Exclusions::default(),
    };
    let plan = args.plan(&exclusions);
    let sweep = match &args.seeds {
        None => of_datasets(args, &plan, &exclusions)?,
        Some(seeds) => of_seeds(args, &plan, &exclusions, seeds)?,
    };
    let story = report::tell(&sweep);
    let mut out = BufWriter::new(io::stdout().lock());
    terminal::write(&mut out, &story)?;
    out.flush()?;
    match &args.output {
        Some(folder) => write_reports(folder, &sweep),
        None => Ok(()),
    }
}

impl Args {
    fn plan(&self, exclusions: &Exclusions) -> SweepPlan {
        let mut bins = self.bins.clone();
        bins.sort_unstable();
        bins.dedup();
        let mut windows: Vec<_> = self.windows.iter().map(|one| (*one).into()).collect();
        windows.sort_unstable();
        windows.dedup();
        SweepPlan {
            rule: Rule {
                set_limit: NonZeroUsize::new(self.set_limit),
                ..Rule::default()
            },
            bins,
            thresholds: numbers(&self.thresholds),
            windows,
            has_exclusions: !exclusions.list().is_empty(),
        }
    }

    fn finish(&self, sweeper: Sweeper) -> Sweep {
        let limit = NonZeroUsize::new(self.set_limit).map(|limit| limit.get() as u64);
        sweeper.finish(limit, self.budget)
    }
}

/// Widths of the sweep that a report of scores has, in minutes.
const WIDTHS_OF_REPORT: [u64; 8] = [1, 2, 5, 10, 15, 20, 30, 60];
/// Thresholds of it.
const THRESHOLDS_OF_REPORT: RangeInclusive<u64> = 6..=45;
/// Needless alerts a day that are put up with in it: what `--budget` is by default.
const BUDGET_OF_REPORT: f64 = 2.0;

/// A smaller sweep of one dataset, for the report of its scores.
pub(crate) fn of_one(
    folder: &Path,
    truth: &GroundTruth,
    exclusions: &Exclusions,
) -> Result<Sweep, Failure> {
    let rule = Rule::default();
    let limit = rule.set_limit.map(|limit| limit.get() as u64);
    let plan = SweepPlan {
        rule,
        bins: WIDTHS_OF_REPORT.map(Duration::from_mins).to_vec(),
        thresholds: THRESHOLDS_OF_REPORT.collect(),
        windows: vec![WindowKind::Tumbling, WindowKind::Sliding],
        has_exclusions: !exclusions.list().is_empty(),
    };
    let mut sweeper = Sweeper::new(plan.settings(), Halves::of(&[truth.scenario.as_str()]));
    add(&mut sweeper, &plan, exclusions, folder, truth)?;
    Ok(sweeper.finish(limit, BUDGET_OF_REPORT))
}

fn of_datasets(args: &Args, plan: &SweepPlan, exclusions: &Exclusions) -> Result<Sweep, Failure> {
    let mut manifests = Vec::new();
    for folder in &args.names {
        let manifest = manifest::verify(folder).map_err(|error| {
            Failure::Input(format!(
                "{error}\na dataset is a folder that `scanbench generate` wrote; to make some of a scenario give --seeds"
            ))
        })?;
        manifests.push(manifest);
    }
    let names: Vec<&str> = manifests.iter().map(|one| one.scenario.as_str()).collect();
    let mut sweeper = Sweeper::new(plan.settings(), Halves::of(&names));
    for (folder, manifest) in args.names.iter().zip(&manifests) {
        let truth = GroundTruth::read(folder, manifest).map_err(|error| Failure::input(&error))?;
        add(&mut sweeper, plan, exclusions, folder, &truth)?;
    }
    Ok(args.finish(sweeper))
}

fn of_seeds(
    args: &Args,
    plan: &SweepPlan,
    exclusions: &Exclusions,
    seeds: &RangeInclusive<u64>,
) -> Result<Sweep, Failure> {
    let scenarios = datasets::scenarios(&args.names)?;
    let names: Vec<&str> = scenarios
        .iter()
        .flat_map(|one| seeds.clone().map(|_| one.name()))
        .collect();
    let mut sweeper = Sweeper::new(plan.settings(), Halves::of(&names));
    datasets::each(&scenarios, seeds, |folder| {
        let manifest = manifest::Manifest::read(folder).map_err(|error| Failure::input(&error))?;
        let truth = GroundTruth::read(folder, &manifest).map_err(|error| Failure::input(&error))?;
        add(&mut sweeper, plan, exclusions, folder, &truth)
    })?;
    Ok(args.finish(sweeper))
}

/// Adds one dataset: one detection and one census.
fn add(
    sweeper: &mut Sweeper,
    plan: &SweepPlan,
    exclusions: &Exclusions,
    folder: &Path,
    truth: &GroundTruth,
) -> Result<(), Failure> {
    if truth.unlabelled_is_unknown {
        tell(
            "note: nobody labelled the recorded lines of this set; rows on them alone count among those with no attack, \
             and whether they are false is unknown",
        );
    }
    let paths = [folder.to_owned()];
    let (detection, totals) = read(&paths, &plan.one_rule(), exclusions, &ReadArgs::default())?;
    if totals.failed > 0 {
        return Err(Failure::InputTold);
    }
    let census = count(&paths, &plan.rule, &plan.bins, &watched(truth))?;
    if plan.add(sweeper, truth, detection, &census) {
        Ok(())
    } else {
        Err(Failure::Input(
            "the detection was made with another rule than the sweep needs".to_owned(),
        ))
    }
}

/// Writes the three reports, each whole or not at all.
fn write_reports(folder: &Path, sweep: &Sweep) -> Result<(), Failure> {
    let mut json = Vec::new();
    json::write_line(&mut json, sweep)?;
    let mut table = Vec::new();
    report::write_csv(&mut table, sweep)?;
    let names: Vec<String> = sweep
        .datasets
        .iter()
        .map(|one| format!("{} (seed {}, {} lines)", one.scenario, one.seed, one.lines))
        .collect();
    let mut text = Vec::new();
    let title = format!("scanbench sweep: {}", names.join(", "));
    markdown::write(&mut text, &title, &report::tell(sweep))?;
    for (name, bytes) in [
        ("sweep.html", html::sweep_page(sweep).into_bytes()),
        ("sweep.json", json),
        ("sweep.csv", table),
        ("sweep.md", text),
    ] {
        write_file(folder, name, &bytes)?;
    }
    Ok(())
}
