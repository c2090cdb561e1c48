//! `audit`: what in a single line gives scans away.

use super::CANCELLED;
use super::compare::stop;
use super::failure::Failure;
use super::whole::write_file;
use scanbench::realism::audit::{AuditError, audit, read};
use scanbench::report::json;
use scanbench::report::{audit as report, markdown, terminal};
use scanbench_generator::manifest::Manifest;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// Find what in a single line, ports left aside, tells scans from look-alikes
///
/// Learns on some campaigns which values of one field, of two, or of a small tree of questions belong to attacks, and tries
/// it on the others. What is right in more than 0.6 of lines, and more often than chance makes the best of so many rules,
/// is a leak: a detector could learn it instead of the behaviour. Its value is named, with lines to look at.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench audit dataset
  scanbench audit seed1 seed2 seed3 -o out

Exit codes: 0 no leak, 1 a leak, 2 bad input or arguments, 130 interrupted")]
pub(crate) struct Args {
    /// Folders of datasets, as `scanbench generate` writes them in any format; more of them tell more
    #[arg(required = true, value_name = "SET")]
    datasets: Vec<PathBuf>,

    /// Write audit.json and audit.md into this folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let datasets = args
        .datasets
        .iter()
        .map(|folder| {
            Ok((
                folder.clone(),
                Manifest::read(folder).map_err(|error| Failure::input(&error))?,
            ))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let material = read(&datasets, &CANCELLED).map_err(|error| match error {
        AuditError::Stopped(stopped) => stop(&stopped),
        other => Failure::input(&other),
    })?;
    let audit = audit(&material);
    let story = report::tell(&audit);
    let mut out = BufWriter::new(io::stdout().lock());
    terminal::write(&mut out, &story)?;
    out.flush()?;
    if let Some(folder) = &args.output {
        let json = json::file(&audit)?;
        let mut text = Vec::new();
        markdown::write(&mut text, "scanbench: what gives scans away", &story)?;
        write_file(folder, "audit.json", &json)?;
        write_file(folder, "audit.md", &text)?;
    }
    match audit.leaks().count() {
        0 => Ok(()),
        1 => Err(Failure::Gate(
            "one rule that looks at no port tells scans from look-alikes".to_owned(),
        )),
        leaks => Err(Failure::Gate(format!(
            "{leaks} rules that look at no port tell scans from look-alikes"
        ))),
    }
}
