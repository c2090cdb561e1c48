//! The plainest detectors, to hold the rule against: who cannot beat them counts ports for nothing (Arp et al. 2022,
//! pitfall P6: inappropriate baseline). They look at no port.

use super::Score;
use super::sweep::{By, LEAST_REQUESTS};
use scanbench_detector::{Alert, Census, CensusWidth, GridRow, Window};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// Thresholds that are tried: requests of one key in one bin.
pub const REQUESTS: [u64; 8] = [30, 50, 100, 200, 500, 1000, 2000, 5000];
/// Thresholds that are tried: of a hundred requests, so many with status 404.
pub const NOT_FOUND_PERCENT: [u64; 4] = [20, 50, 80, 95];

/// The rows of a baseline at a threshold; `distinct` is what was compared with it. There are none by ports.
#[must_use]
pub fn rows(bins: &CensusWidth, by: By, threshold: u64) -> Vec<GridRow> {
    bins.listed
        .iter()
        .filter_map(|bin| {
            let compared = match by {
                By::Requests => Some(bin.requests),
                By::NotFound => (bin.requests >= LEAST_REQUESTS)
                    .then(|| bin.not_found.saturating_mul(100) / bin.requests.max(1)),
                By::Ports => None,
            }?;
            (compared >= threshold).then_some(GridRow {
                start: bin.start,
                key: bin.key,
                first: bin.first,
                last: bin.last,
                distinct: compared,
            })
        })
        .collect()
}

/// A baseline with a fixed threshold. Where there is nothing to tune it on, it has the rule's own: as many requests in a
/// bin as the rule wants ports, or every second request not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Baseline {
    /// What is compared with the threshold.
    pub by: By,
    /// Width of a bin, in seconds; bins are tumbling ones.
    pub bin_seconds: u64,
    /// Requests, or per cent.
    pub threshold: u64,
}

/// How good a baseline is.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct BaselineScore {
    /// Which one.
    #[serde(flatten)]
    pub baseline: Baseline,
    /// Its scores, by the same code as the rule's.
    #[serde(flatten)]
    pub score: Score,
}

impl Baseline {
    /// Those that stand beside a rule with bins of this width and this threshold.
    #[must_use]
    pub fn beside(width: Duration, threshold: u64) -> [Self; 2] {
        [(By::Requests, threshold), (By::NotFound, 50)].map(|(by, threshold)| Self {
            by,
            bin_seconds: width.as_secs(),
            threshold,
        })
    }

    /// How it cuts time.
    #[must_use]
    pub fn window(&self) -> Window {
        Window::Tumbling {
            width: Duration::from_secs(self.bin_seconds),
        }
    }

    /// Its rows, from the bins of its width; with no sets, and with what was compared as the number of ports.
    #[must_use]
    pub fn alerts(&self, census: &Census, bins: &CensusWidth) -> Vec<Alert> {
        let row = |row: GridRow| {
            let key = &census.keys[row.key];
            Alert {
                time_generated: row.start,
                c_ip: key.c_ip.clone(),
                set_s_port: Vec::new(),
                set_cs_user_name: Vec::new(),
                set_decoded_uri_query: Vec::new(),
                computer: key.computer.clone(),
                set_s_site_name: Vec::new(),
                s_ip: key.s_ip.clone(),
                set_cs_user_agent: Vec::new(),
                set_cs_method: Vec::new(),
                set_sc_status_full: Vec::new(),
                set_sc_status_full_friendly: Vec::new(),
                set_sc_win32_status_hex: Vec::new(),
                set_sc_win32_status_friendly: Vec::new(),
                connections_count: row.distinct,
                port_count: row.distinct,
                capped: Vec::new(),
                window_end: None,
                run: None,
                counted: None,
                published: None,
            }
        };
        rows(bins, self.by, self.threshold)
            .into_iter()
            .map(row)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scanbench_detector::{CensusBin, GridKey};
    use scanbench_w3c::Timestamp;

    /// Four bins, worked out by hand.
    #[test]
    fn rows_by_hand() {
        let bin = |minute: i64, requests, not_found| CensusBin {
            start: Timestamp::from_millis(minute * 60_000),
            key: 0,
            requests,
            not_found,
            first: Timestamp::from_millis(minute * 60_000),
            last: Timestamp::from_millis(minute * 60_000 + 1000),
        };
        // 29 of 29: too few to tell. 15 of 30: half. 15 of 31: 48 %.
        let bins = CensusWidth {
            busy: Vec::new(),
            listed: vec![
                bin(0, 29, 29),
                bin(1, 30, 15),
                bin(2, 31, 15),
                bin(3, 100, 0),
            ],
        };
        let found = |by, threshold| -> Vec<(i64, u64)> {
            rows(&bins, by, threshold)
                .iter()
                .map(|row| (row.start.millis() / 60_000, row.distinct))
                .collect()
        };
        assert_eq!(found(By::Requests, 30), [(1, 30), (2, 31), (3, 100)]);
        assert_eq!(found(By::Requests, 100), [(3, 100)]);
        assert_eq!(found(By::NotFound, 50), [(1, 50)]);
        assert_eq!(found(By::NotFound, 20), [(1, 50), (2, 48)]);
        assert_eq!(found(By::Ports, 1), []);
    }

    /// Rows have the key of the census, what was compared as their count, and no set.
    #[test]
    fn alerts_are_rows_of_their_keys() {
        let key = |client: &str| GridKey {
            c_ip: client.to_owned(),
            computer: "WEB01".to_owned(),
            s_ip: "10.0.0.100".to_owned(),
        };
        let bin = |minute: i64, key, requests| CensusBin {
            start: Timestamp::from_millis(minute * 60_000),
            key,
            requests,
            not_found: 0,
            first: Timestamp::from_millis(minute * 60_000),
            last: Timestamp::from_millis(minute * 60_000 + 1000),
        };
        let census = Census {
            widths: vec![CensusWidth {
                busy: Vec::new(),
                listed: vec![bin(0, 0, 10), bin(0, 1, 45), bin(10, 0, 30)],
            }],
            keys: vec![key("10.0.0.1"), key("10.0.0.2")],
            ..Census::default()
        };
        let [requests, not_found] = Baseline::beside(Duration::from_mins(10), 30);
        let found = requests.alerts(&census, &census.widths[0]);
        let told: Vec<(i64, &str, &str, &str, u64, u64)> = found
            .iter()
            .map(|row| {
                let minute = row.time_generated.millis() / 60_000;
                (
                    minute,
                    &*row.c_ip,
                    &*row.computer,
                    &*row.s_ip,
                    row.distinct(),
                    row.connections_count,
                )
            })
            .collect();
        let expected = [
            (0, "10.0.0.2", "WEB01", "10.0.0.100", 45, 45),
            (10, "10.0.0.1", "WEB01", "10.0.0.100", 30, 30),
        ];
        assert_eq!(told, expected);
        assert_eq!(not_found.alerts(&census, &census.widths[0]), []);
        assert_eq!(
            (not_found.by, not_found.threshold, not_found.bin_seconds),
            (By::NotFound, 50, 600)
        );
    }
}
