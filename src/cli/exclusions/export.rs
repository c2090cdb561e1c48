//! `exclusions export`: a list in the words of another engine.

use crate::cli::embedded;
use crate::cli::failure::Failure;
use clap::ValueEnum;
use scanbench_detector::{Exclusions, Target, export};
use scanbench_spec::Findings;
use std::io::{self, Write};

/// Write an exclusion list for another engine
///
/// What the target cannot say is an error with its place, and then nothing is written. Exclusions that are switched
/// off are left out.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench exclusions export exclusions.toml --to kql
  scanbench exclusions export exclusions.toml --to sentinel-watchlist > watchlist.csv

kql is for the query of the rule, right behind W3CIISLog, and has stage \"event\" only; kql-query and sql are whole
queries that return the rows that are left, of both stages.
Exit codes: 0 written, 2 bad input or arguments, 3 bad exclusion file, or one that the target cannot say")]
pub(crate) struct Args {
    /// An exclusion list, or the name of a built-in one
    #[arg(value_name = "FILE")]
    file: String,

    /// The target
    #[arg(long, value_name = "TARGET")]
    to: TargetArg,
}

/// The targets on the command line.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum TargetArg {
    Kql,
    KqlQuery,
    Sql,
    SentinelWatchlist,
    Sigma,
}

impl From<TargetArg> for Target {
    fn from(target: TargetArg) -> Self {
        match target {
            TargetArg::Kql => Self::Kql,
            TargetArg::KqlQuery => Self::KqlQuery,
            TargetArg::Sql => Self::Sql,
            TargetArg::SentinelWatchlist => Self::SentinelWatchlist,
            TargetArg::Sigma => Self::Sigma,
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let source = embedded::exclusions(&args.file)?;
    let exclusions = Exclusions::from_source(&source)?;
    let text = export(&exclusions, args.to.into())
        .map_err(|findings| Failure::from(Findings::new(&source, findings)))?;
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
