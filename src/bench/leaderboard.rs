//! Tables of a README, made from a run that is kept: who is right, how fast, and how time grows.

use super::report::{BenchReport, By, Described, Growth, Measured};
use super::story::{short, size};
use crate::report::number::{counted, grouped};

/// Where and how it was measured, in a sentence or two.
#[must_use]
pub fn conditions(report: &BenchReport) -> String {
    let machine = &report.machine;
    let data: Vec<String> = report
        .datasets
        .iter()
        .map(|one| {
            let name = one.clients.map_or_else(
                || format!("`{}` at scale {}", one.scenario, one.scale),
                |clients| format!("a log of {} clients", grouped(clients)),
            );
            format!("{name}: {} lines, {}", grouped(one.lines), size(one.bytes))
        })
        .collect();
    let processor = machine
        .processor
        .as_ref()
        .map_or(String::new(), |name| format!(" ({name})"));
    format!(
        "{}, scanbench {}, {}, {} with {}{processor}; {}; {} in turn from the page cache, starts of programs included.",
        report.began.get(..10).unwrap_or_default(),
        report.version,
        machine.system,
        machine.architecture,
        counted(machine.threads, "thread"),
        data.join("; "),
        counted(report.rounds, "round")
    )
}

/// The leaderboard: each detector on the first dataset with its most threads, the fastest first; then those whose rows
/// are other ones, which have no speed; then those that cannot answer.
#[must_use]
pub fn leaderboard(report: &BenchReport) -> String {
    let mut lines = vec![
        "| detector | version | rows | right rows of all | attacks caught | threads | wall s | GB/s | CPU s | peak MiB | to newlines | to scanbench |".to_owned(),
        "|---|---|---|---|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    let mut entries: Vec<(f64, String)> = report
        .detectors
        .iter()
        .map(|one| entry(report, one))
        .collect();
    entries.sort_by(|one, other| one.0.total_cmp(&other.0));
    lines.extend(entries.into_iter().map(|(_, line)| line));
    lines.join("\n")
}

/// How time grows with lines, clients and threads.
#[must_use]
pub fn growth(report: &BenchReport) -> String {
    let mut lines = vec![
        "| detector | by | at | wall s | exponent | 95 % |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    lines.extend(report.growth.iter().map(growth_line));
    lines.join("\n")
}

fn growth_line(one: &Growth) -> String {
    let by = match one.by {
        By::Lines => "lines",
        By::Clients => "clients",
        By::Threads => "threads",
    };
    let at: Vec<String> = one.at.iter().map(|at| grouped(*at)).collect();
    let wall: Vec<String> = one.wall_s.iter().map(|wall| short(*wall)).collect();
    format!(
        "| {} | {by} | {} | {} | {:.2} | {:.2} to {:.2} |",
        cell(&one.detector),
        at.join("; "),
        wall.join("; "),
        one.exponent.median,
        one.exponent.low,
        one.exponent.high
    )
}

/// A line, and where it stands.
fn entry(report: &BenchReport, detector: &Described) -> (f64, String) {
    let version = detector.version.as_deref().unwrap_or("-");
    let name = cell(&detector.name);
    let version = cell(version);
    let on_first = report
        .measured
        .iter()
        .filter(|one| one.detector == detector.name && one.dataset == 0);
    let Some(one) = on_first.max_by_key(|one| one.threads) else {
        let why = detector.cannot.as_deref().unwrap_or("no time for it");
        let line = format!(
            "| {name} | {version} | none: {} {}|",
            cell(why),
            "| ".repeat(9)
        );
        return (f64::INFINITY, line);
    };
    let (rows, right, caught) = accuracy(report, one);
    let start = format!("| {name} | {version} | {rows} | {right} | {caught} |");
    let Some(speed) = &one.speed else {
        let dashes = "| ".repeat(6);
        return (f64::MAX, format!("{start} {dashes}|"));
    };
    let threads = one
        .threads
        .map_or("1".to_owned(), |threads| threads.to_string());
    let line = format!(
        "{start} {threads} | {} | {} | {} | {} | {} | {} |",
        short(speed.wall_s.median),
        short(speed.gb_per_s.median),
        speed.cpu_s.map_or("-".to_owned(), |cpu| short(cpu.median)),
        speed.peak_bytes.map_or("-".to_owned(), |bytes| format!(
            "{:.0}",
            bytes.median / 1_048_576.0
        )),
        short(speed.to_calibration.median),
        speed
            .to_first
            .map_or("1".to_owned(), |first| short(first.median)),
    );
    (speed.to_calibration.median, line)
}

/// Whether its rows are those of the rule, what share of them is of attacks, and what share of attacks has one.
fn accuracy(report: &BenchReport, one: &Measured) -> (String, String, String) {
    let Some(rows) = &one.rows else {
        let why = one.refused.as_deref().unwrap_or("-");
        return (format!("failed: {}", cell(why)), "-".into(), "-".into());
    };
    let share = |value: Option<f64>| {
        value.map_or("-".to_owned(), |value| format!("{:.1} %", value * 100.0))
    };
    let agreement = match report.differs(&one.detector) {
        _ if rows.are_right() => format!("all {}", grouped(rows.expected)),
        Some(why) => format!("{}, other ones: {}", grouped(rows.found), cell(why)),
        None => format!(
            "WRONG: {} missing, {} too many",
            grouped(rows.missing),
            grouped(rows.unexpected)
        ),
    };
    (
        agreement,
        share(rows.bin_precision),
        share(rows.campaign_recall),
    )
}

/// A text that stays within its cell and acts in none.
fn cell(text: &str) -> String {
    let mut safe = String::new();
    for letter in scanbench_w3c::visible(text.as_bytes()).chars() {
        if "\\`*_{}[]<>|#&!".contains(letter) {
            safe.push('\\');
        }
        safe.push(letter);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::super::check::Rows;
    use super::super::export::tests::report;
    use super::*;

    /// The detectors of the report, each with a description.
    fn described() -> BenchReport {
        let mut report = report();
        let one = |name: &str| Described {
            name: name.into(),
            ..Described::default()
        };
        report.detectors = vec![
            Described {
                cannot: Some("it counts | no ports".into()),
                ..one("d")
            },
            Described {
                differs: Some("it slides".into()),
                ..one("c")
            },
            Described {
                version: Some("1.2".into()),
                ..one("a/b")
            },
        ];
        report.measured[0].rows = Some(Rows {
            expected: 8,
            found: 8,
            missing: 0,
            unexpected: 0,
            other_ports: 0,
            bin_precision: Some(0.25),
            campaign_recall: Some(0.5),
        });
        report.measured[1].rows = Some(Rows {
            expected: 8,
            found: 9,
            missing: 0,
            unexpected: 1,
            other_ports: 0,
            bin_precision: Some(0.3),
            campaign_recall: None,
        });
        report
    }

    /// A gigabyte in a median of 2 s, four times as long as the newlines take.
    #[test]
    fn the_fastest_first_and_the_reasons_last() {
        let table = leaderboard(&described());
        let lines: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            lines[0],
            "| a/b | 1.2 | all 8 | 25.0 % | 50.0 % | 2 | 2.00 | 0.500 | - | 3 | 4.00 | 1 |"
        );
        assert!(
            lines[1].starts_with("| c | - | 9, other ones: it slides | 30.0 % | - |"),
            "{table}"
        );
        assert!(lines[2].contains("none: it counts \\| no ports"), "{table}");
        let unescaped = |line: &&str| line.replace("\\|", "").matches('|').count();
        assert!(
            table
                .lines()
                .map(|line| unescaped(&line))
                .all(|bars| bars == 13),
            "{table}"
        );
    }

    #[test]
    fn where_it_was_measured() {
        let told = conditions(&report());
        assert!(
            told.starts_with("2026-11-24, scanbench 0, ")
                && told.contains("`suite` at scale 10: 100 lines, 1.0 GB; 3 rounds"),
            "{told}"
        );
    }
}
