//! The measuring itself: rows checked first, then all detectors on all datasets in turn, A B A B.

use super::cache::Kept;
use super::calibration;
use super::check::{Rows, check};
use super::child::{self, Usage};
use super::detector::{Detector, Places};
use super::report::{BenchReport, Data, Machine, Measured, Run, SCHEMA_VERSION, Speed};
use crate::alerts::read_alerts;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use thiserror::Error;

/// Fewer rounds than this tell nothing, so they are made whatever the time.
const LEAST_ROUNDS: usize = 3;

/// How to measure.
pub struct Settings<'s> {
    /// This program, which starts detectors.
    pub program: &'s Path,
    /// Rounds.
    pub rounds: usize,
    /// No round is begun that would end after so long, counted with the checks; three are made all the same.
    pub budget: Option<Duration>,
    /// Set where somebody asks to stop.
    pub cancelled: &'s AtomicBool,
    /// Says what is done, for a person who waits.
    pub say: &'s dyn Fn(&str),
}

/// Measuring that came to nothing.
#[derive(Debug, Error)]
pub enum MeasureError {
    /// Somebody asked to stop.
    #[error("interrupted")]
    Cancelled,
    /// A log that was there is not to be read, or scratch space is not to be had.
    #[error("{0}")]
    Input(String),
}

/// A detector with a number of threads on a dataset.
struct Task<'t> {
    detector: &'t Detector,
    threads: Option<usize>,
    dataset: usize,
    rows: Option<Rows>,
    refused: Option<String>,
    runs: Vec<Run>,
}

/// Measures detectors, the first of which the others are held against. On the first dataset each runs with every number
/// of threads, on the others with the largest.
///
/// # Errors
/// [`MeasureError`]. A detector that fails is no error: it is refused, and the others go on.
pub fn measure(
    detectors: &[Detector],
    kept: &[(f64, Kept)],
    settings: &Settings<'_>,
) -> Result<BenchReport, MeasureError> {
    let begun = Instant::now();
    let scratch = tempfile::tempdir()
        .map_err(|error| MeasureError::Input(format!("cannot make a temporary folder: {error}")))?;
    let mut data: Vec<Data> = kept
        .iter()
        .map(|(scale, kept)| describe(*scale, kept))
        .collect();
    let mut tasks = tasks(detectors, kept.len());
    let mut refused_first: Vec<&str> = Vec::new();
    for task in &mut tasks {
        let name = task.detector.name.as_str();
        if refused_first.contains(&name) {
            continue;
        }
        for _ in 0..task.detector.warm_up {
            stop_if(settings.cancelled)?;
            task.run(kept, scratch.path(), settings);
        }
        if task.dataset == 0 && task.refused.is_some() {
            refused_first.push(name);
        }
        // Runs that warm up count for rows only.
        task.runs.clear();
        if let Some(why) = &task.refused {
            (settings.say)(&format!("{}: {why}", task.detector.name));
        }
    }
    // Where no row is right, who never gives one is right: so the first dataset decides for all.
    tasks.retain(|task| task.dataset == 0 || !refused_first.contains(&task.detector.name.as_str()));
    let mut rounds = 0;
    let rounds_begun = Instant::now();
    while rounds < settings.rounds && tasks.iter().any(|task| task.refused.is_none()) {
        if rounds >= LEAST_ROUNDS
            && let Some(budget) = settings.budget
            && begun.elapsed() + average(rounds_begun.elapsed(), rounds) > budget
        {
            break;
        }
        for (index, data) in data.iter_mut().enumerate() {
            stop_if(settings.cancelled)?;
            data.calibration_s.push(calibrate(kept, index)?);
            for task in tasks.iter_mut().filter(|task| task.dataset == index) {
                stop_if(settings.cancelled)?;
                task.run(kept, scratch.path(), settings);
            }
        }
        rounds += 1;
        (settings.say)(&format!("round {rounds} of {}", settings.rounds));
    }
    let mut report = BenchReport {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        machine: Machine {
            system: std::env::consts::OS.to_owned(),
            architecture: std::env::consts::ARCH.to_owned(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        },
        rounds,
        measured: measured(&tasks, &data),
        datasets: data,
        growth: Vec::new(),
        warnings: Vec::new(),
    };
    report.conclude();
    Ok(report)
}

fn stop_if(cancelled: &AtomicBool) -> Result<(), MeasureError> {
    if cancelled.load(Ordering::Relaxed) {
        return Err(MeasureError::Cancelled);
    }
    Ok(())
}

fn average(total: Duration, count: usize) -> Duration {
    total / u32::try_from(count.max(1)).unwrap_or(u32::MAX)
}

fn calibrate(kept: &[(f64, Kept)], index: usize) -> Result<f64, MeasureError> {
    let logs = kept
        .get(index)
        .map(|(_, kept)| kept.logs.as_slice())
        .unwrap_or_default();
    let counted = calibration::count(logs).map_err(|(path, error)| {
        MeasureError::Input(format!("cannot read {}: {error}", path.display()))
    })?;
    Ok(counted.wall_s)
}

fn describe(scale: f64, kept: &Kept) -> Data {
    Data {
        scenario: kept.truth.scenario.clone(),
        seed: kept.truth.seed,
        scale,
        clients: kept.clients,
        lines: kept.truth.lines,
        bytes: kept.bytes,
        fingerprint: kept.fingerprint.clone(),
        calibration_s: Vec::new(),
    }
}

fn tasks(detectors: &[Detector], datasets: usize) -> Vec<Task<'_>> {
    let mut tasks = Vec::new();
    for detector in detectors {
        for dataset in 0..datasets {
            let most = detector.threads.iter().max().copied();
            let threads = match dataset {
                0 => detector.threads.clone(),
                _ => most.into_iter().collect(),
            };
            tasks.extend(threads.into_iter().map(|threads| Task {
                detector,
                threads,
                dataset,
                rows: None,
                refused: None,
                runs: Vec::new(),
            }));
        }
    }
    tasks
}

impl Task<'_> {
    /// Runs once, unless it is refused already, and refuses what gives wrong rows.
    fn run(&mut self, kept: &[(f64, Kept)], scratch: &Path, settings: &Settings<'_>) {
        if self.refused.is_some() {
            return;
        }
        let Some((_, kept)) = kept.get(self.dataset) else {
            return;
        };
        match self.run_once(kept, scratch, settings) {
            Ok((usage, rows)) => {
                if !rows.are_right() {
                    self.refused = Some(wrong(&rows));
                }
                self.rows = Some(rows);
                self.runs.push(Run {
                    wall_s: usage.wall_s,
                    cpu_s: usage.cpu_s,
                    peak_bytes: usage.peak_bytes,
                });
            }
            Err(why) => self.refused = Some(why),
        }
    }

    fn run_once(
        &self,
        kept: &Kept,
        scratch: &Path,
        settings: &Settings<'_>,
    ) -> Result<(Usage, Rows), String> {
        let [out, err, alerts] = ["out", "err", "alerts"].map(|name| scratch.join(name));
        // Alerts of an earlier run are not taken for those of this one.
        if alerts.exists() {
            std::fs::remove_file(&alerts)
                .map_err(|error| format!("cannot remove {}: {error}", alerts.display()))?;
        }
        let places = Places {
            dataset: &kept.folder,
            logs: &kept.logs,
            alerts: &alerts,
            threads: self.threads,
        };
        let usage = child::run(settings.program, &out, &err, &self.detector.command(places))
            .map_err(|why| match &self.detector.install {
                Some(_) => format!("{why}; --install runs the command that installs it"),
                None => why,
            })?;
        let path = if self.detector.writes_a_file() {
            &alerts
        } else {
            &out
        };
        let bytes = std::fs::read(path).map_err(|error| format!("wrote no alerts: {error}"))?;
        let read = read_alerts(&bytes, &self.detector.columns)
            .map_err(|error| format!("its alerts: {error}"))?;
        Ok((usage, check(&kept.truth, read, self.detector.alert_time)?))
    }
}

fn wrong(rows: &Rows) -> String {
    format!(
        "wrong rows: of {} expected ones {} are missing, {} came that are not expected, {} have another number of ports \
         (rows in all: {})",
        rows.expected, rows.missing, rows.unexpected, rows.other_ports, rows.found
    )
}

fn measured(tasks: &[Task<'_>], data: &[Data]) -> Vec<Measured> {
    // The first detector's runs with the same threads stand beside a task's, or those with the most.
    let first = tasks.first().map(|task| task.detector.name.as_str());
    let beside = |task: &Task<'_>| {
        let of_first = tasks.iter().filter(|one| {
            Some(one.detector.name.as_str()) == first
                && one.dataset == task.dataset
                && one.refused.is_none()
        });
        let same = of_first
            .clone()
            .find(|one| one.threads == task.threads.or(Some(1)));
        same.or_else(|| of_first.max_by_key(|one| one.threads))
    };
    tasks
        .iter()
        .map(|task| {
            let is_first = Some(task.detector.name.as_str()) == first;
            let other = beside(task)
                .filter(|_| !is_first)
                .map(|one| one.runs.as_slice());
            let data = data.get(task.dataset).filter(|_| task.refused.is_none());
            Measured {
                detector: task.detector.name.clone(),
                threads: task.threads,
                dataset: task.dataset,
                rows: task.rows.clone(),
                refused: task.refused.clone(),
                speed: data.and_then(|data| Speed::of(task.runs.clone(), data, other)),
            }
        })
        .collect()
}
