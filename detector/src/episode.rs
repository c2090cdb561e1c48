//! Rows that belong together: a scan that goes on over several windows is one episode, not many alerts.

use crate::{Alert, Window};
use scanbench_w3c::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Neighbouring rows of one client, computer and server address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Episode {
    /// The client.
    #[serde(rename = "cIP")]
    pub c_ip: String,
    /// The computer.
    #[serde(rename = "Computer")]
    pub computer: String,
    /// The server's address.
    #[serde(rename = "sIP")]
    pub s_ip: String,
    /// The run that returned the rows, where the rule is scheduled.
    #[serde(
        rename = "Run",
        skip_serializing_if = "Option::is_none",
        serialize_with = "crate::alert::some_as_rfc3339"
    )]
    pub run: Option<Timestamp>,
    /// Start of the first window.
    #[serde(rename = "Start", serialize_with = "crate::alert::as_rfc3339")]
    pub start: Timestamp,
    /// End of the last one.
    #[serde(rename = "End", serialize_with = "crate::alert::as_rfc3339")]
    pub end: Timestamp,
    /// How many rows.
    pub rows: u64,
    /// Distinct ports in all of them.
    #[serde(rename = "set_sPort")]
    pub ports: Vec<u16>,
    /// The most distinct values in any one of them.
    pub most: u64,
}

/// Joins rows whose windows overlap or touch and that share client, computer and server address; first starts first.
#[must_use]
pub fn episodes(alerts: &[Alert], window: &Window) -> Vec<Episode> {
    let rows = episode_rows(alerts, window);
    rows.iter()
        .map(|rows| joined(alerts, rows, window))
        .collect()
}

/// The rows of each episode, by their place among the alerts; rows and episodes that start first stand first.
#[must_use]
pub fn episode_rows(alerts: &[Alert], window: &Window) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (row, alert) in alerts.iter().enumerate() {
        let key = (&alert.c_ip, &alert.computer, &alert.s_ip, alert.run);
        groups.entry(key).or_default().push(row);
    }
    let mut episodes: Vec<Vec<usize>> = Vec::new();
    for mut rows in groups.into_values() {
        rows.sort_by_key(|row| alerts[*row].time_generated);
        let mut open_until: Option<Timestamp> = None;
        for row in rows {
            let (start, end) = (alerts[row].time_generated, end(&alerts[row], window));
            match episodes.last_mut() {
                Some(episode) if open_until.is_some_and(|until| start <= until) => {
                    episode.push(row)
                }
                _ => episodes.push(vec![row]),
            }
            open_until = open_until.max(Some(end));
        }
    }
    let order = |rows: &Vec<usize>| {
        let first = &alerts[rows[0]];
        (
            first.run,
            first.time_generated,
            &first.c_ip,
            &first.computer,
            &first.s_ip,
        )
    };
    episodes.sort_by(|a, b| order(a).cmp(&order(b)));
    episodes
}

fn end(alert: &Alert, window: &Window) -> Timestamp {
    alert
        .window_end
        .unwrap_or_else(|| window.end(alert.time_generated))
}

fn joined(alerts: &[Alert], rows: &[usize], window: &Window) -> Episode {
    let first = &alerts[rows[0]];
    let rows = || rows.iter().map(|row| &alerts[*row]);
    let ports: BTreeSet<u16> = rows().flat_map(|row| &row.set_s_port).copied().collect();
    Episode {
        c_ip: first.c_ip.clone(),
        computer: first.computer.clone(),
        s_ip: first.s_ip.clone(),
        run: first.run,
        start: first.time_generated,
        end: rows()
            .map(|row| end(row, window))
            .max()
            .unwrap_or(first.time_generated),
        rows: rows().count() as u64,
        ports: ports.into_iter().collect(),
        most: rows().map(Alert::distinct).max().unwrap_or(0),
    }
}
