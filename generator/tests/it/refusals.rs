//! Scenario files that are wrong: each finding with its line, its column and what to do.

use super::support::EVERYTHING;
use scanbench_generator::Scenario;
use scanbench_spec::Source;

fn refusal(text: &str) -> String {
    match Scenario::from_source(&Source::new("a.toml", text)) {
        Ok(_) => panic!("not refused: {text}"),
        Err(findings) => findings.to_string(),
    }
}

/// `text` with `old` replaced must be refused where `new` has a `^`, with all of `expected` in the message.
fn check(old: &str, new: &str, expected: &[&str]) {
    assert!(EVERYTHING.contains(old), "{old}");
    let (before, _) = EVERYTHING.split_once(old).unwrap();
    let (start, _) = new.split_once('^').unwrap();
    let place = format!("{before}{start}");
    let line = place.matches('\n').count() + 1;
    let column = place.len() - place.rfind('\n').unwrap();
    let message = refusal(&EVERYTHING.replacen(old, &new.replacen('^', "", 1), 1));
    for part in expected
        .iter()
        .copied()
        .chain([format!("a.toml:{line}:{column}").as_str()])
    {
        assert!(message.contains(part), "{part} not in:\n{message}");
    }
}

#[test]
fn typos_in_keys() {
    check(
        "seed = 11",
        "^sede = 11",
        &["unknown field `sede`", "did you mean `seed`?", "`server`"],
    );
    check("iis = \"10\"", "^iss = \"10\"", &["did you mean `iis`?"]);
    check(
        "host = \"www",
        "^hots = \"www",
        &["did you mean `host`?", "`ports`"],
    );
    check(
        "rate = 60",
        "^rat = 60",
        &["did you mean `rate`?", "`jitter`"],
    );
    check(
        "every = \"7m\"",
        "^evry = \"7m\"",
        &["did you mean `every`?", "`agent`"],
    );
    check(
        "kind = \"scan\"",
        "kind = ^\"scam\"",
        &["no kind of actor", "did you mean \"scan\"?"],
    );
    check("kind = \"scan\"\n", "kind = ^5\n", &["expected the kind"]);
}

#[test]
fn impossible_values() {
    let port = "a port from 1 to 65535";
    check(
        "ports = [443, 80]",
        "ports = [443, ^99999]",
        &[port, "99999"],
    );
    check("ports = [443, 80]", "ports = [^0]", &[port]);
    check(
        "ports = [\"1-100\", 443",
        "ports = [^\"1-70000\", 443",
        &[port],
    );
    check(
        "duration = \"3h10m\"",
        "duration = ^\"3 hours\"",
        &["expected a duration such as"],
    );
    check(
        "duration = \"3h10m\"",
        "duration = ^\"0s\"",
        &["longer than nothing"],
    );
    check(
        "start = 2026-11-02T22:30:00Z",
        "start = ^2026-11-02",
        &["with an offset"],
    );
    check(
        "start = \"20m\"",
        "start = ^\"4h\"",
        &["not within the scenario"],
    );
    check("seed = 11", "seed = ^-1", &["a seed of 0 or more"]);
    check("version = 1", "version = ^2", &["version 1"]);
    check("rate = 60", "rate = ^0", &["from 0.001"]);
    check("jitter = 0.9", "jitter = ^1.5", &["from 0.0 to 1.0"]);
    check(
        "client = \"random\"",
        "client = ^\"10.0.0\"",
        &["an address such as"],
    );
    check(
        "client = \"10.0.0.5\"",
        "client = ^\"10.1.0.20\"",
        &["address of server HOST01"],
    );
    check(
        "active = \"00:00-00:20\"",
        "active = ^\"00:20-00:00\"",
        &["hours of one day"],
    );
    check("order = \"random\"", "order = ^\"up\"", &["`ascending`"]);
    check(
        "every = \"7m\"",
        "every = ^\"99999999w\"",
        &["at most ten years"],
    );
    check(
        "every = \"1h\"",
        "every = ^\"5m\"",
        &["before this one has ended"],
    );
    check("port = 80\n", "port = ^[80, 81]\n", &["expected one port"]);
}

#[test]
fn contradictions() {
    check(
        "servers = [\"HOST01\", \"web02.corp\"]",
        "servers = [\"HOST01\", ^\"web02.crop\"]",
        &[
            "no server is called \"web02.crop\"",
            "did you mean \"web02.corp\"?",
        ],
    );
    check(
        "servers = [\"HOST01\"]",
        "servers = ^[]",
        &["at least one server"],
    );
    check("id = \"probe\"", "id = ^\"visitors\"", &["exists already"]);
    check("id = 2\n", "id = ^1\n", &["has a site 1 already"]);
    check(
        "[\"8001-8040\"]",
        "^[\"8001-8040\", 80]",
        &["port 80 is bound by site 1 of HOST01 already"],
    );
    check(
        "[\"8001-8035\"]",
        "^[\"8001-8042\"]",
        &["HOST01 has no binding on 8041, 8042"],
    );
    check(
        "name = \"web02.corp\"",
        "name = ^\"host01\"",
        &["exists already"],
    );
    check(
        "\"s-sitename\"",
        "^\"s-sitname\"",
        &["did you mean `s-sitename`?"],
    );
}

#[test]
fn names_that_are_no_folders() {
    for name in [
        "../up", "a/b", "a\\\\b", "..", ".hidden", "end.", "end ", "CON", "nul.txt", "Lpt1", "",
        "a\\tb", "ö",
    ] {
        check(
            "name = \"web02.corp\"",
            &format!("name = ^\"{name}\""),
            &["error: "],
        );
    }
    let long = "x".repeat(64);
    check(
        "name = \"web02.corp\"",
        &format!("name = ^\"{long}\""),
        &["at most 63"],
    );
    check(
        "name = \"web02.corp\"",
        "name = ^\"COM1\"",
        &["name of a device on Windows"],
    );
}

#[test]
fn all_at_once() {
    let text = EVERYTHING
        .replace("duration = \"3h10m\"", "duration = \"0s\"")
        .replace("client = \"10.0.0.5\"", "client = \"nobody\"")
        .replace("rate = 20", "rate = -1")
        .replace("[443, 80]", "[443, 443443]");
    let message = refusal(&text);
    assert_eq!(message.matches("error: ").count(), 4, "{message}");
}

#[test]
fn no_toml_at_all() {
    assert!(refusal("seed = = 3\n").contains("a.toml:1:"));
    assert!(refusal("").contains("missing field"));
    assert!(refusal("server = 3\n").contains("[[server]]"));
    let (head, _) = EVERYTHING.split_once("[[server]]").unwrap();
    assert!(refusal(head).contains("no server"));
    assert!(refusal(&format!("{EVERYTHING}\n[[actor]]\nid = \"x\"\n")).contains("has no `kind`"));
}
