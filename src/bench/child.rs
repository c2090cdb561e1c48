//! One run of a command, measured from outside: wall time, processor time, peak memory.
//!
//! The command is started by a small process of its own, this program again ([`relay`]). Linux counts the memory of
//! whoever starts a command into the command's peak, so the floor is then a few MiB and not what a benchmark holds; and
//! of a process that had one child, "all children" are that child and what it waited for.

use serde::{Deserialize, Serialize};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// The name of the command that runs [`relay`]; people do not call it.
pub const RELAY: &str = "bench-child";

/// What a run took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// The exit code; `None` where a signal ended it.
    pub exit: Option<i32>,
    /// From start to end.
    pub wall_s: f64,
    /// User and system time of the command and of children that it waited for. `None` where the system does not tell.
    pub cpu_s: Option<f64>,
    /// The largest resident set of any of them.
    pub peak_bytes: Option<u64>,
}

/// Runs a command, its output into files, and says what it took.
///
/// # Errors
/// Where it cannot be started, or a file cannot be made.
pub fn relay(out: &Path, err: &Path, command: &[OsString]) -> io::Result<Usage> {
    let [program, arguments @ ..] = command else {
        return Err(io::Error::other("no command"));
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(File::create(out)?)
        .stderr(File::create(err)?);
    let begun = Instant::now();
    let status = command.spawn()?.wait()?;
    let wall_s = begun.elapsed().as_secs_f64();
    let (cpu_s, peak_bytes) = of_children()?;
    Ok(Usage {
        exit: status.code(),
        wall_s,
        cpu_s,
        peak_bytes,
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

/// Runs a command through a relay of `program`, which is this one.
///
/// # Errors
/// A sentence on why it did not end well: it did not start, or ended with another code than 0, with the end of what it
/// wrote to standard error.
pub fn run(program: &Path, out: &Path, err: &Path, command: &[OsString]) -> Result<Usage, String> {
    let shown = |text: &OsStr| scanbench_w3c::visible(text.as_encoded_bytes());
    let name = command.first().map(|name| shown(name)).unwrap_or_default();
    let done = Command::new(program)
        .arg(RELAY)
        .args([out, err])
        .args(command)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot start {}: {error}", shown(program.as_os_str())))?;
    if !done.status.success() {
        return Err(format!("cannot run {name}: {}", last_words(&done.stderr)));
    }
    let usage: Usage = serde_json::from_slice(&done.stdout)
        .map_err(|error| format!("cannot measure {name}: {error}"))?;
    if usage.exit == Some(0) {
        return Ok(usage);
    }
    let how = usage.exit.map_or("by a signal".to_owned(), |code| {
        format!("with exit code {code}")
    });
    let said = last_words(&std::fs::read(err).unwrap_or_default());
    Err(format!("{name} ended {how}: {said}"))
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
