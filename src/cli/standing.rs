//! Exclusions that could not do anything, told by every command that reads some: switched off, expired or not begun,
//! by the times of the data and not by the clock.

use super::messages::Messages;
use scanbench_detector::{Exclusions, Standing};
use scanbench_w3c::{Timestamp, visible};

/// Says which exclusions were not in force for data from a first to a last line.
pub(crate) fn tell(
    messages: &mut Messages,
    exclusions: &Exclusions,
    span: Option<(Timestamp, Timestamp)>,
) {
    for exclusion in exclusions.list() {
        let id = visible(exclusion.id().as_bytes());
        let standing = match span {
            Some((first, last)) => exclusion.standing(first, last),
            None if !exclusion.is_enabled() => Standing::Disabled,
            None => Standing::InForce,
        };
        let why = match (standing, span) {
            (Standing::Disabled, _) => "is switched off".to_owned(),
            (Standing::Expired, Some((first, _))) => {
                let expires = exclusion.expires().unwrap_or_default();
                format!("had expired ({expires}) before these logs began ({first})")
            }
            (Standing::Future, Some((_, last))) => {
                let starts = exclusion.starts().unwrap_or_default();
                format!("begins ({starts}) only after these logs end ({last})")
            }
            _ => continue,
        };
        messages.say_some(
            "exclusions that are not in force",
            &format!("note: exclusion {id} {why}"),
        );
    }
}
