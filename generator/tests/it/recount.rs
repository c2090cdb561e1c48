//! The truth against what a naive reader counts in the files, for arbitrary small scenarios.

use super::support::{Dataset, EVERYTHING};
use proptest::prelude::*;
use scanbench_generator::truth::{Class, THRESHOLD};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;

type Key = (String, IpAddr, String, IpAddr);

/// Holds labels, windows and campaigns of a dataset against its log files.
fn check(dataset: &Dataset) {
    let campaigns: BTreeMap<String, _> = dataset
        .campaigns()
        .into_iter()
        .map(|campaign| (campaign.id.clone(), campaign))
        .collect();
    let mut windows: BTreeMap<Key, (BTreeSet<u16>, u64, BTreeSet<String>)> = BTreeMap::new();
    let mut lines: BTreeMap<String, (u64, BTreeSet<u16>)> = BTreeMap::new();
    let mut labelled = 0;
    for entry in dataset.entries() {
        let (date, time) = (entry.get("date"), entry.get("time"));
        let bin = format!("{date}T{}0:00Z", &time[..4]);
        let address = |field| entry.get(field).parse().unwrap();
        let key = (
            bin,
            address("c-ip"),
            entry.computer.clone(),
            address("s-ip"),
        );
        let window = windows.entry(key).or_default();
        let port = entry.get("s-port").parse().unwrap();
        window.0.insert(port);
        window.1 += 1;
        if let Some(label) = &entry.label {
            labelled += 1;
            let campaign = &campaigns[&label.campaign];
            assert!(campaign.clients.contains(&address("c-ip")), "{label:?}");
            assert_eq!(
                (&campaign.server, &label.labels),
                (&entry.computer, &vec![campaign.kind])
            );
            let stamp = format!("{date}T{time}Z").parse().unwrap();
            assert!(campaign.first.unwrap() <= stamp && stamp <= campaign.last.unwrap());
            window.2.insert(label.campaign.clone());
            let tally = lines.entry(label.campaign.clone()).or_default();
            tally.0 += 1;
            tally.1.insert(port);
        }
    }
    assert_eq!(dataset.summary.labelled_lines, labelled);

    let told = dataset.windows();
    let must_fire = told.iter().filter(|window| window.must_fire).count() as u64;
    assert_eq!(dataset.summary.must_fire, must_fire);
    let mut expected: Vec<(Key, u64, u64, BTreeSet<String>, bool)> = windows
        .into_iter()
        .filter(|(_, (ports, _, campaigns))| ports.len() >= THRESHOLD || !campaigns.is_empty())
        .map(|(key, (ports, lines, campaigns))| {
            (
                key,
                ports.len() as u64,
                lines,
                campaigns,
                ports.len() >= THRESHOLD,
            )
        })
        .collect();
    expected.sort();
    let told: Vec<_> = told
        .into_iter()
        .map(|window| {
            let key = (
                window.bin.to_string(),
                window.c_ip,
                window.computer,
                window.s_ip,
            );
            let campaigns: BTreeSet<String> = window.campaigns.into_iter().collect();
            (key, window.ports, window.lines, campaigns, window.must_fire)
        })
        .collect();
    assert_eq!(told, expected);

    for (id, campaign) in &campaigns {
        let (count, ports) = lines.get(id).cloned().unwrap_or_default();
        assert_eq!(
            (campaign.lines, campaign.ports_logged),
            (count, ports.len() as u64),
            "{id}"
        );
        assert!(campaign.ports_probed >= campaign.ports_logged);
        let fires = told.iter().any(|window| window.4 && window.3.contains(id));
        assert_eq!(campaign.expected_to_fire, fires, "{id}");
        assert_eq!(campaign.reason.is_none(), fires, "{id}");
    }
}

#[test]
fn everything() {
    let dataset = Dataset::make(EVERYTHING, 2);
    check(&dataset);
    let campaigns = dataset.campaigns();
    assert_eq!(campaigns.len(), 6);
    let class = |id: &str| {
        campaigns
            .iter()
            .find(|campaign| campaign.id == id)
            .unwrap()
            .class
    };
    assert_eq!(class("scan@HOST01"), Class::Malicious);
    assert_eq!(class("scan@web02.corp"), Class::Malicious);
    assert_eq!(class("discovery"), Class::Authorised);
    assert_eq!(class("proxy"), Class::LookAlike);
    let ipv6 = dataset
        .entries()
        .iter()
        .filter(|entry| entry.get("c-ip").contains(':'))
        .count();
    assert!(ipv6 > 20, "{ipv6} lines of clients with IPv6");
}

fn small_scenario() -> impl Strategy<Value = String> {
    let scan = (1_u16..60, 1.0_f64..60.0, 0_u32..100, 0.0_f64..1.0, any::<bool>(), 1_u32..4).prop_map(
        |(ports, rate, start, jitter, random, requests)| {
            let order = if random { "random" } else { "ascending" };
            format!(
                "kind = \"scan\"\nclient = \"203.0.113.7\"\nports = [\"8001-{}\"]\nrate = {rate:.2}\n\
                 start = \"{start}m\"\njitter = {jitter:.2}\norder = \"{order}\"\nrequests-per-port = {requests}\n",
                8000 + ports
            )
        },
    );
    let proxy = (100_u32..4000).prop_map(|sessions| {
        format!("kind = \"proxy\"\nclient = \"10.20.0.8\"\nsessions-per-day = {sessions}\nhours = \"flat\"\n")
    });
    let backend = (20_u32..800).prop_map(|rate| {
        format!("kind = \"backend\"\nclient = \"10.10.0.5\"\nports = \"bound\"\nrequests-per-hour = {rate}\n")
    });
    let visitors = (50_u32..1500).prop_map(|sessions| {
        format!(
            "kind = \"visitors\"\nsessions-per-day = {sessions}\nnetwork = \"192.168.0.0/29\"\n"
        )
    });
    let maintenance = (0_u32..60, 5_u32..30).prop_map(|(start, window)| {
        format!(
            "kind = \"maintenance\"\nclient = \"10.0.0.10\"\nstart = \"{start}m\"\nwindow = \"{window}m\"\n\
             every = \"35m\"\n"
        )
    });
    let spread = (1_u32..5, 2_u32..40, any::<bool>(), 0_usize..3).prop_map(|(sources, per_bin, all, contact)| {
        let contact = ["request", "connect", "syn"][contact];
        format!(
            "kind = \"scan\"\nclient = \"random\"\nports = \"bound\"\nrate = 40\nstart = \"5m\"\nsources = {sources}\n\
             per-bin = {per_bin}\nall-addresses = {all}\ncontact = \"{contact}\"\ncover = 2\n"
        )
    });
    let nmap = (0_u32..6, any::<bool>(), any::<bool>()).prop_map(|(timing, matched, scripts)| {
        format!(
            "kind = \"nmap\"\nclient = \"random\"\nports = [\"8001-8070\"]\nstart = \"7m\"\ntiming = \"T{timing}\"\n\
             matched = {matched}\nscripts = {scripts}\n"
        )
    });
    let monitoring = (10_u32..50).prop_map(|every| {
        format!("kind = \"monitoring\"\nclient = \"10.0.0.5\"\nevery = \"{every}m\"\n")
    });
    let device = (5_u32..60).prop_map(|every| {
        format!("kind = \"device\"\nclient = \"10.0.0.9\"\nports = [\"8001-8070\"]\nstart = \"3m\"\nevery = \"{every}s\"\n")
    });
    let actor = prop_oneof![2 => spread, 2 => nmap, 1 => monitoring, 1 => device, 3 => scan, 1 => proxy, 1 => backend, 1 => visitors, 1 => maintenance];
    (
        any::<u32>(),
        prop::collection::vec(2_u16..60, 1..3),
        prop::collection::vec(actor, 1..5),
        0_u32..60,
    )
        .prop_map(|(seed, servers, actors, minute)| {
            let mut text = format!(
                "version = 1\nname = \"any\"\ntitle = \"any\"\nseed = {seed}\n\
                 start = 2026-11-02T22:{minute:02}:00Z\nduration = \"1h45m\"\n"
            );
            for (number, ports) in servers.iter().enumerate() {
                let half = 8000 + ports / 2;
                write!(
                    text,
                    "[[server]]\nname = \"S{number}\"\naddress = \"10.1.0.{number}\"\nmore-addresses = [\"10.1.1.{number}\"]\niis = \"8.0\"\n\
                     [[server.site]]\nid = 1\nports = [\"8001-{half}\"]\n\
                     [[server.site]]\nid = 2\nports = [\"{}-{}\"]\n",
                    half + 1,
                    8000 + ports
                )
                .unwrap();
            }
            for (number, actor) in actors.iter().enumerate() {
                write!(text, "[[actor]]\nid = \"a{number}\"\n{actor}").unwrap();
            }
            text
        })
}

fn cases() -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(24),
    }
}

proptest! {
    #![proptest_config(cases())]

    /// forall scenarios, threads: labels, windows and campaigns are what a naive reader counts in the files.
    #[test]
    fn truth_is_what_the_files_say(text in small_scenario(), threads in 1_usize..4) {
        check(&Dataset::make(&text, threads));
    }
}
