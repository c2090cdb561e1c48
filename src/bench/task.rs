//! One detector with a number of threads on a dataset: run, checked, and refused where it is not right.

use super::cache::Kept;
use super::check::{Rows, check};
use super::child::{self, RunError, Usage, Watch};
use super::detector::{Detector, Places};
use super::report::Run;
use crate::alerts::read_alerts;
use crate::report::number::counted;
use std::ffi::OsString;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How long a program may take to say which version it is.
const VERSION_LIMIT: Duration = Duration::from_secs(30);

/// A detector with a number of threads on a dataset.
pub(super) struct Task<'t> {
    pub(super) detector: &'t Detector,
    pub(super) threads: Option<usize>,
    pub(super) dataset: usize,
    /// How long a run may take, by the description or the size of the logs.
    pub(super) limit: Duration,
    pub(super) rows: Option<Rows>,
    pub(super) refused: Option<String>,
    /// There is no time for it.
    pub(super) is_dropped: bool,
    pub(super) runs: Vec<Run>,
}

/// What a task needs to run.
#[derive(Clone, Copy)]
pub(super) struct Bench<'b> {
    /// This program, which starts detectors.
    pub(super) program: &'b Path,
    pub(super) cancelled: &'b AtomicBool,
    /// For what detectors write.
    pub(super) scratch: &'b Path,
}

/// What became of a run.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It ran, or is refused.
    Settled,
    /// There was no time for it, which says nothing against it.
    NoTime,
}

impl Task<'_> {
    /// What people call it, without the dataset.
    pub(super) fn name(&self) -> String {
        match self.threads {
            Some(threads) => format!("{}, {}", self.detector.name, counted(threads, "thread")),
            None => self.detector.name.clone(),
        }
    }

    /// Whether it is to be run again.
    pub(super) fn goes_on(&self) -> bool {
        self.refused.is_none() && !self.is_dropped
    }

    /// Runs once, and refuses what gives wrong rows or takes longer than it may. `left`: what time there is for this
    /// run, where that matters.
    pub(super) fn run(&mut self, kept: &Kept, bench: Bench<'_>, left: Option<Duration>) -> Outcome {
        let limit = left.map_or(self.limit, |left| left.min(self.limit));
        match self.run_once(kept, bench, limit) {
            Ok((usage, rows)) => {
                if let Some(why) = &self.detector.differs {
                    self.refused = Some(format!("other rows by design: {why}"));
                } else if !rows.are_right() {
                    self.refused = Some(wrong(&rows));
                }
                self.rows = Some(rows);
                self.runs.push(Run {
                    wall_s: usage.wall_s,
                    cpu_s: usage.cpu_s,
                    peak_bytes: usage.peak_bytes,
                });
            }
            Err(RunError::Late) if limit < self.limit => return Outcome::NoTime,
            Err(RunError::Late) => {
                self.refused = Some(format!(
                    "took longer than {} s and was stopped, with all that it had started; `timeout` in its description \
                     changes the limit",
                    limit.as_secs()
                ));
            }
            Err(RunError::Failed(why)) => self.refused = Some(why),
        }
        Outcome::Settled
    }

    fn run_once(
        &self,
        kept: &Kept,
        bench: Bench<'_>,
        limit: Duration,
    ) -> Result<(Usage, Rows), RunError> {
        let failed = |why: String| RunError::Failed(why);
        let [out, err, alerts] = ["out", "err", "alerts"].map(|name| bench.scratch.join(name));
        // Alerts of an earlier run are not taken for those of this one.
        if alerts.exists() {
            std::fs::remove_file(&alerts)
                .map_err(|error| failed(format!("cannot remove {}: {error}", alerts.display())))?;
        }
        let places = Places {
            dataset: &kept.folder,
            logs: &kept.logs,
            alerts: &alerts,
            threads: self.threads,
        };
        let command = self.detector.command(places);
        let usage = child::run(bench.watch(limit), &out, &err, &command).map_err(|why| {
            match (why, &self.detector.install) {
                (RunError::Failed(why), Some(_)) => failed(format!(
                    "{why}; --install runs the command that installs it"
                )),
                (why, _) => why,
            }
        })?;
        let path = if self.detector.writes_a_file() {
            &alerts
        } else {
            &out
        };
        let bytes =
            std::fs::read(path).map_err(|error| failed(format!("wrote no alerts: {error}")))?;
        let read = read_alerts(&bytes, &self.detector.columns)
            .map_err(|error| failed(format!("its alerts: {error}")))?;
        let rows = check(&kept.truth, read, self.detector.alert_time).map_err(failed)?;
        Ok((usage, rows))
    }
}

impl<'b> Bench<'b> {
    fn watch(self, limit: Duration) -> Watch<'b> {
        Watch {
            program: self.program,
            limit,
            cancelled: self.cancelled,
        }
    }

    /// The first line that a command prints, which says a version; `None` where it does not end well.
    pub(super) fn version(self, command: &[OsString]) -> Option<String> {
        let [out, err] = ["out", "err"].map(|name| self.scratch.join(name));
        child::run(self.watch(VERSION_LIMIT), &out, &err, command).ok()?;
        let said = std::fs::read(&out).ok()?;
        let text = String::from_utf8_lossy(&said);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
        let start: String = line.chars().take(80).collect();
        Some(scanbench_w3c::visible(start.as_bytes()))
    }
}

fn wrong(rows: &Rows) -> String {
    format!(
        "wrong rows: of {} expected ones {} are missing, {} came that are not expected, {} have another number of ports \
         (rows in all: {})",
        rows.expected, rows.missing, rows.unexpected, rows.other_ports, rows.found
    )
}
