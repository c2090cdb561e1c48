//! The detector against a slow, obvious oracle, over arbitrary logs, rules and exclusions.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use proptest::prelude::*;
use scanbench_detector::{Alert, Detector, Exclusions, Rule, Selection};
use scanbench_spec::Source;
use scanbench_w3c::{Item, Reader};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::time::Duration;

/// A line as the oracle sees it.
#[derive(Clone, Debug)]
struct Line {
    second: u32,
    client: &'static str,
    computer: &'static str,
    server: &'static str,
    port: Option<u16>,
    agent: &'static str,
    query: &'static str,
    status: &'static str,
    win32: &'static str,
}

fn line() -> impl Strategy<Value = Line> {
    (
        // Four bins of a minute, edges included.
        prop_oneof![0_u32..240, Just(59), Just(60), Just(61)],
        prop::sample::select(vec!["10.0.0.10", "192.168.7.3", "2001:db8::1", "-"]),
        prop::sample::select(vec!["WEB01", "web01"]),
        prop::sample::select(vec!["10.0.0.1", "10.0.0.2"]),
        prop::option::weighted(0.9, 8000_u16..8009),
        prop::sample::select(vec!["-", "curl/8.0", "Nessus+10"]),
        prop::sample::select(vec!["-", "a=1", "a=%31", "b"]),
        prop::sample::select(vec!["200 0", "401 1", "- -"]),
        prop::sample::select(vec!["0", "-", "2148074254"]),
    )
        .prop_map(
            |(second, client, computer, server, port, agent, query, status, win32)| Line {
                second,
                client,
                computer,
                server,
                port,
                agent,
                query,
                status,
                win32,
            },
        )
}

/// Exclusions as files, and as plain conditions for the oracle: stage "alert"?, and whether a line matches.
type Oracle = (bool, fn(&Line) -> bool);

const EXCLUSIONS: [(&str, Oracle); 6] = [
    (
        "stage = \"event\"\nmatch.c-ip = [\"10.0.0.0/24\"]",
        (false, |line| line.client == "10.0.0.10"),
    ),
    (
        "stage = \"event\"\nmatch.s-port = [8000, \"8003-8004\"]",
        (false, |line| matches!(line.port, Some(8000 | 8003 | 8004))),
    ),
    (
        "stage = \"alert\"\nmatch.cs-user-agent = { starts-with = \"Nessus 1\", regex = \"^curl\" }",
        (true, |line| line.agent != "-"),
    ),
    (
        "stage = \"alert\"\nmatch.c-ip = [\"192.168.0.0/16\", \"2001:db8::/32\"]\nmatch.s-computername = \"WEB01\"",
        (true, |line| {
            (line.client.starts_with("192.168.") || line.client.starts_with("2001:db8:"))
                && line.computer == "WEB01"
        }),
    ),
    (
        "stage = \"event\"\nstarts = 2026-11-02T00:01:00Z\nexpires = 2026-11-02T01:02:00+01:00\nmatch.not-s-port = [\"8000-8006\"]",
        (false, |line| {
            (60..120).contains(&line.second) && line.port.is_none_or(|port| port > 8006)
        }),
    ),
    (
        "stage = \"alert\"\nmatch.s-port = [\"8000-8009\"]\nmatch.not-c-ip = \"10.0.0.10\"",
        (true, |line| {
            line.port.is_some() && line.client != "10.0.0.10"
        }),
    ),
];

type Row = (u64, u64, Vec<u16>, Vec<String>, Vec<String>, Vec<String>);

/// The rule as its documentation puts it: group, collect into sets, cut the sets, compare, order.
fn oracle(lines: &[Line], rule: &Rule, chosen: &[Oracle]) -> Vec<(String, Row)> {
    let mut groups: BTreeMap<(u64, &str, &str, &str), Vec<&Line>> = BTreeMap::new();
    for line in lines {
        if chosen
            .iter()
            .any(|(alert, matches)| !alert && matches(line))
        {
            continue;
        }
        let bin = u64::from(line.second) / rule.bin.as_secs() * rule.bin.as_secs();
        let key = (bin, line.client, line.computer, line.server);
        groups.entry(key).or_default().push(line);
    }
    let limit = rule.set_limit.map_or(usize::MAX, NonZeroUsize::get);
    let mut rows = Vec::new();
    for ((bin, client, computer, server), lines) in groups {
        if chosen
            .iter()
            .any(|(alert, matches)| *alert && lines.iter().all(|line| matches(line)))
        {
            continue;
        }
        let ports: BTreeSet<u16> = lines.iter().filter_map(|line| line.port).collect();
        let ports: Vec<u16> = ports.into_iter().take(limit).collect();
        let texts = |value: fn(&Line) -> String| -> Vec<String> {
            let all: BTreeSet<String> = lines.iter().map(|line| value(line)).collect();
            all.into_iter().take(limit).collect()
        };
        if (ports.len() as u64) < rule.threshold {
            continue;
        }
        let queries = texts(|line| line.query.replace("%31", "1"));
        let statuses = texts(|line| line.status.replace(' ', "."));
        let codes = texts(|line| match line.win32 {
            "2148074254" => "8009030e".to_owned(),
            "-" => String::new(),
            other => other.to_owned(),
        });
        let key = format!(
            "{:02}:{:02} {client} {computer} {server}",
            bin / 60,
            bin % 60
        );
        let row = (
            ports.len() as u64,
            lines.len() as u64,
            ports,
            queries,
            statuses,
            codes,
        );
        rows.push((key, row));
    }
    rows.sort_by(|(a_key, a), (b_key, b)| b.0.cmp(&a.0).then_with(|| a_key.cmp(b_key)));
    rows
}

fn as_row(alert: &Alert) -> (String, Row) {
    let time = alert.time_generated.to_string();
    (
        format!(
            "{} {} {} {}",
            &time[14..19],
            alert.c_ip,
            alert.computer,
            alert.s_ip
        ),
        (
            alert.port_count,
            alert.connections_count,
            alert.set_s_port.clone(),
            alert.set_decoded_uri_query.clone(),
            alert.set_sc_status_full.clone(),
            alert.set_sc_win32_status_hex.clone(),
        ),
    )
}

fn write_log(lines: &[Line]) -> String {
    let mut log = "#Fields: date time s-computername s-ip cs-uri-query s-port c-ip cs(User-Agent) \
                   sc-status sc-substatus sc-win32-status\n"
        .to_owned();
    for line in lines {
        let port = line.port.map_or("-".to_owned(), |port| port.to_string());
        let _ = writeln!(
            log,
            "2026-11-02 00:{:02}:{:02} {} {} {} {port} {} {} {} {}",
            line.second / 60,
            line.second % 60,
            line.computer,
            line.server,
            line.query,
            line.client,
            line.agent,
            line.status,
            line.win32
        );
    }
    log
}

fn exclusions(chosen: &[usize]) -> Exclusions {
    let mut file = "version = 1\n".to_owned();
    for index in chosen {
        let _ = writeln!(
            file,
            "[[exclusion]]\nid = \"x{index}\"\n{}",
            EXCLUSIONS[*index].0
        );
    }
    Exclusions::from_source(&Source::new("exclusions.toml", file)).unwrap()
}

proptest! {
    /// forall logs, rules, lists of exclusions and choices of them: the detector's rows are the oracle's rows.
    #[test]
    fn rows_are_those_of_the_oracle(
        lines in prop::collection::vec(line(), 0..300),
        threshold in 1_u64..7,
        limit in prop::option::of(1_usize..8),
        chosen in prop::sample::subsequence((0..EXCLUSIONS.len()).collect::<Vec<_>>(), 0..=EXCLUSIONS.len()),
    ) {
        let rule = Rule {
            bin: Duration::from_mins(1),
            threshold,
            set_limit: limit.and_then(NonZeroUsize::new),
        };
        let mut detector = Detector::new(rule, exclusions(&chosen));
        let log = write_log(&lines);
        let mut reader = Reader::new(log.as_bytes()).unwrap();
        while let Some(item) = reader.next_item().unwrap() {
            let Item::Entry(entry) = item else { panic!("a bad line") };
            let computer = entry.get(scanbench_w3c::Field::SComputername).unwrap();
            detector.push(&entry, computer);
        }
        let detection = detector.finish();
        let rows = |selection: &Selection| -> Vec<(String, Row)> {
            detection.alerts(selection).iter().map(as_row).collect()
        };
        let picked = |holds: &dyn Fn(usize) -> bool| -> Vec<Oracle> {
            (0..chosen.len()).filter(|i| holds(*i)).map(|i| EXCLUSIONS[chosen[i]].1).collect()
        };
        prop_assert_eq!(rows(&Selection::None), oracle(&lines, &rule, &[]));
        prop_assert_eq!(rows(&Selection::All), oracle(&lines, &rule, &picked(&|_| true)));
        for index in 0..chosen.len() {
            prop_assert_eq!(
                rows(&Selection::Only(index)),
                oracle(&lines, &rule, &picked(&|i| i == index))
            );
            prop_assert_eq!(
                rows(&Selection::Without(index)),
                oracle(&lines, &rule, &picked(&|i| i != index))
            );
            let matched = lines.iter().filter(|line| (EXCLUSIONS[chosen[index]].1.1)(line)).count();
            prop_assert_eq!(detection.matched_lines(index), matched as u64);
        }
        let suppressed: BTreeSet<String> =
            detection.suppressed().iter().map(|row| as_row(&row.alert).0).collect();
        let kept: BTreeSet<String> = rows(&Selection::All).into_iter().map(|row| row.0).collect();
        let gone: BTreeSet<String> = rows(&Selection::None)
            .into_iter()
            .map(|row| row.0)
            .filter(|key| !kept.contains(key))
            .collect();
        prop_assert_eq!(suppressed, gone);
    }
}
