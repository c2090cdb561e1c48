//! Leaks that are there, leaks that are not, and what cannot be told.

use super::*;
use scanbench_w3c::{Item, Reader};

const HEAD: &str = "#Fields: date time c-ip cs-method cs-uri-stem cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken\n";

/// Campaigns of one line each, by class and agent.
fn material(campaigns: &[(bool, &str)]) -> Material {
    let mut material = Material {
        files: vec!["u_ex261102.log".to_owned()],
        ..Material::default()
    };
    for (number, (is_scan, agent)) in (0_u64..).zip(campaigns) {
        let text = format!("{HEAD}2026-11-02 10:00:00 192.0.2.{number} GET / {agent} 200 0 0 15\n");
        let mut reader = Reader::new(text.as_bytes()).unwrap();
        let Some(Item::Entry(entry)) = reader.next_item().unwrap() else {
            unreachable!("one line")
        };
        let line = material.texts.line(&entry, 0, number);
        material.campaigns.push(Campaign {
            actor: format!("actor-{number:02}"),
            is_scan: *is_scan,
            lines: vec![line],
        });
    }
    material
}

/// Scans alone have one agent: held out, the field tells all lines right, and one bit of one.
#[test]
fn an_agent_of_scans_alone_is_a_leak() {
    let mixed: Vec<(bool, &str)> = (0..20)
        .map(|number| {
            (
                number % 2 == 0,
                if number % 2 == 0 { "evil/1" } else { "good/1" },
            )
        })
        .collect();
    let audit = audit(&material(&mixed));
    let best = &audit.fields[0];
    assert_eq!(best.fields, ["cs(User-Agent)"]);
    assert!((best.accuracy - 1.0).abs() < 1e-12 && best.leaks);
    assert!((best.bits.unwrap() - 1.0).abs() < 1e-12);
    assert_eq!(best.places[0], "u_ex261102.log:0");
    let tree = audit.tree.as_ref().unwrap();
    assert!(tree.leaks && tree.fields == ["cs(User-Agent)"]);
    // All other fields are the same in all lines, or known of one campaign alone.
    assert_eq!(audit.fields.iter().filter(|one| one.leaks).count(), 1);
}

/// Both classes have both agents, half and half: nobody can tell.
#[test]
fn what_both_have_is_no_leak() {
    let mixed: Vec<(bool, &str)> = (0..20)
        .map(|number| {
            (
                number % 2 == 0,
                if number % 4 < 2 { "one/1" } else { "two/1" },
            )
        })
        .collect();
    let audit = audit(&material(&mixed));
    assert_eq!(audit.leaks().count(), 0, "{audit:?}");
    assert!(
        audit
            .fields
            .iter()
            .all(|one| one.bits.unwrap().abs() < 1e-12)
    );
}

/// Learnt of the own campaigns alone, a value that each has for itself would be right always; held out it is a coin.
#[test]
fn knowing_by_heart_is_no_leak() {
    let agents: Vec<String> = (0..20).map(|number| format!("own/{number}")).collect();
    let mixed: Vec<(bool, &str)> = (0..20)
        .map(|number| (number % 2 == 0, agents[number].as_str()))
        .collect();
    let audit = audit(&material(&mixed));
    let agent = audit
        .fields
        .iter()
        .find(|one| one.fields == ["cs(User-Agent)"])
        .unwrap();
    assert!((agent.accuracy - 0.5).abs() < 1e-12, "{agent:?}");
    assert!((agent.bits.unwrap() - 1.0).abs() < 1e-12);
}

#[test]
fn one_scan_alone_is_unmeasured() {
    let audit = audit(&material(&[(true, "a"), (false, "b"), (false, "b")]));
    assert!(audit.unmeasured.is_some() && audit.fields.is_empty());
}
