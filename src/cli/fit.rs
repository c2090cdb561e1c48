//! `fit`: a background from somebody's own logs.

use super::CANCELLED;
use super::compare::{Standing, logs, profile, stop};
use super::failure::Failure;
use super::whole::write_file;
use scanbench::realism::fit::fit;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Make a background from a real log
///
/// Measures visits, hours and weekdays, popularity, sizes, times, status triples, agents by family and monitoring, site by
/// site, and writes a scenario from which traffic of the same kind is generated. No address, user, path, query or agent of
/// the log is in it; port numbers, times of the first and last line and status codes are. The log is read twice and must
/// not change meanwhile. See how near it comes with `scanbench compare`.
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
    let text = background(&args.real, || {})?;
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

/// Reads the logs twice, with something between, which only tests do. The numbers of one reading must not meet those of
/// another: the result would be of logs that never were.
fn background(real: &Path, between: impl FnOnce()) -> Result<String, Failure> {
    let files = logs(real)?;
    let standing = Standing::of(&files);
    let measured = profile(real)?;
    between();
    let text = fit(&files, &measured, &CANCELLED).map_err(|stopped| stop(&stopped))?;
    standing.hold("fit", || logs(real))?;
    text.ok_or_else(|| Failure::Input("no line was found again".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const LOG: &str = "#Fields: date time s-ip cs-method cs-uri-stem s-port c-ip sc-status\n\
        2026-11-02 10:00:00 10.0.0.1 GET / 80 192.0.2.7 200\n\
        2026-11-02 10:00:05 10.0.0.1 GET /a 80 192.0.2.7 200\n";

    /// What it says of two logs, where something happens between the two readings.
    fn with(between: impl FnOnce(&Path)) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.log"), LOG).unwrap();
        fs::write(folder.path().join("b.log"), LOG).unwrap();
        background(folder.path(), || between(folder.path())).map_err(|failure| match failure {
            Failure::Input(told) => told,
            _ => "another failure".to_owned(),
        })
    }

    #[test]
    fn logs_that_change_between_the_two_readings_are_refused() {
        let whole = with(|_| {}).unwrap();
        assert!(whole.contains("of 4 lines"), "{whole}");
        let more = LOG.replace("10:00:", "11:00:");
        let grown = with(|folder| fs::write(folder.join("b.log"), LOG.to_owned() + &more).unwrap());
        let told = grown.unwrap_err();
        assert!(told.contains("b.log: it changed"), "{told}");
        // As long, by another name moved there.
        let replaced = with(|folder| {
            fs::write(folder.join("c"), &more).unwrap();
            fs::rename(folder.join("c"), folder.join("a.log")).unwrap();
        });
        let told = replaced.unwrap_err();
        assert!(told.contains("a.log: it changed"), "{told}");
        let came = with(|folder| fs::write(folder.join("c.log"), LOG).unwrap());
        let told = came.unwrap_err();
        assert!(told.contains("c.log: it changed"), "{told}");
    }
}
