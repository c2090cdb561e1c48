//! What a published rule says of itself besides what makes a row.

use crate::Alert;
use crate::friendly::{STATUS_FALLBACK, WIN32_FALLBACK};
use serde::Serialize;
use std::time::Duration;

/// Who a rule is. Goes into rows and reports, and changes no row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Published {
    /// Its id, a GUID.
    pub id: Option<String>,
    /// Its title.
    pub name: Option<String>,
    /// `Informational`, `Low`, `Medium` or `High`.
    pub severity: Option<String>,
    /// Tactics of MITRE ATT&CK, such as `InitialAccess`.
    pub tactics: Vec<String>,
    /// Techniques of MITRE ATT&CK, such as `T1190`.
    pub techniques: Vec<String>,
    /// How often it runs (`queryFrequency`), in seconds in JSON.
    #[serde(rename = "frequency_seconds", serialize_with = "as_seconds")]
    pub frequency: Option<Duration>,
    /// How far each run looks back (`queryPeriod`), in seconds in JSON.
    #[serde(rename = "period_seconds", serialize_with = "as_seconds")]
    pub period: Option<Duration>,
    /// What its query says of statuses and of win32 codes that it has no text for, where those are not the texts of the
    /// rule's newest version.
    #[serde(skip)]
    pub(crate) fallbacks: Fallbacks,
}

/// The last arguments of the query's two `case()`s, where they are others than ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fallbacks {
    pub(crate) status: Option<String>,
    pub(crate) win32: Option<String>,
}

#[expect(clippy::ref_option, reason = "serde calls it with a reference")]
fn as_seconds<S: serde::Serializer>(
    span: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    span.map(|span| span.as_secs()).serialize(serializer)
}

impl Published {
    /// Gives a row the texts of the rule's own query.
    pub(crate) fn word(&self, alert: &mut Alert) {
        let replaced = [
            (
                &mut alert.set_sc_status_full_friendly,
                STATUS_FALLBACK,
                &self.fallbacks.status,
            ),
            (
                &mut alert.set_sc_win32_status_friendly,
                WIN32_FALLBACK,
                &self.fallbacks.win32,
            ),
        ];
        for (texts, ours, theirs) in replaced {
            if let Some(theirs) = theirs
                && let Some(text) = texts.iter_mut().find(|text| *text == ours)
            {
                text.clone_from(theirs);
                texts.sort();
            }
        }
    }
}
