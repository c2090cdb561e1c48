//! `compare`: a set beside a real log.

use super::CANCELLED;
use super::failure::Failure;
use super::messages::{Messages, count};
use super::whole::write_file;
use scanbench::realism::compare::compare;
use scanbench::realism::profile::{Profile, measure};
use scanbench::report::json;
use scanbench::report::{charts, compare as report, html, markdown, terminal};
use scanbench_detector::{LogFile, Stopped, find_logs};
use scanbench_generator::manifest::FileStamps;
use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Measure how near a set is to a real log
///
/// Measures twelve properties of both: hours, weekdays, visits, gaps, popularity, sizes, times, status triples, agents,
/// probes, silences and headers. Prints the distance of each with its interval, and beside it the yardstick: the distance
/// of the first half of the real log from its second. What a side does not log is unmeasured.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench compare dataset C:\\inetpub\\logs\\LogFiles\\W3SVC1
  scanbench compare dataset real.log -o out

Nothing of the real log is written but counts, shares and distances.
Exit codes: 0 measured, 2 bad input or arguments, 130 interrupted")]
pub(crate) struct Args {
    /// The set: a dataset's folder, a log, or a folder of logs
    #[arg(value_name = "SET")]
    set: PathBuf,

    /// The real log, or a folder of them
    #[arg(value_name = "REAL")]
    real: PathBuf,

    /// Write compare.html, compare.json, compare.md, distances.svg and a picture of each property into this folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let both = || Ok::<_, Failure>([logs(&args.set)?, logs(&args.real)?].concat());
    let standing = Standing::of(&both()?);
    let measured = profile(&args.set).and_then(|set| Ok((set, profile(&args.real)?)));
    // That a log changed says more than what came of it.
    standing.hold("compare", both)?;
    let (set, real) = measured?;
    let comparison = compare(&set, &real);
    let story = report::tell(&comparison);
    let mut out = BufWriter::new(io::stdout().lock());
    terminal::write(&mut out, &story)?;
    out.flush()?;
    let Some(folder) = &args.output else {
        return Ok(());
    };
    let json = json::file(&comparison)?;
    let mut text = Vec::new();
    markdown::write(&mut text, "scanbench: a set beside a real log", &story)?;
    write_file(
        folder,
        "compare.html",
        html::compare_page(&comparison).as_bytes(),
    )?;
    write_file(folder, "compare.json", &json)?;
    write_file(folder, "compare.md", &text)?;
    for (name, svg) in charts::of_comparison(&comparison) {
        write_file(folder, &format!("{name}.svg"), svg.as_bytes())?;
    }
    Ok(())
}

/// How logs stood before they were read more than once: the numbers of one reading must not meet those of another.
pub(crate) struct Standing {
    paths: BTreeSet<PathBuf>,
    stamps: FileStamps,
}

impl Standing {
    pub(crate) fn of(files: &[LogFile]) -> Self {
        let paths: BTreeSet<PathBuf> = files.iter().filter_map(|file| file.path.clone()).collect();
        let stamps = FileStamps::of_files(paths.iter().map(PathBuf::as_path));
        Self { paths, stamps }
    }

    /// Fails where one changed, or where others are there now.
    pub(crate) fn hold(
        &self,
        what: &str,
        again: impl FnOnce() -> Result<Vec<LogFile>, Failure>,
    ) -> Result<(), Failure> {
        let mut changed = self.stamps.changed().next().map(str::to_owned);
        // Where one is gone there may be none left to be found.
        if changed.is_none() {
            let again = again()?;
            let mut came = again.iter().filter_map(|file| file.path.as_ref());
            let came = came.find(|path| !self.paths.contains(*path));
            changed = came.map(|path| path.display().to_string());
        }
        match changed {
            None => Ok(()),
            Some(path) => Err(Failure::Input(format!(
                "cannot {what} {}: it changed while it was read; take a copy that nobody writes to",
                scanbench_w3c::visible(path.as_bytes())
            ))),
        }
    }
}

/// Measures the logs that a path names.
pub(crate) fn profile(path: &Path) -> Result<Profile, Failure> {
    let logs = logs(path)?;
    let mut messages = Messages::steps("measuring");
    let measured = measure(&logs, &CANCELLED).map_err(|stopped| stop(&stopped));
    if let Ok(profile) = &measured {
        let passage = &profile.passage;
        for reason in &passage.reasons {
            messages.say_some("files passed over", &format!("passed over: {reason}"));
        }
        messages.count_more(
            "files passed over",
            passage.passed_over - passage.reasons.len() as u64,
        );
        messages.say(&format!(
            "{}: {} in {}, {}",
            scanbench_w3c::visible(path.as_os_str().as_encoded_bytes()),
            count(passage.lines, "line", "lines"),
            count(passage.logs, "log", "logs"),
            count(passage.bad, "bad line", "bad lines")
        ));
        if profile.paths_joined {
            messages.say("note: beyond the 16,384th path all count as one");
        }
    }
    messages.end();
    let profile = measured?;
    profile.passage.whole().map_err(|stopped| stop(&stopped))?;
    if profile.passage.lines == 0 {
        return Err(nothing(path));
    }
    Ok(profile)
}

pub(crate) fn logs(path: &Path) -> Result<Vec<LogFile>, Failure> {
    let (logs, errors) = find_logs(&[path.to_owned()]);
    if let Some(error) = errors.first() {
        return Err(Failure::input(error));
    }
    if logs.is_empty() {
        return Err(nothing(path));
    }
    Ok(logs)
}

pub(crate) fn stop(stopped: &Stopped) -> Failure {
    match stopped {
        Stopped::Cancelled => Failure::Interrupted,
        other => Failure::input(other),
    }
}

fn nothing(path: &Path) -> Failure {
    Failure::Input(format!(
        "{}: no line of an IIS log was found there",
        scanbench_w3c::visible(path.as_os_str().as_encoded_bytes())
    ))
}
