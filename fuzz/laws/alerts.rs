//! Alerts of other engines.

use crate::laws::is_harmless;
use scanbench::alerts::{Mapping, read_alerts};
use scanbench_detector::Alert;

/// Alerts are read, or refused in words that act on no terminal; and those that were read are read again from what we
/// write of them.
pub fn alerts(data: &[u8]) {
    let alerts = match read_alerts(data, &Mapping::default()) {
        Ok(alerts) => alerts,
        Err(error) => return is_harmless(&error.to_string()),
    };
    let lines: Vec<String> = alerts
        .iter()
        .map(|alert| serde_json::to_string(alert).unwrap())
        .collect();
    let again = read_alerts(lines.join("\n").as_bytes(), &Mapping::default())
        .unwrap_or_else(|error| panic!("{error}\n{lines:?}"));
    let said = |alert: &Alert| {
        (
            alert.time_generated,
            alert.window_end,
            alert.c_ip.clone(),
            alert.computer.clone(),
            alert.s_ip.clone(),
            alert.set_s_port.clone(),
            alert.port_count,
        )
    };
    let (first, second): (Vec<_>, Vec<_>) = (
        alerts.iter().map(said).collect(),
        again.iter().map(said).collect(),
    );
    assert_eq!(second, first);
}
