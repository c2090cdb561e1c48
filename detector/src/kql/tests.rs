//! Queries of the family, taken over or refused.

mod conditions;

use super::*;
use crate::{Count, GroupBy, Window};
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::time::Duration;

const ROWS: &str = "| summarize makeset(sPort), ConnectionsCount = count() by bin(TimeGenerated, 10m), cIP, Computer, sIP\n\
     | extend portCount = arraylength(set_sPort)\n";

fn take(query: &str) -> ImportedRule {
    import_rule(&Source::new("rule.kql", query)).unwrap_or_else(|findings| panic!("{findings}"))
}

/// The rule without its metadata.
fn rule(query: &str) -> Rule {
    Rule {
        published: None,
        ..take(query).rule
    }
}

fn list(query: &str) -> String {
    let list = take(query).exclusions.unwrap_or_default();
    let keys = list.lines().filter(|line| {
        line.contains(" = ")
            && !["id", "reason", "stage", "version"].contains(&line.split(' ').next().unwrap())
    });
    keys.collect::<Vec<_>>().join("; ")
}

/// Where it is refused (line and column), and why.
fn refused(query: &str) -> (usize, usize, String) {
    let source = Source::new("rule.kql", query);
    let findings = import_rule(&source).expect_err(query);
    let finding = &findings.list()[0];
    let (line, column) = source.line_and_column(finding.span.clone().expect("a place").start);
    assert!(finding.help.is_some(), "no advice: {}", finding.message);
    (line, column, finding.message.clone())
}

fn minutes(minutes: u64) -> Window {
    Window::Tumbling {
        width: Duration::from_mins(minutes),
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of variants")]
fn variants_that_are_taken_over() {
    let whole = format!(
        "let timeBin = 10m;\nlet portThreshold = 30;\nW3CIISLog\n{}| where portCount >= portThreshold\n| order by portCount",
        ROWS.replace("10m", "timeBin")
    );
    let seed = Rule::default();
    assert_eq!(rule(&whole), seed);
    let with = |change: &dyn Fn(&mut Rule)| {
        let mut rule = seed.clone();
        change(&mut rule);
        rule
    };
    let query = |rest: &str| format!("W3CIISLog\n{rest}");
    let sets = |aggregate: &str, by: &str, condition: &str| {
        query(&format!(
            "| summarize {aggregate} by {by}\n| where {condition}"
        ))
    };
    let by = "bin(TimeGenerated, 10m), cIP, Computer, sIP";
    let cases = [
        // Thresholds.
        (
            query(&format!("{ROWS}| where portCount > 30")),
            with(&|rule| rule.threshold = 31),
        ),
        (
            query(&format!("{ROWS}| where 20 <= portCount")),
            with(&|rule| rule.threshold = 20),
        ),
        (
            query(&format!("{ROWS}| where portCount >= 5 and portCount >= 40")),
            with(&|rule| rule.threshold = 40),
        ),
        (
            query(&format!("{ROWS}| where arraylength(set_sPort) >= 7")),
            with(&|rule| rule.threshold = 7),
        ),
        // Bins.
        (
            query(&format!(
                "{}| where portCount >= 30",
                ROWS.replace("10m", "1h")
            )),
            with(&|rule| rule.window = minutes(60)),
        ),
        (
            query(&format!(
                "{}| where portCount >= 30",
                ROWS.replace("10m", "90s")
            )),
            with(&|rule| {
                rule.window = Window::Tumbling {
                    width: Duration::from_secs(90),
                }
            }),
        ),
        // Keys.
        (
            sets(
                "makeset(sPort)",
                "bin(TimeGenerated, 10m), cIP",
                "array_length(set_sPort) >= 30",
            ),
            with(&|rule| {
                rule.group_by = GroupBy {
                    client: true,
                    computer: false,
                    server: false,
                }
            }),
        ),
        (
            sets(
                "makeset(sPort)",
                "sIP, Window = bin(TimeGenerated, 10m), Computer, Client = cIP",
                "array_length(set_sPort) >= 30",
            ),
            seed.clone(),
        ),
        // Limits.
        (
            sets("make_set(sPort)", by, "array_length(set_sPort) >= 30"),
            with(&|rule| rule.set_limit = NonZeroUsize::new(1_048_576)),
        ),
        (
            sets(
                "Ports = make_set(sPort, 500)",
                by,
                "array_length(Ports) >= 30",
            ),
            with(&|rule| rule.set_limit = NonZeroUsize::new(500)),
        ),
        (
            sets("dcount(sPort)", by, "dcount_sPort >= 30"),
            with(&|rule| rule.set_limit = NonZeroUsize::new(1_048_576)),
        ),
        (
            sets("Ports = dcount(sPort, 4)", by, "Ports >= 30"),
            with(&|rule| rule.set_limit = NonZeroUsize::new(1_048_576)),
        ),
        (
            sets("Ports = count_distinct(sPort)", by, "Ports >= 30"),
            with(&|rule| rule.set_limit = NonZeroUsize::new(1_048_576)),
        ),
        // What is counted.
        (
            sets("makeset(csHost)", by, "array_length(set_csHost) >= 30"),
            with(&|rule| rule.count = Count::Host),
        ),
        (
            sets(
                "makeset(csUriStem)",
                by,
                "array_length(set_csUriStem) >= 30",
            ),
            with(&|rule| rule.count = Count::UriStem),
        ),
        // Columns that come and go.
        (
            query(&format!(
                "| project TimeGenerated, cIP, Computer, sIP, sPort\n{ROWS}| where portCount >= 30 | project-away set_sPort"
            )),
            seed.clone(),
        ),
        (
            query(&format!(
                "| extend Client = cIP\n{}| where portCount >= 30",
                ROWS.replace("cIP", "Client")
            )),
            seed.clone(),
        ),
        (
            query(&format!(
                "{ROWS}| where portCount >= 30 | extend timestamp = TimeGenerated, IPCustomEntity = cIP"
            )),
            seed.clone(),
        ),
        (
            query(&format!(
                "{}| where portCount >= 30 | project cIP, portCount",
                ROWS.replace(
                    "ConnectionsCount = count()",
                    "min(TimeGenerated), makeset(csCookie)"
                )
            )),
            seed.clone(),
        ),
    ];
    for (query, expected) in cases {
        assert_eq!(rule(&query), expected, "{query}");
    }
}

#[test]
fn what_differs_and_changes_no_row_is_said() {
    let notes = |query: &str| {
        take(query)
            .notes
            .into_iter()
            .map(|note| note.message)
            .collect::<Vec<_>>()
            .join("; ")
    };
    let dcount = "W3CIISLog | summarize dcount(sPort) by bin(TimeGenerated, 10m), cIP | where dcount_sPort >= 30";
    assert!(notes(dcount).contains("estimate"), "{}", notes(dcount));
    let copy = format!("W3CIISLog {ROWS} | where portCount >= 30 | extend IPCustomEntity = cIP");
    assert!(
        notes(&copy).contains("`IPCustomEntity` is `cIP`"),
        "{}",
        notes(&copy)
    );
    let v4 = format!(
        "W3CIISLog | where not(ipv4_is_in_range(cIP, '10.0.0.0/8')) {ROWS} | where portCount >= 30"
    );
    assert!(notes(&v4).contains("IPv6"), "{}", notes(&v4));
    assert_eq!(
        notes(&format!("W3CIISLog {ROWS} | where portCount >= 30")),
        ""
    );
}

#[test]
fn look_back_of_the_query() {
    let back = |condition: &str| {
        take(&format!(
            "let timeFrame = 1d; W3CIISLog | where {condition} {ROWS} | where portCount >= 30"
        ))
        .period
    };
    let day = Some(Duration::from_hours(24));
    assert_eq!(back("TimeGenerated >= ago(timeFrame)"), day);
    assert_eq!(
        back("TimeGenerated between (ago(1d) .. now()) and cIP != '10.0.0.1'"),
        day
    );
    assert_eq!(back("cIP != '10.0.0.1'"), None);
}

#[test]
fn wheres_are_exclusions() {
    let query = |condition: &str| {
        format!(
            "let admins = dynamic(['10.0.0.10', '10.0.0.11']);\nW3CIISLog\n| where {condition}\n{ROWS}| where portCount >= 30"
        )
    };
    for (condition, expected) in [
        ("cIP != \"10.0.0.10\"", "c-ip = \"10.0.0.10\""),
        ("cIP !in (admins)", "c-ip = [\"10.0.0.10\", \"10.0.0.11\"]"),
        (
            "not(cIP in (admins) and csUserAgent has 'nessus')",
            "c-ip = [\"10.0.0.10\", \"10.0.0.11\"]; cs-user-agent = { has = \"nessus\" }",
        ),
        (
            "cIP !in (admins) and csMethod == 'GET'",
            "c-ip = [\"10.0.0.10\", \"10.0.0.11\"]; not-cs-method = { equals = \"GET\" }",
        ),
        // A line without a port is dropped too: null is not true.
        (
            "sPort != 8080",
            "s-port = [8080]; not-s-port = [\"0-65535\"]",
        ),
        (
            "sPort between (8000 .. 8100)",
            "not-s-port = [\"8000-8100\"]",
        ),
        (
            "not(sPort between (8000 .. 8100)) or isnull(sPort)",
            "s-port = [\"8000-8100\"]",
        ),
        (
            "coalesce(not(ipv4_is_in_range(cIP, '10.0.0.0/8')), true)",
            "c-ip = \"10.0.0.0/8\"",
        ),
        (
            "not(ipv4_is_private(cIP))",
            "c-ip = [\"10.0.0.0/8\", \"172.16.0.0/12\", \"192.168.0.0/16\"]; not-c-ip = \"0.0.0.0/0\"",
        ),
        ("toint(scStatus) < 400", "not-sc-status = [\"0-399\"]"),
        (
            "csUserName =~ 'corp\\\\svc'",
            "not-cs-username = { equals = \"corp\\\\svc\", ignore-case = true }",
        ),
        (
            "csUserAgent !contains_cs 'zgrab' and csUserAgent !startswith_cs 'Nmap'",
            "cs-user-agent = { contains = \"zgrab\" }; cs-user-agent = { starts-with = \"Nmap\" }",
        ),
        (
            "csUriStem matches regex '^/api/'",
            "not-cs-uri-stem = { regex = \"^/api/\" }",
        ),
        ("true", ""),
    ] {
        assert_eq!(list(&query(condition)), expected, "{condition}");
    }
    // Behind summarize, a condition on keys is one on lines.
    let behind = format!("W3CIISLog {ROWS} | where portCount >= 30 and Computer != 'WEB01'");
    assert_eq!(list(&behind), "s-computername = { equals = \"WEB01\" }");
}

#[test]
fn variants_that_are_refused() {
    let rows = format!("{ROWS}| where portCount >= 30");
    for (query, line, column, why) in [
        (format!("SecurityEvent\n{rows}"), 1, 1, "SecurityEvent"),
        (format!("W3CIISLog\n| join (Heartbeat) on Computer\n{rows}"), 2, 3, "`join`"),
        (format!("W3CIISLog\n| take 10\n{rows}"), 2, 3, "`take`"),
        (format!("W3CIISLog\n| where cIP startswith '10.'\n{rows}"), 2, 9, "as a text"),
        (format!("W3CIISLog\n| where cIP == 'localhost'\n{rows}"), 2, 16, "addresses"),
        (format!("W3CIISLog\n| where cip == '10.0.0.1'\n{rows}"), 2, 9, "`cip` is not known"),
        (format!("W3CIISLog\n| where hourofday(TimeGenerated) > 8\n{rows}"), 2, 9, "`hourofday()`"),
        (format!("W3CIISLog\n| where scStatus == '-'\n{rows}"), 2, 21, "numbers"),
        (format!("W3CIISLog\n| where false\n{rows}"), 2, 9, "drops every line"),
        (format!("W3CIISLog\n| where csUserAgent matches regex '\\\\C'\n{rows}"), 2, 9, "regular expression"),
        (format!("W3CIISLog\n{ROWS}"), 1, 1, "threshold"),
        (format!("W3CIISLog\n{ROWS}| where portCount >= 200"), 4, 22, "never be reached"),
        (format!("W3CIISLog\n{ROWS}| where portCount < 30"), 4, 9, "not understood"),
        (format!("W3CIISLog\n{ROWS}| where ConnectionsCount > 50"), 4, 9, "not understood"),
        (format!("W3CIISLog\n{}| where portCount >= 30", ROWS.replace("10m", "7d")), 2, 59, "bins of this width"),
        (format!("W3CIISLog\n{}| where portCount >= 30", ROWS.replace("sIP", "sSiteName")), 2, 99, "sSiteName"),
        (format!("W3CIISLog\n{}| where portCount >= 30", ROWS.replace("bin(TimeGenerated, 10m), ", "")), 2, 3, "bin of time"),
        (format!("W3CIISLog\n{}| where portCount >= 30", ROWS.replace("count()", "sum(scBytes)")), 2, 48, "ConnectionsCount"),
        (format!("W3CIISLog\n{}| where portCount >= 30", ROWS.replace("count()", "make_set(csMethod)")), 2, 48, "1048576"),
        ("W3CIISLog\n| summarize dcount(csUserAgent) by bin(TimeGenerated, 10m), cIP\n| where dcount_csUserAgent > 3".to_owned(), 3, 30, "cannot be counted"),
        ("W3CIISLog\n| where cIP != '10.0.0.1'".to_owned(), 1, 1, "counts nothing"),
        (format!("W3CIISLog\n{rows}\n| summarize count() by cIP"), 5, 3, "second summarize"),
        (format!("let x = dynamic(['a'\nW3CIISLog\n{rows}"), 2, 1, "expected `]`"),
        (format!("W3CIISLog\n| where {}cIP != '1.1.1.1'{}\n{rows}", "(".repeat(100), ")".repeat(100)), 2, 73, "fewer brackets"),
    ] {
        let (at_line, at_column, message) = refused(&query);
        assert!(message.contains(why), "{query}\n{message}");
        assert_eq!((at_line, at_column), (line, column), "{query}\n{message}");
    }
    // Each name doubles what it stands for: refused before it is written out.
    let mut doubling = "W3CIISLog | extend a0 = strcat(csHost, csHost)".to_owned();
    for step in 1..40 {
        let _ = write!(doubling, "| extend a{step} = strcat(a{0}, a{0})", step - 1);
    }
    assert!(refused(&(doubling + &rows)).2.contains("too much"));
}

#[test]
fn yaml_has_metadata_and_places() {
    let yaml = format!(
        "id: 00000000-0000-0000-0000-000000000001\nname: Many ports\nseverity: Medium\nqueryFrequency: 1d\nqueryPeriod: 14d\n\
         triggerOperator: gt\ntriggerThreshold: 0\ntactics:\n  - Discovery\nrelevantTechniques:\n  - T1046\nquery: |\n  \
         let portThreshold = 20;\n  W3CIISLog\n  | where TimeGenerated >= ago(7d)\n{}  | where portCount >= portThreshold\nversion: 1.0.0\nkind: Scheduled\n",
        ROWS.lines()
            .map(|line| format!("  {line}\n"))
            .collect::<Vec<_>>()
            .concat()
    );
    let imported = import_rule(&Source::new("rule.yaml", yaml.as_str())).unwrap();
    assert_eq!(imported.rule.threshold, 20);
    assert_eq!(imported.frequency, Some(Duration::from_hours(24)));
    assert_eq!(imported.period, Some(Duration::from_hours(7 * 24)));
    let published = imported.rule.published.unwrap();
    assert_eq!(published.name.as_deref(), Some("Many ports"));
    assert_eq!(
        (published.tactics.clone(), published.techniques.clone()),
        (vec!["Discovery".to_owned()], vec!["T1046".to_owned()])
    );

    // A finding of the query stands where the file has it.
    for (wrong, right, line, column) in [
        ("sPort)", "sport)", 16, 23),
        ("portCount >=", "portcount >=", 18, 11),
        ("Scheduled", "NRT", 20, 7),
    ] {
        let source = Source::new("rule.yaml", yaml.replacen(wrong, right, 1));
        let findings = import_rule(&source).expect_err(right);
        let span = findings.list()[0].span.clone().unwrap();
        assert_eq!(
            source.line_and_column(span.start),
            (line, column),
            "{findings}"
        );
    }
    let more_rows = yaml.replace("triggerThreshold: 0", "triggerThreshold: 30");
    assert!(
        import_rule(&Source::new("rule.yaml", more_rows))
            .unwrap_err()
            .to_string()
            .contains("more than one row")
    );
}
