//! What is written, and what is refused. That the engines understand it is tested with the engines, in tests/peers.

use super::*;
use crate::exclusion::Reading;
use scanbench_spec::Source;

const LIST: &str = r#"
version = 1
[[exclusion]]
id = "scanner"
reason = "CHG-1042\n| where true"
owner = "soc@example.com"
stage = "event"
expires = 2027-02-01T00:00:00Z
match.c-ip = ["10.0.0.10", "10.1.0.0/16", "2001:db8::/32"]
match.not-s-port = [80, "8081-8089"]
match.cs-user-agent = { contains = "Nes\"sus\\", ignore-case = true }
match.sc-status = "400-"
match.time = { days = ["sat"], from = "22:00", to = "02:00", zone = "+01:00" }
[[exclusion]]
id = "off"
enabled = false
stage = "alert"
match.X-Forwarded-For = "x"
"#;

fn read(text: &str) -> Exclusions {
    Exclusions::from_source(&Source::new("a.toml", text)).unwrap()
}

/// The slugs and the places of what cannot be said.
fn refusals(text: &str, target: Target) -> Vec<String> {
    let source = Source::new("a.toml", text);
    let exclusions = Reading::of(&source).exclusions;
    let findings = export(&exclusions, target).unwrap_err();
    findings
        .iter()
        .map(|finding| {
            assert_eq!(finding.code.unwrap().slug, "not-expressible");
            let line = source
                .line_and_column(finding.span.clone().unwrap().start)
                .0;
            format!("{line} {}", finding.message)
        })
        .collect()
}

#[test]
fn kql_as_people_read_it() {
    assert_eq!(
        export(&read(LIST), Target::Kql).unwrap(),
        "// Exclusions, to stand right behind W3CIISLog in the query of the rule.\n\
         // scanner: CHG-1042 | where true\n\
         | where not(TimeGenerated < datetime(2027-02-01T00:00:00Z) and \
         not((isnotnull(sPort) and (sPort in (80) or sPort between (8081 .. 8089)))) and \
         (cIP == \"10.0.0.10\" or coalesce(ipv4_is_in_range(cIP, \"10.1.0.0/16\"), false) or \
         coalesce(ipv6_is_in_range(cIP, \"2001:db8::/32\"), false)) and \
         (isnotnull(tolong(scStatus)) and tolong(scStatus) >= 400) and \
         ((dayofweek((TimeGenerated + 3600s)) in (6d) and ((TimeGenerated + 3600s) - startofday((TimeGenerated + 3600s))) >= 79200s) \
         or (dayofweek(((TimeGenerated + 3600s) - 1d)) in (6d) and ((TimeGenerated + 3600s) - startofday((TimeGenerated + 3600s))) < 7200s)) \
         and csUserAgent contains \"Nes\\\"sus\\\\\")\n"
    );
}

#[test]
fn a_watchlist_is_a_list_of_networks() {
    let list = "version = 1\n[[exclusion]]\nid = \"a\"\nname = \"=cmd()\"\nreason = \"x, \\\"y\\\"\"\nstage = \"event\"\n\
                expires = 2027-02-01T00:00:00Z\nmatch.c-ip = [\"10.0.0.8-10.0.0.10\", \"2001:db8::/32\"]\n";
    assert_eq!(
        export(&read(list), Target::SentinelWatchlist).unwrap(),
        "IP Subnet,Range Name,Tags,Id,Stage,Starts,Expires,Owner,Reason\r\n\
         10.0.0.8/31,\"'=cmd()\",\"[\"\"scanbench\"\"]\",a,event,,2027-02-01T00:00:00Z,,\"x, \"\"y\"\"\"\r\n\
         10.0.0.10/32,\"'=cmd()\",\"[\"\"scanbench\"\"]\",a,event,,2027-02-01T00:00:00Z,,\"x, \"\"y\"\"\"\r\n\
         2001:db8::/32,\"'=cmd()\",\"[\"\"scanbench\"\"]\",a,event,,2027-02-01T00:00:00Z,,\"x, \"\"y\"\"\"\r\n"
    );
}

#[test]
fn a_sigma_filter_says_not() {
    let list = "version = 1\n[[exclusion]]\nid = \"a\"\nreason = \"why: #1\"\nstage = \"event\"\nmatch.c-ip = \"10.0.0.10\"\n\
                match.s-port = [80, \"8081-8089\"]\nmatch.not-cs-user-agent = { starts-with = \"Ness*s\" }\n";
    assert_eq!(
        export(&read(list), Target::Sigma).unwrap(),
        "title: \"a\"\nid: \"a\"\ndescription: \"why: #1\"\nlogsource:\n    category: webserver\n    product: windows\n    \
         service: iis\nfilter:\n    rules: any\n    selection0:\n        - s-port: 80\n        - s-port|gte: 8081\n          \
         s-port|lte: 8089\n    selection1:\n        - c-ip|cidr:\n              - \"10.0.0.10/32\"\n    selection2:\n        \
         - cs-user-agent|startswith|cased: \"Ness\\\\*s\"\n    condition: not (selection0 and selection1 and not selection2)\n"
    );
}

#[test]
fn what_cannot_be_said_is_told_where_it_stands() {
    let one = |stage: &str, body: &str| {
        format!("version = 1\n[[exclusion]]\nid = \"a\"\nstage = \"{stage}\"\n{body}\n")
    };
    for (target, stage, body, expected) in [
        (
            Target::Kql,
            "alert",
            "match.s-port = 1",
            "3 a cannot be said: stage \"alert\"",
        ),
        (
            Target::Kql,
            "event",
            "match.X-Real-IP = \"x\"",
            "5 X-Real-IP of a cannot be said",
        ),
        (
            Target::KqlQuery,
            "alert",
            "match.not-X-Real-IP = \"x\"",
            "5 not-X-Real-IP of a cannot",
        ),
        (
            Target::Sql,
            "alert",
            "match.X-Real-IP = \"x\"",
            "5 X-Real-IP",
        ),
        (
            Target::Kql,
            "event",
            "match.cs-host = { regex = \"[a-z&&b]\" }",
            "5 cs-host of a cannot be said: RE2 reads its",
        ),
        (
            Target::Sql,
            "event",
            "match.cs-host = { regex = \"[a-z&&b]\" }",
            "5 cs-host",
        ),
        (
            Target::Kql,
            "event",
            "match.sc-bytes = \"0-9223372036854775808\"",
            "5 sc-bytes",
        ),
        (
            Target::SentinelWatchlist,
            "event",
            "match.c-ip = \"10.0.0.1\"\nmatch.s-port = 1",
            "6 s-port",
        ),
        (
            Target::SentinelWatchlist,
            "event",
            "match.not-c-ip = \"10.0.0.1\"",
            "5 not-c-ip",
        ),
        (
            Target::Sigma,
            "alert",
            "match.s-port = 1",
            "3 a cannot be said: a Sigma filter acts on lines",
        ),
        (
            Target::Sigma,
            "event",
            "match.s-port = 1\nexpires = 2027-01-01T00:00:00Z",
            "3 a cannot be said: a Sigma filter cannot",
        ),
        (
            Target::Sigma,
            "event",
            "match.time = { days = \"sat\" }",
            "5 time",
        ),
        (
            Target::Sigma,
            "event",
            "match.cs-host = { has = \"x\" }",
            "5 cs-host",
        ),
    ] {
        let found = refusals(&one(stage, body), target);
        assert!(
            found[0].starts_with(expected),
            "{target:?} {body}: {found:?}"
        );
    }
    // All at once.
    let list = one(
        "alert",
        "match.X-Real-IP = \"x\"\nmatch.time = { days = \"sat\" }",
    );
    assert_eq!(refusals(&list, Target::Sigma).len(), 2);
    assert_eq!(refusals(&list, Target::Kql).len(), 2);
}
