//! `exclusions check`: what is wrong with a list, all of it at once.

use super::against;
use super::export::TargetArg;
use super::show::{self, Checked, Format};
use crate::cli::embedded;
use crate::cli::failure::Failure;
use clap::ValueEnum;
use scanbench_detector::{Exclusion, Reading, export, lint};
use scanbench_spec::{Findings, Severity};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// Say what is wrong with an exclusion list, before it ships
///
/// Tells all findings at once, each with its place, a stable code, what it means and what to do: from the list alone,
/// and with --against also from logs (fields and values that they do not have, exclusions that match nothing or change
/// nothing) or from a dataset (attacks that an exclusion hides).
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench exclusions check exclusions.toml
  scanbench exclusions check exclusions.yaml --against C:\\inetpub\\logs\\LogFiles
  scanbench exclusions check documented --against dataset --format sarif > findings.sarif

Exit codes: 0 no finding of --fail-on or graver, 1 there is one, 2 bad input or arguments, 3 the list cannot be read,
130 interrupted")]
pub(crate) struct Args {
    /// An exclusion list, or the name of a built-in one
    #[arg(value_name = "FILE")]
    file: String,

    /// Logs, tables, folders of them, or a dataset
    #[arg(long, value_name = "PATH", num_args = 1..)]
    against: Vec<PathBuf>,

    /// Say also what this target of `exclusions export` cannot say
    #[arg(long, value_name = "TARGET")]
    export_to: Option<TargetArg>,

    /// How findings are written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,

    /// The least grave finding that fails
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    fail_on: LevelArg,
}

#[derive(Clone, Copy, ValueEnum)]
enum LevelArg {
    Error,
    Warning,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let source = embedded::exclusions(&args.file)?;
    let reading = Reading::of(&source);
    let is_readable = reading.findings.is_empty();
    let mut findings = reading.findings;
    findings.extend(lint(&reading.exclusions));
    if is_readable && !args.against.is_empty() {
        findings.extend(against::findings(&args.against, &reading.exclusions)?);
    }
    if let Some(target) = args.export_to {
        findings.extend(
            export(&reading.exclusions, target.into())
                .err()
                .unwrap_or_default(),
        );
    }
    let threshold = match args.fail_on {
        LevelArg::Error => Severity::Error,
        LevelArg::Warning => Severity::Warning,
    };
    let list = reading.exclusions.list();
    let checked = Checked {
        findings: &Findings::new(&source, findings),
        ids: list.iter().map(Exclusion::id).collect(),
        threshold,
    };
    let mut out = BufWriter::new(io::stdout().lock());
    show::write(&mut out, &checked, args.format)?;
    out.flush()?;
    if !is_readable {
        return Err(Failure::FileTold);
    }
    if checked.failing() > 0 {
        return Err(Failure::GateTold);
    }
    Ok(())
}
