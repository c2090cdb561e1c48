//! How often the detector sees a scan that begins at a random moment, beside what the closed form says. The scans are
//! made in memory, a line for each port, in whole seconds as IIS writes them.

use crate::eval::edge::PacedScan;
use crate::eval::sweep::WindowKind;
use crate::eval::{Interval, interval};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use scanbench_detector::{Detector, Exclusions, Rule, Selection, Window};
use scanbench_w3c::{Field, Record, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::Duration;

/// Version of the shape of [`Edges`] in JSON.
pub const EDGES_SCHEMA_VERSION: u32 = 1;

/// 2026-11-02T00:00:00Z, a start of bins of any width that divides a day.
const MIDNIGHT: i64 = 1_793_577_600_000;

/// How a scan is paced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// A port in equal gaps: what the closed form is about.
    Even,
    /// Gaps drawn from an exponential distribution with the same mean: it has bursts.
    Exponential,
}

impl Pace {
    /// As it stands in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Even => "even",
            Self::Exponential => "exponential",
        }
    }
}

/// What is measured.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgePlan {
    /// Numbers of distinct ports.
    pub ports: Vec<u16>,
    /// Ports a minute.
    pub rates: Vec<f64>,
    /// How time is cut.
    pub windows: Vec<WindowKind>,
    /// Width of a bin or window.
    pub width: Duration,
    /// Distinct ports that make a row.
    pub threshold: u32,
    /// Scans of each sort.
    pub trials: u32,
    /// For the phases and the gaps.
    pub seed: u64,
}

/// One sort of scan under one kind of window.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize)]
pub struct EdgePoint {
    /// How time is cut.
    pub window: WindowKind,
    /// How the scan is paced.
    pub pace: Pace,
    /// Distinct ports.
    pub ports: u16,
    /// Ports a minute.
    pub per_minute: f64,
    /// The part that the closed form gives; there is none for gaps that vary.
    pub closed_form: Option<f64>,
    /// Scans with a row.
    pub detected: u32,
    /// Scans.
    pub trials: u32,
    /// The 95 % interval of the part that is detected.
    pub interval: Option<Interval>,
}

impl EdgePoint {
    /// The part that was detected; `None` where there was no scan.
    #[must_use]
    pub fn measured(&self) -> Option<f64> {
        (self.trials > 0).then(|| f64::from(self.detected) / f64::from(self.trials))
    }
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Edges {
    /// [`EDGES_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Width of a bin or window, in seconds.
    pub bin_seconds: u64,
    /// Distinct ports that make a row.
    pub threshold: u32,
    /// Every point.
    pub points: Vec<EdgePoint>,
}

/// A line of a scan.
struct Probe<'c> {
    time: Timestamp,
    port: u16,
    client: &'c str,
}

impl Record for Probe<'_> {
    fn time(&self) -> Timestamp {
        self.time
    }

    fn port(&self) -> Option<u16> {
        Some(self.port)
    }

    fn get(&self, field: Field) -> Option<&[u8]> {
        match field {
            Field::CIp => Some(self.client.as_bytes()),
            Field::SIp => Some(b"10.0.0.1"),
            _ => None,
        }
    }

    fn get_named(&self, _: &str) -> Option<&[u8]> {
        None
    }
}

impl EdgePlan {
    /// Measures every point. `go_on` is asked before each sort of scan; `None` where it says no.
    #[must_use]
    pub fn measure(&self, go_on: &dyn Fn() -> bool) -> Option<Edges> {
        let mut points = Vec::new();
        let mut random = Pcg64::seed_from_u64(self.seed);
        for ports in &self.ports {
            for per_minute in &self.rates {
                for pace in [Pace::Even, Pace::Exponential] {
                    if !go_on() {
                        return None;
                    }
                    let scans: Vec<Vec<Timestamp>> = (0..self.trials)
                        .map(|_| self.scan(*ports, *per_minute, pace, &mut random))
                        .collect();
                    for window in &self.windows {
                        let detected = self.detected(&scans, *window);
                        let trials: Vec<(u64, u64)> = (0..self.trials)
                            .map(|trial| (u64::from(trial < detected), 1))
                            .collect();
                        points.push(EdgePoint {
                            window: *window,
                            pace,
                            ports: *ports,
                            per_minute: *per_minute,
                            closed_form: (pace == Pace::Even)
                                .then(|| self.closed_form(*ports, *per_minute, *window)),
                            detected,
                            trials: self.trials,
                            interval: interval(&trials),
                        });
                    }
                }
            }
        }
        Some(Edges {
            schema_version: EDGES_SCHEMA_VERSION,
            bin_seconds: self.width.as_secs(),
            threshold: self.threshold,
            points,
        })
    }

    fn closed_form(&self, ports: u16, per_minute: f64, window: WindowKind) -> f64 {
        let scan = PacedScan {
            ports: u32::from(ports),
            per_minute,
            threshold: self.threshold,
            width: self.width.as_secs_f64(),
        };
        match window.step(self.width) {
            Some(step) => scan.fixed(step.as_secs_f64()),
            None => f64::from(u8::from(scan.sliding())),
        }
    }

    /// The times of a scan's ports, from a random moment of a bin on.
    fn scan(&self, ports: u16, per_minute: f64, pace: Pace, random: &mut Pcg64) -> Vec<Timestamp> {
        let mut unit = || f64::from(random.next_u32()) / 4_294_967_296.0;
        let begin = unit() * self.width.as_secs_f64();
        let gap = 60.0 / per_minute;
        let mut bursts = 0.0;
        (0..ports)
            .map(|port| {
                let since = match pace {
                    Pace::Even => f64::from(port) * gap,
                    Pace::Exponential => {
                        let now = bursts;
                        bursts += -gap * (1.0 - unit()).ln();
                        now
                    }
                };
                // A port a day is slow enough; what is slower stands at the end of time.
                let since = Duration::try_from_secs_f64(begin + since).unwrap_or(Duration::MAX);
                // IIS logs whole seconds.
                Timestamp::from_millis(MIDNIGHT)
                    .plus(since)
                    .floor(Duration::from_secs(1))
            })
            .collect()
    }

    /// How many scans make a row; each comes from a client of its own.
    fn detected(&self, scans: &[Vec<Timestamp>], window: WindowKind) -> u32 {
        let rule = Rule {
            window: match (window, window.step(self.width)) {
                (WindowKind::Hopping, Some(step)) => Window::Hopping {
                    width: self.width,
                    step,
                },
                (WindowKind::Sliding, _) => Window::Sliding { width: self.width },
                _ => Window::Tumbling { width: self.width },
            },
            threshold: u64::from(self.threshold),
            ..Rule::default()
        };
        let mut detector = Detector::new(rule, Exclusions::default());
        for (number, times) in scans.iter().enumerate() {
            let client = format!("scan-{number}");
            for (time, port) in times.iter().zip(1_u16..) {
                let probe = Probe {
                    time: *time,
                    port,
                    client: &client,
                };
                detector.push(&probe, "SERVER");
            }
        }
        let alerts = detector.finish().alerts(&Selection::None);
        let clients: BTreeSet<&str> = alerts.iter().map(|alert| alert.c_ip.as_str()).collect();
        u32::try_from(clients.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(ports: &[u16], rates: &[f64]) -> EdgePlan {
        EdgePlan {
            ports: ports.to_vec(),
            rates: rates.to_vec(),
            windows: vec![
                WindowKind::Tumbling,
                WindowKind::Hopping,
                WindowKind::Sliding,
            ],
            width: Duration::from_mins(10),
            threshold: 30,
            trials: 100,
            seed: 7,
        }
    }

    /// What the detector does is what the closed form says: 100 trials have a standard deviation of 0.05 at
    /// most.
    #[test]
    fn the_detector_agrees_with_the_closed_form() {
        let edges = plan(&[29, 30, 40], &[3.0, 6.0]).measure(&|| true).unwrap();
        assert_eq!(edges.points.len(), 3 * 2 * 2 * 3);
        for point in &edges.points {
            let measured = point.measured().unwrap();
            if let Some(expected) = point.closed_form {
                assert!((measured - expected).abs() < 0.2, "{point:?}");
            }
        }
    }

    /// Bursts are seen where an even pace never is: 300 ports at 2.9 a minute fire in 99.8 of 100 by the method page.
    #[test]
    fn bursts_are_seen() {
        let few = EdgePlan {
            trials: 30,
            ..plan(&[300], &[2.9])
        };
        let edges = few.measure(&|| true).unwrap();
        let detected = |pace, window| {
            let mut points = edges.points.iter();
            let point = points.find(|one| one.pace == pace && one.window == window);
            point.unwrap().detected
        };
        assert_eq!(detected(Pace::Even, WindowKind::Tumbling), 0);
        assert!(detected(Pace::Exponential, WindowKind::Tumbling) > 27);
        assert_eq!(detected(Pace::Even, WindowKind::Sliding), 30);
        assert!(plan(&[1], &[1.0]).measure(&|| false).is_none());
    }
}
