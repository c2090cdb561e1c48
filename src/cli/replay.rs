//! `replay`: a set once more, as it was written.

use super::CANCELLED;
use super::failure::Failure;
use super::inject::{inputs, no_web_log};
use super::messages::{Messages, count};
use scanbench::replay::{
    Files, From, Pace, ReplayError, ReplayLog, Sink, Source, Stream, Syslog, replay,
};
use scanbench_detector::parse_moment;
use scanbench_w3c::{Content, Reader, visible};
use std::fs::File;
use std::io::{self, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How soon Ctrl-C is heard while a receiver takes nothing.
const STALL: Duration = Duration::from_millis(200);

/// Replay logs as they were written: live files, standard output, TCP or syslog
///
/// Writes each line when its time has come, at a multiple of the time it had or at an exact rate. Live files stand where
/// they stand in the set, with its headers and rollovers: `detect --follow DIR` reads them. Where whoever reads is slow,
/// lines wait for it and none is lost. The stamps in the lines stay as they are.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  scanbench replay dataset --to live --speed 60
  scanbench detect --follow live
  scanbench replay dataset --rate 20000 | my-detector
  scanbench replay dataset --to tcp://127.0.0.1:5000 --speed 3600
  scanbench replay C:\\inetpub\\logs\\LogFiles --to syslog://collector:601 --from 2026-11-02T08:00:00Z

Ctrl-C ends it after a whole line and says where to go on: --from a moment, or --from the number of a line.

syslog:// sends RFC 5424 messages over TCP, each with its length before it (RFC 6587); directives are messages too. On one
stream, standard output and tcp://, directives stand wherever the columns change, and nothing says whose log a line is.

Exit codes: 0 replayed or ended by Ctrl-C, 2 bad logs, arguments or receiver, 130 interrupted while a receiver took nothing")]
pub(crate) struct Args {
    /// A dataset, or logs: files, folders or patterns; W3C, not packed
    #[arg(value_name = "SET", required = true)]
    logs: Vec<PathBuf>,

    /// A folder, `-` for standard output, tcp://HOST:PORT or syslog://HOST:PORT
    #[arg(long, value_name = "WHERE", default_value = "-")]
    to: String,

    /// So many times as fast as it was
    #[arg(long, value_name = "X", default_value = "1", value_parser = positive)]
    speed: f64,

    /// So many lines a second, whatever their times
    #[arg(long, value_name = "N", value_parser = positive, conflicts_with = "speed")]
    rate: Option<f64>,

    /// Begin at a moment such as 2026-11-02T08:00:00Z, or at the n-th line; logs that are in the folder are continued
    #[arg(long, value_name = "POINT", value_parser = point)]
    from: Option<From>,
}

fn positive(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number: &f64| number.is_finite() && *number > 0.0)
        .ok_or_else(|| "expected a number above 0".to_owned())
}

fn point(text: &str) -> Result<From, String> {
    if let Ok(line) = text.parse::<u64>() {
        return Ok(From::Line(line));
    }
    parse_moment(text.as_bytes())
        .map(|moment| From::Moment(moment.millis()))
        .ok_or_else(|| {
            "expected a moment such as 2026-11-02T08:00:00Z, or the number of a line".to_owned()
        })
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut messages = Messages::bytes("replaying", None);
    let mut logs = Vec::new();
    for log in inputs(&args.logs)? {
        let failed = |error: io::Error| {
            let path = visible(log.path.as_os_str().as_encoded_bytes());
            Failure::Input(format!("cannot read {path}: {error}"))
        };
        let reader = File::open(&log.path)
            .and_then(Reader::new)
            .map_err(failed)?;
        if matches!(reader.content(), Content::Web | Content::Empty) {
            logs.push(ReplayLog {
                path: log.path,
                place: log.place,
                computer: log.computer,
            });
        } else {
            messages.say_some("files", &no_web_log(&log.path, "passed over"));
        }
    }
    let mut source = Source::new(logs).map_err(|error| Failure::input(&error))?;
    if source.logs() == 0 {
        return Err(Failure::Input(
            "there is no line of a web log in it".to_owned(),
        ));
    }
    let mut sink = sink(args)?;
    let pace = args.rate.map_or(Pace::Speed(args.speed), Pace::Rate);
    messages.say(&format!(
        "replaying {}",
        count(source.logs() as u64, "log", "logs")
    ));
    let stop = || CANCELLED.load(Ordering::Relaxed);
    let from = args.from.unwrap_or_default();
    let outcome = replay(
        &mut source,
        sink.as_mut(),
        pace,
        from,
        &stop,
        &mut |lines| {
            messages.progress(lines);
        },
    );
    messages.end();
    let done = outcome.map_err(|error| match &error {
        ReplayError::Write { source, .. } if source.kind() == io::ErrorKind::TimedOut && stop() => {
            Failure::Interrupted
        }
        ReplayError::Write { source, .. }
            if args.to == "-" && source.kind() == io::ErrorKind::BrokenPipe =>
        {
            Failure::BrokenPipe
        }
        other => Failure::input(&visible(other.to_string().as_bytes())),
    })?;
    let seconds = done.took.as_secs_f64();
    messages.say(&format!(
        "replayed {} in {seconds:.3} s; behind by at most {:.3} s",
        count(done.lines, "line", "lines"),
        done.behind.as_secs_f64(),
    ));
    if done.stopped {
        messages.say(&format!("stopped: go on with --from {}", done.last + 1));
    }
    Ok(())
}

fn sink(args: &Args) -> Result<Box<dyn Sink>, Failure> {
    let to = args.to.as_str();
    if to == "-" {
        return Ok(Box::new(Stream::new(io::stdout(), "standard output")));
    }
    if let Some(address) = to.strip_prefix("tcp://") {
        return Ok(Box::new(Stream::new(connect(address)?, to)));
    }
    if let Some(address) = to.strip_prefix("syslog://") {
        return Ok(Box::new(Syslog::new(connect(address)?, to)));
    }
    if to.contains("://") {
        return Err(Failure::Input(format!(
            "\"{}\": expected a folder, -, tcp://HOST:PORT or syslog://HOST:PORT",
            visible(to.as_bytes())
        )));
    }
    Ok(Box::new(Files::new(to.as_ref(), args.from.is_some())))
}

fn connect(address: &str) -> Result<Patient, Failure> {
    let shown = visible(address.as_bytes());
    let stream = TcpStream::connect(address)
        .and_then(|stream| {
            stream.set_write_timeout(Some(STALL))?;
            Ok(stream)
        })
        .map_err(|error| {
            Failure::Input(format!(
                "cannot connect to {shown}: {error}; does something listen there?"
            ))
        })?;
    Ok(Patient(stream))
}

/// A connection whose other end may take its time, while Ctrl-C is heard.
struct Patient(TcpStream);

impl Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.0.write(bytes) {
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                    ) =>
                {
                    if CANCELLED.load(Ordering::Relaxed) {
                        // Not `Interrupted`, which would be tried again.
                        return Err(io::Error::new(
                            io::ErrorKind::TimedOut,
                            "stopped while it took nothing",
                        ));
                    }
                }
                other => return other,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
