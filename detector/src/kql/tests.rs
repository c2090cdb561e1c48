//! Queries of the family, taken over or refused; and conditions against three-valued logic written out.

use super::*;
use crate::{Count, Exclusions, GroupBy, Window};
use proptest::prelude::*;
use scanbench_w3c::{Item, Reader};
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
        (format!("W3CIISLog\n{}| where portCount >= 30", ROWS.replace("10m", "7d")), 2, 64, "bins of this width"),
        (format!("W3CIISLog\n{}| where portCount >= 30", ROWS.replace("sIP", "sSiteName")), 2, 101, "sSiteName"),
        (format!("W3CIISLog\n{}| where portCount >= 30", ROWS.replace("bin(TimeGenerated, 10m), ", "")), 2, 3, "bin of time"),
        (format!("W3CIISLog\n{}| where portCount >= 30", ROWS.replace("count()", "sum(scBytes)")), 2, 49, "ConnectionsCount"),
        (format!("W3CIISLog\n{}| where portCount >= 30", ROWS.replace("count()", "make_set(csMethod)")), 2, 49, "1048576"),
        ("W3CIISLog\n| summarize dcount(csUserAgent) by bin(TimeGenerated, 10m), cIP\n| where dcount_csUserAgent > 3".to_owned(), 3, 30, "cannot be counted"),
        ("W3CIISLog\n| where cIP != '10.0.0.1'".to_owned(), 1, 1, "counts nothing"),
        (format!("W3CIISLog\n{rows}\n| summarize count() by cIP"), 5, 3, "second summarize"),
        (format!("let x = dynamic(['a'\nW3CIISLog\n{rows}"), 2, 1, "expected `]`"),
        (format!("W3CIISLog\n| where {}cIP != '1.1.1.1'{}\n{rows}", "(".repeat(100), ")".repeat(100)), 2, 72, "fewer brackets"),
    ] {
        let (at_line, at_column, message) = refused(&query);
        assert!(message.contains(why), "{query}\n{message}");
        assert_eq!((at_line, at_column), (line, column), "{query}\n{message}");
    }
    // Each name doubles what it stands for: refused before it is written out.
    let mut doubling = "W3CIISLog | extend a0 = strcat(csHost, csHost)".to_owned();
    for step in 1..40 {
        doubling += &format!("| extend a{step} = strcat(a{0}, a{0})", step - 1);
    }
    assert!(refused(&(doubling + &rows)).2.contains("too much"));
}

/// A condition, its KQL and its value by three-valued logic (Microsoft, *Null values*).
#[derive(Clone, Debug)]
enum Case {
    PortIs(u16),
    PortAtLeast(u16),
    PortIn(Vec<u16>),
    PortIsNull,
    StatusIsNumber,
    ClientIs(&'static str),
    ClientInNet(&'static str, u32, u32),
    UserHas(&'static str),
    UserIn(Vec<&'static str>),
    StatusBelow(u16),
    Not(Box<Self>),
    Coalesce(Box<Self>, bool),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

struct Line {
    client: &'static str,
    port: Option<u16>,
    user: &'static str,
    status: &'static str,
}

impl Case {
    fn kql(&self) -> String {
        match self {
            Self::PortIs(port) => format!("sPort == {port}"),
            Self::PortAtLeast(port) => format!("sPort >= {port}"),
            Self::PortIn(ports) => format!(
                "sPort !in ({})",
                ports
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            Self::PortIsNull => "isnull(sPort)".to_owned(),
            Self::StatusIsNumber => "isnotnull(toint(scStatus))".to_owned(),
            Self::ClientIs(address) => format!("cIP == '{address}'"),
            Self::ClientInNet(net, ..) => format!("ipv4_is_in_range(cIP, '{net}')"),
            Self::UserHas(text) => format!("csUserName contains_cs '{text}'"),
            Self::UserIn(users) => format!("csUserName in ('{}')", users.join("', '")),
            Self::StatusBelow(status) => format!("tolong(scStatus) < {status}"),
            Self::Not(inner) => format!("not({})", inner.kql()),
            Self::Coalesce(inner, default) => format!("coalesce({}, {default})", inner.kql()),
            Self::And(left, right) => format!("({} and {})", left.kql(), right.kql()),
            Self::Or(left, right) => format!("({} or {})", left.kql(), right.kql()),
        }
    }

    fn value(&self, line: &Line) -> Option<bool> {
        let v4 = line
            .client
            .parse::<std::net::Ipv4Addr>()
            .ok()
            .map(u32::from);
        match self {
            Self::PortIs(port) => line.port.map(|found| found == *port),
            Self::PortAtLeast(port) => line.port.map(|found| found >= *port),
            Self::PortIn(ports) => line.port.map(|found| !ports.contains(&found)),
            Self::PortIsNull => Some(line.port.is_none()),
            Self::StatusIsNumber => Some(line.status.parse::<i32>().is_ok()),
            Self::ClientIs(address) => Some(line.client == *address),
            Self::ClientInNet(_, first, last) => v4.map(|found| (*first..=*last).contains(&found)),
            Self::UserHas(text) => Some(line.user.contains(text)),
            Self::UserIn(users) => Some(users.contains(&line.user)),
            Self::StatusBelow(limit) => line
                .status
                .parse::<i64>()
                .ok()
                .map(|found| found < i64::from(*limit)),
            Self::Not(inner) => inner.value(line).map(|value| !value),
            Self::Coalesce(inner, default) => Some(inner.value(line).unwrap_or(*default)),
            Self::And(left, right) => match (left.value(line), right.value(line)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(left, right) => match (left.value(line), right.value(line)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
        }
    }
}

fn case() -> impl Strategy<Value = Case> {
    let port = 8000_u16..8004;
    let leaf = prop_oneof![
        port.clone().prop_map(Case::PortIs),
        port.clone().prop_map(Case::PortAtLeast),
        prop::collection::vec(port, 1..3).prop_map(Case::PortIn),
        Just(Case::PortIsNull),
        Just(Case::StatusIsNumber),
        prop_oneof![Just("10.0.0.1"), Just("2001:db8::1")].prop_map(Case::ClientIs),
        Just(Case::ClientInNet("10.0.0.0/30", 0x0a00_0000, 0x0a00_0003)),
        prop_oneof![Just("a"), Just("b")].prop_map(Case::UserHas),
        Just(Case::UserIn(vec!["ab", "-"])),
        (200_u16..203).prop_map(Case::StatusBelow),
    ];
    leaf.prop_recursive(3, 10, 2, |inner| {
        let inner = inner.prop_map(Box::new);
        prop_oneof![
            inner.clone().prop_map(Case::Not),
            (inner.clone(), any::<bool>())
                .prop_map(|(inner, default)| Case::Coalesce(inner, default)),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| Case::And(left, right)),
            (inner.clone(), inner).prop_map(|(left, right)| Case::Or(left, right)),
        ]
    })
}

proptest! {
    /// forall conditions: the exclusions drop exactly the lines of which the condition is not true.
    #[test]
    fn conditions_drop_what_is_not_true(case in case()) {
        let query = format!("W3CIISLog | where {} {ROWS} | where portCount >= 30", case.kql());
        let Ok(imported) = import_rule(&Source::new("rule.kql", query.as_str())) else {
            // Refused: two tests of one field at once, or all lines dropped. That most are not, the next test says.
            return Ok(());
        };
        let exclusions = match imported.exclusions {
            Some(list) => Exclusions::from_source(&Source::new("list.toml", list)).unwrap(),
            None => Exclusions::default(),
        };
        for client in ["10.0.0.1", "10.0.0.9", "2001:db8::1"] {
            for port in [None, Some(8000), Some(8002), Some(8003)] {
                for (user, status) in [("-", "200"), ("ab", "-"), ("b", "202"), ("a", "2148074254")] {
                    let line = Line { client, port, user, status };
                    let text = format!(
                        "#Fields: date time c-ip s-port cs-username sc-status\n2026-11-02 10:00:00 {client} {} {user} {status}\n",
                        port.map_or("-".to_owned(), |port| port.to_string())
                    );
                    let mut reader = Reader::new(text.as_bytes()).unwrap();
                    let mut is_dropped = None;
                    while let Some(item) = reader.next_item().unwrap() {
                        if let Item::Entry(entry) = item {
                            is_dropped = Some(exclusions.drops(&exclusions.signature(&entry, client.as_bytes(), b"WEB01")));
                        }
                    }
                    prop_assert_eq!(is_dropped, Some(case.value(&line) != Some(true)), "{} of {}", case.kql(), text);
                }
            }
        }
    }
}

#[test]
fn most_conditions_are_taken_over() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let taken = (0..500).filter(|_| {
        let case = case().new_tree(&mut runner).unwrap().current();
        let query = format!(
            "W3CIISLog | where {} {ROWS} | where portCount >= 30",
            case.kql()
        );
        import_rule(&Source::new("rule.kql", query)).is_ok()
    });
    let taken = taken.count();
    assert!(taken > 350, "{taken} of 500");
}

#[test]
fn yaml_has_metadata_and_places() {
    let yaml = format!(
        "id: 00000000-0000-0000-0000-000000000001\nname: Many ports\nseverity: Medium\nqueryFrequency: 1d\nqueryPeriod: 14d\n\
         triggerOperator: gt\ntriggerThreshold: 0\ntactics:\n  - Discovery\nrelevantTechniques:\n  - T1046\nquery: |\n  \
         let portThreshold = 20;\n  W3CIISLog\n  | where TimeGenerated >= ago(7d)\n{}  | where portCount >= portThreshold\nversion: 1.0.0\nkind: Scheduled\n",
        ROWS.lines()
            .map(|line| format!("  {line}\n"))
            .collect::<String>()
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
