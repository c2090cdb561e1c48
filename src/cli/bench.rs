//! `bench`: detectors measured side by side, after their rows were found right.

use super::CANCELLED;
use super::embedded;
use super::evaluate::write_file;
use super::failure::Failure;
use super::gates::read_report;
use super::messages::{Messages, count};
use scanbench::bench::cache::{self, CacheError, Kept};
use scanbench::bench::child;
use scanbench::bench::clients;
use scanbench::bench::compare::{Change, compare};
use scanbench::bench::detector::Detector;
use scanbench::bench::report::{BenchReport, Verdict};
use scanbench::bench::rounds::{MeasureError, Settings, measure};
use scanbench::bench::story;
use scanbench::report::{markdown, terminal};
use scanbench_generator::{GenerateError, Options, Scenario};
use scanbench_spec::Source;
use scanbench_w3c::visible;
use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

/// Rounds, if nobody says.
const ROUNDS: usize = 15;

/// With `--quick`: rounds, and how long checks and rounds may take together.
const QUICK_ROUNDS: usize = 7;
const QUICK: Duration = Duration::from_mins(1);

/// Measure detectors: right rows first, then time, processor and memory
///
/// Makes the datasets of a scenario, or finds them in the cache, and runs our detector and others in turn over them. One
/// whose rows are not those of the truth gets no speed. Prints medians with intervals, ratios to counting the newlines of
/// the same bytes, and how time grows with lines, clients and threads.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench bench --quick
  scanbench bench throughput --scale 10 --sizes 1 --detector mine.toml -o out
  scanbench bench --baseline last/bench.json

A detector is a TOML file:
  name = \"mine\"
  command = [\"python3\", \"{here}/mine.py\", \"{logs}\", \"--threads\", \"{threads}\"]
  threads = [1, 2]                      # leave out where it cannot be told
  warm-up = 1                           # runs before any is measured; the first checks the rows
  alert-time = \"start\"                  # or \"within\": the time of an alert is some moment in its bin
  install = [\"pip\", \"install\", \"mine\"]  # run with --install only
  [columns]                             # of its alerts, where their names are not known
  client = \"src_addr\"
In the command {logs} is the dataset's folder, {files} (a word of its own) each log, {here} the folder of the TOML, and
{alerts} a file for alerts; without it they are read from standard output, as CSV, JSON or JSON Lines.

Exit codes: 0 measured, 1 a detector has wrong rows or none, or is slower than in the baseline beyond noise, 2 bad input
or arguments, 3 bad scenario or detector file, 130 interrupted")]
pub(crate) struct Args {
    /// A scenario file, or the name of a built-in one (see `scanbench scenarios`)
    #[arg(value_name = "SCENARIO", default_value = "suite")]
    scenario: String,

    /// Another seed than the scenario's
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// So many times the background, with the same campaigns [default: the scenario's]
    #[arg(long, value_name = "X")]
    scale: Option<f64>,

    /// How many times that scale to measure, to see how time grows [default: 1,10,100, with --quick 1,2,4, and logs that
    /// differ in the number of clients only]
    #[arg(long, value_name = "N,N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..))]
    sizes: Vec<u32>,

    /// Fewer rounds on smaller data: within two minutes, unless another detector is slow
    #[arg(long)]
    quick: bool,

    /// Runs of each [default: 15, with --quick up to 7]
    #[arg(long, value_name = "N")]
    rounds: Option<NonZeroUsize>,

    /// Another detector, as a TOML file describes it; can be given again
    #[arg(long = "detector", value_name = "FILE")]
    detectors: Vec<PathBuf>,

    /// First run the commands that install the other detectors
    #[arg(long)]
    install: bool,

    /// Exit with 1 where a detector is slower than in this bench.json, beyond noise and by more than 5 %
    #[arg(long, value_name = "BENCH.JSON")]
    baseline: Option<PathBuf>,

    /// Keep datasets in this folder [default: scanbench in the user's cache folder]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,

    /// Write bench.json and bench.md into this folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Where this process is the relay that starts a detector and measures it: runs it.
pub(crate) fn as_relay() -> Option<ExitCode> {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let [relay, out, err, command @ ..] = words.as_slice() else {
        return None;
    };
    if relay != child::RELAY {
        return None;
    }
    let told = child::relay(Path::new(out), Path::new(err), command).and_then(|usage| {
        let mut text = serde_json::to_vec(&usage)?;
        text.push(b'\n');
        io::stdout().write_all(&text)
    });
    Some(match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let failure = Failure::input(&error);
            failure.tell();
            failure.exit_code()
        }
    })
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let baseline = args.baseline.as_deref();
    let earlier: Option<BenchReport> = baseline
        .map(|path| read_report(path, "bench.json"))
        .transpose()?;
    let scenario = Scenario::from_source(&embedded::scenario(&args.scenario)?)?;
    let program = std::env::current_exe().map_err(|error| {
        Failure::Input(format!("cannot find this program to start it: {error}"))
    })?;
    let detectors = args.detectors(&program)?;
    let mut messages = Messages::steps("measuring");
    let mut kept = args.datasets(&scenario, &messages)?;
    // Gone when it is dropped.
    let _scratch = args.add_clients(&mut kept)?;
    let default_rounds = if args.quick { QUICK_ROUNDS } else { ROUNDS };
    let settings = Settings {
        program: &program,
        rounds: args.rounds.map_or(default_rounds, usize::from),
        budget: args.quick.then_some(QUICK),
        cancelled: &CANCELLED,
        say: &|text| messages.say(&visible(text.as_bytes())),
    };
    let report = measure(&detectors, &kept, &settings);
    messages.end();
    let report = report.map_err(|error| match error {
        MeasureError::Cancelled => Failure::Interrupted,
        MeasureError::Input(message) => Failure::Input(message),
    })?;
    // A baseline that does not fit must not cost what was measured: it is told when all is written.
    let compared = earlier
        .map(|earlier| compare(&report, &earlier))
        .transpose();
    let changes = compared.as_ref().ok().and_then(Option::as_deref);
    args.show(&report, changes)?;
    let refused = report.measured.iter().filter(|one| one.refused.is_some());
    let mut failed: Vec<String> = refused
        .map(|one| format!("{} has wrong rows or none", report.name_of(one)))
        .collect();
    let changes = compared.map_err(Failure::Input)?.unwrap_or_default();
    let slower = changes
        .iter()
        .filter(|change| change.verdict() == Verdict::Slower);
    failed.extend(slower.map(|change| format!("{} is slower than the baseline", change.name)));
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::Gate(visible(failed.join("; ").as_bytes())))
}

impl Args {
    /// Ours, and those that files describe.
    fn detectors(&self, program: &Path) -> Result<Vec<Detector>, Failure> {
        let mut detectors = vec![Detector::ours(program, &threads())];
        for path in &self.detectors {
            let detector = Detector::from_source(&Source::read(path)?)?;
            if detectors.iter().any(|other| other.name == detector.name) {
                return Err(Failure::Input(format!(
                    "two detectors are named \"{}\": a table could not tell them apart",
                    visible(detector.name.as_bytes())
                )));
            }
            if let (true, Some(command)) = (self.install, &detector.install) {
                install(&detector.name, command)?;
            }
            detectors.push(detector);
        }
        Ok(detectors)
    }

    /// The datasets, each with its scale; smallest first.
    fn datasets(
        &self,
        scenario: &Scenario,
        messages: &Messages,
    ) -> Result<Vec<(f64, Kept)>, Failure> {
        let folder = self
            .cache
            .clone()
            .or_else(cache::default_folder)
            .ok_or_else(|| {
                Failure::Input("there is no folder for caches: give --cache DIR".to_owned())
            })?;
        std::fs::create_dir_all(&folder).map_err(|error| {
            Failure::Input(format!("cannot make {}: {error}", folder.display()))
        })?;
        let mut sizes = match self.sizes.as_slice() {
            [] if self.quick => vec![1, 2, 4],
            [] => vec![1, 10, 100],
            sizes => sizes.to_vec(),
        };
        sizes.sort_unstable();
        sizes.dedup();
        let base = self.scale.unwrap_or(scenario.scale());
        let mut kept = Vec::new();
        for size in sizes {
            let scale = base * f64::from(size);
            let options = Options {
                seed: self.seed,
                scale: Some(scale),
                threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
                cancelled: Some(&CANCELLED),
                ..Options::default()
            };
            let one =
                cache::find_or_make(&folder, scenario, options).map_err(|error| match error {
                    CacheError::Generate(GenerateError::Cancelled) => Failure::Interrupted,
                    other => Failure::input(&other),
                })?;
            let done = if one.is_new { "made" } else { "found whole" };
            let lines = count(one.truth.lines, "line", "lines");
            messages.say(&format!(
                "{} at scale {scale}: {done}, {lines}",
                scenario.name()
            ));
            kept.push((scale, one));
        }
        Ok(kept)
    }

    /// Adds logs that differ in the number of clients, unless sizes were chosen.
    fn add_clients(
        &self,
        kept: &mut Vec<(f64, Kept)>,
    ) -> Result<Option<tempfile::TempDir>, Failure> {
        let Some((_, first)) = kept.first().filter(|_| self.sizes.is_empty()) else {
            return Ok(None);
        };
        let failed = |error: io::Error| {
            Failure::Input(format!(
                "cannot write logs into a temporary folder: {error}"
            ))
        };
        let scratch = tempfile::tempdir().map_err(failed)?;
        let logs = clients::write(scratch.path(), first.truth.lines).map_err(failed)?;
        kept.extend(logs.into_iter().map(|log| (1.0, log)));
        Ok(Some(scratch))
    }

    fn show(&self, report: &BenchReport, changes: Option<&[Change]>) -> Result<(), Failure> {
        let told = story::tell(report, changes);
        let mut out = BufWriter::new(io::stdout().lock());
        terminal::write(&mut out, &told)?;
        out.flush()?;
        let Some(folder) = &self.output else {
            return Ok(());
        };
        let mut text = Vec::new();
        markdown::write(&mut text, "scanbench bench", &told)?;
        let mut json = serde_json::to_vec_pretty(report).map_err(io::Error::from)?;
        json.push(b'\n');
        write_file(folder, "bench.json", &json)?;
        write_file(folder, "bench.md", &text)
    }
}

/// 1, 2, 4 and so on, and as many as can run at once.
fn threads() -> Vec<usize> {
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    let mut threads: Vec<usize> =
        std::iter::successors(Some(1), |threads: &usize| threads.checked_mul(2))
            .take_while(|threads| *threads < all)
            .collect();
    threads.push(all);
    threads
}

/// Runs the command that installs a detector. What it prints goes to standard error, as rows do not.
fn install(name: &str, command: &[OsString]) -> Result<(), Failure> {
    let [program, arguments @ ..] = command else {
        return Ok(());
    };
    let failed = |why: String| {
        Failure::Input(format!(
            "cannot install {}: {why}",
            visible(name.as_bytes())
        ))
    };
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(io::stderr())
        .status()
        .map_err(|error| failed(error.to_string()))?;
    if status.success() {
        return Ok(());
    }
    Err(failed(status.to_string()))
}
