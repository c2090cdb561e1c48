//! The narrowest exclusions that would remove false rows: single addresses, the ports that were seen, the server, and
//! the hours where they are known to come back. Never a network and never an agent, which the client chooses.

use super::GroundTruth;
use super::rows::{Judge, Verdict};
use super::units::{Unit, Units};
use scanbench_detector::{Alert, Window};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// With more addresses than this a list of them is not narrow any more.
pub const MOST_ADDRESSES: usize = 64;
/// Hours that come back are worth a window where it is at most so long.
const LONGEST_HOURS: i64 = 4 * 3600 * 1000;
const DAY: i64 = 24 * 3600 * 1000;

/// Hours of the day in UTC, and the days on which they begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Periodic {
    /// Days of the week, 0 for Monday; empty for all.
    pub days: Vec<u8>,
    /// First minute of the day.
    pub from: u32,
    /// The minute behind the last one.
    pub to: u32,
}

/// An exclusion that would remove false rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// Whose rows they are: a campaign's id, or the client's address.
    pub owner: String,
    /// The addresses that they came from.
    pub clients: Vec<IpAddr>,
    /// The ports in them.
    #[serde(serialize_with = "as_texts")]
    pub ports: Vec<RangeInclusive<u16>>,
    /// The server.
    pub computer: String,
    /// When they come back, where that is known.
    pub periodic: Option<Periodic>,
    /// False rows that it is made from.
    pub rows: u64,
}

fn as_texts<S: serde::Serializer>(
    ports: &[RangeInclusive<u16>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ports.iter().map(port_text))
}

/// `8080` or `8001-8058`.
#[must_use]
pub fn port_text(range: &RangeInclusive<u16>) -> String {
    match (range.start(), range.end()) {
        (first, last) if first == last => first.to_string(),
        (first, last) => format!("{first}-{last}"),
    }
}

/// Suggestions from the false rows of several datasets, and what can have none.
#[derive(Clone, Debug, Default)]
pub struct Suggester {
    groups: BTreeMap<(String, String), Group>,
}

#[derive(Clone, Debug, Default)]
struct Group {
    clients: BTreeSet<String>,
    ports: BTreeSet<u16>,
    /// First and last moment of each row, in milliseconds since 1970.
    spans: Vec<(i64, i64)>,
}

impl Suggester {
    /// Takes the false rows of a dataset that are wanted. The ports must be all there: no limit on sets.
    pub fn add(
        &mut self,
        truth: &GroundTruth,
        alerts: &[Alert],
        window: &Window,
        wanted: &dyn Fn(&Alert) -> bool,
    ) {
        let judge = Judge::new(truth);
        let units = Units::new(&judge, alerts, window, wanted);
        for Unit {
            rows,
            verdict,
            owner,
        } in &units.rows
        {
            if !matches!(verdict, Verdict::LookAlike(_) | Verdict::Background) {
                continue;
            }
            for row in rows.iter().map(|row| &alerts[*row]) {
                let key = (owner.clone(), row.computer.clone());
                let group = self.groups.entry(key).or_default();
                let end = row
                    .window_end
                    .unwrap_or_else(|| window.end(row.time_generated));
                group.clients.insert(row.c_ip.clone());
                group.ports.extend(&row.set_s_port);
                group
                    .spans
                    .push((row.time_generated.millis(), end.millis()));
            }
        }
    }

    /// One suggestion for each owner and server; and, in words, the false rows for which there is none.
    #[must_use]
    pub fn finish(self) -> (Vec<Suggestion>, Vec<String>) {
        let (mut suggestions, mut none) = (Vec::new(), Vec::new());
        for ((owner, computer), group) in self.groups {
            let clients: Option<Vec<IpAddr>> =
                group.clients.iter().map(|text| text.parse().ok()).collect();
            match clients {
                Some(clients) if clients.len() <= MOST_ADDRESSES => suggestions.push(Suggestion {
                    ports: ranges(&group.ports),
                    periodic: periodic(&group.spans),
                    rows: group.spans.len() as u64,
                    owner,
                    clients,
                    computer,
                }),
                Some(clients) => none.push(format!(
                    "{owner} on {computer}: it came from {} addresses, and a network of them would hide whoever else \
                     is in it",
                    clients.len()
                )),
                None => none.push(format!("{owner} on {computer}: its client is no address")),
            }
        }
        (suggestions, none)
    }
}

/// Ports without a gap as ranges.
fn ranges(ports: &BTreeSet<u16>) -> Vec<RangeInclusive<u16>> {
    let mut ranges: Vec<RangeInclusive<u16>> = Vec::new();
    for port in ports {
        match ranges.last_mut() {
            Some(last) if last.end().checked_add(1) == Some(*port) => *last = *last.start()..=*port,
            _ => ranges.push(*port..=*port),
        }
    }
    ranges
}

/// The hours of the day that hold all spans, where they come back on at least two days and are short; with the days of
/// the week, where each that occurs occurs twice or more and they are not all seven.
fn periodic(spans: &[(i64, i64)]) -> Option<Periodic> {
    let days: BTreeSet<i64> = spans.iter().map(|span| span.0.div_euclid(DAY)).collect();
    if days.len() < 2 {
        return None;
    }
    // The day as a circle: the window is what is left when the longest gap is cut out.
    let mut hours: Vec<(i64, i64)> = spans
        .iter()
        .map(|(from, to)| (from.rem_euclid(DAY), from.rem_euclid(DAY) + (to - from)))
        .collect();
    hours.sort_unstable();
    let (mut from, mut to, mut gap) = (0, DAY, 0);
    let mut latest = hours.iter().map(|span| span.1).max()? - DAY;
    for (start, end) in &hours {
        if start - latest > gap {
            gap = start - latest;
            from = *start;
            // Of the first, the end of the day before.
            to = latest;
        }
        latest = latest.max(*end);
    }
    let length = DAY - gap;
    if gap == 0 || length > LONGEST_HOURS {
        return None;
    }
    // 1970 began on a Thursday. A window over midnight belongs to the day on which it begins.
    let weekday = |day: i64| u8::try_from((day + 3).rem_euclid(7)).unwrap_or(0);
    let mut distinct: BTreeMap<u8, BTreeSet<i64>> = BTreeMap::new();
    for (start, _) in spans {
        let day = (start - from).div_euclid(DAY);
        distinct.entry(weekday(day)).or_default().insert(day);
    }
    let is_weekly = distinct.len() < 7 && distinct.values().all(|days| days.len() >= 2);
    let minute = |millis: i64| u32::try_from(millis / 60_000).unwrap_or(0);
    // The end is rounded up to the minute.
    let to = (to + 59_999).rem_euclid(DAY);
    Some(Periodic {
        days: if is_weekly {
            distinct.into_keys().collect()
        } else {
            Vec::new()
        },
        from: minute(from),
        to: match minute(to) {
            0 => 24 * 60,
            minute => minute,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::made::{BINS, alert, at, campaign, window};
    use super::*;
    use scanbench_generator::truth::Class;

    const MINUTE: i64 = 60_000;

    #[test]
    fn ports_without_a_gap_are_ranges() {
        let texts: Vec<String> = ranges(&[80, 443, 8001, 8002, 8003, 65535].into())
            .iter()
            .map(port_text)
            .collect();
        assert_eq!(texts, ["80", "443", "8001-8003", "65535"]);
    }

    /// Spans of ten minutes at these minutes of these days.
    fn spans(times: &[(i64, i64)]) -> Vec<(i64, i64)> {
        times
            .iter()
            .map(|(day, minute)| {
                (
                    day * DAY + minute * MINUTE,
                    day * DAY + (minute + 10) * MINUTE,
                )
            })
            .collect()
    }

    fn found(times: &[(i64, i64)]) -> Option<(Vec<u8>, u32, u32)> {
        periodic(&spans(times)).map(|one| (one.days, one.from, one.to))
    }

    #[test]
    fn hours_that_come_back() {
        // 2026-11-02, day 20,759 of 1970, is a Monday (cal 11 2026).
        let monday = 20_759;
        assert_eq!(found(&[(monday, 120)]), None, "once is not periodic");
        let nights = [(monday, 120), (monday, 130), (monday + 1, 125)];
        assert_eq!(found(&nights), Some((vec![], 120, 140)));
        let weekly = [(monday, 600), (monday + 7, 610)];
        assert_eq!(found(&weekly), Some((vec![0], 600, 620)));
        // Over midnight, both from Sunday to Monday.
        let midnight = [(monday - 1, 1435), (monday + 6, 1430), (monday + 7, 5)];
        assert_eq!(found(&midnight), Some((vec![6], 1430, 15)));
        // To the end of the day.
        assert_eq!(
            found(&[(monday, 1430), (monday + 1, 1430)]),
            Some((vec![], 1430, 1440))
        );
        let whole_day: Vec<(i64, i64)> =
            (0..24).map(|hour| (monday + hour % 2, hour * 60)).collect();
        assert_eq!(found(&whole_day), None, "all day is no window");
        // Four hours are a window, and a minute more is none.
        let four_hours = [(monday, 120), (monday, 240), (monday + 1, 350)];
        assert_eq!(found(&four_hours), Some((vec![], 120, 360)));
        assert_eq!(found(&[(monday, 120), (monday + 1, 351)]), None);
        // Every day of two weeks is no matter of the days of the week; every day but Sunday is.
        let daily = |days: &[i64]| -> Vec<(i64, i64)> {
            let all = days.iter().flat_map(|day| [monday + day, monday + 7 + day]);
            all.map(|day| (day, 120)).collect()
        };
        let every_day = daily(&[0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(found(&every_day), Some((vec![], 120, 130)));
        let without_sunday = daily(&[0, 1, 2, 3, 4, 5]);
        assert_eq!(
            found(&without_sunday),
            Some((vec![0, 1, 2, 3, 4, 5], 120, 130))
        );
    }

    /// An attack, an allowed scan, and work that comes from two addresses; what else has a row is the background.
    fn truth() -> GroundTruth {
        GroundTruth {
            campaigns: vec![
                campaign("attack", Class::Malicious, (0, 5)),
                campaign("allowed", Class::Authorised, (0, 5)),
                campaign("work", Class::LookAlike, (0, 1600)),
            ],
            windows: vec![
                window(0, 1, 40, &["attack"]),
                window(0, 2, 40, &["allowed"]),
                window(120, 3, 40, &["work"]),
                window(1440 + 130, 4, 40, &["work"]),
            ],
            ..GroundTruth::default()
        }
    }

    fn suggested(rows: &[Alert]) -> (Vec<Suggestion>, Vec<String>) {
        let mut suggester = Suggester::default();
        suggester.add(&truth(), rows, &BINS, &|_| true);
        suggester.finish()
    }

    /// By hand: right rows and those of an allowed scan get no suggestion; the work is one of two addresses, in bins from
    /// 02:00 and 02:10, one on each of two days; a client of the background has one of its own.
    #[test]
    fn one_for_each_owner() {
        let mut unlike = alert(60, 5);
        unlike.set_s_port = vec![443];
        let rows = [
            alert(0, 1),
            alert(0, 2),
            alert(120, 3),
            alert(1570, 4),
            unlike,
        ];
        let (suggestions, none) = suggested(&rows);
        assert_eq!(none, Vec::<String>::new());
        let one = |owner: &str, clients: &[u8], ports: [u16; 2], rows, periodic| Suggestion {
            owner: owner.to_owned(),
            clients: clients
                .iter()
                .map(|last| IpAddr::from([10, 0, 0, *last]))
                .collect(),
            ports: [ports].map(|[first, last]| first..=last).into(),
            computer: "WEB01".to_owned(),
            periodic,
            rows,
        };
        let nightly = Periodic {
            days: Vec::new(),
            from: 120,
            to: 140,
        };
        let expected = [
            one("client 10.0.0.5", &[5], [443, 443], 1, None),
            one("work", &[3, 4], [8000, 8039], 2, Some(nightly)),
        ];
        assert_eq!(suggestions, expected);
        let ports = serde_json::to_value(&suggestions).unwrap();
        assert_eq!(ports[0]["ports"], serde_json::json!(["443"]));
        assert_eq!(ports[1]["ports"], serde_json::json!(["8000-8039"]));
    }

    /// A window that does not end where the rule's bins do ends where the row says.
    #[test]
    fn a_row_says_where_its_window_ends() {
        let rows = [(60, 90), (1440 + 60, 1440 + 95)].map(|(from, to)| Alert {
            window_end: Some(at(to)),
            ..alert(from, 5)
        });
        let (suggestions, _) = suggested(&rows);
        let periodic = suggestions[0].periodic.as_ref().unwrap();
        assert_eq!((periodic.from, periodic.to), (60, 95));
    }

    #[test]
    fn rows_that_are_not_wanted_and_clients_that_cannot_be_named() {
        let mut suggester = Suggester::default();
        suggester.add(&truth(), &[alert(60, 5)], &BINS, &|_| false);
        assert!(suggester.finish().0.is_empty());
        let mut named = alert(60, 5);
        named.c_ip = "proxy".to_owned();
        let told = "client proxy on WEB01: its client is no address";
        assert_eq!(suggested(&[named]), (vec![], vec![told.to_owned()]));
    }

    /// Sixty-four addresses are a list, sixty-five would be a network.
    #[test]
    fn as_many_addresses_as_a_list_has() {
        for (addresses, is_list) in [(64, true), (65, false)] {
            let truth = GroundTruth {
                campaigns: vec![campaign("farm", Class::LookAlike, (0, 5))],
                windows: (1..=addresses)
                    .map(|last| window(0, last, 40, &["farm"]))
                    .collect(),
                ..GroundTruth::default()
            };
            let rows: Vec<Alert> = (1..=addresses).map(|last| alert(0, last)).collect();
            let mut suggester = Suggester::default();
            suggester.add(&truth, &rows, &BINS, &|_| true);
            let (suggestions, none) = suggester.finish();
            assert_eq!(
                (suggestions.len(), none.is_empty()),
                (usize::from(is_list), is_list)
            );
            if let [told] = &none[..] {
                assert!(
                    told.starts_with("farm on WEB01: it came from 65 addresses"),
                    "{told}"
                );
            }
        }
    }
}
