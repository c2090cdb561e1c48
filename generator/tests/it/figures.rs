//! Figures of real sets of IIS logs are reached by the keys that `scenarios/README.md` names for them. What is expected was
//! measured on the real sets, by other means than these.

use super::support::{Dataset, Entry};
use std::collections::BTreeMap;

/// Figures of one set: shares in per cent, medians and means of requests a session, and the mean of the logarithm of
/// time-taken of 200s.
struct Figures {
    statuses: BTreeMap<String, f64>,
    aborts: f64,
    posts: f64,
    singles: f64,
    median: f64,
    mean: f64,
    time_mu: f64,
    time_sd: f64,
}

fn per_cent(count: usize, of: usize) -> f64 {
    100.0 * number(count) / number(of)
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

/// Seconds since midnight of 1 November: all sets are of one month.
fn second(entry: &Entry) -> u64 {
    let part = |text: &str| text.parse::<u64>().unwrap();
    let clock: Vec<u64> = entry.get("time").split(':').map(part).collect();
    part(&entry.get("date")[8..]) * 86_400 + clock[0] * 3_600 + clock[1] * 60 + clock[2]
}

/// The n-th block of TOML in `scenarios/README.md`, from 0 on, with what it leaves out: names and bindings.
fn scenario_of_readme(number: usize) -> String {
    let readme = include_str!("../../../scenarios/README.md");
    let block = readme
        .split("```toml\n")
        .nth(number + 1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let mut text = "version = 1\nname = \"f\"\ntitle = \"f\"\nseed = 5\nstart = 2026-11-02T00:00:00Z\nduration = \"7d\"\n"
        .to_owned();
    for line in block.lines() {
        text.push_str(line);
        text.push_str(match line {
            "[[server]]" => "\nname = \"S\"\naddress = \"10.1.0.1\"\niis = \"10\"\n",
            "[[server.site]]" => "\nid = 1\nports = [80]\n",
            "[[actor]]" => "\nid = \"v\"\n",
            _ => "\n",
        });
    }
    text
}

fn figures(block: usize) -> Figures {
    let text = scenario_of_readme(block);
    let entries = Dataset::make(&text, 2).entries();
    let all = entries.len();
    let share = |holds: &dyn Fn(&Entry) -> bool| {
        per_cent(entries.iter().filter(|entry| holds(entry)).count(), all)
    };
    let mut statuses: BTreeMap<String, f64> = BTreeMap::new();
    let mut clients: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let mut times = Vec::new();
    for entry in &entries {
        *statuses
            .entry(entry.get("sc-status").to_owned())
            .or_default() += 100.0 / number(all);
        clients
            .entry(entry.get("c-ip"))
            .or_default()
            .push(second(entry));
        let time: u32 = entry.get("time-taken").parse().unwrap();
        if entry.get("sc-status") == "200" && time > 0 {
            times.push(f64::from(time).ln());
        }
    }
    // Half an hour of silence ends a session.
    let mut sessions: Vec<usize> = clients
        .values()
        .flat_map(|moments| {
            moments
                .chunk_by(|one, next| next - one <= 1_800)
                .map(<[u64]>::len)
        })
        .collect();
    sessions.sort_unstable();
    let alone = clients
        .values()
        .filter(|moments| moments.len() == 1)
        .count();
    let time_mu = times.iter().sum::<f64>() / number(times.len());
    let variance = times
        .iter()
        .map(|time| (time - time_mu).powi(2))
        .sum::<f64>();
    Figures {
        statuses,
        aborts: share(&|entry| {
            ["64", "995", "1236", "121", "22"].contains(&entry.get("sc-win32-status"))
        }),
        posts: share(&|entry| entry.get("cs-method") == "POST"),
        singles: per_cent(alone, clients.len()),
        median: number(sessions[sessions.len() / 2]),
        mean: number(sessions.iter().sum()) / number(sessions.len()),
        time_mu,
        time_sd: (variance / number(times.len())).sqrt(),
    }
}

#[track_caller]
fn near(what: &str, found: f64, measured: f64, by: f64) {
    assert!(
        (found - measured).abs() <= by,
        "{what}: {found:.2} here, {measured} in the real set"
    );
}

/// A site of which a third is no more, asked by clients that come once: 39 % of 404s, a median of one request a session.
#[test]
fn a_site_whose_pages_are_gone() {
    let found = figures(0);
    near("404", found.statuses["404"], 39.0, 5.0);
    near("304", found.statuses["304"], 5.0, 3.0);
    near("clients that go away", found.aborts, 5.5, 0.7);
    near("POST", found.posts, 0.0, 0.1);
    near("median of a session", found.median, 1.0, 0.0);
    near("mean of a session", found.mean, 4.5, 1.5);
    near("mu of time-taken", found.time_mu, 5.44, 0.2);
    near("sd of time-taken", found.time_sd, 0.99, 0.1);
}

/// A company's site whose browsers hold everything and ask whether it changed: 63 % of 304s, long sessions, slow answers.
#[test]
fn a_site_whose_visitors_hold_everything() {
    let found = figures(1);
    near("304", found.statuses["304"], 63.0, 8.0);
    near("POST", found.posts, 1.5, 4.0);
    near("clients with one request", found.singles, 0.0, 0.0);
    near("median of a session", found.median, 79.0, 30.0);
    near("mean of a session", found.mean, 121.0, 40.0);
    near("mu of time-taken", found.time_mu, 7.11, 0.2);
    near("sd of time-taken", found.time_sd, 1.15, 0.1);
}
