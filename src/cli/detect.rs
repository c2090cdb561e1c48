//! `detect`: logs in, rows out.

use super::CANCELLED;
use super::failure::Failure;
use super::follow;
use super::messages::{self, Messages, count, grouped};
use super::rule_args::RuleArgs;
use super::standing;
use clap::ValueEnum;
use scanbench::report::rows::{self, Format};
use scanbench_detector::{
    Alert, Detection, Exclusions, FindError, LogFile, Notice, Rule, ScanOptions, Selection,
    Stopped, Totals, episodes, find_logs, scan,
};
use scanbench_spec::parse_duration;
use scanbench_w3c::visible;
use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

/// Find the clients that reach many ports in IIS logs
///
/// Reads W3C logs of IIS sites, plain or packed (.gz, .zst, .zip), and exports of the Sentinel table (CSV, NDJSON,
/// Parquet), and prints the rows that the Microsoft Sentinel rule "High count of connections by
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

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    reading: ReadArgs,

    /// Follow logs as they are written, and print rows as soon as they are there; see `scanbench follow --help`
    #[arg(
        long,
        help_heading = "Following",
        conflicts_with_all = [
            "format", "raw", "episodes", "stats", "strict", "max_bad_lines", "threads", "lateness", "unsorted",
            "no_line_counts", "portable",
        ]
    )]
    follow: bool,

    /// With --follow: where to go on from, and where that is kept
    #[arg(
        long,
        value_name = "FILE",
        requires = "follow",
        help_heading = "Following"
    )]
    checkpoint: Option<PathBuf>,

    /// Say on standard error how much was counted and where the time went
    #[arg(long, help_heading = "Output")]
    stats: bool,
}

/// How rows are written.
#[derive(clap::Args)]
#[command(next_help_heading = "Output")]
struct OutputArgs {
    /// How rows are written
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: FormatArg,

    /// With --format csv: texts as the log has them, also those that a spreadsheet takes for formulas
    #[arg(long)]
    raw: bool,

    /// Join rows of neighbouring windows of one client and server, and print one line for each episode
    #[arg(long)]
    episodes: bool,
}

/// How logs are read, besides the rule.
#[derive(clap::Args, Default)]
#[command(next_help_heading = "Reading")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct ReadArgs {
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

    /// Hold no more than about this much, such as 256M, whatever clients send: where it is too little, logs are read
    /// again for a part of all clients at a time, standard input from a temporary file. The rows are the same, and it
    /// takes longer; where the rows alone are too much, it stops with exit code 2. With --follow see there
    #[arg(long, value_name = "SIZE", value_parser = super::rule_args::memory)]
    max_memory: Option<u64>,

    /// Do not count the lines that exclusions match, but only the rows that they take away: faster, where a list is long
    /// or looks at agents, hosts or paths
    #[arg(long)]
    no_line_counts: bool,

    /// Use no vector instructions; for measuring
    #[arg(long, hide = true)]
    portable: bool,
}

impl ReadArgs {
    fn options(&self) -> ScanOptions<'_> {
        let mut options = ScanOptions::new(&CANCELLED);
        options.computer = self.computer.as_deref();
        options.max_bad_lines = if self.strict {
            Some(0)
        } else {
            self.max_bad_lines
        };
        options.threads = self.threads.unwrap_or(options.threads);
        options.lateness = self.lateness;
        options.unsorted = self.unsorted;
        options.counts_matches = !self.no_line_counts;
        options.portable = self.portable;
        options.max_memory = self.max_memory;
        options
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatArg {
    Table,
    Csv,
    Json,
    Ndjson,
}

impl OutputArgs {
    fn format(&self) -> Result<Format, Failure> {
        match (self.format, self.raw) {
            (FormatArg::Csv, true) => Ok(Format::RawCsv),
            (_, true) => Err(Failure::Input(
                "--raw is for --format csv: JSON has the very texts anyway, and a table is for people".to_owned(),
            )),
            (FormatArg::Table, false) => Ok(Format::Table),
            (FormatArg::Csv, false) => Ok(Format::Csv),
            (FormatArg::Json, false) => Ok(Format::Json),
            (FormatArg::Ndjson, false) => Ok(Format::Ndjson),
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    if args.follow {
        let (paths, rule) = (args.paths.clone(), args.rule.clone());
        let computer = args.reading.computer.clone();
        return follow::run(&follow::Args::plain(
            paths,
            rule,
            computer,
            args.checkpoint.clone(),
            args.reading.max_memory,
        ));
    }
    let format = args.output.format()?;
    let rule = args.rule.rule()?;
    let exclusions = args.rule.exclusions()?;
    let (detection, totals) = read(&args.paths, &rule, &exclusions, &args.reading)?;
    let alerts = detection.alerts(&Selection::All);
    let mut out = BufWriter::new(io::stdout().lock());
    if args.output.episodes {
        let joined = episodes(&alerts, &detection.rule().window);
        rows::write_episodes(&mut out, &joined, format)?;
    } else {
        rows::write(&mut out, &alerts, rule.published.as_deref(), format)?;
    }
    out.flush()?;
    let counts_lines = !args.reading.no_line_counts;
    tell_totals(&detection, &totals, alerts.len(), counts_lines);
    if args.stats {
        tell_stats(&detection, &totals);
    }
    if totals.failed + totals.refused_named > 0 {
        return Err(Failure::InputTold);
    }
    Ok(())
}

/// Finds the logs, reads them and tells whatever is not as it should be.
pub(crate) fn read(
    paths: &[PathBuf],
    rule: &Rule,
    exclusions: &Exclusions,
    reading: &ReadArgs,
) -> Result<(Detection, Totals), Failure> {
    read_and_tell(paths, rule, exclusions, reading, true)
}

/// Reads logs again, of which all that is not as it should be was told already. What was read first must all be there.
pub(crate) fn read_again(
    paths: &[PathBuf],
    rule: &Rule,
    exclusions: &Exclusions,
    first: &Totals,
) -> Result<Detection, Failure> {
    let reading = ReadArgs::default();
    let (detection, totals) = read_and_tell(paths, rule, exclusions, &reading, false)?;
    if totals.failed > first.failed {
        return Err(Failure::InputTold);
    }
    if totals.counts != first.counts {
        return Err(Failure::Input(format!(
            "the logs changed while they were read: {} first, then {}",
            count(first.counts.entries, "line", "lines"),
            count(totals.counts.entries, "line", "lines"),
        )));
    }
    Ok(detection)
}

fn read_and_tell(
    paths: &[PathBuf],
    rule: &Rule,
    exclusions: &Exclusions,
    reading: &ReadArgs,
    tells: bool,
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
    let outcome = scan(&logs, rule, exclusions, &reading.options(), &mut |notice| {
        let tells = tells
            || matches!(
                notice,
                Notice::Progress(_)
                    | Notice::Unreadable(..)
                    | Notice::Broken(..)
                    | Notice::BrokenTable(..)
            );
        if tells {
            tell(&mut messages, &notice);
        }
    });
    if let Ok((detection, _)) = &outcome
        && tells
    {
        standing::tell_disabled(&mut messages, exclusions);
        if let Some(span) = detection.span() {
            standing::tell_outside(&mut messages, exclusions, span);
        }
    }
    messages.end();
    let (detection, mut totals) = outcome.map_err(|stopped| match stopped {
        Stopped::Cancelled => Failure::Interrupted,
        Stopped::BadLines { .. } | Stopped::Changed { .. } | Stopped::Memory { .. } => {
            Failure::input(&stopped)
        }
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
        Notice::MoreBad(_, number) => messages.count_more("bad lines", *number),
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

fn tell_stats(detection: &Detection, totals: &Totals) {
    let Some(stats) = &totals.stats else {
        let why = "not measured: tables, and sessions of standard input, are counted line by line, without bins";
        messages::tell(why);
        return;
    };
    let alerts = detection.alerts(&Selection::None);
    let most = alerts.iter().map(Alert::distinct).max();
    if totals.parts > 1 {
        let parts = totals.parts;
        let why =
            format!("counted in {parts} parts, to keep within --max-memory; more would be faster");
        messages::tell(&why);
    } else if totals.readings > 1 {
        let why = "read again from the begin with all bins open, since lines came after their bin was closed";
        messages::tell(&format!("{why}; --lateness or --unsorted saves that"));
    }
    let lines = [
        format!("bins {}", grouped(stats.bins)),
        format!("groups {}", grouped(stats.groups)),
        format!("most values in a group {}", most.unwrap_or(stats.most)),
        format!(
            "near misses {} (two thirds of the threshold or more)",
            grouped(stats.near_misses)
        ),
        format!(
            "time over all threads: reading {:.3} s, first look {:.3} s, second look {:.3} s",
            stats.reading.as_secs_f64(),
            stats.first_look.as_secs_f64(),
            stats.second_look.as_secs_f64()
        ),
    ];
    messages::tell(&lines.join("\n"));
}

fn tell_totals(detection: &Detection, totals: &Totals, rows: usize, counts_lines: bool) {
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
    if let Some(cut) = detection.cut(&Selection::All) {
        lines.push(format!(
            "the schedule: of {} in all data at once, no run returns {}, and more than one returns {}",
            count(cut.rows, "row", "rows"),
            cut.missed,
            cut.repeated
        ));
    }
    let exclusions = detection.exclusions().list();
    if !exclusions.is_empty() {
        let suppressed = detection.suppressed();
        let mut taken_out = count(suppressed.len() as u64, "row", "rows");
        if counts_lines {
            let of_lines = count(detection.suppressed_lines(), "line", "lines");
            taken_out = format!("{of_lines} and {taken_out}");
        }
        lines.push(format!("exclusions took out {taken_out}"));
        for (index, exclusion) in exclusions.iter().enumerate() {
            let alone = suppressed
                .iter()
                .filter(|row| row.removed_alone_by.contains(&index))
                .count();
            let mut told = format!(
                "{} taken out by it alone",
                count(alone as u64, "row", "rows")
            );
            if counts_lines {
                let matched = count(detection.matched_lines(index), "line", "lines");
                told = format!("{matched} matched, {told}");
            }
            let id = visible(exclusion.id().as_bytes());
            lines.push(format!("  {id}: {told}"));
        }
    }
    messages::tell(&lines.join("\n"));
}
