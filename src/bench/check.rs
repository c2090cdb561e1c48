//! Rows before speed: a detector's alerts against the truth, by the code that scores our own.

use crate::alerts::AlertTime;
use crate::eval::{GroundTruth, Runs, evaluate};
use scanbench_detector::{Alert, Window};
use scanbench_generator::truth::BIN;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The most distinct ports that a row tells.
const MOST_PORTS: u64 = 128;

/// How the rows of a detector agree with the truth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// Rows that the rule must give.
    pub expected: u64,
    /// Rows that came.
    pub found: u64,
    /// Expected ones that did not come.
    pub missing: u64,
    /// Ones that came and are not expected.
    pub unexpected: u64,
    /// Right rows with another number of distinct ports, where the detector tells one.
    pub other_ports: u64,
    /// Share of rows that are of scans; `null` without a row.
    pub bin_precision: Option<f64>,
    /// Share of malicious campaigns with a row; `null` without a campaign.
    pub campaign_recall: Option<f64>,
}

impl Rows {
    /// Whether they are those of the rule, each once.
    #[must_use]
    pub fn are_right(&self) -> bool {
        self.missing == 0
            && self.unexpected == 0
            && self.other_ports == 0
            && self.found == self.expected
    }
}

/// Holds alerts against the truth.
///
/// # Errors
/// A sentence, where alerts do not tell enough to be checked.
pub fn check(truth: &GroundTruth, mut alerts: Vec<Alert>, time: AlertTime) -> Result<Rows, String> {
    if alerts
        .iter()
        .any(|alert| alert.computer.is_empty() || alert.s_ip.is_empty())
    {
        return Err("alerts without the server's name and address cannot be told apart, so they cannot be checked".into());
    }
    time.settle(&mut alerts);
    let found = alerts.len() as u64;
    let other_ports = other_ports(truth, &alerts);
    let runs = Runs {
        window: Window::Tumbling { width: BIN },
        is_published_rule: true,
        rule: None,
        with: alerts.clone(),
        without: alerts,
        exclusions: Vec::new(),
        reached: Default::default(),
        keys: None,
        coalition: Box::new(()),
    };
    let evaluation = evaluate(truth, &runs);
    let agreement = evaluation.agreement.unwrap_or_default();
    Ok(Rows {
        expected: truth
            .windows
            .iter()
            .filter(|window| window.must_fire)
            .count() as u64,
        found,
        missing: agreement.missing_rows.len() as u64,
        unexpected: agreement.unexpected_rows.len() as u64,
        other_ports,
        bin_precision: evaluation.without_exclusions.bin_precision.value(),
        campaign_recall: evaluation.without_exclusions.campaign_recall.value(),
    })
}

/// How many rows tell another number of ports than the truth. Zero means that a detector does not tell.
fn other_ports(truth: &GroundTruth, alerts: &[Alert]) -> u64 {
    let windows: BTreeMap<_, u64> = truth
        .windows
        .iter()
        .map(|one| {
            (
                (one.bin, one.c_ip, one.computer.as_str(), one.s_ip),
                one.ports,
            )
        })
        .collect();
    let differs = |alert: &&Alert| {
        let addresses = alert
            .c_ip
            .parse::<IpAddr>()
            .ok()
            .zip(alert.s_ip.parse::<IpAddr>().ok());
        let ports = addresses.and_then(|(c_ip, s_ip)| {
            windows.get(&(alert.time_generated, c_ip, alert.computer.as_str(), s_ip))
        });
        let told = alert.port_count;
        told != 0 && ports.is_some_and(|ports| told.min(MOST_PORTS) != (*ports).min(MOST_PORTS))
    };
    alerts.iter().filter(differs).count() as u64
}
