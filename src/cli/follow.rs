//! `follow`: logs as they are written, rows as soon as they are there.

use super::CANCELLED;
use super::failure::Failure;
use super::messages::{Messages, count, tell};
use super::rule_args::RuleArgs;
use super::standing;
use clap::ValueEnum;
use scanbench_detector::{
    Checkpoint, CheckpointError, FollowError, FollowNotice, FollowOptions, FollowedRow, Follower,
    Latencies, Resume,
};
use scanbench_spec::parse_duration;
use scanbench_w3c::visible;
use serde_json::Value;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How soon Ctrl-C is heard.
const NAP: Duration = Duration::from_millis(50);

/// Follow the logs that IIS is writing and tell clients that reach many ports as soon as they do
///
/// Polls folders of W3C logs, rollovers and new sites too, and prints a row with "state": "open" as soon as a
/// window's count reaches the threshold, and the final row with "state": "closed" when the window closes: when its
/// server's time has passed it by --lateness, or at the end. Sliding windows that overlap, and sessions, are one row,
/// which closes when nothing can join it any more; it may have begun earlier than its open row said, where lines came
/// late. Of a rule with a --schedule each run's rows are told, closed, once the server's time has passed the run by
/// --lateness; that is for tumbling and hopping windows.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench follow C:\\inetpub\\logs\\LogFiles --checkpoint follow.json
  scanbench follow logs --from-start --until-idle 2s > rows.ndjson

With --checkpoint, following goes on where it ended, after a crash too: no row is lost. Rows are written down before \
they are printed; one whose printing was cut by a crash is printed again at the next start, the same byte by byte and \
with the same id, and nothing else is printed twice. Ctrl-C then leaves windows open for the next start; without \
--checkpoint it closes them. Only one can follow with a checkpoint at a time; FILE.lock beside it sees to that, and \
does no harm when it stays. Every file is polled: change notices are missing on network shares.
Exit codes: 0 ended by Ctrl-C or --until-idle, 2 bad input, arguments or checkpoint, 3 bad exclusion file")]
pub(crate) struct Args {
    /// Folders of logs, log files, or patterns
    #[arg(required = true, value_name = "FOLDER")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    rule: RuleArgs,

    /// How rows are written
    #[arg(long, value_name = "FORMAT", default_value = "ndjson")]
    format: Format,

    /// The Computer column of every line, whatever the log says
    #[arg(long, value_name = "NAME")]
    computer: Option<String>,

    /// Where to go on from, and where that is kept
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,

    /// How often the checkpoint is written
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = parse_duration)]
    checkpoint_every: Duration,

    /// How often to look for new lines
    #[arg(long, value_name = "DURATION", default_value = "250ms", value_parser = parse_duration)]
    poll: Duration,

    /// How far lines may stand behind the latest time of their server: sites write their logs apart
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = parse_duration)]
    lateness: Duration,

    /// Read what is there already; without it, and without a checkpoint, only new lines are read
    #[arg(long)]
    from_start: bool,

    /// Hold no more than about this much for open windows, such as 512M: beyond it the groups with the fewest distinct
    /// values are dropped, and how many, of which windows and with how many values at the most is told. Rows that may
    /// lack dropped lines say "partial": true. For tumbling and hopping windows
    #[arg(long, value_name = "SIZE", value_parser = super::rule_args::memory)]
    max_memory: Option<u64>,

    /// End when nothing came for so long, and close what is open
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    until_idle: Option<Duration>,
}

impl Args {
    /// Following as `detect --follow` does: all else as it is by default.
    pub(crate) fn plain(
        paths: Vec<PathBuf>,
        rule: RuleArgs,
        computer: Option<String>,
        checkpoint: Option<PathBuf>,
        max_memory: Option<u64>,
    ) -> Self {
        Self {
            paths,
            rule,
            format: Format::Ndjson,
            computer,
            checkpoint,
            checkpoint_every: Duration::from_secs(2),
            poll: Duration::from_millis(250),
            lateness: Duration::from_mins(1),
            from_start: false,
            max_memory,
            until_idle: None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Ndjson,
}

impl From<FollowError> for Failure {
    fn from(error: FollowError) -> Self {
        Self::input(&error)
    }
}

impl From<CheckpointError> for Failure {
    fn from(error: CheckpointError) -> Self {
        Self::input(&error)
    }
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let rule = args.rule.rule()?;
    let exclusions = args.rule.exclusions()?;
    let (checkpoint, resume) = match &args.checkpoint {
        Some(path) => {
            let (checkpoint, resume) = Checkpoint::open(path)?;
            (Some(checkpoint), resume)
        }
        None => (None, None),
    };
    let options = FollowOptions {
        paths: args.paths.clone(),
        computer: args.computer.clone(),
        lateness: args.lateness,
        from_start: args.from_start,
        max_memory: args.max_memory,
    };
    let mut messages = Messages::bytes("following", None);
    let untold = untold(resume.as_ref());
    standing::tell_disabled(&mut messages, &exclusions);
    let follower = Follower::new(rule, exclusions.clone(), options, resume, &mut |notice| {
        say(&mut messages, &notice);
    })?;
    let mut following = Following {
        args,
        follower,
        checkpoint,
        told: Told::new(args.format),
        messages,
        open: 0,
        closed: 0,
        latencies: Latencies::default(),
    };
    let outcome = following.all(&untold);
    if let Some(span) = following.follower.totals().span {
        standing::tell_outside(&mut following.messages, &exclusions, span);
    }
    following.messages.end();
    outcome?;
    following.tell_totals();
    Ok(())
}

fn untold(resume: Option<&Resume>) -> Vec<String> {
    resume.map_or_else(Vec::new, |resume| resume.untold.clone())
}

fn say(messages: &mut Messages, notice: &FollowNotice<'_>) {
    messages.say_some(notice.sort(), &notice.to_string());
}

struct Following<'a> {
    args: &'a Args,
    follower: Follower,
    checkpoint: Option<Checkpoint>,
    told: Told,
    messages: Messages,
    open: u64,
    closed: u64,
    latencies: Latencies,
}

impl Following<'_> {
    fn all(&mut self, untold: &[String]) -> Result<(), Failure> {
        self.told.begin()?;
        for row in untold {
            self.told.row(row)?;
        }
        self.told.flush()?;
        self.save()?;
        let is_over = self.follow()?;
        if is_over || self.checkpoint.is_none() {
            let rows = self.follower.close_all();
            self.tell(&rows)?;
        }
        self.save()?;
        self.told.end()?;
        Ok(())
    }

    /// Follows to the end; whether that was since nothing came.
    fn follow(&mut self) -> Result<bool, Failure> {
        let (mut saved, mut came) = (Instant::now(), Instant::now());
        let mut searched_since = 0;
        while !CANCELLED.load(Ordering::Relaxed) {
            let messages = &mut self.messages;
            let round = self.follower.round(&mut |notice| say(messages, &notice));
            self.tell(&round.rows)?;
            if saved.elapsed() >= self.args.checkpoint_every {
                self.save()?;
                saved = Instant::now();
            }
            if round.bytes > 0 {
                (came, searched_since) = (Instant::now(), 0);
            }
            searched_since += u32::from(round.searched);
            if round.more {
                continue;
            }
            // The second search finds what was begun during the first.
            let is_idle = |idle| searched_since >= 2 && came.elapsed() >= idle;
            if self.args.until_idle.is_some_and(is_idle) {
                return Ok(true);
            }
            let until = Instant::now() + self.args.poll;
            while !CANCELLED.load(Ordering::Relaxed) {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                std::thread::sleep(left.min(NAP));
            }
        }
        Ok(false)
    }

    /// Writes rows down, prints them, and marks them as printed, in this order: see `Checkpoint`.
    fn tell(&mut self, rows: &[FollowedRow]) -> Result<(), Failure> {
        if rows.is_empty() {
            return Ok(());
        }
        if let Some(checkpoint) = &mut self.checkpoint {
            checkpoint.write(rows)?;
        }
        for row in rows {
            self.told.row(&row.json)?;
        }
        self.told.flush()?;
        for row in rows {
            match row.arrived {
                Some(arrived) => {
                    self.open += 1;
                    self.latencies.add(arrived.elapsed());
                }
                None => self.closed += 1,
            }
        }
        if let Some(checkpoint) = &mut self.checkpoint {
            checkpoint.mark(rows.len())?;
        }
        Ok(())
    }

    fn save(&mut self) -> Result<(), Failure> {
        if let Some(checkpoint) = &mut self.checkpoint {
            self.follower.save(checkpoint)?;
        }
        Ok(())
    }

    fn tell_totals(&self) {
        let totals = self.follower.totals();
        let mut parts = vec![format!(
            "followed {}: {}, {}, {}, {} closed",
            count(totals.files, "log", "logs"),
            count(totals.lines, "line", "lines"),
            count(totals.bad, "bad line", "bad lines"),
            count(self.open, "alert", "alerts"),
            count(self.closed, "row", "rows"),
        )];
        if let (Some(median), Some(high)) = (self.latencies.at(0.5), self.latencies.at(0.99)) {
            let millis = |latency: Duration| format!("{:.1} ms", latency.as_secs_f64() * 1000.0);
            parts.push(format!(
                "latency {} median, {} p99",
                millis(median),
                millis(high)
            ));
        }
        for (number, one, many, what) in [
            (totals.late, "line", "lines", "too late to be counted"),
            (
                totals.suppressed_lines,
                "line",
                "lines",
                "taken out by exclusions",
            ),
            (
                totals.suppressed_rows,
                "row",
                "rows",
                "taken out by exclusions",
            ),
            (
                totals.open_windows,
                "window",
                "windows",
                "left open for the next start",
            ),
        ] {
            if number > 0 {
                parts.push(format!("{} {what}", count(number, one, many)));
            }
        }
        if totals.dropped_groups > 0 {
            parts.push(format!(
                "{} with {} dropped to keep within --max-memory, none with more than {}",
                count(totals.dropped_groups, "group", "groups"),
                count(totals.dropped_lines, "line", "lines"),
                count(totals.dropped_most, "distinct value", "distinct values"),
            ));
        }
        tell(&parts.join("; "));
    }
}

/// Standard output.
struct Told {
    format: Format,
    is_first: bool,
    text: String,
}

impl Told {
    fn new(format: Format) -> Self {
        Self {
            format,
            is_first: true,
            text: String::new(),
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        match self.format {
            Format::Table => {
                let names = [
                    "TimeGenerated",
                    "cIP",
                    "Computer",
                    "sIP",
                    "portCount",
                    "state",
                    "latency",
                ];
                self.text += &columns(names.map(str::to_owned));
            }
            Format::Json => self.text += "[",
            Format::Ndjson => {}
        }
        self.flush()
    }

    fn row(&mut self, json: &str) -> io::Result<()> {
        match self.format {
            Format::Ndjson => {
                self.text += json;
                self.text.push('\n');
            }
            Format::Json => {
                self.text += if self.is_first { "\n" } else { ",\n" };
                self.text += json;
            }
            Format::Table => self.text += &table_row(&serde_json::from_str(json)?),
        }
        self.is_first = false;
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        if self.format == Format::Json {
            self.text += "\n]\n";
        }
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(self.text.as_bytes())?;
        self.text.clear();
        out.flush()
    }
}

fn table_row(row: &Value) -> String {
    let text = |key: &str| match &row[key] {
        Value::String(text) => visible(text.as_bytes()),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let latency = match text("latency_ms") {
        none if none.is_empty() => none,
        millis => format!("{millis} ms"),
    };
    columns([
        text("TimeGenerated"),
        text("cIP"),
        text("Computer"),
        text("sIP"),
        text("portCount"),
        text("state"),
        latency,
    ])
}

/// A line of the table. Rows come one by one, so widths are those of common values.
fn columns(values: [String; 7]) -> String {
    let [time, client, computer, server, ports, state, latency] = values;
    let line = format!(
        "{time:<20}  {client:<15}  {computer:<12}  {server:<15}  {ports:>9}  {state:<6}  {latency}"
    );
    format!("{}\n", line.trim_end())
}
