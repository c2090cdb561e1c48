//! Conditions of exclusions against a slow, plain evaluator: arbitrary conditions over arbitrary lines, by the careful
//! way and by the fast one.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use proptest::prelude::*;
use scanbench_detector::{Detector, Exclusions, Rule, ScanOptions, find_logs, scan};
use scanbench_spec::Source;
use scanbench_w3c::{Field, Item, Reader};
use std::fmt::Write as _;
use std::sync::atomic::AtomicBool;

/// Addresses as logged, and for each of `NETWORKS` whether it holds it, by hand.
const ADDRESSES: [(&str, [bool; 7]); 9] = [
    ("10.0.0.10", [true, true, true, false, false, true, false]),
    ("10.0.0.11", [false, true, true, false, false, true, false]),
    ("10.0.0.21", [false, false, true, false, false, true, false]),
    (
        "::ffff:10.0.0.10",
        [true, true, true, false, false, true, false],
    ),
    (
        "192.168.7.3",
        [false, false, false, true, false, true, false],
    ),
    (
        "2001:db8::7",
        [false, false, false, false, true, false, true],
    ),
    (
        "fe80::1%3",
        [false, false, false, false, false, false, true],
    ),
    ("-", [false; 7]),
    ("10.0.0.010", [false; 7]),
];
const NETWORKS: [&str; 7] = [
    "10.0.0.10",
    "10.0.0.10-10.0.0.20",
    "::ffff:10.0.0.0/120",
    "192.168.0.0/16",
    "2001:db8::/32",
    "0.0.0.0/0",
    "::/0",
];

const TEXTS: [&str; 9] = [
    "-",
    "Nessus",
    "nessus+10",
    "curl/8.5",
    "ab+AB",
    "GÉRARD",
    "gérard.x",
    "x",
    "aab",
];

#[derive(Clone, Debug)]
struct Line {
    /// Seconds since 2026-10-24T12:00:00Z, a Saturday; Berlin leaves summer time after 46,800 of them.
    second: u32,
    client: usize,
    server: usize,
    port: Option<u16>,
    computer: &'static str,
    agent: &'static str,
    forwarded: &'static str,
    status: &'static str,
    taken: String,
}

#[derive(Clone, Debug)]
enum Plain {
    Address(bool, Vec<usize>),
    Port(Vec<(u16, u16)>),
    Status(Vec<(u64, u64)>),
    Taken(Vec<(u64, u64)>),
    Text(&'static str, &'static str, String, bool),
    /// Days (0 is Monday), seconds of the day, and the zone.
    Time(Vec<usize>, u32, u32, &'static str),
}

#[derive(Clone, Debug)]
struct PlainCondition {
    plain: Plain,
    negated: bool,
}

fn line() -> impl Strategy<Value = Line> {
    let text = || prop::sample::select(TEXTS.to_vec());
    (
        0_u32..8 * 86_400,
        0..ADDRESSES.len(),
        0..ADDRESSES.len(),
        prop::option::weighted(0.9, 78_u16..84),
        prop::sample::select(vec!["WEB01", "web01", "WEB02"]),
        text(),
        text(),
        prop::sample::select(vec!["200", "404", "500", "-"]),
        prop_oneof![
            (0_u64..30).prop_map(|number| number.to_string()),
            Just("-".to_owned())
        ],
    )
        .prop_map(
            |(second, client, server, port, computer, agent, forwarded, status, taken)| Line {
                second,
                client,
                server,
                port,
                computer,
                agent,
                forwarded,
                status,
                taken,
            },
        )
}

fn condition() -> impl Strategy<Value = PlainCondition> {
    let kinds = vec!["equals", "contains", "starts-with", "ends-with", "has"];
    let pieces = vec![
        "Nessus", "NESSUS", "ess", "a", "ab", "AB", "É", "é", "10", "8.5", "-", "+", "aab",
    ];
    let fields = vec!["cs-user-agent", "X-Forwarded-For", "Computer"];
    let plain = prop_oneof![
        (
            any::<bool>(),
            prop::collection::vec(0..NETWORKS.len(), 1..3)
        )
            .prop_map(|(client, nets)| Plain::Address(client, nets)),
        prop::collection::vec((78_u16..84, 0_u16..3), 1..3)
            .prop_map(|list| Plain::Port(list.into_iter().map(|(a, n)| (a, a + n)).collect())),
        prop::collection::vec((190_u64..510, 0_u64..210), 1..3)
            .prop_map(|list| Plain::Status(list.into_iter().map(|(a, n)| (a, a + n)).collect())),
        prop::collection::vec((0_u64..30, 0_u64..5), 1..3)
            .prop_map(|list| Plain::Taken(list.into_iter().map(|(a, n)| (a, a + n)).collect())),
        (
            prop::sample::select(fields),
            prop::sample::select(kinds),
            prop::sample::select(pieces),
            any::<bool>()
        )
            .prop_map(|(field, kind, text, any_case)| Plain::Text(
                field,
                kind,
                text.to_owned(),
                any_case
            )),
        (
            prop::sample::subsequence((0..7_usize).collect::<Vec<_>>(), 1..7),
            0_u32..24,
            0_u32..=24,
            prop::sample::select(vec!["UTC", "+05:30", "-11:00", "Europe/Berlin"]),
        )
            .prop_filter("hours", |(_, from, to, _)| from != to)
            .prop_map(|(days, from, to, zone)| Plain::Time(
                days,
                from * 3600,
                to * 3600,
                zone
            )),
    ];
    (plain, any::<bool>()).prop_map(|(plain, negated)| PlainCondition { plain, negated })
}

/// The condition as it is written in a file.
fn written(condition: &PlainCondition, out: &mut String) {
    let not = if condition.negated { "not-" } else { "" };
    let ranges = |list: &[(u64, u64)]| {
        let texts: Vec<String> = list.iter().map(|(a, b)| format!("\"{a}-{b}\"")).collect();
        texts.join(", ")
    };
    match &condition.plain {
        Plain::Address(client, nets) => {
            let name = if *client { "c-ip" } else { "s-ip" };
            let nets: Vec<String> = nets
                .iter()
                .map(|net| format!("\"{}\"", NETWORKS[*net]))
                .collect();
            let _ = writeln!(out, "{not}{name} = [{}]", nets.join(", "));
        }
        Plain::Port(list) => {
            let list: Vec<(u64, u64)> = list
                .iter()
                .map(|(a, b)| (u64::from(*a), u64::from(*b)))
                .collect();
            let _ = writeln!(out, "{not}s-port = [{}]", ranges(&list));
        }
        Plain::Status(list) => {
            let _ = writeln!(out, "{not}scStatus = [{}]", ranges(list));
        }
        Plain::Taken(list) => {
            let _ = writeln!(out, "{not}time-taken = [{}]", ranges(list));
        }
        Plain::Text(field, kind, text, any_case) => {
            let _ = writeln!(
                out,
                "{not}{field} = {{ {kind} = \"{text}\", ignore-case = {any_case} }}"
            );
        }
        Plain::Time(days, from, to, zone) => {
            const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
            let days: Vec<String> = days
                .iter()
                .map(|day| format!("\"{}\"", DAYS[*day]))
                .collect();
            let clock = |second: u32| format!("\"{:02}:00\"", second / 3600);
            let _ = writeln!(
                out,
                "{not}time = {{ days = [{}], from = {}, to = {}, zone = \"{zone}\" }}",
                days.join(", "),
                clock(*from),
                clock(*to)
            );
        }
    }
}

fn holds(condition: &PlainCondition, line: &Line) -> bool {
    let inside = |value: &str, list: &[(u64, u64)]| {
        value
            .parse::<u64>()
            .is_ok_and(|number| list.iter().any(|(a, b)| *a <= number && number <= *b))
    };
    let any = match &condition.plain {
        Plain::Address(client, nets) => {
            let address = if *client { line.client } else { line.server };
            nets.iter().any(|net| ADDRESSES[address].1[*net])
        }
        Plain::Port(list) => line
            .port
            .is_some_and(|port| list.iter().any(|(a, b)| *a <= port && port <= *b)),
        Plain::Status(list) => inside(line.status, list),
        Plain::Taken(list) => inside(&line.taken, list),
        Plain::Text(field, kind, text, any_case) => {
            let value = match *field {
                "cs-user-agent" => line.agent,
                "Computer" => line.computer,
                _ => line.forwarded,
            };
            text_holds(kind, value, text, *any_case)
        }
        Plain::Time(days, from, to, zone) => {
            let offset = match *zone {
                "UTC" => 0,
                "+05:30" => 19_800,
                "-11:00" => -39_600,
                _ if line.second < 46_800 => 7200,
                _ => 3600,
            };
            // Monday 2026-10-19T00:00:00Z is day 0, hour by hour and day by day.
            let wall = i64::from(line.second) + (5 * 24 + 12) * 3600 + offset;
            let length = if from < to {
                to - from
            } else {
                86_400 - from + to
            };
            (-1..=14_i64).any(|day| {
                let begins = day * 86_400 + i64::from(*from);
                days.contains(&usize::try_from(day.rem_euclid(7)).unwrap())
                    && begins <= wall
                    && wall < begins + i64::from(length)
            })
        }
    };
    any != condition.negated
}

fn text_holds(kind: &str, value: &str, text: &str, any_case: bool) -> bool {
    let any_case = any_case || kind == "has";
    let fold = |text: &str| {
        if any_case {
            text.to_lowercase()
        } else {
            text.to_owned()
        }
    };
    let (value, text): (Vec<char>, Vec<char>) =
        (fold(value).chars().collect(), fold(text).chars().collect());
    let at = |start: usize| value.get(start..start + text.len()) == Some(&text[..]);
    let starts: Vec<usize> = (0..=value.len()).filter(|start| at(*start)).collect();
    match kind {
        "equals" => value == text,
        "contains" => !starts.is_empty(),
        "starts-with" => starts.contains(&0),
        "ends-with" => value.len() >= text.len() && at(value.len() - text.len()),
        // A letter or digit at an edge of the term wants none beside it.
        _ => starts.iter().any(|start| {
            let letter = |place: Option<usize>| {
                place
                    .and_then(|place| value.get(place))
                    .is_some_and(|c| c.is_alphanumeric())
            };
            let before = text[0].is_alphanumeric() && letter(start.checked_sub(1));
            let behind = text[text.len() - 1].is_alphanumeric() && letter(Some(start + text.len()));
            !before && !behind
        }),
    }
}

fn log(lines: &[Line]) -> String {
    let mut log = "#Fields: date time s-computername s-ip s-port c-ip cs(User-Agent) sc-status time-taken X-Forwarded-For\n".to_owned();
    for line in lines {
        let second = line.second + 12 * 3600;
        let day = 24 + second / 86_400;
        let (month, day) = if day > 31 { (11, day - 31) } else { (10, day) };
        let port = line.port.map_or("-".to_owned(), |port| port.to_string());
        let _ = writeln!(
            log,
            "2026-{month}-{day:02} {:02}:{:02}:{:02} {} {} {port} {} {} {} {} {}",
            second / 3600 % 24,
            second / 60 % 60,
            second % 60,
            line.computer,
            ADDRESSES[line.server].0,
            ADDRESSES[line.client].0,
            line.agent,
            line.status,
            line.taken,
            line.forwarded,
        );
    }
    log
}

proptest! {
    /// forall lines and lists of conditions: each exclusion matches just the lines that the plain evaluator says.
    #[test]
    fn conditions_are_those_of_the_plain_evaluator(
        lines in prop::collection::vec(line(), 1..40),
        list in prop::collection::vec((prop::collection::vec(condition(), 1..3), any::<bool>()), 1..5),
    ) {
        let mut file = "version = 1\n".to_owned();
        let mut expected = Vec::new();
        for (index, (conditions, enabled)) in list.iter().enumerate() {
            // One key cannot stand twice in a table.
            let mut keys: Vec<String> = Vec::new();
            let mut body = String::new();
            let mut used = Vec::new();
            for condition in conditions {
                let mut text = String::new();
                written(condition, &mut text);
                let key = text.split(' ').next().unwrap().to_owned();
                if !keys.contains(&key) {
                    keys.push(key);
                    body += &text;
                    used.push(condition);
                }
            }
            let _ = write!(
                file,
                "[[exclusion]]\nid = \"x{index}\"\nstage = \"event\"\nenabled = {enabled}\n[exclusion.match]\n{body}"
            );
            let matched = lines.iter().filter(|line| *enabled && used.iter().all(|one| holds(one, line)));
            expected.push(matched.count() as u64);
        }
        let exclusions = Exclusions::from_source(&Source::new("x.toml", &*file)).unwrap();
        let text = log(&lines);

        let mut detector = Detector::new(Rule::default(), exclusions.clone());
        let mut reader = Reader::new(text.as_bytes()).unwrap();
        while let Some(item) = reader.next_item().unwrap() {
            let Item::Entry(entry) = item else { unreachable!("a bad line was written") };
            detector.push(&entry, entry.get(Field::SComputername).unwrap());
        }
        let careful = detector.finish();

        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.log"), &text).unwrap();
        let (logs, errors) = find_logs(&[folder.path().to_owned()]);
        prop_assert!(errors.is_empty());
        let (fast, totals) = scan(&logs, &Rule::default(), &exclusions, &ScanOptions::new(&AtomicBool::new(false)), &mut |_| {}).unwrap();
        prop_assert_eq!(totals.counts.entries, lines.len() as u64);

        for (index, count) in expected.iter().enumerate() {
            prop_assert_eq!(careful.matched_lines(index), *count, "x{} of\n{}\n{}", index, file, text);
            prop_assert_eq!(fast.matched_lines(index), *count, "fast: x{} of\n{}\n{}", index, file, text);
        }
    }
}
