//! One row of the query's result.

use crate::published::Published;
use scanbench_w3c::Timestamp;
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// A row, with the columns of the query's `project` in its order and under their names. Sets are sorted. Bytes
/// that are not UTF-8 are shown as U+FFFD.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// Start of the bin.
    #[serde(rename = "TimeGenerated", serialize_with = "as_rfc3339")]
    pub time_generated: Timestamp,
    /// The client's address as logged.
    #[serde(rename = "cIP")]
    pub c_ip: String,
    /// Distinct ports, at most the set limit.
    #[serde(rename = "set_sPort")]
    pub set_s_port: Vec<u16>,
    /// Distinct users; `-` for anonymous ones.
    #[serde(rename = "set_csUserName")]
    pub set_cs_user_name: Vec<String>,
    /// Distinct queries, percent-decoded once.
    #[serde(rename = "set_decodedUriQuery")]
    pub set_decoded_uri_query: Vec<String>,
    /// The computer that wrote the log.
    #[serde(rename = "Computer")]
    pub computer: String,
    /// Distinct sites.
    #[serde(rename = "set_sSiteName")]
    pub set_s_site_name: Vec<String>,
    /// The server's address as logged.
    #[serde(rename = "sIP")]
    pub s_ip: String,
    /// Distinct agents.
    #[serde(rename = "set_csUserAgent")]
    pub set_cs_user_agent: Vec<String>,
    /// Distinct methods.
    #[serde(rename = "set_csMethod")]
    pub set_cs_method: Vec<String>,
    /// Distinct pairs of status and sub-status, such as `404.0`.
    #[serde(rename = "set_scStatusFull")]
    pub set_sc_status_full: Vec<String>,
    /// What they mean, in the query's words.
    #[serde(rename = "set_scStatusFull_Friendly")]
    pub set_sc_status_full_friendly: Vec<String>,
    /// Distinct win32 codes in hex; an empty text for what is no number.
    #[serde(rename = "set_scWin32Status_Hex")]
    pub set_sc_win32_status_hex: Vec<String>,
    /// What they mean, in the query's words.
    #[serde(rename = "set_scWin32Status_Friendly")]
    pub set_sc_win32_status_friendly: Vec<String>,
    /// Lines in the bin, those without a port too.
    #[serde(rename = "ConnectionsCount")]
    pub connections_count: u64,
    /// Distinct ports, so at most the set limit; for sliding windows, the most in any one of them.
    #[serde(rename = "portCount")]
    pub port_count: u64,
    /// Names of the sets that reached the limit: values past it, if there were any, are not in them. Not a
    /// column of the query.
    pub capped: Vec<&'static str>,
    /// End of the window: exclusive for hopping windows, the last line of sliding ones and sessions; `None` for
    /// the rule's bins.
    #[serde(
        rename = "WindowEnd",
        skip_serializing_if = "Option::is_none",
        serialize_with = "some_as_rfc3339"
    )]
    pub window_end: Option<Timestamp>,
    /// The run that returned the row, where the rule is scheduled.
    #[serde(
        rename = "Run",
        skip_serializing_if = "Option::is_none",
        serialize_with = "some_as_rfc3339"
    )]
    pub run: Option<Timestamp>,
    /// What was counted, where that is not ports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
    /// Who the rule is, where it was taken over from a file.
    #[serde(rename = "rule", skip_serializing_if = "Option::is_none")]
    pub published: Option<Arc<Published>>,
}

/// Distinct values of another field than the port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// The field's name.
    pub field: &'static str,
    /// What was compared with the threshold.
    pub distinct: u64,
    /// The values, at most the set limit.
    pub values: Vec<String>,
}

impl Alert {
    /// The number of distinct values that was compared with the threshold.
    #[must_use]
    pub fn distinct(&self) -> u64 {
        self.counted
            .as_ref()
            .map_or(self.port_count, |counted| counted.distinct)
    }

    /// The order of rows: most ports first as in the query, then by key, since the query leaves ties undefined.
    #[must_use]
    pub fn order(&self) -> impl Ord + '_ {
        (
            std::cmp::Reverse(self.distinct()),
            self.run,
            self.time_generated,
            &self.c_ip,
            &self.computer,
            &self.s_ip,
        )
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
pub(crate) fn as_rfc3339<S: Serializer>(
    time: &Timestamp,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

#[expect(clippy::ref_option, reason = "serde calls it with a reference")]
pub(crate) fn some_as_rfc3339<S: Serializer>(
    time: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(time),
        None => serializer.serialize_none(),
    }
}
