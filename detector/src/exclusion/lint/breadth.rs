//! Exclusions that match more than a known cause.

use super::space::Space;
use crate::exclusion::codes::{
    CLIENT_CHOSEN, CUSTOM_FIELD, DISABLED, MATCHES_EMPTY, SLOW, TOO_BROAD,
};
use crate::exclusion::{AddressRange, Condition, Subject, Test};
use ipnet::IpNet;
use scanbench_spec::{Finding, Severity};
use scanbench_w3c::Field;

/// The ranges that RFC 1918 and RFC 4193 leave to everybody.
const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];
/// The most addresses of each family before a range is too broad: those of a /16 and a /32.
const MOST: [u128; 2] = [1 << 16, 1 << 96];

pub(super) fn findings(space: &Space<'_>, findings: &mut Vec<Finding>) {
    let exclusion = space.exclusion;
    let mut add = |finding: Finding, severity| {
        findings.push(finding.severity(severity).about(exclusion.id()));
    };
    if !exclusion.is_enabled() {
        let finding = Finding::new(format!("{} is switched off", exclusion.id()))
            .at(exclusion.span())
            .help("drop it, or set enabled = true")
            .code(&DISABLED);
        add(finding, Severity::Note);
    }
    let positive = || {
        exclusion
            .conditions()
            .iter()
            .filter(|condition| !condition.is_negated())
    };
    if positive().next().is_none() {
        let finding = Finding::new(format!(
            "{} says only what it does not match, so it matches nearly everything",
            exclusion.id()
        ))
        .at(exclusion.span())
        .help("say what it is for: an address, ports, hours")
        .code(&TOO_BROAD);
        add(finding, Severity::Warning);
    }
    for condition in positive() {
        for message in broad(condition) {
            let finding = Finding::new(format!("{} is too broad: {message}", exclusion.id()))
                .at(condition.span())
                .help("name the hosts that are known to do this, and join address and port with hours or an expiry")
                .code(&TOO_BROAD);
            add(finding, Severity::Warning);
        }
    }
    for condition in exclusion.conditions() {
        if let Test::Texts(tests) = condition.test()
            && let Some(test) = tests.iter().find(|test| test.holds(b""))
        {
            let finding = Finding::new(format!(
                "the regular expression \"{}\" matches the empty text, and so every value",
                test.text()
            ))
            .at(condition.span())
            .help("give it something that must be there, such as + in place of *")
            .code(&MATCHES_EMPTY);
            add(finding, Severity::Warning);
        }
        if let Subject::Custom(name) = condition.subject() {
            let finding = Finding::new(format!("{name} is no standard field of IIS"))
                .at(condition.span())
                .help("it matches only in logs that have it as a custom field; the Sentinel table has none")
                .code(&CUSTOM_FIELD);
            add(finding, Severity::Note);
        }
    }
    let chosen: Vec<&Condition> = positive()
        .filter(|condition| condition.subject().is_client_chosen())
        .collect();
    let is_tied = positive().any(|condition| {
        matches!(
            condition.subject(),
            Subject::Client | Subject::Field(Field::CsUsername)
        )
    });
    if let Some(first) = chosen.first().filter(|_| !is_tied) {
        let names: Vec<String> = chosen.iter().map(|one| one.subject().to_string()).collect();
        let finding = Finding::new(format!(
            "{} trusts what the client says of itself: {}",
            exclusion.id(),
            names.join(", ")
        ))
        .at(first.span())
        .help("whoever sends the same is hidden too; match on the address (c-ip) as well")
        .code(&CLIENT_CHOSEN);
        add(finding, Severity::Warning);
    }
    let is_text = |condition: &Condition| matches!(condition.test(), Test::Texts(_));
    if let Some(first) = exclusion
        .conditions()
        .first()
        .filter(|_| exclusion.conditions().iter().all(is_text))
    {
        let finding = Finding::new(format!(
            "{} looks for texts alone, so every line must be searched",
            exclusion.id()
        ))
        .at(first.span())
        .help("an address, a port or hours beside it are looked at first and cost next to nothing")
        .code(&SLOW);
        add(finding, Severity::Note);
    }
}

/// Why a condition is too broad, for each way in which it is.
fn broad(condition: &Condition) -> Vec<String> {
    match condition.test() {
        Test::Addresses(_) => addresses(condition),
        Test::Ports(_) => {
            let Some(values) = super::sets::Values::of(condition) else {
                return Vec::new();
            };
            let is_all = values.parts[0]
                .list()
                .first()
                .is_some_and(|(first, last)| *first <= 1 && *last == u128::from(u16::MAX));
            if is_all {
                vec!["these are all ports".to_owned()]
            } else {
                Vec::new()
            }
        }
        _ => Vec::new(),
    }
}

fn addresses(condition: &Condition) -> Vec<String> {
    let Some(values) = super::sets::Values::of(condition) else {
        return Vec::new();
    };
    let mut reasons = Vec::new();
    for (family, part) in values.parts.iter().enumerate() {
        for (first, last) in part.list() {
            let private = PRIVATE
                .iter()
                .filter_map(|text| text.parse::<IpNet>().ok())
                .find(|net| {
                    let (a, b) = AddressRange::from(*net).numbers();
                    net.addr().is_ipv6() == (family == 1) && *first <= a && b <= *last
                });
            if let Some(private) = private {
                reasons.push(format!(
                    "it holds all of {private}, so a compromised host inside may scan unseen"
                ));
            } else if last - first >= MOST[family] {
                let prefix = if family == 0 { "/16" } else { "/32" };
                reasons.push(format!("it holds more addresses than a {prefix}"));
            }
        }
    }
    reasons
}
