//! Rows as they are told while logs are followed.

use super::bins::Told;
use crate::Alert;
use crate::collector::KeyTexts;
use scanbench_w3c::{Timestamp, inert_json};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Whether a row may still grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Open,
    Closed,
}

/// A row that is to be told: once when its window's count reaches the threshold, and once when the window closes.
#[derive(Clone, Debug)]
pub struct FollowedRow {
    /// Stable: the same window, key and state have the same id in every run, and no others have.
    pub id: String,
    /// The row as a JSON object in one line: the columns, then `state`, `id`, and while it is open `latency_ms`
    /// and `log_latency_ms`; `partial` where lines of it may have been dropped, to keep within a limit of memory.
    pub json: String,
    /// When the line that completed it came into the process; `None` for rows of windows that close.
    pub arrived: Option<Instant>,
    /// Whose window it is, and the window's end.
    pub(super) told: Told,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    alert: &'a Alert,
    state: State,
    id: &'a str,
    /// From the arrival of the line that completed it in this process to the making of the row.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "micros_as_millis"
    )]
    latency_ms: Option<u64>,
    /// The same from that line's own time, by this machine's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    log_latency_ms: Option<i64>,
}

impl FollowedRow {
    /// `completed` has the arrival and the time of the line that completed it.
    pub(super) fn new(
        id: String,
        state: State,
        alert: &Alert,
        completed: Option<(Instant, Timestamp)>,
        told: Told,
    ) -> Self {
        let shown = Shown {
            alert,
            state,
            id: &id,
            latency_ms: completed.map(|(arrived, _)| {
                u64::try_from(arrived.elapsed().as_micros()).unwrap_or(u64::MAX)
            }),
            log_latency_ms: completed.map(|(_, time)| now().saturating_sub(time.millis())),
        };
        Self {
            // Strings, numbers and lists of them: nothing that JSON cannot say.
            json: inert_json(serde_json::to_string(&shown).unwrap_or_default()),
            arrived: completed.map(|(arrived, _)| arrived),
            id,
            told,
        }
    }
}

impl FollowedRow {
    /// Says in the row that lines of it may have been dropped, to keep within a limit of memory.
    pub(super) fn marked(mut self, is_partial: bool) -> Self {
        if is_partial && self.json.ends_with('}') {
            self.json.truncate(self.json.len() - 1);
            self.json += r#","partial":true}"#;
        }
        self
    }
}

/// Milliseconds since 1970 by this machine's clock. Only latencies know it.
fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
}

#[expect(clippy::ref_option, reason = "serde calls it with a reference")]
fn micros_as_millis<S: Serializer>(micros: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "whole to 2^53 microseconds, 285 years"
    )]
    let millis = micros.unwrap_or(0) as f64 / 1000.0;
    serializer.serialize_f64(millis)
}

/// The id of a row: a digest, since keys hold whatever stands in the log.
pub(super) fn row_id(
    start: Timestamp,
    run: Option<Timestamp>,
    keys: KeyTexts<'_>,
    state: State,
) -> String {
    let mut digest = Sha256::new();
    digest.update(start.millis().to_le_bytes());
    if let Some(run) = run {
        digest.update(run.millis().to_le_bytes());
    }
    update(&mut digest, keys);
    let state = match state {
        State::Open => "open",
        State::Closed => "closed",
    };
    format!("{}-{state}", hex(&digest.finalize()[..16]))
}

/// A digest of whose a row is, the same in every run of the program.
pub(super) fn group_digest(keys: KeyTexts<'_>) -> String {
    let mut digest = Sha256::new();
    update(&mut digest, keys);
    hex(&digest.finalize()[..16])
}

fn update(digest: &mut Sha256, keys: KeyTexts<'_>) {
    for text in [keys.client, keys.computer, keys.server] {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
