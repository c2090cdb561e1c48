//! Files as people write them, and what is said of those that are wrong.

use super::*;
use crate::exclusion::{Subject, Test};

fn reading(name: &str, text: &str) -> Reading {
    Reading::of(&Source::new(name, text))
}

const TOML: &str = r#"
version = 1
[defaults]
require = ["owner", "reason", "expires"]
max-lifetime = "90d"
[[exclusion]]
id = "scanner"
name = "Authorised scanner"
reason = "CHG-1042"
owner = "soc@example.com"
ticket = "CHG-1042"
enabled = true
starts = 2026-11-01T00:00:00Z
expires = 2027-01-15T01:00:00+01:00
stage = "event"
[exclusion.match]
c-ip = ["10.0.0.10", "192.168.7.0/24", "2001:db8::/48", "10.1.0.1-10.1.0.9"]
s-port = [8080, "8081-8089"]
not-cs-user-agent = { contains = ["Nessus", "Tenable"], ignore-case = true, regex = "^curl/[0-9]" }
Computer = "WEB01"
sc-status = [404, "500-599"]
time = { days = ["sat", "sun-mon"], from = "22:00", to = "02:00", zone = "Europe/Berlin" }
X-Forwarded-For = 5
[exclusion.expect]
max-hidden-campaigns = 0
max-hidden-rows = 1
max-hidden-authorised = 2
min-removed-alerts = 3
"#;

const YAML: &str = r#"
version: 1
defaults: { require: [owner, reason, expires], max-lifetime: 90d }
exclusion:
  - id: scanner
    name: Authorised scanner
    reason: CHG-1042
    owner: soc@example.com
    ticket: CHG-1042
    enabled: true
    starts: 2026-11-01T00:00:00Z
    expires: 2027-01-15T01:00:00+01:00
    stage: event
    match:
      c-ip: [10.0.0.10, 192.168.7.0/24, "2001:db8::/48", 10.1.0.1-10.1.0.9]
      s-port: [8080, 8081-8089]
      not-cs-user-agent: { contains: [Nessus, Tenable], ignore-case: true, regex: "^curl/[0-9]" }
      Computer: WEB01
      sc-status: [404, 500-599]
      time: { days: [sat, sun-mon], from: 22:00, to: 02:00, zone: Europe/Berlin }
      X-Forwarded-For: 5
    expect:
      max-hidden-campaigns: 0
      max-hidden-rows: 1
      max-hidden-authorised: 2
      min-removed-alerts: 3
"#;

const JSON: &str = r#"{
  "version": 1,
  "defaults": { "require": ["owner", "reason", "expires"], "max-lifetime": "90d" },
  "exclusion": [{
    "id": "scanner", "name": "Authorised scanner", "reason": "CHG-1042", "owner": "soc@example.com",
    "ticket": "CHG-1042", "enabled": true, "starts": "2026-11-01T00:00:00Z", "expires": "2027-01-15T01:00:00+01:00",
    "stage": "event",
    "match": {
      "c-ip": ["10.0.0.10", "192.168.7.0/24", "2001:db8::/48", "10.1.0.1-10.1.0.9"],
      "s-port": [8080, "8081-8089"],
      "not-cs-user-agent": { "contains": ["Nessus", "Tenable"], "ignore-case": true, "regex": "^curl/[0-9]" },
      "Computer": "WEB01",
      "sc-status": [404, "500-599"],
      "time": { "days": ["sat", "sun-mon"], "from": "22:00", "to": "02:00", "zone": "Europe/Berlin" },
      "X-Forwarded-For": 5
    },
    "expect": { "max-hidden-campaigns": 0, "max-hidden-rows": 1, "max-hidden-authorised": 2, "min-removed-alerts": 3 }
  }]
}"#;

/// What an exclusion says, without places.
fn shown(exclusion: &Exclusion) -> Vec<String> {
    let mut lines = vec![format!(
        "{} {:?} {:?} {:?} {:?} {} {:?} {:?} {:?} {:?}",
        exclusion.id,
        exclusion.name,
        exclusion.reason,
        exclusion.owner,
        exclusion.ticket,
        exclusion.enabled,
        exclusion.starts,
        exclusion.expires,
        exclusion.stage,
        exclusion.expect
    )];
    for condition in &exclusion.conditions {
        let values = match &condition.test {
            Test::Addresses(list) => list.iter().map(ToString::to_string).collect(),
            Test::Ports(list) => list.iter().map(|range| format!("{range:?}")).collect(),
            Test::Numbers(list) => list.iter().map(|range| format!("{range:?}")).collect(),
            Test::Times(list) => list.iter().map(ToString::to_string).collect(),
            Test::Texts(list) => list
                .iter()
                .map(|test| {
                    format!(
                        "{} {} {}",
                        test.kind().key(),
                        test.text(),
                        test.ignores_case()
                    )
                })
                .collect::<Vec<_>>(),
        };
        lines.push(format!("{}: {}", condition.key(), values.join(" | ")));
    }
    lines
}

#[test]
fn all_keys_in_all_formats() {
    for (name, text) in [("a.toml", TOML), ("a.yaml", YAML), ("a.json", JSON)] {
        let reading = reading(name, text);
        assert_eq!(reading.findings, [], "{name}");
        let list = reading.exclusions.list();
        assert_eq!(list.len(), 1, "{name}");
        assert_eq!(
            shown(&list[0]),
            [
                "scanner Some(\"Authorised scanner\") Some(\"CHG-1042\") Some(\"soc@example.com\") Some(\"CHG-1042\") \
                 true Some(Timestamp(1793491200000)) Some(Timestamp(1799971200000)) Event Expectation { \
                 max_hidden_campaigns: Some(0), max_hidden_rows: Some(1), max_hidden_authorised: Some(2), \
                 min_removed_alerts: Some(3) }",
                "s-port: 8080..=8080 | 8081..=8089",
                "c-ip: 10.0.0.10 | 192.168.7.0/24 | 2001:db8::/48 | 10.1.0.1-10.1.0.9",
                "sc-status: 404..=404 | 500..=599",
                "time: mon, sat, sun 22:00-02:00 Europe/Berlin",
                "s-computername: equals WEB01 false",
                "X-Forwarded-For: equals 5 false",
                "not-cs-user-agent: contains Nessus true | contains Tenable true | regex ^curl/[0-9] true",
            ],
            "{name}"
        );
        let policy = reading.exclusions.policy();
        assert_eq!(policy.require, ["owner", "reason", "expires"]);
        assert_eq!(
            policy.max_lifetime.map(|span| span.as_secs()),
            Some(90 * 86_400)
        );
        let asks = reading.exclusions.asks();
        assert_eq!(asks.names(), ["X-Forwarded-For"]);
        let key = list[0]
            .conditions
            .iter()
            .find(|one| *one.subject() == Subject::Port)
            .unwrap();
        assert!(
            text[key.span()].contains("s-port") && text[key.span()].contains("8089"),
            "{name}"
        );
    }
}

#[test]
fn every_finding_at_once_with_its_place_and_code() {
    let file = "version = 2\ncolour = 1\n[defaults]\nstage = \"event\"\nrequire = [\"colour\"]\nmax-lifetime = \"x\"\n\
                [[exclusion]]\nid = \"a\"\nstage = \"evnt\"\nmatch.process_name = \"nmap.exe\"\n\
                [[exclusion]]\nid = \"a\"\nstage = \"event\"\nmatch.c-ip = []\nenabled = 1\n\
                [[exclusion]]\nstage = \"event\"\n\
                [[exclusion]]\nid = \"b\"\nstage = \"event\"\nmatch.cs-user-agnet = \"x\"\n\
                [[exclusion]]\nid = \"a\"\nstage = \"event\"\nmatch.s-port = [80, \"9-8\", 70000]\n";
    let source = Source::new("a.toml", file);
    let reading = Reading::of(&source);
    let mut found: Vec<(usize, &str)> = reading
        .findings
        .iter()
        .map(|finding| {
            let line = finding
                .span
                .as_ref()
                .map_or(0, |span| source.line_and_column(span.start).0);
            (line, finding.code.unwrap().slug)
        })
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            (1, "unknown-version"),
            (2, "unknown-key"),
            (4, "unknown-key"),
            (5, "wrong-value"),
            (6, "wrong-value"),
            (9, "wrong-value"),
            (10, "not-in-iis-logs"),
            (14, "no-condition"),
            (15, "wrong-value"),
            (16, "missing-key"),
            (16, "no-condition"),
            (21, "unknown-field"),
            (23, "duplicate-id"),
            (25, "wrong-value"),
            (25, "wrong-value"),
        ],
    );
}

#[test]
fn values_that_are_refused() {
    let one = |rest: &str| {
        let file = format!("version = 1\n[[exclusion]]\nid = \"a\"\nstage = \"event\"\n{rest}\n");
        let mut findings = reading("a.toml", &file).findings;
        assert_eq!(findings.len(), 1, "{rest}: {findings:?}");
        let finding = findings.remove(0);
        format!("{} {}", finding.message, finding.help.unwrap_or_default())
    };
    for (rest, told) in [
        ("match.c-ip = \"10.0.0.1/8\"", "write 10.0.0.0/8"),
        ("match.c-ip = 5", "found the number 5"),
        ("match.s-port = 99999", "found the number 99999"),
        ("match.s-port = \"80-\"", "found \"80-\""),
        ("match.s-port = \"+80\"", "found \"+80\""),
        ("match.sc-status = \"404.5\"", "such as 404"),
        ("match.sc-status = -1", "not negative"),
        ("match.cs-host = \"\"", "found an empty one"),
        ("match.cs-host = { like = \"x\" }", "unknown key `like`"),
        ("match.cs-host = {}", "has no values"),
        (
            "match.cs-host = { regex = \"(\" }",
            "not a regular expression",
        ),
        ("match.cs-host = [5]", "expected a text"),
        ("match.time = \"night\"", "expected a table of hours"),
        (
            "match.time = { days = [\"sa\"] }",
            "expected a day of the week, found \"sa\"",
        ),
        ("match.time = { from = \"25:00\" }", "found \"25:00\""),
        ("match.time = { from = \"24:00\" }", "found \"24:00\""),
        ("match.time = { from = \"9:00\" }", "found \"9:00\""),
        (
            "match.time = { from = \"09:00\", to = \"09:00\" }",
            "are none",
        ),
        ("match.time = { zone = \"UTC\" }", "the whole week"),
        (
            "match.time = { from = \"09:00\", zone = \"Berlin\" }",
            "is no time zone",
        ),
        ("match.\"a b\" = \"x\"", "has no blanks"),
        ("match = {}", "would match every line"),
        ("match = 5", "expected a table"),
        (
            "match.s-port = 80\nstarts = 2026-11-01",
            "with its offset from UTC",
        ),
        (
            "match.s-port = 80\nexpires = \"soon\"",
            "with its offset from UTC",
        ),
        (
            "match.s-port = 80\nexpect.max-hidden-campaigns = -1",
            "not negative",
        ),
        ("match.s-port = 80\nownr = \"x\"", "did you mean `owner`?"),
    ] {
        let found = one(rest);
        assert!(found.contains(told), "{rest}: {found}");
    }
}

#[test]
fn a_list_of_one_word_is_refused_in_each_format() {
    for (name, text) in [("a.yaml", "exclusion"), ("a.json", "[]"), ("a.json", "5")] {
        assert!(!reading(name, text).findings.is_empty(), "{name}");
    }
    // An empty list is one.
    assert_eq!(reading("a.yaml", "version: 1").findings, []);
}
