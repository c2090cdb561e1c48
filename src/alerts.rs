//! Alerts of any engine, as CSV, a JSON array or JSON Lines, so that they are scored by the same code as ours.
//!
//! Columns are found by the names that Microsoft Sentinel, Splunk, Elastic, Zeek and rsigma give them, or by the names
//! that the caller says. Objects inside objects are looked at by the path to them, `source.ip` for Elastic's.

mod columns;
mod records;
#[cfg(test)]
mod tests;

pub use columns::{MappedColumn, Mapping};

use clap::ValueEnum;
use columns::Columns;
use scanbench_detector::Alert;
use scanbench_generator::truth::BIN;
use serde::Deserialize;
use thiserror::Error;

/// What the time of an alert is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum AlertTime {
    /// The start of its bin
    #[default]
    Start,
    /// Some moment within its bin
    Within,
}

impl AlertTime {
    /// Puts alerts to the starts of their bins.
    pub fn settle(self, alerts: &mut [Alert]) {
        if self == Self::Within {
            for alert in alerts {
                alert.time_generated = alert.time_generated.floor(BIN);
            }
        }
    }
}

/// What is wrong with a file of alerts.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AlertsError {
    /// It is none of the formats.
    #[error("no CSV with a header, JSON array or JSON Lines: {0}")]
    Format(String),
    /// No column has a role that is needed.
    #[error("no column tells the {role}; there are: {found}; say it with --map {role}=COLUMN")]
    NoColumn {
        /// The role.
        role: &'static str,
        /// The columns.
        found: String,
    },
    /// Alerts that cannot be read.
    #[error("{count} alerts cannot be read, the first as alert {first}: {why}")]
    Bad {
        /// How many.
        count: usize,
        /// The first of them, from 1.
        first: usize,
        /// What is wrong with it.
        why: String,
    },
}

/// Reads alerts.
///
/// # Errors
/// [`AlertsError`]; nothing is passed over in silence, as a score of part of the alerts would look like one of all.
pub fn read_alerts(bytes: &[u8], mapping: &Mapping) -> Result<Vec<Alert>, AlertsError> {
    let records = records::read(bytes)?;
    let columns = Columns::find(&records, mapping)?;
    let (mut alerts, mut bad) = (Vec::with_capacity(records.len()), Vec::new());
    for (index, record) in records.iter().enumerate() {
        match columns.alert(record) {
            Ok(alert) => alerts.push(alert),
            Err(why) => bad.push((index + 1, why)),
        }
    }
    match bad.first() {
        None => Ok(alerts),
        Some((first, why)) => Err(AlertsError::Bad {
            count: bad.len(),
            first: *first,
            why: why.clone(),
        }),
    }
}
