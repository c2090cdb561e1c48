//! A command in a process group of its own, that ends with all it started: in time, or at the limit.

use std::io;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// How a command ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// From start to end of the command itself.
    pub(super) wall: Duration,
    /// Whether it took longer than it was allowed to.
    pub(super) was_stopped: bool,
}

/// Runs a command, for so long at most. Nothing that it started goes on when this returns; all of it has been waited
/// for, and so is counted.
#[cfg(target_os = "linux")]
pub(super) fn run(command: &mut Command, limit: Duration) -> io::Result<Ended> {
    use nix::sys::signal::{Signal, killpg};
    use nix::sys::wait::{Id, WaitPidFlag, waitid};
    use nix::unistd::Pid;
    use std::os::unix::process::CommandExt as _;
    use std::sync::mpsc::{self, RecvTimeoutError};

    // Whoever loses its parent comes to us, so that it can be ended and counted, also from another group.
    nix::sys::prctl::set_child_subreaper(true)?;
    let begun = Instant::now();
    let mut child = command.process_group(0).spawn()?;
    let group = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
    end_with_us(group);
    let (done, is_done) = mpsc::channel::<()>();
    let watch = std::thread::spawn(move || {
        let is_late = is_done.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
        if is_late {
            let _ = killpg(group, Signal::SIGKILL);
        }
        is_late
    });
    // The command's number stays taken until it is waited for below, so nobody else's group is killed.
    while waitid(Id::Pid(group), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)
        == Err(nix::errno::Errno::EINTR)
    {}
    let wall = begun.elapsed();
    drop(done);
    let was_stopped = watch.join().unwrap_or(false);
    // Fails where nothing of it is left, which is as well.
    let _ = killpg(group, Signal::SIGKILL);
    let status = child.wait()?;
    end_orphans();
    Ok(Ended {
        status,
        wall,
        was_stopped,
    })
}

/// Ends the group when we are told to end, or when whoever started us is gone: Ctrl-C at a terminal does not reach
/// another group.
#[cfg(target_os = "linux")]
fn end_with_us(group: nix::unistd::Pid) {
    use nix::sys::signal::{Signal, killpg};
    // Where no handler can be set the command runs on to its own end.
    let _ = ctrlc::set_handler(move || {
        let _ = killpg(group, Signal::SIGKILL);
        std::process::exit(130);
    });
    let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGTERM);
}

/// Ends and waits for what lost its parent. A new one may come of each that ends, so it is looked for until there is
/// none.
#[cfg(target_os = "linux")]
fn end_orphans() {
    use nix::sys::signal::{Signal, kill};
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
    use nix::unistd::Pid;
    // Ten seconds: what does not end then waits for a disk, and ends some time.
    for _ in 0..10_000 {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => {}
            Ok(_) => continue,
            Err(_) => return,
        }
        let us = std::process::id();
        let children = std::fs::read_to_string(format!("/proc/self/task/{us}/children"));
        for child in children.unwrap_or_default().split_whitespace() {
            if let Ok(number) = child.parse() {
                let _ = kill(Pid::from_raw(number), Signal::SIGKILL);
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Runs a command, for so long at most. Only the command itself is stopped here, not what it started.
#[cfg(not(target_os = "linux"))]
pub(super) fn run(command: &mut Command, limit: Duration) -> io::Result<Ended> {
    let begun = Instant::now();
    let mut child = command.spawn()?;
    let mut was_stopped = false;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Ended {
                status,
                wall: begun.elapsed(),
                was_stopped,
            });
        }
        if begun.elapsed() > limit && !was_stopped {
            child.kill()?;
            was_stopped = true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
