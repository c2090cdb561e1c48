//! A set once more, as it was written: each line when its time has come, each log with its headers, and the next log when
//! one ends. Nothing is lost where a receiver is slow: then lines come later.

mod clock;
mod sink;
mod source;

pub use clock::Pace;
pub use sink::{Files, Sink, Stream, Syslog};
pub use source::{Item, ReplayLog, Source};

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use thiserror::Error;

/// How soon a stop is heard.
const NAP: Duration = Duration::from_millis(20);
/// So many lines are written before the clock is looked at again.
const BATCH: u64 = 256;

/// A replay that broke off.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// A log cannot be read.
    #[error("cannot read {path}: {source}", path = .path.display())]
    Read {
        /// The log.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Whoever takes the lines takes no more.
    #[error("cannot write to {to}: {source}")]
    Write {
        /// Whereto.
        to: String,
        /// Why.
        source: io::Error,
    },
}

/// Where a replay begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum From {
    /// With the first line.
    #[default]
    Start,
    /// With the first line of this moment, in milliseconds since 1970, or a later one.
    Moment(i64),
    /// With the n-th line, from 1.
    Line(u64),
}

/// What was replayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Lines that were written, directives apart.
    pub lines: u64,
    /// The number of the last of them in the set, from 1.
    pub last: u64,
    /// How long it took.
    pub took: Duration,
    /// How far the last line of a batch was behind its time, at most.
    pub behind: Duration,
    /// Whether it was stopped before the end.
    pub stopped: bool,
}

/// Replays a source into a sink. `stop` is asked between lines; `tell` hears how many lines were written, now and then.
///
/// # Errors
/// [`ReplayError`]; lines before it were written.
pub fn replay(
    source: &mut Source,
    sink: &mut dyn Sink,
    pace: Pace,
    from: From,
    stop: &dyn Fn() -> bool,
    tell: &mut dyn FnMut(u64),
) -> Result<Replayed, ReplayError> {
    let mut done = Replayed::default();
    let mut first = None;
    let (mut begun, mut number) = (Instant::now(), 0_u64);
    let mut latest = i64::MIN;
    while let Some(item) = source.next_item()? {
        number += 1;
        let begins = match from {
            From::Start => true,
            From::Moment(moment) => item.time >= moment || first.is_some(),
            From::Line(line) => number >= line,
        };
        if !begins {
            continue;
        }
        // A line that is older than one before it is due at once.
        latest = latest.max(item.time);
        let first = *first.get_or_insert_with(|| {
            begun = Instant::now();
            latest
        });
        let due = pace.due(done.lines, latest - first);
        if done.lines % BATCH == 0 || begun.elapsed() < due {
            if begun.elapsed() < due {
                wrote(sink, |sink| sink.flush())?;
            } else {
                done.behind = done.behind.max(begun.elapsed().saturating_sub(due));
            }
            if !wait(begun, due, stop) {
                done.stopped = true;
                break;
            }
            tell(done.lines);
        }
        wrote(sink, |sink| sink.take(source.log(&item), &item))?;
        done.lines += 1;
        done.last = number;
    }
    wrote(sink, |sink| sink.flush())?;
    done.took = begun.elapsed();
    Ok(done)
}

/// Waits until a moment after the begin; `false` where it is to stop.
fn wait(begun: Instant, due: Duration, stop: &dyn Fn() -> bool) -> bool {
    loop {
        if stop() {
            return false;
        }
        let left = due.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return true;
        }
        std::thread::sleep(left.min(NAP));
    }
}

fn wrote(
    sink: &mut dyn Sink,
    write: impl FnOnce(&mut dyn Sink) -> io::Result<()>,
) -> Result<(), ReplayError> {
    write(sink).map_err(|source| ReplayError::Write {
        to: sink.name(),
        source,
    })
}
