//! Lists of exclusions to measure with. None takes a row of the logs beside them away.

use std::fmt::Write as _;

/// Twenty as they stand in real lists: clients, ports, agents, paths, hosts, users, hours, numbers, and some of them
/// together.
const MIXED: [(&str, &str); 20] = [
    ("event", "match.c-ip = [\"198.51.100.7\"]"),
    (
        "event",
        "match.c-ip = [\"10.9.0.0/24\"]\nmatch.cs-user-agent = { contains = \"monitor\" , ignore-case = true }",
    ),
    (
        "alert",
        "match.c-ip = [\"10.0.0.10-10.0.0.20\", \"2001:db8:77::/48\"]",
    ),
    (
        "event",
        "match.c-ip = [\"10.0.0.0/16\"]\nmatch.time = { days = [\"sat\"], from = \"22:00\", to = \"02:00\", zone = \"Europe/Berlin\" }",
    ),
    (
        "alert",
        "match.c-ip = [\"203.0.113.0/24\"]\nmatch.s-port = [443, \"8001-8100\"]",
    ),
    (
        "event",
        "match.s-port = [8080, 8443]\nmatch.cs-method = { equals = \"HEAD\" }",
    ),
    ("event", "match.s-port = [8172]"),
    (
        "alert",
        "match.s-port = [\"9000-9010\"]\nmatch.s-computername = { equals = \"WEB02\" }",
    ),
    (
        "alert",
        "match.cs-user-agent = { regex = \"(?i)(bing|google|yandex)bot/[0-9.]+\" }",
    ),
    ("alert", "match.cs-user-agent = { has = \"nessus\" }"),
    (
        "event",
        "match.cs-user-agent = { starts-with = \"Zabbix\" }",
    ),
    (
        "event",
        "match.cs-user-agent = { contains = \"curl/\" }\nmatch.cs-uri-stem = { starts-with = \"/health\" }",
    ),
    (
        "event",
        "match.cs-user-agent = { contains = \"kube-probe\", ignore-case = true }",
    ),
    ("event", "match.cs-uri-stem = { equals = \"/healthz\" }"),
    (
        "event",
        "match.cs-uri-stem = { starts-with = \"/.well-known/acme-challenge/\" }",
    ),
    (
        "alert",
        "match.cs-host = { equals = \"status.example.com\" }",
    ),
    ("event", "match.cs-username = { ends-with = \"svc-scan\" }"),
    (
        "alert",
        "match.sc-status = [401]\nmatch.cs-uri-stem = { starts-with = \"/ews/\" }",
    ),
    (
        "alert",
        "match.time = { days = [\"mon\", \"wed\"], from = \"02:00\", to = \"02:30\", zone = \"Europe/Berlin\" }\nmatch.cs-uri-query = { contains = \"batch=1\" }",
    ),
    (
        "event",
        "match.cs-method = { equals = \"OPTIONS\" }\nmatch.not-cs-host = { equals = \"www.example.com\" }",
    ),
];

/// Twenty exclusions of all kinds.
pub(crate) fn mixed() -> String {
    list(
        MIXED
            .iter()
            .map(|(stage, matches)| (*stage, (*matches).to_owned())),
    )
}

/// So many exclusions of one address each, spread over all that there are.
pub(crate) fn addresses(count: u32) -> String {
    let step = u32::MAX / count.max(1);
    list((0..count).map(|number| {
        let address = std::net::Ipv4Addr::from_bits(number * step);
        ("event", format!("match.c-ip = [\"{address}\"]"))
    }))
}

fn list<'s>(exclusions: impl Iterator<Item = (&'s str, String)>) -> String {
    let mut text = String::from("version = 1\n");
    for (number, (stage, matches)) in exclusions.enumerate() {
        writeln!(
            text,
            "[[exclusion]]\nid = \"x{number}\"\nreason = \"x\"\nstage = \"{stage}\"\n{matches}"
        )
        .unwrap_or_default();
    }
    text
}
