//! `fit`: a background from somebody's own logs.

use super::CANCELLED;
use super::compare::{logs, profile, stop};
use super::evaluate::write_file;
use super::failure::Failure;
use scanbench::realism::fit::fit;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Make a background from a real log
///
/// Measures visits, hours and weekdays, popularity, sizes, times, status triples, agents by family and monitoring, site by
/// site, and writes a scenario from which traffic of the same kind is generated. No address, user, path, query or agent of
/// the log is in it; port numbers, times of the first and last line and status codes are. See how near it comes with
/// `scanbench compare`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench fit C:\\inetpub\\logs\\LogFiles -o background.toml
  scanbench generate background.toml -o dataset
  scanbench compare dataset C:\\inetpub\\logs\\LogFiles

Or include it in a scenario with scans: include = [\"background.toml\"]
Exit codes: 0 written, 2 bad input or arguments, 130 interrupted")]
pub(crate) struct Args {
    /// The real log, or a folder of logs; each folder with logs becomes a site
    #[arg(value_name = "REAL")]
    real: PathBuf,

    /// Write the background here [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let measured = profile(&args.real)?;
    let text = fit(&logs(&args.real)?, &measured, &CANCELLED).map_err(|stopped| stop(&stopped))?;
    let text = text.ok_or_else(|| Failure::Input("no line was found again".to_owned()))?;
    let Some(path) = &args.output else {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        return Ok(out.flush()?);
    };
    let folder = path
        .parent()
        .filter(|folder| *folder != Path::new(""))
        .unwrap_or(Path::new("."));
    let name = path.file_name().and_then(OsStr::to_str).ok_or_else(|| {
        Failure::Input(format!(
            "-o {}: expected the name of a file",
            path.display()
        ))
    })?;
    write_file(folder, name, text.as_bytes())
}
