//! Measurements as other tools read them: `critcmp`, which compares baselines of criterion, and
//! `github-action-benchmark`, which follows numbers over commits.

use super::report::{BenchReport, Data, Measured, Speed, as_f64};
use super::statistics::{Estimate, median};
use serde_json::{Value, json};

/// Nanoseconds in a second.
const NANOS: f64 = 1e9;

/// A baseline as `critcmp` 0.1.8 exports and reads it (`critcmp FILE FILE`). It has names by baseline, so two files need
/// two labels. A benchmark is `SCENARIO-xSCALE/THREADS/DETECTOR`, for `critcmp -g`.
#[must_use]
pub fn critcmp(report: &BenchReport, label: &str) -> Value {
    let mut benchmarks = serde_json::Map::new();
    for (name, one, data, speed) in with_speed(report) {
        let (group, function) = name.rsplit_once('/').unwrap_or(("", &name));
        let walls: Vec<f64> = speed.walls().iter().map(|wall| wall * NANOS).collect();
        let benchmark = json!({
            "baseline": label,
            "fullname": format!("{label}/{name}"),
            "criterion_benchmark_v1": {
                "group_id": group,
                "function_id": function,
                "value_str": one.threads.map(|threads| threads.to_string()),
                "throughput": { "Bytes": data.bytes, "Elements": null },
                "full_id": name,
                "directory_name": name,
            },
            "criterion_estimates_v1": estimates(&walls, &speed.wall_s),
        });
        benchmarks.insert(name, benchmark);
    }
    json!({ "name": label, "benchmarks": benchmarks })
}

/// Entries of the `customSmallerIsBetter` tool. The times over those of counting newlines are what an alert can hold:
/// they drift less than seconds.
#[must_use]
pub fn github_action_benchmark(report: &BenchReport) -> Value {
    let mut entries = Vec::new();
    for (name, _, _, speed) in with_speed(report) {
        let mut add = |what: &str, unit: &str, estimate: &Estimate, factor: f64| {
            let off = (estimate.high - estimate.median).max(estimate.median - estimate.low);
            entries.push(json!({
                "name": format!("{name}: {what}"),
                "unit": unit,
                "value": estimate.median * factor,
                "range": format!("± {}", off * factor),
                "extra": format!(
                    "median of {} runs; 95 % between {} and {}",
                    speed.runs.len(),
                    estimate.low * factor,
                    estimate.high * factor
                ),
            }));
        };
        add(
            "time over counting newlines",
            "times",
            &speed.to_calibration,
            1.0,
        );
        add("time", "ms", &speed.wall_s, 1e3);
        if let Some(peak) = &speed.peak_bytes {
            add("peak memory", "MiB", peak, 1.0 / 1_048_576.0);
        }
    }
    Value::Array(entries)
}

/// All that has a speed, each with a name of its own.
fn with_speed(report: &BenchReport) -> impl Iterator<Item = (String, &Measured, &Data, &Speed)> {
    report.measured.iter().filter_map(|one| {
        let speed = one.speed.as_ref()?;
        let data = report.datasets.get(one.dataset)?;
        let threads = one
            .threads
            .map_or("any".to_owned(), |threads| threads.to_string());
        let clients = data
            .clients
            .map_or(String::new(), |clients| format!("-{clients}"));
        // A slash parts the names of criterion's groups.
        let detector = one.detector.replace('/', "-");
        let name = format!(
            "{}{clients}-x{}/{threads}/{detector}",
            data.scenario, data.scale
        );
        Some((name, one, data, speed))
    })
}

/// Criterion's estimates: each a value, an interval and a standard error.
fn estimates(walls: &[f64], of_walls: &Estimate) -> Value {
    let count = as_f64(walls.len() as u64);
    let mean = walls.iter().sum::<f64>() / count;
    let squares: f64 = walls.iter().map(|wall| (wall - mean).powi(2)).sum();
    let deviation = if walls.len() < 2 {
        0.0
    } else {
        (squares / (count - 1.0)).sqrt()
    };
    let error = deviation / count.sqrt();
    let middle = of_walls.median * NANOS;
    let off: Vec<f64> = walls.iter().map(|wall| (wall - middle).abs()).collect();
    let of = |point: f64, low: f64, high: f64| {
        json!({
            "point_estimate": point,
            "standard_error": error,
            "confidence_interval": {
                "confidence_level": 0.95,
                "lower_bound": low,
                "upper_bound": high,
            },
        })
    };
    let spread = median(&off).unwrap_or_default();
    json!({
        "mean": of(mean, mean - 1.96 * error, mean + 1.96 * error),
        "median": of(middle, of_walls.low * NANOS, of_walls.high * NANOS),
        "median_abs_dev": of(spread, spread, spread),
        "slope": null,
        "std_dev": of(deviation, deviation, deviation),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::machine;
    use super::super::report::{Run, SCHEMA_VERSION};
    use super::*;

    /// Two detectors on one dataset, one of them without a speed.
    pub(in super::super) fn report() -> BenchReport {
        let data = Data {
            scenario: "suite".into(),
            seed: 1,
            scale: 10.0,
            clients: None,
            lines: 100,
            bytes: 1_000_000_000,
            fingerprint: "f".into(),
            calibration_s: vec![0.5, 0.5, 0.5],
        };
        let runs = [1.0, 2.0, 6.0].map(|wall_s| Run {
            wall_s,
            cpu_s: None,
            peak_bytes: Some(3 << 20),
        });
        let measured = |detector: &str, speed: Option<Speed>| Measured {
            detector: detector.into(),
            threads: Some(2),
            dataset: 0,
            rows: None,
            refused: speed.is_none().then(|| "no".into()),
            speed,
        };
        let speed = Speed::of(runs.to_vec(), &data, None);
        BenchReport {
            schema_version: SCHEMA_VERSION,
            version: "0".into(),
            began: "2026-11-24T10:00:00Z".into(),
            command: vec!["scanbench".into(), "bench".into()],
            machine: machine::this(),
            detectors: Vec::new(),
            rounds: 3,
            datasets: vec![data],
            measured: vec![measured("a/b", speed), measured("c", None)],
            growth: Vec::new(),
            dropped: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Of 1, 2 and 6 s: mean 3, median 2, deviations from the mean 2, 1, 3, so a variance of 14 / 2.
    #[test]
    fn a_baseline_of_criterion() {
        let told = critcmp(&report(), "now");
        let one = &told["benchmarks"]["suite-x10/2/a-b"];
        assert_eq!(told["benchmarks"].as_object().unwrap().len(), 1);
        assert_eq!(one["fullname"], "now/suite-x10/2/a-b");
        assert_eq!(
            one["criterion_benchmark_v1"]["throughput"]["Bytes"],
            1_000_000_000
        );
        let value = |name: &str| {
            one["criterion_estimates_v1"][name]["point_estimate"]
                .as_f64()
                .unwrap()
        };
        assert!((value("mean") - 3e9).abs() < 1.0);
        assert!((value("median") - 2e9).abs() < 1.0);
        assert!((value("std_dev") - 7.0_f64.sqrt() * 1e9).abs() < 1.0);
        // 1, 0 and 4 s off the median.
        assert!((value("median_abs_dev") - 1e9).abs() < 1.0);
    }

    #[test]
    fn entries_that_a_chart_follows() {
        let told = github_action_benchmark(&report());
        let entries = told.as_array().unwrap();
        let values: Vec<(&str, f64)> = entries
            .iter()
            .map(|one| {
                (
                    one["name"].as_str().unwrap(),
                    one["value"].as_f64().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            values,
            [
                ("suite-x10/2/a-b: time over counting newlines", 4.0),
                ("suite-x10/2/a-b: time", 2000.0),
                ("suite-x10/2/a-b: peak memory", 3.0),
            ]
        );
        assert_eq!(entries[1]["range"], "± 4000");
    }
}
