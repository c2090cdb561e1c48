//! `bench`: detectors measured side by side, after their rows were found right.

mod files;
mod kept;

use self::files::{Files, new_folder};
use super::CANCELLED;
use super::embedded;
use super::failure::Failure;
use super::gates::read_report;
use super::messages::Messages;
use scanbench::bench::child;
use scanbench::bench::compare::{Change, compare};
use scanbench::bench::detector::Detector;
use scanbench::bench::export;
use scanbench::bench::report::{BenchReport, Verdict};
use scanbench::bench::rounds::{MeasureError, Settings, measure};
use scanbench::bench::story;
use scanbench::report::json;
use scanbench::report::{markdown, terminal};
use scanbench_generator::Scenario;
use scanbench_spec::Source;
use scanbench_w3c::visible;
use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// Rounds, if nobody says.
const ROUNDS: usize = 15;

/// With `--quick`: rounds, and time for all of it, datasets too. The rest of the two minutes is for what must end well.
const QUICK_ROUNDS: usize = 7;
const QUICK: Duration = Duration::from_secs(100);

/// What goes to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Tables for people
    Table,
    /// bench.json
    Json,
    /// A baseline that critcmp reads
    Critcmp,
    /// Entries of github-action-benchmark's tool customSmallerIsBetter
    GithubActionBenchmark,
}

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
  scanbench bench suite --sizes 1 --format critcmp --label before > before.json
  scanbench bench --clear-cache

A detector is a TOML file:
  name = \"mine\"
  command = [\"python3\", \"{here}/mine.py\", \"{logs}\", \"--threads\", \"{threads}\"]
  threads = [1, 2]                      # leave out where it cannot be told
  warm-up = 1                           # runs before any is measured; the first checks the rows
  alert-time = \"start\"                  # or \"within\": the time of an alert is some moment in its bin
  install = [\"pip\", \"install\", \"mine\"]  # run with --install only
  version = [\"mine\", \"--version\"]      # its first line is told with the numbers
  timeout = 300                         # seconds; then all that it started is killed
  differs = \"why\"                       # its rows are other ones by design: accuracy, and no speed
  cannot = \"why\"                        # in place of a command: it is listed, and not run
  [columns]                             # of its alerts, where their names are not known
  client = \"src_addr\"
In the command {logs} is the dataset's folder, {files} (a word of its own) each log, {here} the folder of the TOML,
{scanbench} this program, and {alerts} a file for alerts; without it they are read from standard output, as CSV, JSON or
JSON Lines. Without `timeout` a run may take a minute and a thousand times what counting the newlines takes.

Datasets are kept by what they are made from, and found again: `suite` at 1, 10 and 100 times its scale takes 8 GB of disk,
or say --sizes 1,10. --clear-cache removes them.

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

    /// Fewer rounds on smaller data, within two minutes: what there is no time for is left out, and told
    #[arg(long)]
    quick: bool,

    /// Seconds for everything: what there is no time for is left out, the largest data first, and told [default: none,
    /// with --quick 100]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    budget: Option<u64>,

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

    /// Remove the datasets that are kept, and measure nothing
    #[arg(long, conflicts_with_all = ["scenario", "quick", "detectors", "output", "keep", "baseline"])]
    clear_cache: bool,

    /// What to print
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    format: Format,

    /// What these numbers are called, in names of folders and baselines [default: the scenario's name]
    #[arg(long, value_name = "TEXT", value_parser = label)]
    label: Option<String>,

    /// Write bench.json and bench.md into this folder, and the same for critcmp and github-action-benchmark
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,

    /// Write these files into a new folder DATE-LABEL in this one, too
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// A label is part of a folder's name.
fn label(text: &str) -> Result<String, String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if text.is_empty() || text.starts_with(['-', '.']) || !text.chars().all(is_plain) {
        return Err(
            "expected letters, digits, `-`, `_` and `.`, the first of them no `-` or `.`".into(),
        );
    }
    Ok(text.to_owned())
}

/// Where this process is the relay that starts a detector and measures it: runs it.
pub(crate) fn as_relay() -> Option<ExitCode> {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let [relay, out, err, limit, command @ ..] = words.as_slice() else {
        return None;
    };
    if relay != child::RELAY {
        return None;
    }
    let millis = limit.to_str().and_then(|limit| limit.parse().ok());
    let limit = Duration::from_millis(millis?);
    let told = child::relay(Path::new(out), Path::new(err), limit, command).and_then(|usage| {
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
    if args.clear_cache {
        return args.clear();
    }
    let baseline = args.baseline.as_deref();
    let earlier: Option<BenchReport> = baseline
        .map(|path| read_report(path, "bench.json"))
        .transpose()?;
    let scenario = Scenario::from_source(&embedded::scenario(&args.scenario)?)?;
    let program = std::env::current_exe().map_err(|error| {
        Failure::Input(format!("cannot find this program to start it: {error}"))
    })?;
    let detectors = args.detectors(&program)?;
    // Installing is not measuring.
    let begun = Instant::now();
    let mut messages = Messages::steps("measuring");
    let mut dropped = Vec::new();
    let mut kept = args.datasets(&scenario, &messages, begun, &mut dropped)?;
    // Gone when it is dropped.
    let _scratch = args.add_clients(&mut kept)?;
    let default_rounds = if args.quick { QUICK_ROUNDS } else { ROUNDS };
    let settings = Settings {
        program: &program,
        command: command_line(),
        rounds: args.rounds.map_or(default_rounds, usize::from),
        begun,
        budget: args.budget(),
        cancelled: &CANCELLED,
        say: &|text| messages.say(&visible(text.as_bytes())),
    };
    let report = measure(&detectors, &kept, &settings);
    messages.end();
    let mut report = report.map_err(|error| match error {
        MeasureError::Cancelled => Failure::Interrupted,
        MeasureError::Input(message) => Failure::Input(message),
    })?;
    report.dropped.splice(0..0, dropped);
    for what in &report.dropped {
        messages.say(&visible(format!("left out: {what}").as_bytes()));
    }
    // A baseline that does not fit must not cost what was measured: it is told when all is written.
    let compared = earlier
        .map(|earlier| compare(&report, &earlier))
        .transpose();
    let changes = compared.as_ref().ok().and_then(Option::as_deref);
    args.show(&report, changes)?;
    let refused = report.measured.iter().filter(|one| {
        // Rows that are other ones by design are no failure, unless there are none.
        let by_design = report.differs(&one.detector).is_some() && one.rows.is_some();
        one.refused.is_some() && !by_design
    });
    let mut failed: Vec<String> = refused
        .map(|one| format!("{} has wrong rows or none", report.name_of(one)))
        .collect();
    if report.rounds == 0 && failed.is_empty() {
        failed
            .push("there was time for nothing: give a larger --budget or a smaller --scale".into());
    }
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
    /// Time for everything.
    fn budget(&self) -> Option<Duration> {
        let said = self.budget.map(Duration::from_secs);
        said.or(self.quick.then_some(QUICK))
    }

    /// Ours, and those that files describe.
    fn detectors(&self, program: &Path) -> Result<Vec<Detector>, Failure> {
        let mut detectors = vec![Detector::ours(program, &threads())];
        for path in &self.detectors {
            let detector = Detector::from_source(&Source::read(path)?, program)?;
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

    fn label(&self, report: &BenchReport) -> String {
        let first = report.datasets.first();
        let scenario = first.map(|one| one.scenario.as_str()).unwrap_or_default();
        self.label.clone().unwrap_or_else(|| scenario.to_owned())
    }

    fn show(&self, report: &BenchReport, changes: Option<&[Change]>) -> Result<(), Failure> {
        let told = story::tell(report, changes);
        let label = self.label(report);
        let files = Files {
            json: json::file(report)?,
            critcmp: json::file(&export::critcmp(report, &label))?,
            github: json::file(&export::github_action_benchmark(report))?,
            text: {
                let mut text = Vec::new();
                markdown::write(&mut text, "scanbench bench", &told)?;
                text
            },
        };
        let mut out = BufWriter::new(io::stdout().lock());
        match self.format {
            Format::Table => terminal::write(&mut out, &told)?,
            Format::Json => out.write_all(&files.json)?,
            Format::Critcmp => out.write_all(&files.critcmp)?,
            Format::GithubActionBenchmark => out.write_all(&files.github)?,
        }
        out.flush()?;
        if let Some(folder) = &self.output {
            files.write(folder)?;
        }
        let Some(parent) = &self.keep else {
            return Ok(());
        };
        let day: String = report.began.chars().take(10).collect();
        files.write(&new_folder(parent, &format!("{day}-{label}"))?)
    }
}

/// The command line as others can read it, without the place of this program.
fn command_line() -> Vec<String> {
    let words = std::env::args_os().skip(1);
    let words = words.map(|word| visible(word.as_encoded_bytes()));
    std::iter::once("scanbench".to_owned())
        .chain(words)
        .collect()
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
