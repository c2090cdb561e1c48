//! `evaluate`: a dataset through the detector, and its rows against the truth.

use super::CANCELLED;
use super::datasets;
use super::detect::{ReadArgs, read, read_again};
use super::failure::Failure;
use super::gates::{Gates, hold, hold_promises};
use super::rule_args::RuleArgs;
use super::sweep;
use super::sweep_args::range;
use super::whole::write_file;
use scanbench::alerts::{AlertTime, MappedColumn, Mapping, read_alerts};
use scanbench::eval::sweep::{LEAST_REQUESTS, Sweep};
use scanbench::eval::{
    self, Baseline, Comparison, Differences, Evaluation, Evaluator, Gate, GroundTruth, Runs,
};
use scanbench::report::charts::{self, Chart, Layout};
use scanbench::report::json;
use scanbench::report::scene::Scene;
use scanbench::report::{brief, html, junit, markdown, story, terminal};
use scanbench_detector::{
    Alert, Census, CensusOptions, Detection, Exclusions, Grid, Rule, Selection, Stopped, Totals,
    Window, census, find_logs,
};
use scanbench_generator::manifest::{self, FileStamps, ManifestError};
use scanbench_w3c::visible;
use std::collections::HashSet;
use std::io::{self, BufWriter, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Score the rule, with and without exclusions, on datasets
///
/// Runs the detector over the logs of each dataset and holds its rows against the truth: who fires, rightly or wrongly,
/// who is missed and why, and what each exclusion removes and hides.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench evaluate dataset
  scanbench evaluate dataset --exclusions exclusions.toml -o report
  scanbench evaluate suite --seeds 1..100 --exclusions documented
  scanbench evaluate seed-1 seed-2 seed-3 --fail-under recall=0.5 --fail-over false-alerts-per-day=20
  scanbench evaluate dataset --alerts other-engine.ndjson --map client=src_addr
  scanbench evaluate dataset --exclusions new.toml --baseline old/report.json

Exit codes: 0 scored and every [exclusion.expect] and gate holds, 1 one does not hold, 2 bad input or arguments,
3 bad exclusion file, 130 interrupted")]
pub(crate) struct Args {
    /// Folders of datasets, as `scanbench generate` writes them; with --seeds, scenarios. The scores are those of all
    /// together
    #[arg(value_name = "DATASET", required = true)]
    datasets: Vec<PathBuf>,

    /// Make each scenario with each of these seeds, one after the other in a temporary folder
    #[arg(long, value_name = "RANGE", value_parser = range, conflicts_with_all = ["alerts", "sweep"])]
    seeds: Option<RangeInclusive<u64>>,

    #[command(flatten)]
    rule: RuleArgs,

    /// Write report.html, report.json, report.md and junit.xml into this folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,

    #[command(flatten)]
    plots: Plots,

    #[command(flatten)]
    length: Length,

    #[command(flatten)]
    others: OtherAlerts,

    #[command(flatten)]
    gates: Gates,
}

/// Alerts of another engine.
#[derive(clap::Args)]
#[command(next_help_heading = "Alerts of another engine")]
struct OtherAlerts {
    /// Score these alerts (CSV, JSON or JSON Lines) instead of our detector's; with one DATASET
    #[arg(long, value_name = "FILE", conflicts_with = "exclusions")]
    alerts: Option<PathBuf>,

    /// The column of a role (time, end, client, computer, server, ports), where its name is none that Sentinel, Splunk,
    /// Elastic, Zeek or rsigma use
    #[arg(long, value_name = "ROLE=COLUMN", requires = "alerts")]
    map: Vec<MappedColumn>,

    /// What the time of an alert is: the start of its bin, or some moment within it
    #[arg(
        long,
        value_name = "WHICH",
        default_value = "start",
        requires = "alerts"
    )]
    alert_time: AlertTime,
}

/// How much is told.
#[derive(clap::Args)]
pub(crate) struct Length {
    /// Print every campaign, exclusion and column with what it means, not thirty lines
    #[arg(long)]
    full: bool,
}

/// More pictures, and pictures in files of their own.
#[derive(clap::Args)]
pub(crate) struct Plots {
    /// Write the report's pictures into this folder, as SVG for slides
    #[arg(long = "plots", value_name = "DIR")]
    folder: Option<PathBuf>,

    /// Draw other thresholds and bins of the published rule too: reads the first dataset once more
    #[arg(long)]
    sweep: bool,
}

/// Scores, and the dataset of which pictures are drawn: the first.
pub(crate) struct Scored {
    pub(crate) evaluation: Evaluation,
    /// With the alerts of another engine, where those were scored.
    first: Option<(GroundTruth, Detection, Option<Vec<Alert>>)>,
    sweep: Option<Sweep>,
}

impl Scored {
    /// Lends out all that pictures need; `None` where nothing was scored.
    fn show<T>(&self, draw: impl FnOnce(&Scene<'_>) -> T) -> Option<T> {
        let (truth, detection, others) = self.first.as_ref()?;
        let runs = match others {
            Some(alerts) => Runs::of_alerts(alerts.clone(), detection, &Totals::default()),
            None => Runs::from(detection),
        };
        let threshold = detection.rule().threshold;
        Some(draw(&Scene::new(&self.evaluation, truth, &runs, threshold)))
    }
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let earlier = args.gates.read()?;
    let (rule, exclusions) = (args.rule.rule()?, args.rule.exclusions()?);
    let mut scored = if let Some(path) = &args.others.alerts {
        let [dataset] = &args.datasets[..] else {
            return Err(Failure::Input(
                "--alerts are of one dataset; give one DATASET".to_owned(),
            ));
        };
        score_alerts(dataset, args.others.read(path)?, &rule)?
    } else if let Some(seeds) = &args.seeds {
        let mut scoring = Scoring::new(&rule, &exclusions);
        let scenarios = datasets::scenarios(&args.datasets)?;
        datasets::each(&scenarios, seeds, |folder| scoring.add(folder))?;
        scoring.finish()
    } else {
        score(&args.datasets, &rule, &exclusions)?
    };
    if let Some(earlier) = &earlier {
        let comparison = earlier.compare(&scored.evaluation);
        let comparison = comparison.map_err(|error| Failure::Input(visible(error.as_bytes())))?;
        scored.evaluation.comparisons.push(comparison);
    }
    if let Some(first) = args.datasets.first() {
        args.plots.sweep(&mut scored, first, &exclusions)?;
    }
    show(&scored.evaluation, &args.length)?;
    let gates = args.gates.measure(&scored.evaluation);
    if let Some(folder) = &args.output {
        write_reports(folder, &scored, &gates)?;
    }
    args.plots.write(&scored)?;
    hold(&gates)?;
    hold_promises(&scored.evaluation)
}

/// Scores the alerts of another engine. Our detector runs too, as it counts the keys that made no row.
fn score_alerts(dataset: &Path, alerts: Vec<Alert>, rule: &Rule) -> Result<Scored, Failure> {
    let (truth, detection, totals) = detect(dataset, rule, &Exclusions::default())?;
    let mut evaluator = Evaluator::default();
    let mut runs = Runs::of_alerts(alerts.clone(), &detection, &totals);
    if let Some(grid) = grid(dataset, rule, &Exclusions::default(), &totals)? {
        runs = runs.with_moments(&grid, rule);
    }
    evaluator.add(&truth, &runs);
    let ours = detection.alerts(&Selection::None);
    if let Some(found) = Differences::between(&ours, &alerts, width(rule)) {
        evaluator.add_differences(found);
    }
    add_baselines(&mut evaluator, dataset, &truth, rule)?;
    let mut evaluation = evaluator.finish();
    let beside = eval::evaluate(&truth, &Runs::from(&detection));
    let comparison = Comparison::with_ours(&evaluation, &beside).map_err(Failure::Input)?;
    evaluation.comparisons.push(comparison);
    Ok(Scored {
        evaluation,
        first: Some((truth, detection, Some(alerts))),
        sweep: None,
    })
}

impl OtherAlerts {
    fn read(&self, path: &Path) -> Result<Vec<Alert>, Failure> {
        let mut mapping = Mapping::default();
        for column in &self.map {
            mapping.set(column.clone());
        }
        let shown = visible(path.as_os_str().as_encoded_bytes());
        let bytes = std::fs::read(path)
            .map_err(|error| Failure::Input(format!("cannot read {shown}: {error}")))?;
        let mut alerts = read_alerts(&bytes, &mapping)
            .map_err(|error| Failure::Input(format!("{shown}: {error}")))?;
        self.alert_time.settle(&mut alerts);
        Ok(alerts)
    }
}

/// Checks each dataset, detects on it and scores the rows, without baselines.
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

/// The same beside baselines, and the first dataset is kept: two are held at a time.
pub(crate) fn score(
    datasets: &[PathBuf],
    rule: &Rule,
    exclusions: &Exclusions,
) -> Result<Scored, Failure> {
    let mut scoring = Scoring::new(rule, exclusions);
    for dataset in datasets {
        scoring.add(dataset)?;
    }
    Ok(scoring.finish())
}

/// Scores of datasets that come one by one.
struct Scoring<'a> {
    rule: &'a Rule,
    exclusions: &'a Exclusions,
    evaluator: Evaluator,
    first: Option<(GroundTruth, Detection, Option<Vec<Alert>>)>,
}

impl<'a> Scoring<'a> {
    fn new(rule: &'a Rule, exclusions: &'a Exclusions) -> Self {
        Self {
            rule,
            exclusions,
            evaluator: Evaluator::default(),
            first: None,
        }
    }

    fn add(&mut self, dataset: &Path) -> Result<(), Failure> {
        let stamps = stamps(dataset)?;
        let (truth, detection, totals) = detect(dataset, self.rule, self.exclusions)?;
        let grid = grid(dataset, self.rule, self.exclusions, &totals)?;
        let mut runs = Runs::from(&detection).with_keys(&totals);
        if let Some(grid) = &grid {
            runs = runs.with_moments(grid, self.rule);
        }
        self.evaluator.add(&truth, &runs);
        // They borrow the detection.
        drop(runs);
        add_baselines(&mut self.evaluator, dataset, &truth, self.rule)?;
        hold_still(&stamps)?;
        self.first.get_or_insert((truth, detection, None));
        Ok(())
    }

    fn finish(self) -> Scored {
        Scored {
            evaluation: self.evaluator.finish(),
            first: self.first,
            sweep: None,
        }
    }
}

/// A second detection, which keeps the lines of rows: the rows themselves do not say when they reach the threshold.
fn grid(
    dataset: &Path,
    rule: &Rule,
    exclusions: &Exclusions,
    first: &Totals,
) -> Result<Option<Grid>, Failure> {
    let Rule {
        window: Window::Tumbling { width },
        threshold,
        schedule: None,
        ..
    } = *rule
    else {
        return Ok(None);
    };
    let rule = Grid::rule(rule, width, threshold);
    let paths = [dataset.to_owned()];
    // What is not as it should be was told by the first.
    Ok(Grid::new(read_again(&paths, &rule, exclusions, first)?))
}

/// How long a window of the rule is; of sessions, the gap that ends one.
fn width(rule: &Rule) -> Duration {
    match rule.window {
        Window::Tumbling { width } | Window::Hopping { width, .. } | Window::Sliding { width } => {
            width
        }
        Window::Session { gap } => gap,
    }
}

/// Scores what looks at no port beside the rule.
fn add_baselines(
    evaluator: &mut Evaluator,
    dataset: &Path,
    truth: &GroundTruth,
    rule: &Rule,
) -> Result<(), Failure> {
    let width = width(rule);
    let census = count(&[dataset.to_owned()], rule, &[width], &HashSet::new())?;
    for baseline in Baseline::beside(width, rule.threshold) {
        for bins in &census.widths {
            let rows = baseline.alerts(&census, bins);
            evaluator.add_baseline(truth, baseline, &rows);
        }
    }
    Ok(())
}

/// Counts requests by bin and key; all bins of the watched clients are listed, and of others those with enough requests
/// for a baseline.
pub(crate) fn count(
    paths: &[PathBuf],
    rule: &Rule,
    widths: &[Duration],
    watched: &HashSet<String>,
) -> Result<Census, Failure> {
    let (logs, errors) = find_logs(paths);
    if let Some(error) = errors.first() {
        return Err(Failure::input(error));
    }
    let options = CensusOptions {
        widths,
        least: LEAST_REQUESTS.min(rule.threshold),
        watched,
        computer: None,
        cancelled: &CANCELLED,
    };
    census(&logs, rule, &options).map_err(|stopped| match stopped {
        Stopped::Cancelled => Failure::Interrupted,
        other => Failure::input(&other),
    })
}

/// Checks a dataset and detects on it.
pub(crate) fn detect(
    dataset: &Path,
    rule: &Rule,
    exclusions: &Exclusions,
) -> Result<(GroundTruth, Detection, Totals), Failure> {
    let stamps = stamps(dataset)?;
    let truth = truth(dataset)?;
    let (detection, totals) = detect_again(dataset, rule, exclusions)?;
    hold_still(&stamps)?;
    Ok((truth, detection, totals))
}

/// How its files stand before they are read: what is verified must be what is detected on, and counted for baselines.
fn stamps(dataset: &Path) -> Result<FileStamps, Failure> {
    FileStamps::of(dataset).map_err(|error| no_dataset(&error))
}

fn hold_still(stamps: &FileStamps) -> Result<(), Failure> {
    stamps.hold().map_err(|error| Failure::input(&error))
}

fn no_dataset(error: &ManifestError) -> Failure {
    Failure::Input(format!(
        "{error}\na dataset is a folder that `scanbench generate` wrote; to read your own logs use `scanbench detect`"
    ))
}

/// Checks a dataset and reads its truth.
fn truth(dataset: &Path) -> Result<GroundTruth, Failure> {
    let manifest = manifest::verify(dataset).map_err(|error| no_dataset(&error))?;
    GroundTruth::read(dataset, &manifest).map_err(|error| Failure::input(&error))
}

/// Detects on a dataset that was checked before.
pub(crate) fn detect_again(
    dataset: &Path,
    rule: &Rule,
    exclusions: &Exclusions,
) -> Result<(Detection, Totals), Failure> {
    let paths = [dataset.to_owned()];
    let (detection, totals) = read(&paths, rule, exclusions, &ReadArgs::default())?;
    if totals.failed > 0 {
        return Err(Failure::InputTold);
    }
    Ok((detection, totals))
}

/// Prints the report.
pub(crate) fn show(evaluation: &Evaluation, length: &Length) -> Result<(), Failure> {
    let story = if length.full {
        story::tell(evaluation)
    } else {
        brief::tell(evaluation)
    };
    let mut out = BufWriter::new(io::stdout().lock());
    terminal::write(&mut out, &story)?;
    out.flush()?;
    Ok(())
}

/// Writes `report.html`, `report.json`, `report.md` and `junit.xml`, each whole or not at all.
pub(crate) fn write_reports(folder: &Path, scored: &Scored, gates: &[Gate]) -> Result<(), Failure> {
    let evaluation = &scored.evaluation;
    let datasets = evaluation
        .datasets
        .iter()
        .map(|one| format!("{} (seed {}, {} lines)", one.scenario, one.seed, one.lines));
    let title = format!("scanbench: {}", datasets.collect::<Vec<_>>().join(", "));
    let mut text = Vec::new();
    markdown::write(&mut text, &title, &story::tell(evaluation))?;
    let json = json::file(evaluation)?;
    write_file(folder, "report.json", &json)?;
    write_file(folder, "report.md", &text)?;
    write_file(
        folder,
        "junit.xml",
        junit::xml(evaluation, gates).as_bytes(),
    )?;
    if let Some(page) = scored.show(|scene| html::page(scene, scored.sweep.as_ref())) {
        write_file(folder, "report.html", page.as_bytes())?;
    }
    Ok(())
}

impl Plots {
    /// Sweeps the first dataset, where that was asked for.
    pub(crate) fn sweep(
        &self,
        scored: &mut Scored,
        folder: &Path,
        exclusions: &Exclusions,
    ) -> Result<(), Failure> {
        if let (true, Some((truth, _, _))) = (self.sweep, &scored.first) {
            scored.sweep = Some(sweep::of_one(folder, truth, exclusions)?);
        }
        Ok(())
    }

    /// Writes the pictures, where a folder for them was named.
    pub(crate) fn write(&self, scored: &Scored) -> Result<(), Failure> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let pictures = scored.show(|scene| {
            let all = Chart::ALL.into_iter();
            let drawn = all.filter_map(|chart| Some((chart, chart.svg(scene, Layout::Wide)?)));
            drawn.collect::<Vec<_>>()
        });
        let swept = scored.sweep.as_ref().map(charts::of_sweep);
        for (name, svg) in swept.into_iter().flatten() {
            write_file(folder, &format!("{name}.svg"), svg.as_bytes())?;
        }
        for (chart, svg) in pictures.into_iter().flatten() {
            write_file(folder, &format!("{}.svg", chart.name()), svg.as_bytes())?;
        }
        Ok(())
    }
}
