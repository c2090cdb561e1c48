//! One run of a command, measured from outside: wall time, processor time, peak memory.
//!
//! The command is started by a small process of its own, this program again ([`relay`]). Linux counts the memory of
//! whoever starts a command into the command's peak, so the floor is then a few MiB and not what a benchmark holds; and
//! of a process that had one child, "all children" are that child, what it waited for, and what outlived it.

use super::group;
use serde::{Deserialize, Serialize};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The name of the command that runs [`relay`]; people do not call it.
pub const RELAY: &str = "bench-child";

/// What a run took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// The exit code; `None` where a signal ended it.
    pub exit: Option<i32>,
    /// From start to end.
    pub wall_s: f64,
    /// User and system time of the command and of all that it started. `None` where the system does not tell.
    pub cpu_s: Option<f64>,
    /// The largest resident set of any one of them.
    pub peak_bytes: Option<u64>,
    /// Whether it was stopped because it took too long.
    pub was_stopped: bool,
}

/// How a run is watched from here.
#[derive(Clone, Copy, Debug)]
pub struct Watch<'w> {
    /// This program, which starts the command as [`relay`].
    pub program: &'w Path,
    /// How long the command may take.
    pub limit: Duration,
    /// Set where somebody asks to stop.
    pub cancelled: &'w AtomicBool,
}

/// Why a run gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunError {
    /// It took longer than it may.
    Late,
    /// It did not start, or ended with another code than 0: a sentence, with the end of what it wrote to standard error.
    Failed(String),
}

/// Runs a command, its output into files, and says what it took. At the limit it is stopped, with all that it started.
///
/// # Errors
/// Where it cannot be started, or a file cannot be made.
pub fn relay(out: &Path, err: &Path, limit: Duration, command: &[OsString]) -> io::Result<Usage> {
    let [program, arguments @ ..] = command else {
        return Err(io::Error::other("no command"));
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(File::create(out)?)
        .stderr(File::create(err)?);
    let ended = group::run(&mut command, limit)?;
    let (cpu_s, peak_bytes) = of_children()?;
    Ok(Usage {
        exit: ended.status.code(),
        wall_s: ended.wall.as_secs_f64(),
        cpu_s,
        peak_bytes,
        was_stopped: ended.was_stopped,
    })
}

#[cfg(unix)]
fn of_children() -> io::Result<(Option<f64>, Option<u64>)> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike as _;
    // Linux counts in KiB, macOS in bytes.
    const UNIT: u64 = if cfg!(target_os = "macos") { 1 } else { 1024 };
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    let cpu_s = std::time::Duration::from_micros(micros.unsigned_abs()).as_secs_f64();
    Ok((Some(cpu_s), Some(usage.max_rss().unsigned_abs() * UNIT)))
}

#[cfg(not(unix))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "the same shape as where the system tells"
)]
fn of_children() -> io::Result<(Option<f64>, Option<u64>)> {
    Ok((None, None))
}

/// Runs a command through a relay.
///
/// # Errors
/// [`RunError`].
pub fn run(
    watch: Watch<'_>,
    out: &Path,
    err: &Path,
    command: &[OsString],
) -> Result<Usage, RunError> {
    let shown = |text: &OsStr| scanbench_w3c::visible(text.as_encoded_bytes());
    let name = command.first().map(|name| shown(name)).unwrap_or_default();
    let failed = |message: String| RunError::Failed(message);
    let cannot_start = |error: io::Error| {
        failed(format!(
            "cannot start {}: {error}",
            shown(watch.program.as_os_str())
        ))
    };
    let mut started = Command::new(watch.program)
        .arg(RELAY)
        .args([out, err])
        .arg(watch.limit.as_millis().to_string())
        .args(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(cannot_start)?;
    wait(&mut started, watch.cancelled).map_err(cannot_start)?;
    // A relay writes a line or two, which a pipe holds.
    let done = started.wait_with_output().map_err(cannot_start)?;
    if !done.status.success() {
        return Err(failed(format!(
            "cannot run {name}: {}",
            last_words(&done.stderr)
        )));
    }
    let usage: Usage = serde_json::from_slice(&done.stdout)
        .map_err(|error| failed(format!("cannot measure {name}: {error}")))?;
    if usage.was_stopped {
        return Err(RunError::Late);
    }
    if usage.exit == Some(0) {
        return Ok(usage);
    }
    let how = usage.exit.map_or("by a signal".to_owned(), |code| {
        format!("with exit code {code}")
    });
    let said = last_words(&std::fs::read(err).unwrap_or_default());
    Err(failed(format!("{name} ended {how}: {said}")))
}

/// Waits for a relay, and asks it to end where somebody asks us. The relay measures time, so looking seldom is enough.
fn wait(relay: &mut Child, cancelled: &AtomicBool) -> io::Result<()> {
    let mut pause = Duration::from_millis(1);
    while relay.try_wait()?.is_none() {
        if cancelled.load(Ordering::Relaxed) {
            end(relay)?;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
    Ok(())
}

#[cfg(unix)]
fn end(relay: &mut Child) -> io::Result<()> {
    use nix::sys::signal::{Signal, kill};
    let number = i32::try_from(relay.id()).map_err(io::Error::other)?;
    // One that has just ended is no error: it is still ours until it is waited for.
    Ok(kill(nix::unistd::Pid::from_raw(number), Signal::SIGTERM)?)
}

#[cfg(not(unix))]
fn end(relay: &mut Child) -> io::Result<()> {
    relay.kill()
}

/// The last lines of a program, on one line.
fn last_words(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let last = lines
        .get(lines.len().saturating_sub(5)..)
        .unwrap_or_default()
        .join(" / ");
    match last.as_str() {
        "" => "it said nothing".to_owned(),
        last => scanbench_w3c::visible(last.as_bytes()),
    }
}
