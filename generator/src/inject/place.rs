//! Which server of the logs stands for which of the scenario, and when: real logs into an inventory that actors can act
//! on.

use super::LogInput;
use super::period::{Period, period_of};
use super::survey::{Counted, DAY_MS, Survey, most};
use crate::emit::Named;
use crate::inventory::{Authentication, Bound, LogSettings, Pace, Rollover, Server, Site};
use crate::scenario::Scenario;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// A server has as many addresses as a scenario may give it.
const MOST_ADDRESSES: usize = 200;
/// From this share of refusals on, a site wants users of Windows.
const LOGON_SHARE: u64 = 50;
/// Fewer answers say nothing about how long they take.
const ENOUGH_SPANS: f64 = 50.0;

/// A log in its stream.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Its place among the logs.
    pub(super) log: usize,
    /// The period in its name.
    pub(super) period: Option<i64>,
}

/// The logs of one site: one after the other, or one alone.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) period: Option<Period>,
    pub(super) parts: Vec<Part>,
    pub(super) seen: Survey,
    pub(super) computer: String,
    folder: String,
}

/// A server of the logs, and its sites.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) server: Server,
    /// By site: its stream.
    pub(super) streams: Vec<usize>,
    /// Ports that were not seen in the logs.
    pub(super) added: Vec<u16>,
    seen_ports: usize,
    lines: u64,
}

impl Stream {
    /// How its site is called under a port.
    pub(super) fn named(&self, port: u16) -> Named {
        self.seen.named(port, &self.computer)
    }
}

/// Whether what is in a log is of about the day in its name.
fn fits(period: Period, number: i64, seen: &Survey) -> bool {
    let day = Period::Day.number(period.begin(number));
    [seen.first, seen.last]
        .into_iter()
        .flatten()
        .all(|moment| (Period::Day.number(moment) - day).abs() <= 1)
}

/// Logs into streams: those of a folder whose names say one period after the other, and each other log alone.
pub(super) fn streams(logs: &[LogInput], surveys: &[Survey]) -> Vec<Stream> {
    let mut folders: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (position, log) in logs.iter().enumerate() {
        let folder = log.place.rsplit_once('/').map_or("", |(folder, _)| folder);
        folders.entry(folder).or_default().push(position);
    }
    let mut streams = Vec::new();
    for (folder, mut members) in folders {
        members.sort_by_key(|log| (period_of(&logs[*log].place).map(|(_, number)| number), *log));
        let periods: Vec<_> = members
            .iter()
            .map(|log| period_of(&logs[*log].place))
            .collect();
        let first = periods.first().copied().flatten().map(|(period, _)| period);
        let numbers: BTreeSet<i64> = periods
            .iter()
            .flatten()
            .map(|(_, number)| *number)
            .collect();
        let one_by_one = numbers.len() == members.len()
            && members.iter().zip(&periods).all(|(log, found)| {
                found.is_some_and(|(period, number)| {
                    Some(period) == first && fits(period, number, &surveys[*log])
                })
            });
        let groups: Vec<Vec<(usize, Option<i64>)>> = if one_by_one {
            vec![
                members
                    .iter()
                    .copied()
                    .zip(numbers.iter().map(|number| Some(*number)))
                    .collect(),
            ]
        } else {
            members.iter().map(|log| vec![(*log, None)]).collect()
        };
        for group in groups {
            let mut seen = Survey::default();
            for (log, _) in &group {
                seen.join(&surveys[*log]);
            }
            streams.push(Stream {
                period: first.filter(|_| one_by_one),
                seen,
                computer: logs[group[0].0].computer.clone(),
                folder: folder.to_owned(),
                parts: group
                    .into_iter()
                    .map(|(log, period)| Part { log, period })
                    .collect(),
            });
        }
    }
    streams
}

/// When a scenario of this length begins: at its time of day, on the first day of the busiest stretch.
pub(super) fn begin(scenario: &Scenario, streams: &[Stream]) -> Option<i64> {
    let mut days: Counted<i64> = Counted::new();
    for stream in streams {
        for (day, lines) in &stream.seen.days {
            *days.entry(*day).or_default() += lines;
        }
    }
    let length = scenario.end().millis() - scenario.start().millis();
    let count = ((length + DAY_MS - 1) / DAY_MS).max(1);
    let day = days
        .keys()
        .max_by_key(|day| {
            let lines: u64 = days
                .range(**day..**day + count)
                .map(|(_, lines)| lines)
                .sum();
            (lines, Reverse(**day))
        })
        .copied()?;
    Some(day * DAY_MS + scenario.start().millis().rem_euclid(DAY_MS))
}

/// The servers of the logs that have lines in the days of this span.
pub(super) fn targets(streams: &[Stream], (start, end): (i64, i64)) -> Vec<Target> {
    let days = start.div_euclid(DAY_MS)..=(end - 1).div_euclid(DAY_MS);
    // By computer and, where no folder of a site says that they belong together, by address.
    let mut groups: BTreeMap<(&str, Option<IpAddr>), Vec<usize>> = BTreeMap::new();
    for (position, stream) in streams.iter().enumerate() {
        let seen = &stream.seen.days;
        let (Some((first, _)), Some((last, _))) = (seen.first_key_value(), seen.last_key_value())
        else {
            continue;
        };
        if first > days.end() || last < days.start() {
            continue;
        }
        let Some(address) = addresses(&stream.seen.addresses).first().copied() else {
            continue;
        };
        let alone = (!is_site_folder(&stream.folder)).then_some(address);
        let group = groups.entry((&stream.computer, alone)).or_default();
        group.push(position);
    }
    let mut names = BTreeSet::new();
    let mut targets: Vec<Target> = groups
        .into_iter()
        .filter_map(|((computer, _), members)| target(computer, members, streams, &mut names))
        .filter(|target| {
            let lines = |stream: &usize| {
                streams[*stream]
                    .seen
                    .days
                    .range(days.clone())
                    .map(|(_, lines)| *lines)
                    .sum::<u64>()
            };
            target.streams.iter().map(lines).sum::<u64>() > 0
        })
        .collect();
    targets.sort_by_key(|target| Reverse((target.seen_ports, target.lines)));
    targets
}

fn target(
    computer: &str,
    mut members: Vec<usize>,
    streams: &[Stream],
    names: &mut BTreeSet<String>,
) -> Option<Target> {
    members.sort_by_key(|stream| Reverse(streams[*stream].seen.usable));
    let mut whole = Survey::default();
    for stream in &members {
        whole.join(&streams[*stream].seen);
    }
    let mut bindings: BTreeMap<u16, Bound> = BTreeMap::new();
    let mut sites: Vec<Site> = Vec::new();
    for (position, stream) in members.iter().enumerate() {
        let seen = &streams[*stream].seen;
        // A port belongs to the site that has most of its lines.
        let mut ports: Vec<u16> = seen
            .ports
            .iter()
            .filter(|(port, lines)| {
                members.iter().enumerate().all(|(other, stream)| {
                    let theirs = streams[*stream].seen.ports.get(port).copied().unwrap_or(0);
                    other == position || theirs < **lines || theirs == **lines && position < other
                })
            })
            .map(|(port, _)| *port)
            .collect();
        ports.sort_by_key(|port| Reverse(seen.ports[port]));
        for port in &ports {
            let bound = Bound {
                site: position,
                address: None,
            };
            bindings.insert(*port, bound);
        }
        let host = ports
            .first()
            .and_then(|port| seen.hosts.get(port))
            .and_then(most)
            .and_then(|host| String::from_utf8(host.clone()).ok())
            .filter(|host| host.chars().all(|c| c.is_ascii_graphic()));
        sites.push(Site {
            id: u32::try_from(position + 1).ok()?,
            ports,
            host,
            authentication: if seen.refusals > 0 && seen.refusals * LOGON_SHARE >= seen.usable {
                Authentication::Windows
            } else {
                Authentication::Anonymous
            },
            pages: None,
            popularity: 0.9,
        });
    }
    let mut addresses = addresses(&whole.addresses);
    let v6 = addresses
        .iter()
        .copied()
        .find(|one| one.is_ipv6() && !one.is_loopback());
    if addresses
        .iter()
        .any(|one| one.is_ipv4() && !one.is_loopback())
    {
        addresses.retain(IpAddr::is_ipv4);
    }
    addresses.truncate(MOST_ADDRESSES);
    if bindings.is_empty() || addresses.is_empty() {
        return None;
    }
    let address_v6 = v6.filter(|address| !addresses.contains(address));
    let domain = most(&whole.domains)
        .and_then(|domain| String::from_utf8(domain.clone()).ok())
        .filter(|domain| domain.chars().all(|c| c.is_ascii_graphic()))
        .unwrap_or_else(|| "CORP".to_owned());
    Some(Target {
        server: Server {
            name: free_name(computer, names),
            addresses,
            address_v6,
            iis: whole.iis(),
            pace: pace(&whole),
            // Each log says itself what its lines look like.
            log: LogSettings {
                fields: Vec::new(),
                custom: Vec::new(),
                rollover: Rollover::Daily,
                central: false,
                newline: whole.newline,
                restarts: Vec::new(),
                changes: Vec::new(),
            },
            domain,
            front: None,
            sites,
            bindings,
            named: BTreeSet::new(),
        },
        seen_ports: whole.ports.len(),
        lines: whole.usable,
        streams: members,
        added: Vec::new(),
    })
}

/// Those of clients elsewhere first, then by lines.
fn addresses(counted: &Counted<IpAddr>) -> Vec<IpAddr> {
    let mut all: Vec<IpAddr> = counted.keys().copied().collect();
    all.sort_by_key(|address| (address.is_loopback(), Reverse(counted[address]), *address));
    all
}

fn pace(seen: &Survey) -> Pace {
    let spans = &seen.spans;
    let mut pace = Pace {
        iis: seen.iis(),
        ..Pace::default()
    };
    if spans.count >= ENOUGH_SPANS {
        let mean = spans.sum / spans.count;
        pace.program = mean;
        pace.file = mean;
        let variance = (spans.squares / spans.count - mean * mean).max(0.0);
        pace.spread = libm::sqrt(variance).clamp(0.2, 3.0);
    }
    pace
}

/// A name for a server that needs no quoting anywhere and that no other has.
fn free_name(computer: &str, names: &mut BTreeSet<String>) -> String {
    let safe: String = computer
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
                c
            } else {
                '_'
            }
        })
        .take(50)
        .collect();
    let first = if safe.is_empty() {
        "server".to_owned()
    } else {
        safe
    };
    let mut name = first.clone();
    let mut number = 2;
    while !names.insert(name.clone()) {
        name = format!("{first}-{number}");
        number += 1;
    }
    name
}

fn is_site_folder(folder: &str) -> bool {
    folder.split('/').any(|name| {
        name.get(..5)
            .is_some_and(|start| start.eq_ignore_ascii_case("W3SVC"))
            && name.len() > 5
            && name[5..].bytes().all(|digit| digit.is_ascii_digit())
    })
}

/// By server of the scenario: the server of the logs that stands in for it. The one with most bindings has the one with
/// most ports.
pub(super) fn stand_ins(scenario: &Scenario, targets: usize) -> Vec<usize> {
    let servers = scenario.servers();
    let mut order: Vec<usize> = (0..servers.len()).collect();
    order.sort_by_key(|server| Reverse(servers[*server].bindings.len()));
    let mut found = vec![0; servers.len()];
    for (rank, server) in order.into_iter().enumerate() {
        found[server] = rank % targets.max(1);
    }
    found
}

/// Binds on the servers of the logs what the scenario's bind; the busiest site gets it.
pub(super) fn add_bindings(scenario: &Scenario, stand_ins: &[usize], targets: &mut [Target]) {
    for (server, stand_in) in scenario.servers().iter().zip(stand_ins) {
        let Some(target) = targets.get_mut(*stand_in) else {
            continue;
        };
        for port in server.bindings.keys() {
            if !target.server.bindings.contains_key(port) {
                let bound = Bound {
                    site: 0,
                    address: None,
                };
                target.server.bindings.insert(*port, bound);
                target.server.sites[0].ports.push(*port);
                target.added.push(*port);
            }
        }
    }
    for target in targets {
        target.added.sort_unstable();
    }
}

/// The scenario's campaigns on these servers, from this moment on. Background stays out: the logs have their own.
pub(super) fn settle(
    scenario: &Scenario,
    start: i64,
    stand_ins: &[usize],
    targets: &[Target],
) -> Scenario {
    let actors = scenario
        .actors()
        .iter()
        .filter(|actor| actor.kind.truth().is_some())
        .map(|actor| {
            let mut servers: Vec<usize> = Vec::new();
            for server in &actor.servers {
                if !servers.contains(&stand_ins[*server]) {
                    servers.push(stand_ins[*server]);
                }
            }
            let bound_everywhere = |port: u16| {
                let mut all = servers
                    .iter()
                    .map(|server| &targets[*server].server.bindings);
                all.all(|bindings| bindings.contains_key(&port))
            };
            let usual = servers
                .first()
                .and_then(|server| targets[*server].server.sites[0].ports.first())
                .copied()
                .unwrap_or(80);
            actor.moved(servers.clone(), bound_everywhere, usual)
        })
        .collect();
    let servers = targets.iter().map(|target| target.server.clone()).collect();
    scenario.placed(start, servers, actors)
}
