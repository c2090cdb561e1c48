//! What changed against an earlier `bench.json`. Machines drift between two calls, so what is compared are times over
//! those of counting newlines.

use super::report::{BenchReport, Data, MATTERS, Measured, SCHEMA_VERSION, Verdict};
use super::statistics::Estimate;

/// A measurement against its counterpart.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What people call it.
    pub name: String,
    /// Its time over the earlier one's, each over counting newlines.
    pub quotient: Estimate,
    /// The same of the fastest runs, which what else runs on the machine disturbs least.
    pub fastest: f64,
}

impl Change {
    /// What it says. Intervals know the noise of the runs of one call, not what differs between two calls on a shared
    /// machine: so the fastest runs must have moved as well. What disturbs a machine only ever adds time.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match Verdict::of(&self.quotient) {
            Verdict::Slower if self.fastest > 1.0 + MATTERS => Verdict::Slower,
            Verdict::Faster if self.fastest < 1.0 / (1.0 + MATTERS) => Verdict::Faster,
            _ => Verdict::NoChange,
        }
    }
}

/// What became of the measurements that both reports have.
///
/// # Errors
/// A sentence, where the reports have none in common, or the earlier one is of another version, or a detector that had
/// a speed in it is refused now.
pub fn compare(now: &BenchReport, earlier: &BenchReport) -> Result<Vec<Change>, String> {
    if earlier.schema_version != SCHEMA_VERSION {
        return Err(format!(
            "the baseline has schema_version {}, expected {SCHEMA_VERSION}",
            earlier.schema_version
        ));
    }
    let mut changes = Vec::new();
    for one in &now.measured {
        let Some(data) = now.datasets.get(one.dataset) else {
            continue;
        };
        let Some((other, other_data)) = counterpart(one, data, earlier) else {
            continue;
        };
        let quotient = Estimate::of_quotient(&ratios(one, data), &ratios(other, other_data));
        if let (Some(quotient), Some(now_fastest), Some(then_fastest)) =
            (quotient, fastest(one, data), fastest(other, other_data))
        {
            changes.push(Change {
                name: now.name_of(one),
                quotient,
                fastest: now_fastest / then_fastest,
            });
        }
    }
    if changes.is_empty() {
        return Err("the baseline has no detector with a speed on the same bytes: give the same scenario and --scale".into());
    }
    Ok(changes)
}

/// The same detector with the same threads on the same bytes.
fn counterpart<'e>(
    one: &Measured,
    data: &Data,
    earlier: &'e BenchReport,
) -> Option<(&'e Measured, &'e Data)> {
    earlier.measured.iter().find_map(|other| {
        let other_data = earlier.datasets.get(other.dataset)?;
        let is_same = other.detector == one.detector
            && other.threads == one.threads
            && other_data.fingerprint == data.fingerprint
            && other.speed.is_some();
        is_same.then_some((other, other_data))
    })
}

fn ratios(one: &Measured, data: &Data) -> Vec<f64> {
    let runs = one.speed.iter().flat_map(|speed| &speed.runs);
    runs.zip(&data.calibration_s)
        .map(|(run, calibration)| run.wall_s / calibration)
        .collect()
}

/// The fastest run over the fastest count.
fn fastest(one: &Measured, data: &Data) -> Option<f64> {
    let runs = one
        .speed
        .as_ref()?
        .walls()
        .into_iter()
        .min_by(f64::total_cmp)?;
    let counts = data.calibration_s.iter().copied().min_by(f64::total_cmp)?;
    Some(runs / counts)
}

#[cfg(test)]
mod tests {
    use super::super::report::{Machine, Run, Speed};
    use super::*;

    fn report(walls: &[f64], calibration: f64) -> BenchReport {
        let data = Data {
            scenario: "s".into(),
            seed: 1,
            scale: 1.0,
            clients: None,
            lines: 10,
            bytes: 10,
            fingerprint: "same".into(),
            calibration_s: vec![calibration; walls.len()],
        };
        let runs = walls
            .iter()
            .map(|wall| Run {
                wall_s: *wall,
                cpu_s: None,
                peak_bytes: None,
            })
            .collect();
        let speed = Speed::of(runs, &data, None);
        BenchReport {
            schema_version: SCHEMA_VERSION,
            version: String::new(),
            began: String::new(),
            command: Vec::new(),
            machine: Machine {
                system: String::new(),
                architecture: String::new(),
                processor: None,
                memory_bytes: None,
                threads: 1,
            },
            detectors: Vec::new(),
            rounds: walls.len(),
            datasets: vec![data],
            measured: vec![Measured {
                detector: "d".into(),
                threads: Some(1),
                dataset: 0,
                rows: None,
                refused: None,
                speed,
            }],
            growth: Vec::new(),
            dropped: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn verdict(now: &BenchReport, earlier: &BenchReport) -> Verdict {
        compare(now, earlier).unwrap()[0].verdict()
    }

    #[test]
    fn slower_beyond_noise_only() {
        let earlier = report(&[2.0, 2.01, 1.99, 2.0, 2.02, 1.98], 1.0);
        assert_eq!(verdict(&earlier, &earlier), Verdict::NoChange);
        let slower = report(&[3.0, 3.01, 2.99, 3.0, 3.02, 2.98], 1.0);
        assert_eq!(verdict(&slower, &earlier), Verdict::Slower);
        assert_eq!(verdict(&earlier, &slower), Verdict::Faster);
        // Twice the time on a machine of half the speed.
        let drifted = report(&[4.0, 4.02, 3.98, 4.0, 4.04, 3.96], 2.0);
        assert_eq!(verdict(&drifted, &earlier), Verdict::NoChange);
        // The median is 30 % up, but runs go from 1.5 to 4.
        let noisy = report(&[1.5, 4.0, 1.6, 2.6, 3.0, 2.6], 1.0);
        assert_eq!(verdict(&noisy, &earlier), Verdict::NoChange);
    }

    /// All runs but one are slower by half: something else used the machine.
    #[test]
    fn a_busy_machine_is_no_slower_program() {
        let earlier = report(&[2.0, 2.01, 1.99, 2.0, 2.02, 1.98], 1.0);
        let busy = report(&[3.0, 3.01, 2.0, 3.0, 3.02, 2.98], 1.0);
        let change = &compare(&busy, &earlier).unwrap()[0];
        assert!((change.fastest - 2.0 / 1.98).abs() < 1e-12);
        assert_eq!(change.verdict(), Verdict::NoChange);
    }

    #[test]
    fn other_bytes_are_not_compared() {
        let now = report(&[1.0], 1.0);
        let mut earlier = now.clone();
        earlier.datasets[0].fingerprint = "other".into();
        assert!(compare(&now, &earlier).unwrap_err().contains("same bytes"));
        earlier.schema_version = 0;
        assert!(
            compare(&now, &earlier)
                .unwrap_err()
                .contains("schema_version")
        );
    }
}
