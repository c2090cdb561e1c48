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
    let mut groups: BTreeMap<_, Vec<&Alert>> = BTreeMap::new();
    for alert in alerts {
        let key = (&alert.c_ip, &alert.computer, &alert.s_ip, alert.run);
        groups.entry(key).or_default().push(alert);
    }
    let mut episodes: Vec<Episode> = Vec::new();
    for ((c_ip, computer, s_ip, run), mut rows) in groups {
        rows.sort_by_key(|row| row.time_generated);
        let mut open: Option<(Episode, BTreeSet<u16>)> = None;
        for row in rows {
            let (start, end) = (
                row.time_generated,
                row.window_end
                    .unwrap_or_else(|| window.end(row.time_generated)),
            );
            if let Some((episode, ports)) = open.as_mut().filter(|(open, _)| start <= open.end) {
                episode.end = episode.end.max(end);
                episode.rows += 1;
                episode.most = episode.most.max(row.distinct());
                ports.extend(&row.set_s_port);
                continue;
            }
            episodes.extend(open.take().map(close));
            let episode = Episode {
                c_ip: c_ip.clone(),
                computer: computer.clone(),
                s_ip: s_ip.clone(),
                run,
                start,
                end,
                rows: 1,
                ports: Vec::new(),
                most: row.distinct(),
            };
            open = Some((episode, row.set_s_port.iter().copied().collect()));
        }
        episodes.extend(open.take().map(close));
    }
    episodes.sort_by(|a, b| {
        (a.run, a.start, &a.c_ip, &a.computer, &a.s_ip).cmp(&(
            b.run,
            b.start,
            &b.c_ip,
            &b.computer,
            &b.s_ip,
        ))
    });
    episodes
}

fn close((episode, ports): (Episode, BTreeSet<u16>)) -> Episode {
    Episode {
        ports: ports.into_iter().collect(),
        ..episode
    }
}
