//! Exclusions that could not do anything, told by every command that reads some: switched off, expired or not begun,
//! by the times of the data and not by the clock.

use super::messages::Messages;
use scanbench_detector::{Exclusion, Exclusions, Standing};
use scanbench_w3c::{Timestamp, visible};

/// Says which exclusions are switched off.
pub(crate) fn tell_disabled(messages: &mut Messages, exclusions: &Exclusions) {
    for exclusion in exclusions.list().iter().filter(|one| !one.is_enabled()) {
        say(messages, exclusion, "is switched off");
    }
}

/// Says which exclusions had ended before the first line or begin after the last one.
pub(crate) fn tell_outside(
    messages: &mut Messages,
    exclusions: &Exclusions,
    (first, last): (Timestamp, Timestamp),
) {
    for exclusion in exclusions.list() {
        let why = match exclusion.standing(first, last) {
            Standing::Expired => {
                let expires = exclusion.expires().unwrap_or_default();
                format!("had expired ({expires}) before these logs began ({first})")
            }
            Standing::Future => {
                let starts = exclusion.starts().unwrap_or_default();
                format!("begins ({starts}) only after these logs end ({last})")
            }
            Standing::InForce | Standing::Disabled => continue,
        };
        say(messages, exclusion, &why);
    }
}

fn say(messages: &mut Messages, exclusion: &Exclusion, why: &str) {
    messages.say_some(
        "exclusions that are not in force",
        &format!(
            "note: exclusion {} {why}",
            visible(exclusion.id().as_bytes())
        ),
    );
}
