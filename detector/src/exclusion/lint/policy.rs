//! What a list requires of its exclusions, and what any list should.

use crate::exclusion::codes::{LIFETIME, NO_EXPIRY, REQUIRED, UNOWNED};
use crate::exclusion::{Exclusion, Policy};
use scanbench_spec::{Finding, Severity};
use std::time::Duration;

pub(super) fn findings(exclusion: &Exclusion, policy: &Policy, findings: &mut Vec<Finding>) {
    let has = |key: &str| match key {
        "owner" => exclusion.owner().is_some(),
        "reason" => exclusion.reason().is_some(),
        "ticket" => exclusion.ticket().is_some(),
        "name" => exclusion.name().is_some(),
        "starts" => exclusion.starts().is_some(),
        _ => exclusion.expires().is_some(),
    };
    let id = exclusion.id();
    let mut add = |finding: Finding| findings.push(finding.at(exclusion.span()).about(id));
    for key in policy.require.iter().filter(|key| !has(key)) {
        add(
            Finding::new(format!("{id} has no {key}, which this list requires"))
                .help(format!("add {key}; `require` in [defaults] asks for it"))
                .code(&REQUIRED),
        );
    }
    let is_required = |key: &str| policy.require.iter().any(|required| required == key);
    let missing: Vec<&str> = ["owner", "reason"]
        .into_iter()
        .filter(|key| !has(key) && !is_required(key))
        .collect();
    if !missing.is_empty() {
        add(
            Finding::new(format!("{id} has no {}", missing.join(" and no ")))
                .help("who will know in a year whether it can go?")
                .severity(Severity::Warning)
                .code(&UNOWNED),
        );
    }
    if let Some(longest) = policy.max_lifetime {
        if let Some(message) = too_long(exclusion, longest) {
            add(Finding::new(format!("{id} {message}"))
                .help(format!(
                    "`max-lifetime` in [defaults] allows {}",
                    days(longest.as_millis())
                ))
                .code(&LIFETIME));
        }
    } else if exclusion.expires().is_none() && !is_required("expires") {
        add(Finding::new(format!("{id} never expires"))
            .help("give expires = a date, and renew it while the cause is still there")
            .severity(Severity::Warning)
            .code(&NO_EXPIRY));
    }
}

fn too_long(exclusion: &Exclusion, longest: Duration) -> Option<String> {
    let Some(expires) = exclusion.expires() else {
        return Some("never expires".to_owned());
    };
    let Some(starts) = exclusion.starts() else {
        return Some("has no starts, so it cannot be told how long it holds".to_owned());
    };
    let length = u128::try_from(i128::from(expires.millis()) - i128::from(starts.millis())).ok()?;
    (length > longest.as_millis()).then(|| format!("holds for {}", days(length)))
}

/// Days, with a fraction only where there is one.
fn days(millis: u128) -> String {
    const DAY: u128 = 86_400_000;
    let tenths = (millis % DAY) * 10 / DAY;
    if tenths == 0 {
        format!("{} days", millis / DAY)
    } else {
        format!("{}.{tenths} days", millis / DAY)
    }
}
