//! `evaluate`: a dataset through the detector, and its rows against the truth.

use super::CANCELLED;
use super::detect::{ReadArgs, read};
use super::failure::Failure;
use super::rule_args::RuleArgs;
use super::sweep;
use scanbench::eval::sweep::{LEAST_REQUESTS, Sweep};
use scanbench::eval::{Baseline, Evaluation, Evaluator, GroundTruth, Runs};
use scanbench::report::charts::{self, Chart, Layout};
use scanbench::report::scene::Scene;
use scanbench::report::{html, junit, markdown, story, terminal};
use scanbench_detector::{
    Census, CensusOptions, Detection, Exclusions, Rule, Stopped, Window, census, find_logs,
};
use scanbench_generator::manifest;
use std::collections::HashSet;
use std::io::{self, BufWriter, Write};
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
  scanbench evaluate seed-1 seed-2 seed-3

Exit codes: 0 scored and every [exclusion.expect] holds, 1 one does not hold, 2 bad input or arguments,
3 bad exclusion file, 130 interrupted")]
pub(crate) struct Args {
    /// Folders of datasets, as `scanbench generate` writes them; the scores are those of all together
    #[arg(value_name = "DATASET", required = true)]
    datasets: Vec<PathBuf>,

    #[command(flatten)]
    rule: RuleArgs,

    /// Write report.html, report.json, report.md and junit.xml into this folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,

    #[command(flatten)]
    plots: Plots,
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
    first: Option<(GroundTruth, Detection)>,
    sweep: Option<Sweep>,
}

impl Scored {
    /// Lends out all that pictures need; `None` where nothing was scored.
    fn show<T>(&self, draw: impl FnOnce(&Scene<'_>) -> T) -> Option<T> {
        let (truth, detection) = self.first.as_ref()?;
        let runs = Runs::from(detection);
        let threshold = detection.rule().threshold;
        Some(draw(&Scene::new(&self.evaluation, truth, &runs, threshold)))
    }
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let (rule, exclusions) = (args.rule.rule()?, args.rule.exclusions()?);
    let mut scored = score(&args.datasets, &rule, &exclusions)?;
    if let Some(first) = args.datasets.first() {
        args.plots.sweep(&mut scored, first, &exclusions)?;
    }
    show(&scored.evaluation)?;
    if let Some(folder) = &args.output {
        write_reports(folder, &scored)?;
    }
    args.plots.write(&scored)?;
    hold_promises(&scored.evaluation)
}

/// Checks each dataset, detects on it and scores the rows. Two datasets are held at a time, the first and another.
pub(crate) fn evaluate(
    datasets: &[PathBuf],
    rule: &Rule,
    exclusions: &Exclusions,
) -> Result<Evaluation, Failure> {
    score(datasets, rule, exclusions).map(|scored| scored.evaluation)
}

/// The same, and the first dataset is kept.
pub(crate) fn score(
    datasets: &[PathBuf],
    rule: &Rule,
    exclusions: &Exclusions,
) -> Result<Scored, Failure> {
    let mut evaluator = Evaluator::default();
    let mut first = None;
    for dataset in datasets {
        let (truth, detection) = detect(dataset, rule, exclusions)?;
        evaluator.add(&truth, &Runs::from(&detection));
        add_baselines(&mut evaluator, dataset, &truth, rule)?;
        first.get_or_insert((truth, detection));
    }
    Ok(Scored {
        evaluation: evaluator.finish(),
        first,
        sweep: None,
    })
}

/// Scores what looks at no port beside the rule.
fn add_baselines(
    evaluator: &mut Evaluator,
    dataset: &Path,
    truth: &GroundTruth,
    rule: &Rule,
) -> Result<(), Failure> {
    let width = match rule.window {
        Window::Tumbling { width } | Window::Hopping { width, .. } | Window::Sliding { width } => {
            width
        }
        Window::Session { gap } => gap,
    };
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
    let (logs, _) = find_logs(paths);
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
) -> Result<(GroundTruth, Detection), Failure> {
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
    Ok((truth, detection))
}

/// Prints the report.
pub(crate) fn show(evaluation: &Evaluation) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    terminal::write(&mut out, &story::tell(evaluation))?;
    out.flush()?;
    Ok(())
}

/// Writes `report.html`, `report.json`, `report.md` and `junit.xml`, each whole or not at all.
pub(crate) fn write_reports(folder: &Path, scored: &Scored) -> Result<(), Failure> {
    let evaluation = &scored.evaluation;
    let datasets = evaluation
        .datasets
        .iter()
        .map(|one| format!("{} (seed {}, {} lines)", one.scenario, one.seed, one.lines));
    let title = format!("scanbench: {}", datasets.collect::<Vec<_>>().join(", "));
    let mut text = Vec::new();
    markdown::write(&mut text, &title, &story::tell(evaluation))?;
    let mut json = serde_json::to_vec_pretty(evaluation).map_err(io::Error::from)?;
    json.push(b'\n');
    write_file(folder, "report.json", &json)?;
    write_file(folder, "report.md", &text)?;
    write_file(folder, "junit.xml", junit::xml(evaluation).as_bytes())?;
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
        if let (true, Some((truth, _))) = (self.sweep, &scored.first) {
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

fn write_file(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    write_whole(folder, name, bytes).map_err(|error| {
        Failure::Input(format!(
            "cannot write {}: {error}",
            folder.join(name).display()
        ))
    })
}

/// Writes a file beside its place and then renames it, so that it is whole or absent.
pub(crate) fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    // Temporary files are for their owner alone; a report is for whom the umask says.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
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
