//! Lists of other tools against the same written by hand: what they match on every line of a small universe must be the
//! same.

use super::*;
use crate::exclusion::condition::Line;
use crate::exclusion::{Exclusions, Target, export};
use scanbench_w3c::{Field, Record, Timestamp};
use std::fmt::Write as _;

struct Request {
    port: u16,
    agent: &'static str,
    status: &'static str,
    day: i64,
}

impl Record for Request {
    fn time(&self) -> Timestamp {
        // From 2026-11-01 on.
        Timestamp::from_millis(1_793_491_200_000 + self.day * 86_400_000)
    }
    fn port(&self) -> Option<u16> {
        Some(self.port)
    }
    fn get(&self, field: Field) -> Option<&[u8]> {
        match field {
            Field::CsUserAgent => Some(self.agent.as_bytes()),
            Field::ScStatus => Some(self.status.as_bytes()),
            _ => None,
        }
    }
    fn get_named(&self, _: &str) -> Option<&[u8]> {
        None
    }
}

/// For every line of the universe, whether any exclusion of a list matches it.
fn suppressed(list: &str) -> Vec<bool> {
    let exclusions = Exclusions::from_source(&Source::new("list.toml", list))
        .unwrap_or_else(|findings| panic!("{findings}\n{list}"));
    let mut outcome = Vec::new();
    for client in ["10.0.0.10", "10.0.0.11", "192.168.7.3", "2001:db8::7", "-"] {
        for port in [80, 443, 8080, 8081, 8085, 8089, 8090] {
            for agent in ["-", "Nessus+10", "nessus", "Nes*us", "curl/8", "xNessus"] {
                for status in ["200", "404", "-"] {
                    for day in [0, 40] {
                        let request = Request {
                            port,
                            agent,
                            status,
                            day,
                        };
                        let line = Line::new(&request, client.as_bytes(), &|| b"WEB01");
                        outcome.push(exclusions.list().iter().any(|one| one.matches(&line)));
                    }
                }
            }
        }
    }
    assert!(
        outcome.contains(&true) && outcome.contains(&false),
        "{list}"
    );
    outcome
}

fn imported(name: &str, text: &str) -> Import {
    let source = Source::new(name, text);
    let origin = Origin::of(&source).unwrap_or_else(|| panic!("{name} was not told: {text}"));
    import(&source, origin, Stage::Event)
}

/// The list must come over whole and suppress what the one by hand does; gives the warnings.
fn same(name: &str, text: &str, by_hand: &[&str]) -> Vec<String> {
    let import = imported(name, text);
    assert!(!import.is_incomplete(), "{:?}", import.findings);
    let mut list = "version = 1\n".to_owned();
    for (index, body) in by_hand.iter().enumerate() {
        writeln!(
            list,
            "[[exclusion]]\nid = \"x{index}\"\nstage = \"event\"\n{body}"
        )
        .unwrap();
    }
    assert_eq!(
        suppressed(&import.list),
        suppressed(&list),
        "{}",
        import.list
    );
    import
        .findings
        .into_iter()
        .map(|finding| finding.message)
        .collect()
}

/// What is told where something cannot be taken over, with its line.
fn refused(name: &str, text: &str) -> Vec<String> {
    let import = imported(name, text);
    assert!(import.is_incomplete(), "{}", import.list);
    let source = Source::new(name, text);
    import
        .findings
        .iter()
        .map(|finding| {
            let line = finding
                .span
                .as_ref()
                .map_or(0, |span| source.line_and_column(span.start).0);
            format!("{line} {}", finding.message)
        })
        .collect()
}

#[test]
fn watchlists() {
    let template = "IP Subnet,Range Name,Tags\r\n10.0.0.0/24,\"Admin, floor 2\",\"[\"\"x\"\"]\"\r\n2001:db8::/32,Lab,\r\n";
    same(
        "w.csv",
        template,
        &["match.c-ip = [\"10.0.0.0/24\", \"2001:db8::/32\"]"],
    );
    let columns = "\u{feff}cIP,sPort,csUserAgent,Expires\n10.0.0.10;10.0.0.11,8080 8081-8089,Nessus 10,2026-11-20\n";
    same(
        "w.csv",
        columns,
        &[
            "expires = 2026-11-20T00:00:00Z\nmatch.c-ip = [\"10.0.0.10\", \"10.0.0.11\"]\n\
           match.s-port = [8080, \"8081-8089\"]\nmatch.cs-user-agent = \"Nessus 10\"",
        ],
    );
    let told = refused("w.csv", "IP Subnet,Colour\n10.0.0.1/8,red\n,blue\n");
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[0].starts_with("1 the column \"Colour\""), "{told:?}");
    assert!(told[1].starts_with("3 this row says nothing"), "{told:?}");
    assert!(told[2].starts_with("2 10.0.0.1/8 has bits"), "{told:?}");
}

#[test]
fn watchlists_come_back_as_they_went() {
    let list = "version = 1\n[[exclusion]]\nid = \"a\"\nname = \"=x\"\nstage = \"alert\"\nowner = \"o, p\"\n\
                expires = 2026-11-20T00:00:00Z\nmatch.c-ip = [\"10.0.0.8-10.0.0.10\", \"2001:db8::/32\"]\n\
                [[exclusion]]\nid = \"b\"\nstage = \"event\"\nmatch.c-ip = \"192.168.0.0/16\"\n";
    let exclusions = Exclusions::from_source(&Source::new("a.toml", list)).unwrap();
    let csv = export(&exclusions, Target::SentinelWatchlist).unwrap();
    let import = imported("w.csv", &csv);
    assert_eq!(import.findings, []);
    assert_eq!(suppressed(&import.list), suppressed(list));
    let back = Exclusions::from_source(&Source::new("b.toml", import.list.as_str())).unwrap();
    let told = |exclusions: &Exclusions| -> Vec<String> {
        let list = exclusions.list().iter();
        list.map(|one| {
            format!(
                "{} {:?} {:?} {:?}",
                one.id(),
                one.stage(),
                one.owner(),
                one.expires()
            )
        })
        .collect()
    };
    assert_eq!(told(&back), told(&exclusions));
}

#[test]
fn elastic_items() {
    let toml = r#"
[metadata]
list_name = "Scanners"
[[exceptions]]
[exceptions.container]
list_id = "x"
type = "detection"
[[exceptions.items]]
item_id = "scanner-1"
name = "Scanner"
description = "why"
expire_time = "2026-11-20T00:00:00Z"
type = "simple"
[[exceptions.items.entries]]
field = "source.ip"
type = "match_any"
operator = "included"
value = ["10.0.0.0/24", "192.168.7.3"]
[[exceptions.items.entries]]
field = "destination.port"
type = "match"
operator = "excluded"
value = "8080"
[[exceptions.items]]
name = "Agent"
[[exceptions.items.entries]]
field = "user_agent.original"
type = "wildcard"
operator = "included"
value = "nes*us*"
[[exceptions.items.entries]]
field = "http.response.status_code"
type = "exists"
operator = "included"
"#;
    let by_hand = [
        "expires = 2026-11-20T00:00:00Z\nmatch.c-ip = [\"10.0.0.0/24\", \"192.168.7.3\"]\nmatch.not-s-port = 8080",
        "match.cs-user-agent = { regex = \"^nes.*us.*$\", ignore-case = true }\nmatch.sc-status = \"0-\"",
    ];
    same("e.toml", toml, &by_hand);
    let ndjson = r#"{"list_id":"x","type":"detection","name":"c"}
{"item_id":"scanner-1","name":"Scanner","expire_time":"2026-11-20T00:00:00Z","entries":[{"field":"source.ip","type":"match_any","operator":"included","value":["10.0.0.0/24","192.168.7.3"]},{"field":"destination.port","type":"match","operator":"excluded","value":"8080"}]}
{"item_id":"agent","name":"Agent","entries":[{"field":"user_agent.original","type":"wildcard","operator":"included","value":"nes*us*"},{"field":"http.response.status_code","type":"exists","operator":"included"}]}
{"exported_exception_list_count":1}
"#;
    same("e.ndjson", ndjson, &by_hand);
    let wrong = r#"{"item_id":"a","entries":[{"field":"process.name","type":"match","operator":"included","value":"nmap.exe"}]}
{"item_id":"b","entries":[{"field":"source.ip","type":"list","operator":"included","list":{"id":"l","type":"ip"}}]}
{"item_id":"c","entries":[{"field":"dns.question.name","type":"match","operator":"included","value":"x"}]}
"#;
    let told = refused("e.ndjson", wrong);
    assert!(
        told[0].starts_with("1 `process.name` is in no IIS log"),
        "{told:?}"
    );
    assert!(
        told[1].starts_with("2 the entry on source.ip cannot be taken over: it names a value list"),
        "{told:?}"
    );
    assert!(
        told[2].starts_with("3 `dns.question.name` is no field"),
        "{told:?}"
    );
}

const SIGMA: &str = "title: Scanner\nlogsource:\n    category: webserver\nfilter:\n    rules:\n        - 6f3e2987\n    \
                     scanner:\n        c-ip|cidr: 10.0.0.0/24\n        cs-user-agent|startswith: nessus\n    ports:\n        \
                     - s-port: 80\n        - s-port|gte: 8081\n          s-port|lt: 8090\n    condition: ";

#[test]
fn sigma_filters() {
    let scanner = "match.c-ip = \"10.0.0.0/24\"\nmatch.cs-user-agent = { starts-with = \"nessus\", ignore-case = true }";
    let ports = "match.s-port = [80, \"8081-8089\"]";
    let both = format!("{scanner}\n{ports}");
    let neither = [
        "match.not-c-ip = \"10.0.0.0/24\"",
        "match.not-cs-user-agent = { starts-with = \"nessus\", ignore-case = true }",
    ];
    for (condition, by_hand) in [
        ("not scanner", vec![scanner]),
        ("not (scanner and ports)", vec![&both]),
        ("not scanner and not ports", vec![scanner, ports]),
        ("not 1 of them", vec![scanner, ports]),
        ("not all of them", vec![&both]),
        ("not (not scanner)", neither.to_vec()),
        (
            "scanner or not 1 of port*",
            vec![
                &format!("{}\n{ports}", neither[0]),
                &format!("{}\n{ports}", neither[1]),
            ],
        ),
    ] {
        let told = same("s.yml", &format!("{SIGMA}{condition}\n"), &by_hand);
        assert_eq!(told, [""; 0], "{condition}");
    }
    // The polarity trap is told, and read as it was meant.
    let told = same("s.yml", &format!("{SIGMA}scanner\n"), &[scanner]);
    assert!(told[0].contains("keeps what it selects"), "{told:?}");
    // Wildcards, case and several documents.
    let two = "title: A\nfilter:\n    a:\n        cs-user-agent:\n            - 'nes\\*us'\n            - 'curl'\n    condition: not a\n\
               ---\ntitle: B\nfilter:\n    b:\n        cs-user-agent|contains|cased: 'Ness'\n        s-port: 80\n    condition: not b\n";
    same(
        "s.yml",
        two,
        &[
            "match.cs-user-agent = { equals = [\"nes*us\", \"curl\"], ignore-case = true }",
            "match.cs-user-agent = { contains = \"Ness\" }\nmatch.s-port = 80",
        ],
    );
    let wild =
        "title: A\nfilter:\n    a:\n        cs-user-agent: 'nes?us*'\n    condition: not a\n";
    same(
        "s.yml",
        wild,
        &["match.cs-user-agent = { regex = \"^nes.us\", ignore-case = true }"],
    );
}

#[test]
fn sigma_filters_come_back_as_they_went() {
    let list = "version = 1\n[[exclusion]]\nid = \"a\"\nreason = \"x: \\\"y\\\"\"\nstage = \"event\"\n\
                match.c-ip = [\"10.0.0.10-10.0.0.11\", \"2001:db8::/32\"]\nmatch.not-s-port = [80, \"8081-8089\"]\n\
                match.cs-user-agent = { equals = \"Nes*us\", starts-with = \"Nessus\", regex = \"^cu\" }\n\
                [[exclusion]]\nid = \"b\"\nstage = \"event\"\nmatch.sc-status = \"404-\"\nmatch.s-port = 443\n";
    let exclusions = Exclusions::from_source(&Source::new("a.toml", list)).unwrap();
    let yaml = export(&exclusions, Target::Sigma).unwrap();
    let import = imported("s.yml", &yaml);
    assert_eq!(import.findings, [], "{yaml}");
    assert_eq!(
        suppressed(&import.list),
        suppressed(list),
        "{yaml}\n{}",
        import.list
    );
}

#[test]
fn sigma_filters_that_cannot_come_over() {
    let one = |selection: &str, condition: &str| {
        refused(
            "s.yml",
            &format!(
                "title: A\nfilter:\n    a:\n        {selection}\n    condition: {condition}\n"
            ),
        )
        .remove(0)
    };
    for (selection, condition, told) in [
        (
            "process_name: nmap.exe",
            "not a",
            "4 `process_name` is in no IIS log",
        ),
        ("Image: x", "not a", "4 `Image` is in no IIS log"),
        (
            "cs-host|base64: x",
            "not a",
            "4 cs-host|base64 cannot be taken over",
        ),
        (
            "c-ip|startswith: '10.'",
            "not a",
            "4 c-ip|startswith cannot",
        ),
        (
            "s-port: x",
            "not a",
            "4 s-port cannot be taken over: \"x\" is no number",
        ),
        ("s-port: 1", "not b", "5 no selection is named b"),
        ("s-port: 1", "not (a", "5 a bracket"),
        ("s-port: 1", "not a a", "5 \"a\" was not expected"),
        ("c-ip: 10.0.0.300", "not a", "1 expected an address"),
    ] {
        let found = one(selection, condition);
        assert!(found.starts_with(told), "{selection} {condition}: {found}");
    }
    let deep = format!("{}a{}", "not (".repeat(5000), ")".repeat(5000));
    assert!(one("s-port: 1", &deep).contains("too deep"));
}
