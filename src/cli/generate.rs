//! `generate`: a scenario into a dataset.

use super::CANCELLED;
use super::embedded;
use super::failure::Failure;
use super::messages::{Messages, count, grouped};
use scanbench_generator::{
    Compression, Format, GenerateError, Keep, Options, Scenario, Shard, Summary,
};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Make labelled IIS logs from a scenario
///
/// Writes a folder with logs as IIS lays them out, a label for every line that is not background, the truth about
/// every campaign, and a manifest with checksums. The same scenario and seed give the same bytes on any number of
/// threads.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench generate default -o dataset
  scanbench generate my-scenario.toml -o dataset --seed 7 --force
  scanbench generate suite --scale 300 -o big --compress zst --resume
  scanbench generate throughput --scale 10 --discard

Exit codes: 0 made, 2 bad arguments or folder, 3 bad scenario file, 130 interrupted (nothing is left behind)")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line, on or off"
)]
pub(crate) struct Args {
    /// A scenario file, or the name of a built-in one (see `scanbench scenarios`)
    #[arg(value_name = "SCENARIO")]
    scenario: String,

    /// The folder to make; it must be empty or absent
    #[arg(short, long, value_name = "DIR", required_unless_present = "discard")]
    output: Option<PathBuf>,

    #[command(flatten)]
    making: Making,

    /// Replace the dataset that the folder holds
    #[arg(long)]
    force: bool,

    /// Continue what an interrupted run of the same scenario left, and keep what is made when interrupted
    #[arg(long, conflicts_with = "discard")]
    resume: bool,

    /// The format of logs: as IIS writes them, or as tables with the columns of `W3CIISLog`
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: FormatName,

    /// Compress the logs
    #[arg(long, value_enum, value_name = "HOW")]
    compress: Option<CompressionName>,

    /// Labels in the lines themselves too, as two more columns, for those who train models
    #[arg(long)]
    inline_labels: bool,

    /// HTTP.sys's own logs too: contacts that reach no site
    #[arg(long)]
    httperr: bool,

    /// Make only the files of one of N parts; the first has the truth
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<Shard>,

    /// Throw everything away, for measuring
    #[arg(long, conflicts_with = "output")]
    discard: bool,

    /// With --discard: take the checksums nevertheless
    #[arg(long, requires = "discard")]
    checksums: bool,
}

/// A format of logs.
#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum FormatName {
    /// W3C, as IIS writes them
    #[default]
    W3c,
    /// RFC 4180, with a header
    Csv,
    /// A JSON object a line
    Ndjson,
    /// Apache Parquet
    #[cfg(feature = "parquet")]
    Parquet,
}

/// A way to compress.
#[derive(Clone, Copy, clap::ValueEnum)]
enum CompressionName {
    /// gzip
    Gz,
    /// Zstandard
    Zst,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::W3c => Self::W3c,
            FormatName::Csv => Self::Csv,
            FormatName::Ndjson => Self::Ndjson,
            #[cfg(feature = "parquet")]
            FormatName::Parquet => Self::Parquet,
        }
    }
}

impl From<CompressionName> for Compression {
    fn from(name: CompressionName) -> Self {
        match name {
            CompressionName::Gz => Self::Gzip,
            CompressionName::Zst => Self::Zstd,
        }
    }
}

/// `2/8`: the second of eight parts.
fn shard(text: &str) -> Result<Shard, String> {
    text.split_once('/')
        .and_then(|(number, of)| Shard::new(number.parse().ok()?, of.parse().ok()?))
        .ok_or_else(|| "expected a part such as 2/8, from 1/N to N/N".to_owned())
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

impl Making {
    /// With this seed, at the scenario's own scale, on all cores.
    pub(crate) fn with_seed(seed: u64) -> Self {
        Self {
            seed: Some(seed),
            scale: None,
            threads: None,
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let scenario = Scenario::from_source(&embedded::scenario(&args.scenario)?)?;
    let options = Options {
        force: args.force,
        resume: args.resume,
        format: args.format.into(),
        compression: args.compress.map_or_else(Compression::default, Into::into),
        inline_labels: args.inline_labels,
        error_log: args.httperr,
        shard: args.shard.unwrap_or_default(),
        keep: match (args.discard, args.checksums) {
            (true, true) => Keep::Checksums,
            (true, false) => Keep::Nothing,
            _ => Keep::Files,
        },
        ..Options::default()
    };
    let nowhere = PathBuf::from("discarded");
    let folder = args.output.as_ref().unwrap_or(&nowhere);
    make_with(&scenario, folder, &args.making, options)?;
    Ok(())
}

/// Makes a dataset and says what it holds.
pub(crate) fn make(
    scenario: &Scenario,
    folder: &Path,
    making: &Making,
    force: bool,
) -> Result<Summary, Failure> {
    let options = Options {
        force,
        ..Options::default()
    };
    make_with(scenario, folder, making, options)
}

fn make_with(
    scenario: &Scenario,
    folder: &Path,
    making: &Making,
    options: Options<'_>,
) -> Result<Summary, Failure> {
    let all_cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let mut messages = Messages::steps("making");
    let begun = Instant::now();
    let summary = scanbench_generator::generate(
        scenario,
        folder,
        &Options {
            seed: making.seed,
            scale: making.scale,
            threads: making.threads.unwrap_or(all_cores),
            cancelled: Some(&CANCELLED),
            progress: &|progress| {
                let rate = grouped(per_second(progress.lines, begun));
                messages.step(
                    progress.done_minutes,
                    progress.total_minutes,
                    format!("{rate} lines/s"),
                );
            },
            ..options
        },
    );
    messages.end();
    let summary = summary.map_err(|error| match error {
        GenerateError::Cancelled => Failure::Interrupted,
        other => Failure::input(&other),
    })?;
    let done = if options.keep == Keep::Files {
        "made"
    } else {
        "made and threw away"
    };
    let mut text = format!(
        "{done} {} ({} labelled) in {}: {}, {} on which the rule must fire",
        count(summary.lines, "line", "lines"),
        summary.labelled_lines,
        count(summary.files, "file", "files"),
        count(summary.campaigns, "campaign", "campaigns"),
        count(summary.must_fire, "bin", "bins"),
    );
    if options.keep != Keep::Files {
        let rate = per_second(summary.lines, begun);
        let bytes = grouped(summary.bytes);
        text = format!("{text}; {} lines/s, {bytes} bytes in all", grouped(rate));
    }
    messages.say(&text);
    Ok(summary)
}

/// How many a second since then, rounded down.
fn per_second(number: u64, since: Instant) -> u64 {
    let millis = since.elapsed().as_millis().max(1);
    u64::try_from(u128::from(number) * 1000 / millis).unwrap_or(u64::MAX)
}
