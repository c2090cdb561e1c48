//! Findings from the list alone; shadows and overlaps against brute force over enumerated universes.

use super::*;
use crate::exclusion::condition::Line;
use crate::exclusion::{Exclusion, Reading};
use proptest::prelude::*;
use scanbench_spec::Source;
use scanbench_w3c::{Field, Record, Timestamp};
use std::fmt::Write as _;

fn read(text: &str) -> Exclusions {
    let reading = Reading::of(&Source::new("a.toml", text));
    assert_eq!(reading.findings, [], "{text}");
    reading.exclusions
}

/// The slugs of the findings about a list, without those on owners and expiry.
fn slugs(text: &str) -> Vec<&'static str> {
    lint(&read(text))
        .iter()
        .map(|finding| finding.code.unwrap().slug)
        .filter(|slug| !matches!(*slug, "unowned" | "no-expiry"))
        .collect()
}

fn list(matches: &[&str]) -> String {
    let mut text = "version = 1\n".to_owned();
    for (index, body) in matches.iter().enumerate() {
        let _ = writeln!(
            text,
            "[[exclusion]]\nid = \"x{index}\"\nstage = \"event\"\n{body}"
        );
    }
    text
}

#[test]
fn breadth() {
    for (body, expected) in [
        ("match.c-ip = \"10.0.0.10\"", &[][..]),
        ("match.c-ip = \"192.168.0.0/16\"", &["too-broad"]),
        (
            "match.c-ip = [\"192.168.0.0/17\", \"192.168.128.0/17\"]",
            &["too-broad"],
        ),
        ("match.c-ip = \"192.168.0.0/17\"", &[]),
        ("match.c-ip = \"172.0.0.0/8\"", &["too-broad"]),
        ("match.c-ip = \"11.0.0.0/15\"", &["too-broad"]),
        ("match.c-ip = \"11.0.0.0/16\"", &[]),
        ("match.c-ip = \"2001:db8::/31\"", &["too-broad"]),
        ("match.c-ip = \"2001:db8::/32\"", &[]),
        ("match.c-ip = \"fc00::/7\"", &["too-broad"]),
        (
            "match.s-port = [\"1-1000\", \"1001-65535\"]",
            &["too-broad"],
        ),
        ("match.s-port = [\"2-65535\"]", &[]),
        ("match.not-s-port = 80", &["too-broad"]),
        (
            "match.cs-user-agent = { regex = \"x*\" }\nmatch.c-ip = \"10.0.0.10\"",
            &["matches-empty"],
        ),
        (
            "match.cs-user-agent = \"Nessus\"",
            &["client-chosen", "slow"],
        ),
        (
            "match.cs-user-agent = \"Nessus\"\nmatch.s-port = 80",
            &["client-chosen"],
        ),
        (
            "match.cs-user-agent = \"Nessus\"\nmatch.c-ip = \"10.0.0.10\"",
            &[],
        ),
        (
            "match.X-Forwarded-For = \"a\"\nmatch.c-ip = \"10.0.0.10\"",
            &["custom-field"],
        ),
        ("enabled = false\nmatch.c-ip = \"10.0.0.10\"", &["disabled"]),
        (
            "match.c-ip = \"10.0.0.10\"\nmatch.not-c-ip = \"10.0.0.0/24\"",
            &["contradiction"],
        ),
        (
            "match.Computer = [\"a\", \"b\"]\nmatch.not-Computer = { regex = \"^[ab]$\" }\nmatch.s-port = 80",
            &["contradiction"],
        ),
        // The first of November 2026 is a Sunday.
        (
            "starts = 2026-11-01T00:00:00Z\nexpires = 2026-11-07T00:00:00Z\nmatch.time = { days = \"sat\" }",
            &["contradiction"],
        ),
        (
            "starts = 2026-11-01T00:00:00Z\nexpires = 2026-11-07T00:00:01Z\nmatch.time = { days = \"sat\" }",
            &[],
        ),
    ] {
        assert_eq!(slugs(&list(&[body])), expected, "{body}");
    }
}

#[test]
fn pairs_of_a_list() {
    let address = "match.c-ip = \"10.0.0.10\"";
    let network = "match.c-ip = \"10.0.0.0/24\"";
    let port = "match.s-port = 8080";
    let agent = |text: &str| {
        format!("match.c-ip = \"10.0.0.10\"\nmatch.cs-user-agent = {{ contains = \"{text}\" }}")
    };
    let nightly = |zone: &str| {
        format!("match.time = {{ from = \"22:00\", to = \"02:00\", zone = \"{zone}\" }}")
    };
    for (bodies, expected) in [
        (vec![network, address], vec!["shadowed"]),
        (vec![address, network], vec!["shadowed"]),
        (vec![address, address], vec!["shadowed"]),
        (vec![address, port], vec!["overlap"]),
        (vec![address, "match.c-ip = \"10.0.0.11\""], vec![]),
        (
            vec![&agent("Nessus 10"), &agent("Nessus")],
            vec!["shadowed"],
        ),
        // Both may stand in one agent, or not: nothing is said.
        (vec![&agent("Nessus"), &agent("Qualys")], vec![]),
        (
            vec![
                "match.Computer = \"a\"\nmatch.s-port = 1",
                "match.Computer = \"b\"\nmatch.s-port = 1",
            ],
            vec![],
        ),
        (vec![&nightly("UTC"), &nightly("+01:00")], vec!["overlap"]),
        // Berlin is one hour ahead in winter, and two in summer.
        (
            vec![
                &nightly("Europe/Berlin"),
                "match.time = { from = \"20:00\", to = \"01:00\" }",
            ],
            vec!["shadowed"],
        ),
        (
            vec![
                &nightly("Europe/Berlin"),
                "match.time = { from = \"21:00\", to = \"01:00\" }",
            ],
            vec!["overlap"],
        ),
        (
            vec!["enabled = false\nmatch.s-port = 8080", port],
            vec!["disabled"],
        ),
    ] {
        assert_eq!(slugs(&list(&bodies)), expected, "{bodies:?}");
    }
    // What acts on rows does not shadow what takes lines out.
    let alert = |id: &str, stage: &str| {
        format!("[[exclusion]]\nid = \"{id}\"\nstage = \"{stage}\"\n{address}\n")
    };
    for (first, second, expected) in [
        ("alert", "event", "shadowed"),
        ("alert", "alert", "shadowed"),
    ] {
        let text = format!("version = 1\n{}{}", alert("a", first), alert("b", second));
        let found = lint(&read(&text));
        let shadowed = found
            .iter()
            .find(|finding| finding.code.unwrap().slug == expected)
            .unwrap();
        let who = if second == "event" {
            "a does"
        } else {
            "b does"
        };
        assert!(shadowed.message.starts_with(who), "{}", shadowed.message);
    }
}

#[test]
fn what_a_list_requires() {
    let codes = |head: &str, body: &str| -> Vec<&'static str> {
        let text = format!(
            "version = 1\n{head}\n[[exclusion]]\nid = \"a\"\nstage = \"event\"\nmatch.c-ip = \"10.0.0.10\"\n{body}\n"
        );
        lint(&read(&text))
            .iter()
            .map(|finding| finding.code.unwrap().slug)
            .collect()
    };
    let owned = "owner = \"o\"\nreason = \"r\"\n";
    let year = "starts = 2026-01-01T00:00:00Z\nexpires = 2027-01-01T00:00:00Z\n";
    assert_eq!(codes("", ""), ["unowned", "no-expiry"]);
    assert_eq!(codes("", owned), ["no-expiry"]);
    assert_eq!(codes("", &format!("{owned}{year}")), [""; 0]);
    let require = "[defaults]\nrequire = [\"owner\", \"ticket\", \"expires\"]";
    assert_eq!(
        codes(require, ""),
        ["required", "required", "required", "unowned"]
    );
    let longest = "[defaults]\nmax-lifetime = \"365d\"";
    assert_eq!(codes(longest, &format!("{owned}{year}")), [""; 0]);
    assert_eq!(
        codes(
            "[defaults]\nmax-lifetime = \"364d\"",
            &format!("{owned}{year}")
        ),
        ["lifetime"]
    );
    assert_eq!(codes(longest, owned), ["lifetime"]);
    assert_eq!(
        codes(longest, &format!("{owned}expires = 2027-01-01T00:00:00Z")),
        ["lifetime"]
    );
}

/// A point of the small universe.
struct Point {
    time: i64,
    client: String,
    port: Option<u16>,
}

impl Record for Point {
    fn time(&self) -> Timestamp {
        Timestamp::from_millis(self.time)
    }
    fn port(&self) -> Option<u16> {
        self.port
    }
    fn get(&self, _: Field) -> Option<&[u8]> {
        None
    }
    fn get_named(&self, _: &str) -> Option<&[u8]> {
        None
    }
}

fn matches(exclusion: &Exclusion, point: &Point) -> bool {
    exclusion.matches(&Line::new(point, point.client.as_bytes(), &|| b""))
}

const CLIENTS: [&str; 9] = [
    "10.0.0.1",
    "ffff::2",
    "-",
    "0.0.0.0",
    "0.0.0.1",
    "255.255.255.254",
    "255.255.255.255",
    "::",
    "ffff::1",
];

fn addresses() -> impl Strategy<Value = String> {
    let networks = [
        "0.0.0.0",
        "0.0.0.0/31",
        "0.0.0.1-255.255.255.254",
        "255.255.255.254/31",
        "0.0.0.0/0",
        "::/0",
        "::",
        "::1-ffff::1",
    ];
    (
        any::<bool>(),
        prop::sample::subsequence(networks.to_vec(), 1..3),
    )
        .prop_map(|(not, list)| {
            let not = if not { "not-" } else { "" };
            format!("match.{not}c-ip = {list:?}\n")
        })
}

fn ports() -> impl Strategy<Value = String> {
    (
        any::<bool>(),
        prop::collection::vec((0_u32..4, 0_u32..3), 1..3),
    )
        .prop_map(|(not, list)| {
            let not = if not { "not-" } else { "" };
            let list: Vec<String> = list
                .iter()
                .map(|(a, n)| format!("{a}-{}", (a + n) % 65536))
                .collect();
            format!("match.{not}s-port = {list:?}\n")
        })
}

/// The universe of time: 12 days about the end of summer time in Berlin, in hours.
const FIRST: i64 = 1_792_368_000_000; // 2026-10-19T00:00:00Z, a Monday
const HOURS: i64 = 12 * 24;

fn hours() -> impl Strategy<Value = String> {
    let days =
        prop::sample::subsequence(vec!["mon", "tue", "wed", "thu", "fri", "sat", "sun"], 1..7);
    let zones = prop::sample::select(vec!["UTC", "+05:00", "Europe/Berlin", "-11:00"]);
    (any::<bool>(), days, 0_u32..24, 0_u32..24, zones)
        .prop_filter("hours", |(_, _, from, to, _)| from != to)
        .prop_map(|(not, days, from, to, zone)| {
            let not = if not { "not-" } else { "" };
            let clock = |hour: u32| format!("{hour:02}:00");
            format!(
                "match.{not}time = {{ days = {days:?}, from = \"{}\", to = \"{}\", zone = \"{zone}\" }}\n",
                clock(from),
                clock(to)
            )
        })
}

fn stretch() -> impl Strategy<Value = String> {
    (0..HOURS, 1..HOURS).prop_map(|(from, length)| {
        let at = |hour: i64| Timestamp::from_millis(FIRST + hour.min(HOURS) * 3_600_000);
        format!("starts = {}\nexpires = {}\n", at(from), at(from + length))
    })
}

/// An exclusion of the small universe. Its time is bounded, so that the universe of time is whole.
fn small() -> impl Strategy<Value = String> {
    (
        stretch(),
        prop::option::of(addresses()),
        prop::option::of(ports()),
        prop::option::weighted(0.7, hours()),
    )
        .prop_filter("conditions", |(_, a, p, h)| {
            a.is_some() || p.is_some() || h.is_some()
        })
        .prop_map(|(stretch, a, p, h)| {
            [Some(stretch), a, p, h]
                .into_iter()
                .flatten()
                .collect::<String>()
        })
}

proptest! {
    /// forall pairs of exclusions over a small universe of addresses, ports and times: shadow, overlap and
    /// contradiction are those of looking at every point.
    #[test]
    fn pairs_are_those_of_brute_force(bodies in prop::collection::vec(small(), 2)) {
        let exclusions = read(&list(&[&bodies[0], &bodies[1]]));
        let [a, b] = exclusions.list() else { unreachable!("two were read") };
        // In each of the three dimensions every value is tried with every other, as far as matching is a product: so
        // it is enough to know which values of each dimension let any point pass.
        let (mut any_a, mut any_b, mut both, mut only_a, mut only_b) = (false, false, false, false, false);
        for client in CLIENTS {
            for port in [None, Some(0), Some(1), Some(2), Some(3), Some(4), Some(5), Some(65535)] {
                for hour in 0..HOURS {
                    let point = Point { time: FIRST + hour * 3_600_000, client: client.to_owned(), port };
                    let (in_a, in_b) = (matches(a, &point), matches(b, &point));
                    any_a |= in_a;
                    any_b |= in_b;
                    both |= in_a && in_b;
                    only_a |= in_a && !in_b;
                    only_b |= in_b && !in_a;
                }
            }
        }
        let clocks = Clocks::default();
        let (space_a, space_b) = (Space::of(a, &clocks), Space::of(b, &clocks));
        prop_assert_eq!(space_a.contradiction().is_none(), any_a, "{:?}", &bodies);
        prop_assert_eq!(space_b.contradiction().is_none(), any_b, "{:?}", &bodies);
        if any_a && any_b {
            prop_assert_eq!(space_a.is_subset(&space_b), !only_a, "{:?}", &bodies);
            prop_assert_eq!(space_b.is_subset(&space_a), !only_b, "{:?}", &bodies);
            prop_assert_eq!(space_a.intersects(&space_b), both, "{:?}", &bodies);
        }
    }

    /// forall lists of addresses and ports: the pairs that are told are those that looking at all pairs tells.
    #[test]
    fn no_pair_is_passed_over(bodies in prop::collection::vec((addresses(), prop::option::of(ports())), 2..8)) {
        let bodies: Vec<String> = bodies.into_iter().map(|(a, p)| a + &p.unwrap_or_default()).collect();
        let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
        let exclusions = read(&list(&bodies));
        let clocks = Clocks::default();
        let spaces: Vec<Space<'_>> = exclusions.list().iter().map(|one| Space::of(one, &clocks)).collect();
        let sound: Vec<&Space<'_>> = spaces.iter().filter(|space| space.contradiction().is_none()).collect();
        let shadowed = sound.iter().enumerate().filter(|(index, space)| {
            sound.iter().enumerate().any(|(other, by)| {
                // Of two that match the same the later one is told.
                other != *index && space.is_subset(by) && (other < *index || !by.is_subset(space))
            })
        });
        let mut expected: Vec<&str> = shadowed.map(|(_, space)| space.exclusion.id()).collect();
        let found = lint(&exclusions);
        let mut told: Vec<&str> = found
            .iter()
            .filter(|finding| finding.code.unwrap().slug == "shadowed")
            .map(|finding| finding.message.split(' ').next().unwrap())
            .collect();
        expected.sort_unstable();
        told.sort_unstable();
        prop_assert_eq!(told, expected);
    }
}
