//! `exclusions import`: the exclusions of another tool as a list of ours.

use crate::cli::failure::Failure;
use crate::cli::messages::tell;
use clap::ValueEnum;
use scanbench_detector::{Origin, Stage, import};
use scanbench_spec::{Findings, Source};
use std::io::{self, Write};
use std::path::PathBuf;

/// Take exclusions over from another tool
///
/// Writes a list in TOML to standard output, to be read before it is used. What cannot be taken over is an error with
/// its place, and then nothing is written.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench exclusions import watchlist.csv > exclusions.toml
  scanbench exclusions import exceptions.ndjson --from elastic --stage alert > exclusions.toml

Sentinel watchlists (CSV), Elastic exception items (TOML of detection-rules, NDJSON of Kibana) and Sigma filters (YAML).
Exit codes: 0 taken over, 2 bad input or arguments, 3 something cannot be taken over")]
pub(crate) struct Args {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Where it comes from [default: by its content]
    #[arg(long, value_name = "TOOL")]
    from: Option<OriginArg>,

    /// The stage of exclusions whose origin does not say one
    #[arg(long, value_name = "STAGE", default_value = "event")]
    stage: StageArg,
}

#[derive(Clone, Copy, ValueEnum)]
enum OriginArg {
    SentinelWatchlist,
    Elastic,
    Sigma,
}

#[derive(Clone, Copy, ValueEnum)]
enum StageArg {
    Event,
    Alert,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let source = Source::read(&args.file)?;
    let origin = match args.from {
        Some(OriginArg::SentinelWatchlist) => Origin::SentinelWatchlist,
        Some(OriginArg::Elastic) => Origin::Elastic,
        Some(OriginArg::Sigma) => Origin::Sigma,
        None => Origin::of(&source).ok_or_else(|| {
            Failure::Input(format!(
                "cannot tell where {} comes from; give --from sentinel-watchlist, elastic or sigma",
                args.file.display()
            ))
        })?,
    };
    let stage = match args.stage {
        StageArg::Event => Stage::Event,
        StageArg::Alert => Stage::Alert,
    };
    let import = import(&source, origin, stage);
    let is_incomplete = import.is_incomplete();
    if !import.findings.is_empty() {
        tell(&Findings::new(&source, import.findings).to_string());
    }
    if is_incomplete {
        return Err(Failure::FileTold);
    }
    io::stdout().write_all(import.list.as_bytes())?;
    Ok(())
}
