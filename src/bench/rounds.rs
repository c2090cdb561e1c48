//! The measuring itself: rows checked first, then all detectors on all datasets in turn, A B A B.

use super::budget::{Budget, default_limit};
use super::cache::Kept;
use super::calibration;
use super::detector::Detector;
use super::machine;
use super::report::{BenchReport, Data, Described, Measured, SCHEMA_VERSION, Speed, name_of_data};
use super::task::{Bench, Outcome, Task};
use crate::report::number::counted;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use thiserror::Error;

/// How to measure.
pub struct Settings<'s> {
    /// This program, which starts detectors.
    pub program: &'s Path,
    /// The command line that asked for it, to be told with the numbers.
    pub command: Vec<String>,
    /// Rounds.
    pub rounds: usize,
    /// When the budget began to run.
    pub begun: Instant,
    /// Time for everything. What does not fit is left out, the largest datasets first, and told.
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

/// What is measured, and with what.
struct Measuring<'m> {
    kept: &'m [(f64, Kept)],
    settings: &'m Settings<'m>,
    bench: Bench<'m>,
    budget: Budget,
    data: Vec<Data>,
    tasks: Vec<Task<'m>>,
    dropped: Vec<String>,
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
    let began = machine::now();
    let scratch = tempfile::tempdir()
        .map_err(|error| MeasureError::Input(format!("cannot make a temporary folder: {error}")))?;
    let bench = Bench {
        program: settings.program,
        cancelled: settings.cancelled,
        scratch: scratch.path(),
    };
    // Counted once before anything is measured: it fills the page cache, and says how long a run may take.
    let counts = (0..kept.len())
        .map(|index| calibrate(kept, index))
        .collect::<Result<Vec<f64>, MeasureError>>()?;
    let mut measuring = Measuring {
        kept,
        settings,
        bench,
        budget: Budget::new(settings.begun, settings.budget),
        data: kept
            .iter()
            .map(|(scale, kept)| describe(*scale, kept))
            .collect(),
        tasks: tasks(detectors, &counts),
        dropped: Vec::new(),
    };
    measuring.check()?;
    let rounds = measuring.run()?;
    let described = detectors.iter().map(|one| Described {
        name: one.name.clone(),
        version: one
            .version
            .as_deref()
            .and_then(|command| bench.version(command)),
        differs: one.differs.clone(),
        cannot: one.cannot.clone(),
    });
    let mut report = BenchReport {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        began: began.to_string(),
        command: settings.command.clone(),
        machine: machine::this(),
        detectors: described.collect(),
        rounds,
        measured: measured(&measuring.tasks, &measuring.data),
        datasets: measuring.data,
        growth: Vec::new(),
        dropped: measuring.dropped,
        warnings: Vec::new(),
    };
    report.conclude();
    Ok(report)
}

impl Measuring<'_> {
    /// Runs each once or more and holds its rows against the truth. The smallest dataset comes first for all, so that
    /// what there is no time for is the largest ones.
    fn check(&mut self) -> Result<(), MeasureError> {
        let mut order: Vec<usize> = (0..self.tasks.len()).collect();
        order.sort_by_key(|index| self.tasks.get(*index).map(|task| task.dataset));
        let mut refused_first: Vec<&str> = Vec::new();
        for index in order {
            let expected = self.expected(index);
            let Some(task) = self.tasks.get_mut(index) else {
                continue;
            };
            let Some((_, kept)) = self.kept.get(task.dataset) else {
                continue;
            };
            let name = task.detector.name.as_str();
            if refused_first.contains(&name) {
                continue;
            }
            let room = self.budget.room();
            // Warming up is for caches, and one run does most of it.
            let warm_ups = room.map_or(task.detector.warm_up, |_| 1);
            let mut has_time = room.is_none_or(|room| room > expected);
            for _ in 0..warm_ups {
                if has_time && task.refused.is_none() {
                    stop_if(self.settings.cancelled)?;
                    has_time = task.run(kept, self.bench, room) != Outcome::NoTime;
                    stop_if(self.settings.cancelled)?;
                }
            }
            if !has_time {
                task.is_dropped = true;
                self.dropped.push(format!(
                    "{} on {}",
                    task.name(),
                    self.data
                        .get(task.dataset)
                        .map(name_of_data)
                        .unwrap_or_default()
                ));
            }
            if task.dataset == 0 && task.refused.is_some() {
                refused_first.push(name);
            }
            if let Some(why) = &task.refused {
                (self.settings.say)(&format!("{name}: {why}"));
            } else if let Some(run) = task.runs.last() {
                self.budget
                    .let_in(Duration::try_from_secs_f64(run.wall_s).unwrap_or_default());
            }
        }
        // Where no row is right, who never gives one is right: so the first dataset decides for all.
        self.tasks.retain(|task| {
            let is_refused = refused_first.contains(&task.detector.name.as_str());
            !task.is_dropped && (task.dataset == 0 || !is_refused)
        });
        Ok(())
    }

    /// How long a run of a task may take by what the same detector took on a smaller dataset.
    fn expected(&self, index: usize) -> Duration {
        let size = |task: &Task<'_>| self.data.get(task.dataset).map_or(0, |data| data.bytes);
        let Some(task) = self.tasks.get(index) else {
            return Duration::ZERO;
        };
        let earlier = self.tasks.iter().filter(|one| {
            one.detector.name == task.detector.name
                && one.threads == task.threads
                && size(one) <= size(task)
        });
        let last = earlier
            .filter_map(|one| Some((size(one), one.runs.last()?.wall_s)))
            .max_by_key(|(size, _)| *size);
        let grown = last.map_or(0.0, |(bytes, wall_s)| {
            wall_s * super::report::as_f64(size(task)) / super::report::as_f64(bytes.max(1))
        });
        Duration::try_from_secs_f64(grown).unwrap_or_default()
    }

    /// Runs all in turn. What warmed up counted for rows only.
    fn run(&mut self) -> Result<usize, MeasureError> {
        for task in &mut self.tasks {
            task.runs.clear();
        }
        let mut rounds = 0;
        let mut last = None;
        while rounds < self.settings.rounds && self.tasks.iter().any(Task::goes_on) {
            let begun = Instant::now();
            if !self.budget.has_round(last) || !self.round()? {
                break;
            }
            last = Some(begun.elapsed());
            rounds += 1;
            (self.settings.say)(&format!("round {rounds} of {}", self.settings.rounds));
        }
        if self.tasks.iter().any(Task::goes_on) && rounds < self.settings.rounds {
            let left_out = counted(self.settings.rounds - rounds, "round");
            self.dropped
                .push(format!("{left_out} of {}", self.settings.rounds));
        }
        // A round that was not finished tells nothing: its runs have no counterparts.
        for data in &mut self.data {
            data.calibration_s.truncate(rounds);
        }
        for task in &mut self.tasks {
            task.runs.truncate(rounds);
        }
        Ok(rounds)
    }

    /// One round; `false` where there was no time to finish it.
    fn round(&mut self) -> Result<bool, MeasureError> {
        for (index, data) in self.data.iter_mut().enumerate() {
            let Some((_, kept)) = self.kept.get(index) else {
                continue;
            };
            stop_if(self.settings.cancelled)?;
            data.calibration_s.push(calibrate(self.kept, index)?);
            let on_it = self.tasks.iter_mut().filter(|task| task.dataset == index);
            for task in on_it.filter(|task| task.goes_on()) {
                stop_if(self.settings.cancelled)?;
                if task.run(kept, self.bench, self.budget.left()) == Outcome::NoTime {
                    return Ok(false);
                }
                stop_if(self.settings.cancelled)?;
            }
        }
        Ok(true)
    }
}

fn stop_if(cancelled: &AtomicBool) -> Result<(), MeasureError> {
    if cancelled.load(Ordering::Relaxed) {
        return Err(MeasureError::Cancelled);
    }
    Ok(())
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

/// `counts`: how long counting the newlines of each dataset takes.
fn tasks<'d>(detectors: &'d [Detector], counts: &[f64]) -> Vec<Task<'d>> {
    let mut tasks = Vec::new();
    for detector in detectors.iter().filter(|one| one.cannot.is_none()) {
        // Accuracy needs no second dataset and no other number of threads.
        let datasets = if detector.differs.is_some() {
            1
        } else {
            counts.len()
        };
        for (dataset, count) in counts.iter().enumerate().take(datasets) {
            let most = detector.threads.iter().max().copied();
            let threads = match dataset {
                0 if detector.differs.is_none() => detector.threads.clone(),
                _ => most.into_iter().collect(),
            };
            tasks.extend(threads.into_iter().map(|threads| Task {
                detector,
                threads,
                dataset,
                limit: detector.timeout.unwrap_or_else(|| default_limit(*count)),
                rows: None,
                refused: None,
                is_dropped: false,
                runs: Vec::new(),
            }));
        }
    }
    tasks
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
