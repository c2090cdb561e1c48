//! The scenarios that come with the program do what their comments say.

use super::support::Dataset;
use scanbench_generator::truth::{Class, Reason};
use std::collections::BTreeMap;

fn made(name: &str) -> Dataset {
    let path = format!("{}/../scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    Dataset::make(&std::fs::read_to_string(path).unwrap(), 2)
}

/// Whether each campaign fires, or why not.
fn outcomes(dataset: &Dataset) -> BTreeMap<String, Option<Reason>> {
    dataset
        .campaigns()
        .into_iter()
        .map(|campaign| (campaign.id, campaign.reason))
        .collect()
}

#[test]
fn minimal() {
    let dataset = made("minimal");
    assert_eq!(
        outcomes(&dataset),
        BTreeMap::from([("scan".to_owned(), None)])
    );
    let scan = &dataset.campaigns()[0];
    assert_eq!((scan.ports_probed, scan.ports_logged), (50, 32));
}

#[test]
fn bin_edge() {
    let dataset = made("bin-edge");
    let reason = Some(Reason::SplitByBin);
    assert_eq!(
        outcomes(&dataset),
        BTreeMap::from([("scan".to_owned(), reason)])
    );
    let ports: Vec<u64> = dataset
        .windows()
        .iter()
        .map(|window| window.ports)
        .collect();
    assert_eq!(ports, [20, 20]);
}

/// The rows that must be there are those that were reckoned from the scenario's ports and seconds: 30 ports or more
/// within ten minutes of the clock, by one client on one address.
#[test]
fn boundaries() {
    let dataset = made("boundaries");
    let fires = |id: &str| {
        let (below, split) = (Some(Reason::BelowThreshold), Some(Reason::SplitByBin));
        match id {
            _ if id.starts_with("29-ports") || id.starts_with("two-servers") => below,
            "last-too-late" | "first-too-early" | "29-and-29" => split,
            "two-clients" | "two-addresses" => Some(Reason::SplitByKey),
            _ => None,
        }
    };
    let found = outcomes(&dataset);
    assert_eq!(found.len(), 35);
    for (id, reason) in found {
        assert_eq!(reason, fires(&id), "{id}");
    }
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    for window in dataset.windows() {
        if window.must_fire {
            *counts.entry(window.ports).or_default() += 1;
        }
    }
    // 31: three of the threshold's, and two that lose a port to exclusions. 30: all others, one of them twice.
    assert_eq!(counts, BTreeMap::from([(30, 20), (31, 5)]));
}

#[test]
fn slow() {
    let dataset = made("slow");
    let reason = Some(Reason::BelowThreshold);
    assert_eq!(
        outcomes(&dataset),
        BTreeMap::from([("scan".to_owned(), reason)])
    );
    assert_eq!(dataset.campaigns()[0].ports_logged, 42);
}

/// Nothing but half connections, silence and garbage: no port was too few, no request was ever sent.
#[test]
fn no_request() {
    let (below, silent) = (Some(Reason::BelowThreshold), Some(Reason::NoRequest));
    let expected = [
        ("probes-contact-syn", silent),
        ("probes-contact-connect", silent),
        ("probes-contact-garbage", silent),
        ("by-address", below),
    ];
    let expected = expected.map(|(id, reason)| (id.to_owned(), reason)).into();
    assert_eq!(outcomes(&made("no-request")), expected);
}

#[test]
fn default() {
    let dataset = made("default");
    assert!(
        (190_000..215_000).contains(&dataset.summary.lines),
        "{}",
        dataset.summary.lines
    );
    let unbound = Some(Reason::UnboundPorts);
    let below = Some(Reason::BelowThreshold);
    let expected = [
        ("scan-fast", None),
        ("scan-ordinary", unbound),
        ("scan-inside", None),
        ("maintenance", None),
        ("discovery@HOST01", None),
        ("discovery@WEB01", unbound),
        ("discovery@WEB02", unbound),
        ("discovery@APP01", unbound),
        ("backend", below),
        ("batch", None),
        ("proxy", None),
    ];
    let expected = expected.map(|(id, reason)| (id.to_owned(), reason)).into();
    assert_eq!(outcomes(&dataset), expected);

    let mut firing: BTreeMap<String, u64> = BTreeMap::new();
    for window in dataset.windows().iter().filter(|window| window.must_fire) {
        assert_eq!(window.campaigns.len(), 1, "{window:?}");
        *firing.entry(window.campaigns[0].clone()).or_default() += 1;
    }
    assert!((6..=25).contains(&firing["proxy"]), "{firing:?}");
    assert_eq!(firing["scan-fast"], 1);

    // No agent of a scan is an agent of scans alone.
    let malicious: Vec<String> = dataset
        .campaigns()
        .into_iter()
        .filter(|campaign| campaign.class == Class::Malicious)
        .map(|campaign| campaign.id)
        .collect();
    let mut by_value: BTreeMap<(&str, String), (u64, u64)> = BTreeMap::new();
    for entry in dataset.entries() {
        let scan = entry
            .label
            .as_ref()
            .is_some_and(|label| malicious.contains(&label.campaign));
        for field in [
            "cs(User-Agent)",
            "cs-method",
            "cs-uri-stem",
            "cs-uri-query",
            "sc-status",
            "sc-win32-status",
        ] {
            let counts = by_value
                .entry((field, entry.get(field).to_owned()))
                .or_default();
            *(if scan { &mut counts.0 } else { &mut counts.1 }) += 1;
        }
    }
    for (value, (scan, other)) in by_value {
        assert!(
            scan <= 2 * other,
            "{value:?}: {scan} lines of scans, {other} of others"
        );
    }
}
