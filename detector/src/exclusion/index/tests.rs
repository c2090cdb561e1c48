//! The index held against the whole list, and its parts against what they stand for.

use super::super::table::Table;
use super::*;
use crate::Exclusions;
use crate::exclusion::condition::Line;
use crate::names::Signature;
use proptest::prelude::*;
use scanbench_spec::Source;
use scanbench_w3c::{Field, Record, Timestamp};

#[derive(Clone, Debug)]
struct Row {
    client: String,
    port: Option<u16>,
    /// Agent, host, path and server, from one pool: what is known of one field is not known of another.
    texts: [String; 4],
    status: u16,
    millis: i64,
}

impl Record for Row {
    fn time(&self) -> Timestamp {
        Timestamp::from_millis(self.millis)
    }
    fn port(&self) -> Option<u16> {
        self.port
    }
    fn get(&self, field: Field) -> Option<&[u8]> {
        Some(match field {
            Field::CIp => self.client.as_bytes(),
            Field::CsUserAgent => self.texts[0].as_bytes(),
            Field::CsHost => self.texts[1].as_bytes(),
            Field::CsUriStem => self.texts[2].as_bytes(),
            Field::SIp => self.texts[3].as_bytes(),
            Field::ScStatus if self.status == 200 => b"200",
            Field::ScStatus => b"404",
            _ => return None,
        })
    }
    fn get_named(&self, _: &str) -> Option<&[u8]> {
        None
    }
}

fn range() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => (0_u8..40, 0_u8..12).prop_map(|(first, more)| format!("10.0.0.{first}-10.0.0.{}", first + more)),
        2 => (0_u8..40).prop_map(|last| format!("10.0.0.{last}")),
        1 => (0_u8..40).prop_map(|last| format!("::ffff:10.0.0.{last}")),
        1 => Just("10.0.0.0/8".to_owned()),
        1 => (0_u8..9).prop_map(|last| format!("2001:db8::{last}")),
        1 => (0_u8..9).prop_map(|last| format!("2001:db8::{last}-2001:db8::1{last}")),
        1 => Just("::/0".to_owned()),
        1 => Just("0.0.0.0/0".to_owned()),
    ]
}

/// A key and what it is compared with.
fn other() -> impl Strategy<Value = String> {
    let not = any::<bool>().prop_map(|negated| if negated { "not-" } else { "" });
    let texts = (
        prop::sample::select(vec!["cs-user-agent", "cs-host", "cs-uri-stem"]),
        prop::sample::select(vec![
            "contains = \"curl\"",
            "equals = \"Nessus\"",
            "regex = \"^c.*l\"",
            "has = \"nessus\"",
            "ends-with = \"aa\"",
            "equals = \"10.0.0.3\"",
            "equals = \"-\"",
            "starts-with = \"curl/8\"",
            "starts-with = \"ca\"",
            "ends-with = \"+curl\"",
            "starts-with = [\"10.0.0.4\", \"10.0.0.33\"]",
        ]),
    )
        .prop_map(|(key, test)| format!("{key} = {{ {test} }}\n"));
    let times = (
        prop::sample::select(vec![
            "from = \"00:00\", to = \"00:01\"",
            "from = \"00:00\", to = \"00:00:07\"",
            "from = \"23:59\", to = \"00:02\"",
            "from = \"01:00\", to = \"01:03\"",
        ]),
        prop::sample::select(vec!["UTC", "Europe/Berlin", "+01:00", "Africa/Monrovia"]),
    )
        .prop_map(|(hours, zone)| format!("time = {{ {hours}, zone = \"{zone}\" }}\n"));
    let others = prop_oneof![
        4 => texts,
        2 => times,
        1 => Just("sc-status = [404]\n".to_owned()),
        1 => Just("s-ip = [\"10.0.0.0-10.0.0.3\"]\n".to_owned()),
    ];
    (not, others).prop_map(|(not, other)| format!("match.{not}{other}"))
}

fn conditions() -> impl Strategy<Value = String> {
    let clients = (any::<bool>(), prop::collection::vec(range(), 1..4));
    let ports = (any::<bool>(), 0_u16..9, 0_u16..5);
    let dates = prop::sample::select(vec![
        "starts = 1970-01-01T00:00:05Z\n",
        "expires = 1970-01-01T00:02:00Z\n",
        "starts = 2026-11-02T00:01:00Z\nexpires = 2026-11-02T00:02:00.5Z\n",
    ]);
    (
        prop::option::weighted(0.4, clients),
        prop::option::weighted(0.4, ports),
        prop::collection::vec(other(), 0..4),
        prop::option::weighted(0.3, dates),
        prop::bool::weighted(0.9),
    )
        .prop_map(|(clients, ports, mut others, dates, enabled)| {
            let not = |negated: bool| if negated { "not-" } else { "" };
            let stage = if others.len() % 2 == 0 {
                "event"
            } else {
                "alert"
            };
            let mut text = vec![format!("stage = \"{stage}\"\nenabled = {enabled}\n")];
            text.extend(dates.map(str::to_owned));
            if let Some((negated, ranges)) = &clients {
                text.push(format!("match.{}c-ip = {ranges:?}\n", not(*negated)));
            }
            if let Some((negated, first, more)) = ports {
                text.push(format!(
                    "match.{}s-port = [\"{first}-{}\"]\n",
                    not(negated),
                    first + more
                ));
            }
            if clients.is_none() && ports.is_none() && others.is_empty() {
                others.push("match.cs-user-agent = { regex = \"^c.*l\" }\n".to_owned());
            }
            // No key twice.
            others.sort_unstable();
            others.dedup_by_key(|other| other.split(" = ").next().map(str::to_owned));
            text.extend(others);
            text.concat()
        })
}

fn row() -> impl Strategy<Value = Row> {
    let client = prop_oneof![
        6 => (0_u8..52).prop_map(|last| format!("10.0.0.{last}")),
        1 => (0_u8..52).prop_map(|last| format!("::ffff:10.0.0.{last}")),
        2 => (0_u8..24).prop_map(|last| format!("2001:db8::{last}")),
        1 => (0_u8..24).prop_map(|last| format!("2001:db8::{last}%3")),
        1 => Just("-".to_owned()),
        1 => Just("11.0.0.1".to_owned()),
    ];
    let text = prop_oneof![
        8 => prop::sample::select(vec!["-", "", "curl/8", "Nessus", "caal", "10.0.0.3", "10.0.0.4"])
            .prop_map(str::to_owned),
        // About as long as what is still kept, and longer.
        1 => (Table::LONGEST - 2..Table::LONGEST + 3).prop_map(|length| "a".repeat(length)),
        1 => (Table::LONGEST - 6..Table::LONGEST).prop_map(|length| "a".repeat(length) + "+curl"),
    ];
    // Minutes, seconds and halves of them, in 1970 and on 2026-11-02.
    let millis = (prop::sample::select(vec![0, 1_793_577_600_000]), 0_i64..500);
    (
        client,
        prop::option::weighted(0.9, 0_u16..16),
        [text.clone(), text.clone(), text.clone(), text],
        prop::sample::select(vec![200, 404]),
        millis.prop_map(|(day, halves)| day + halves * 500),
    )
        .prop_map(|(client, port, texts, status, millis)| Row {
            client,
            port,
            texts,
            status,
            millis,
        })
}

fn read(conditions: &[String]) -> Exclusions {
    let one = |(index, text): (usize, &String)| {
        format!("[[exclusion]]\nid = \"x{index}\"\nreason = \"x\"\n{text}")
    };
    let text: String = conditions.iter().enumerate().map(one).collect();
    let source = Source::new("x.toml", format!("version = 1\n{text}"));
    Exclusions::from_source(&source).unwrap()
}

proptest! {
    /// forall lists and lines: the index finds what holding each line against each exclusion finds.
    #[test]
    fn the_index_finds_what_all_of_the_list_finds(
        list in prop_oneof![
            4 => prop::collection::vec(conditions(), 0..14),
            // More than one panel.
            1 => prop::collection::vec(conditions(), 60..100),
        ],
        rows in prop::collection::vec(row(), 1..40),
    ) {
        let exclusions = read(&list);
        let mut memo = Memo::default();
        for row in &rows {
            let client = row.client.as_bytes();
            let line = Line::new(row, client, &|| b"WEB01");
            let mut expected = Signature::default();
            for (number, exclusion) in exclusions.list().iter().enumerate() {
                if exclusion.matches(&line) {
                    expected.set(number);
                }
            }
            prop_assert_eq!(exclusions.signature(&mut memo, row, client, b"WEB01"), &expected);
        }
    }
}

proptest! {
    /// forall lists and lines, seen once and again: what is counted in the first look is what each line held against each
    /// exclusion comes to. Hashes of clients share places, or say nothing at all.
    #[test]
    fn the_first_look_counts_what_all_of_the_list_finds(
        list in prop_oneof![
            4 => prop::collection::vec(conditions(), 1..14),
            1 => prop::collection::vec(conditions(), 60..100),
        ],
        rows in prop::collection::vec(row(), 1..40),
        is_grouped in prop::bool::weighted(0.8),
    ) {
        let exclusions = read(&list);
        let mut memo = Memo::default();
        let (mut counts, mut expected) = (vec![0; list.len()], vec![0; list.len()]);
        let mut numbers = std::collections::HashMap::new();
        for row in rows.iter().chain(&rows) {
            let client = row.client.as_bytes();
            let next = numbers.len() as u64;
            let number = *numbers.entry(client).or_insert(next);
            let hash = if is_grouped { (number << 20) | (number % 3) | (1 << 40) } else { 0 };
            let line = Line::new(row, client, &|| b"WEB01");
            let mut is_expected_dropped = false;
            for (number, exclusion) in exclusions.list().iter().enumerate() {
                if exclusion.matches(&line) {
                    expected[number] += 1;
                    is_expected_dropped |= exclusion.stage() == Stage::Event;
                }
            }
            let computer = || &b"WEB01"[..];
            let is_dropped = exclusions.count(&mut memo, row, (client, hash), computer, &mut counts);
            prop_assert_eq!(is_dropped, is_expected_dropped);
        }
        prop_assert_eq!(counts, expected);
    }
}

proptest! {
    /// forall ranges and addresses near their ends: the sieve lets through all that a range holds.
    #[test]
    fn the_sieve_lets_through_what_a_range_holds(
        ranges in prop::collection::vec((any::<u32>(), 0_u32..32), 1..6),
        near in 0_u32..300,
    ) {
        let spans: Vec<_> = ranges
            .iter()
            .map(|(first, bits)| (*first, first.saturating_add((1 << bits) - 1), 0))
            .collect();
        let sieve = Sieve::new(&spans);
        for (first, last, _) in &spans {
            let middle = first + (last - first) / 2;
            for address in [*first, *last, middle, first.saturating_add(near).min(*last)] {
                prop_assert!(sieve.may_hold(address));
            }
        }
    }

    /// forall texts: four numbers are what the standard library takes for an address of IPv4.
    #[test]
    fn four_numbers_are_an_address(text in prop_oneof![
        any::<std::net::Ipv4Addr>().prop_map(|address| address.to_string()),
        "[0-9]{1,3}(\\.[0-9]{0,4}){3}|[0-9.]{0,16}|\\PC{0,9}",
    ]) {
        let parsed = text.parse::<std::net::Ipv4Addr>().ok().map(std::net::Ipv4Addr::to_bits);
        prop_assert_eq!(four_numbers(text.as_bytes()), parsed);
    }
}

#[test]
fn most_addresses_are_sieved_out() {
    let spans: Vec<_> = (0..10_000_u32)
        .map(|number| number * 429_496)
        .map(|at| (at, at, 0))
        .collect();
    let sieve = Sieve::new(&spans);
    let through = (0..100_000_u32).map(|number| number * 42_949 + 7);
    let through = through.filter(|address| sieve.may_hold(*address)).count();
    assert!(through < 20_000, "{through}");
}

/// The same at the edges, where chance seldom comes.
#[test]
fn four_numbers_at_the_edges() {
    for text in [
        "0.0.0.0",
        "255.255.255.255",
        "9.10.99.100",
        "10.0.0.255",
        "10.0.0.256",
        "256.0.0.0",
        "0.0.0.00",
        "01.2.3.4",
        "1.2.3",
        "1.2.3.",
        "1.2.3.4.",
        "1.2.3.4.5",
        ".1.2.3.4",
        ".0000",
        "0000",
        "1.2.3.1000",
        "100.100.100.1000",
        "1,2,3,4",
        "",
        "1.2.3.4 ",
        "1.2.3./",
        "1.2.3.:",
        "1./.3.4",
    ] {
        let parsed = text.parse::<std::net::Ipv4Addr>().ok();
        let parsed = parsed.map(std::net::Ipv4Addr::to_bits);
        assert_eq!(four_numbers(text.as_bytes()), parsed, "{text:?}");
    }
}

/// One that is about a client alone is sure of it; one beside it, before or after, that asks for a port too is not.
#[test]
fn sure_of_a_client_alone() {
    let alone = "stage = \"event\"\nmatch.c-ip = \"10.0.0.1\"\n".to_owned();
    let with_port = "stage = \"event\"\nmatch.c-ip = \"10.0.0.2\"\nmatch.s-port = 80\n".to_owned();
    let count = |list: &[String], client: &str, port: u16| {
        let row = Row {
            client: client.to_owned(),
            port: Some(port),
            texts: ["-"; 4].map(str::to_owned),
            status: 200,
            millis: 0,
        };
        let (mut memo, mut counts) = (Memo::default(), vec![0; list.len()]);
        let key = (client.as_bytes(), 7);
        let is_dropped = read(list).count(&mut memo, &row, key, || &b"WEB01"[..], &mut counts);
        (counts, is_dropped)
    };
    let (first, second) = ([alone.clone(), with_port.clone()], [with_port, alone]);
    assert_eq!(count(&first, "10.0.0.1", 81), (vec![1, 0], true));
    assert_eq!(count(&second, "10.0.0.1", 81), (vec![0, 1], true));
    for (port, of_first, of_second) in [(80, vec![0, 1], vec![1, 0]), (81, vec![0, 0], vec![0, 0])]
    {
        assert_eq!(count(&first, "10.0.0.2", port), (of_first, port == 80));
        assert_eq!(count(&second, "10.0.0.2", port), (of_second, port == 80));
    }
}

/// A list about clients of IPv6 alone, or of IPv4 alone, is asked about them.
#[test]
fn lists_of_one_family() {
    for (listed, other) in [("2001:db8::1", "10.0.0.1"), ("10.0.0.1", "2001:db8::1")] {
        let list = read(&[format!("stage = \"event\"\nmatch.c-ip = \"{listed}\"\n")]);
        for (client, expected) in [(listed, 1), (other, 0)] {
            let row = Row {
                client: client.to_owned(),
                port: Some(80),
                texts: ["-"; 4].map(str::to_owned),
                status: 200,
                millis: 0,
            };
            let (mut memo, mut counts) = (Memo::default(), [0]);
            let key = (client.as_bytes(), 7);
            let is_dropped = list.count(&mut memo, &row, key, || &b"WEB01"[..], &mut counts);
            assert_eq!(
                (counts, is_dropped),
                ([expected], expected == 1),
                "{listed} {client}"
            );
        }
    }
}

/// What ends or begins within a minute, each by the clock of its zone: seconds of the day in UTC that are inside and
/// outside, in order. Liberia was 44 minutes and 30 seconds behind UTC until 1972, as the time zone database has it.
#[test]
fn moments_within_a_minute() {
    let hours = |from: &str, to: &str, zone: &str| {
        format!("match.time = {{ from = \"{from}\", to = \"{to}\", zone = \"{zone}\" }}\n")
    };
    let monrovia = 44 * 60 + 30;
    for (condition, seconds) in [
        (
            hours("00:00", "00:00:07", "UTC"),
            [(0, true), (6, true), (7, false), (59, false)],
        ),
        (
            hours("00:00:30", "00:02", "UTC"),
            [(0, false), (29, false), (30, true), (59, true)],
        ),
        (
            hours("00:00", "00:01", "Africa/Monrovia"),
            [
                (monrovia - 1, false),
                (monrovia, true),
                (monrovia + 59, true),
                (monrovia + 60, false),
            ],
        ),
        (
            "starts = 1970-01-01T00:00:05Z\n".to_owned() + &hours("00:00", "00:01", "UTC"),
            [(0, false), (4, false), (5, true), (60, false)],
        ),
        (
            "expires = 1970-01-01T00:00:05Z\n".to_owned() + &hours("00:00", "00:01", "UTC"),
            [(0, true), (4, true), (5, false), (59, false)],
        ),
    ] {
        let list = read(&[format!("stage = \"event\"\n{condition}")]);
        let mut memo = Memo::default();
        for (second, expected) in seconds {
            let row = Row {
                client: "10.0.0.1".to_owned(),
                port: Some(80),
                texts: ["-"; 4].map(str::to_owned),
                status: 200,
                millis: second * 1000,
            };
            let signature = list.signature(&mut memo, &row, b"10.0.0.1", b"WEB01");
            assert_eq!(signature.has(0), expected, "{condition} {second}");
        }
    }
}
