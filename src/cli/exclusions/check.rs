//! `exclusions check`: what is wrong with a list, all of it at once.

use crate::cli::embedded;
use crate::cli::failure::Failure;
use scanbench_detector::Exclusions;
use std::io::{self, Write};

/// Say what is wrong with an exclusion list
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench exclusions check exclusions.toml
  scanbench exclusions check documented

Exit codes: 0 nothing is wrong, 3 bad exclusion file")]
pub(crate) struct Args {
    /// An exclusion list, or the name of a built-in one
    #[arg(value_name = "FILE")]
    file: String,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let exclusions = Exclusions::from_source(&embedded::exclusions(&args.file)?)?;
    let count = exclusions.list().len();
    writeln!(io::stdout(), "{count} exclusions, nothing is wrong")?;
    Ok(())
}
