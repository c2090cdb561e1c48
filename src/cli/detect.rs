//! `detect`: logs in, rows out.

use super::CANCELLED;
use super::failure::Failure;
use super::messages::{Messages, count};
use super::rule_args::RuleArgs;
use clap::ValueEnum;
use scanbench::report::rows::{self, Format};
use scanbench_detector::{
    Detection, Exclusions, FindError, LogFile, Notice, Rule, ScanOptions, Selection, Stopped,
    Totals, find_logs, scan,
};
use scanbench_spec::parse_duration;
use scanbench_w3c::visible;
use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

/// Find the clients that reach many ports in IIS logs
///
/// Reads W3C logs of IIS sites and prints the rows that the Microsoft Sentinel rule "High count of connections by
/// client IP on many ports" returns: one for each 10-minute bin, client, computer and server address with 30 or
/// more distinct ports.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench detect C:\\inetpub\\logs\\LogFiles
  scanbench detect logs --exclusions exclusions.toml --format ndjson > rows.ndjson
  scanbench detect 'logs/WEB*/W3SVC1/u_ex2611*.log' --computer WEB01 --strict
  zcat u_ex261102.log.gz | scanbench detect - --computer WEB01

Computer is --computer, else s-computername, else the folder above W3SVC<id>, else the file's folder.
Exit codes: 0 read to the end (rows or none), 2 bad input or arguments, 3 bad exclusion file, 130 interrupted")]
pub(crate) struct Args {
    /// Log files, folders of them, patterns, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    rule: RuleArgs,

    /// How rows are written
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: FormatArg,

    /// The Computer column of every line, whatever the log says
    #[arg(long, value_name = "NAME")]
    computer: Option<String>,

    /// Stop at the first bad line
    #[arg(long, conflicts_with = "max_bad_lines")]
    strict: bool,

    /// Stop when more lines than this are bad
    #[arg(long, value_name = "N")]
    max_bad_lines: Option<u64>,

    /// Threads that work; the rows do not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,

    /// How far lines may stand behind the latest time of their log; IIS never writes backwards
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse_duration)]
    lateness: Duration,

    /// Read everything before any bin is closed: for lines in any order, in more memory
    #[arg(long)]
    unsorted: bool,

    /// Use no vector instructions; for measuring
    #[arg(long, hide = true)]
    portable: bool,

    /// Say on standard error how much was counted and where the time went
    #[arg(long)]
    stats: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatArg {
    Table,
    Csv,
    Json,
    Ndjson,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Table => Self::Table,
            FormatArg::Csv => Self::Csv,
            FormatArg::Json => Self::Json,
            FormatArg::Ndjson => Self::Ndjson,
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let rule = args.rule.rule()?;
    let exclusions = args.rule.exclusions()?;
    let reading = Reading {
        computer: args.computer.as_deref(),
        max_bad_lines: if args.strict {
            Some(0)
        } else {
            args.max_bad_lines
        },
        threads: args.threads,
        lateness: args.lateness,
        unsorted: args.unsorted,
        portable: args.portable,
    };
    let (detection, totals) = read(&args.paths, rule, exclusions, &reading)?;
    let alerts = detection.alerts(&Selection::All);
    let mut out = BufWriter::new(io::stdout().lock());
    rows::write(&mut out, &alerts, args.format.into())?;
    out.flush()?;
    tell_totals(&detection, &totals, alerts.len());
    if totals.failed + totals.refused_named > 0 {
        return Err(Failure::InputTold);
    }
    Ok(())
}

/// How logs are read, besides the rule.
#[derive(Default)]
pub(crate) struct Reading<'a> {
    pub(crate) computer: Option<&'a str>,
    pub(crate) max_bad_lines: Option<u64>,
    pub(crate) threads: Option<NonZeroUsize>,
    pub(crate) lateness: Duration,
    pub(crate) unsorted: bool,
    pub(crate) portable: bool,
}

/// Finds the logs, reads them and tells whatever is not as it should be.
pub(crate) fn read(
    paths: &[PathBuf],
    rule: Rule,
    exclusions: Exclusions,
    reading: &Reading<'_>,
) -> Result<(Detection, Totals), Failure> {
    let (logs, errors) = find_logs(paths);
    let mut unreadable = 0;
    let sizes: Option<Vec<u64>> = logs.iter().map(size).collect();
    let mut messages = Messages::bytes("reading", sizes.map(|all| all.iter().sum()));
    for error in &errors {
        messages.say(&format!("error: {error}"));
        match error {
            FindError::Unreadable { .. } => unreadable += 1,
            _ => return Err(Failure::InputTold),
        }
    }
    let mut options = ScanOptions::new(&CANCELLED);
    options.computer = reading.computer;
    options.max_bad_lines = reading.max_bad_lines;
    options.threads = reading.threads.unwrap_or(options.threads);
    options.lateness = reading.lateness;
    options.unsorted = reading.unsorted;
    options.portable = reading.portable;
    let outcome = scan(&logs, &rule, &exclusions, &options, &mut |notice| {
        tell(&mut messages, &notice);
    });
    messages.end();
    let (detection, mut totals) = outcome.map_err(|stopped| match stopped {
        Stopped::Cancelled => Failure::Interrupted,
        Stopped::BadLines { .. } | Stopped::Changed { .. } => Failure::input(&stopped),
    })?;
    totals.failed += unreadable;
    if totals.logs == 0 {
        return Err(Failure::Input(
            "no IIS log was found among the files named".into(),
        ));
    }
    Ok((detection, totals))
}

fn size(log: &LogFile) -> Option<u64> {
    let path = log.path.as_ref()?;
    std::fs::metadata(path).ok().map(|data| data.len())
}

fn tell(messages: &mut Messages, notice: &Notice<'_>) {
    match notice {
        Notice::Progress(bytes) => messages.progress(*bytes),
        Notice::Bad(log, bad) => messages.say_some("bad lines", &format!("bad line: {log}:{bad}")),
        Notice::PassedOver(log, other) => messages.say_some(
            "logs passed over",
            &format!("note: {log} is {other}, not a web log of IIS; passed over"),
        ),
        Notice::Refused(log, looks_like) => messages.say_some(
            "files refused",
            &format!("warning: {log} is no W3C log, refused: it looks like {looks_like}"),
        ),
        Notice::Unfit(log, why) => messages.say_some("files refused", &format!("warning: {log} is {why}; refused")),
        Notice::Unsorted(log) => messages.say_some(
            "logs out of order",
            &format!("note: {log} is not in order of time"),
        ),
        Notice::Late => messages.say(
            "error: lines came after their bin was closed, so rows may be missing; give --unsorted, or --lateness",
        ),
        Notice::BrokenTable(log, why) => messages.say(&format!("error: {log}: {why}; what was read before it counts")),
        Notice::Empty(log) => {
            messages.say_some("empty logs", &format!("note: {log} is empty"));
        }
        Notice::NoColumn(log, field) => messages.say_some(
            "logs without a column that the rule needs",
            &format!("warning: {log} has no {field} column; the rule sees it as empty"),
        ),
        Notice::LocalTime(log) => messages.say_some(
            "logs in local time",
            &format!("note: {log} has local times (time-local), taken as they are"),
        ),
        Notice::Unreadable(log, error) => {
            messages.say(&format!("error: cannot read {log}: {error}"));
        }
        Notice::Broken(log, error) => messages.say(&format!(
            "error: {log}: {error}; what was read before it counts"
        )),
    }
}

fn tell_totals(detection: &Detection, totals: &Totals, rows: usize) {
    let mut parts = vec![format!(
        "read {} in {}: {}, {}",
        count(totals.counts.entries, "line", "lines"),
        count(totals.logs, "log", "logs"),
        count(totals.counts.bad, "bad line", "bad lines"),
        count(rows as u64, "row", "rows"),
    )];
    for (number, what) in [
        (totals.passed_over, "passed over"),
        (totals.refused, "refused"),
        (totals.failed, "failed"),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", count(number, "file", "files")));
        }
    }
    let mut lines = vec![parts.join("; ")];
    let exclusions = detection.exclusions().list();
    if !exclusions.is_empty() {
        let suppressed = detection.suppressed();
        lines.push(format!(
            "exclusions took out {} and {}",
            count(detection.suppressed_lines(), "line", "lines"),
            count(suppressed.len() as u64, "row", "rows"),
        ));
        for (index, exclusion) in exclusions.iter().enumerate() {
            let alone = suppressed
                .iter()
                .filter(|row| row.removed_alone_by.contains(&index))
                .count();
            lines.push(format!(
                "  {}: {} matched, {} taken out by it alone",
                visible(exclusion.id().as_bytes()),
                count(detection.matched_lines(index), "line", "lines"),
                count(alone as u64, "row", "rows"),
            ));
        }
    }
    // Where standard error is gone there is nobody to tell.
    let _ = writeln!(io::stderr(), "{}", lines.join("\n"));
}
