//! `exclusions measure`: what a list removes and hides on labelled data.

use crate::cli::embedded;
use crate::cli::evaluate::evaluate;
use crate::cli::failure::Failure;
use crate::cli::gates::hold_promises;
use clap::ValueEnum;
use scanbench::report::json;
use scanbench::report::{exclusions, markdown, terminal};
use scanbench_detector::{Exclusions, Rule};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// Measure what each exclusion of a list removes, and what it hides
///
/// Runs the detector once over each dataset and holds what every exclusion takes away against the truth: alone, last
/// (what would be back without it) and as its fair share of what all do together (Shapley's value).
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench exclusions measure exclusions.toml --against dataset
  scanbench exclusions measure documented --against seed-1 seed-2 seed-3 --format markdown

Exit codes: 0 measured and every [exclusion.expect] holds, 1 one does not hold, 2 bad input or arguments,
3 bad exclusion file, 130 interrupted")]
pub(crate) struct Args {
    /// An exclusion list, or the name of a built-in one
    #[arg(value_name = "FILE")]
    file: String,

    /// Folders of datasets, as `scanbench generate` writes them
    #[arg(long, value_name = "DATASET", required = true, num_args = 1..)]
    against: Vec<PathBuf>,

    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: FormatArg,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatArg {
    Table,
    Json,
    Markdown,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let list = Exclusions::from_source(&embedded::exclusions(&args.file)?)?;
    let evaluation = evaluate(&args.against, &Rule::default(), &list)?;
    let mut out = BufWriter::new(io::stdout().lock());
    match args.format {
        FormatArg::Table => terminal::write(&mut out, &exclusions::measured(&evaluation))?,
        FormatArg::Markdown => {
            let sections = exclusions::measured(&evaluation);
            markdown::write(
                &mut out,
                "What the exclusions remove, and what they hide",
                &sections,
            )?;
        }
        FormatArg::Json => {
            let ledger = exclusions::as_json(&evaluation);
            json::write_pretty(&mut out, &ledger)?;
        }
    }
    out.flush()?;
    hold_promises(&evaluation)
}
