//! How fast logs become rows: each window at few and at many distinct ports, exclusions, and records pushed one by
//! one. Counting newlines in the same bytes stands beside them, since machines drift and ratios do not.

#![expect(clippy::expect_used, reason = "a panic is how a bench reports")]

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use log::{Line, Log, SCANNERS};
use scanbench_detector::{Detector, Exclusions, LogFile, Rule, Selection};
use scanbench_spec::Source;
use scanbench_w3c::{Item, Reader};
use std::hint::black_box;
use std::time::Duration;

#[path = "../../benches/support/expected.rs"]
mod expected;
#[path = "../../benches/support/lists.rs"]
mod lists;
#[path = "../../benches/support/log.rs"]
mod log;
#[path = "../../benches/support/scans.rs"]
mod scans;

const LINES: u64 = 80_000;

/// Whether a line counts.
type Keeps<'a> = &'a dyn Fn(&Line) -> bool;

fn bench(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    log: &Log,
    logs: &[LogFile],
    rule: &Rule,
    exclusions: &Exclusions,
    keeps: impl Fn(&Line) -> bool,
) {
    let rows = expected::rows(log, &rule.window, keeps);
    assert!(rows > 0, "nothing is to be found");
    group.bench_function(name, |bench| {
        bench.iter(|| scans::run(logs, rule, exclusions, 1, log.lines.len(), rows));
    });
}

fn scan_windows(criterion: &mut Criterion) {
    for (ports, log) in [("few", Log::day(LINES)), ("many", Log::busy(LINES))] {
        let text = log.w3c();
        let (_folder, logs) = scans::file("u_ex.log", &text);
        let mut group = criterion.benchmark_group(format!("window/{ports}-ports"));
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("newlines-only", |bench| {
            bench.iter(|| memchr::memchr_iter(b'\n', black_box(&text)).count());
        });
        for (name, window) in expected::windows() {
            let rule = Rule {
                window,
                ..Rule::default()
            };
            let none = Exclusions::default();
            bench(&mut group, name, &log, &logs, &rule, &none, |_| true);
        }
        group.finish();
    }
}

fn exclusions(criterion: &mut Criterion) {
    let addresses = "match.c-ip = [\"203.0.113.1\", \"203.0.113.2\", \"192.0.2.1\", \"192.0.2.2\", \"192.0.2.3\"]";
    let agents = "match.cs-user-agent = { regex = \"(?i)(bing|google|yandex)bot/[0-9.]+\" }";
    let read = |text: String| {
        Exclusions::from_source(&Source::new("x.toml", text)).expect("a list that can be read")
    };
    let list = |rest: &str| {
        read(format!(
            "version = 1\n[[exclusion]]\nid = \"a\"\nreason = \"x\"\nstage = \"event\"\n{rest}\n"
        ))
    };
    let log = Log::day(LINES);
    let text = log.w3c();
    let (_folder, logs) = scans::file("u_ex.log", &text);
    let mut group = criterion.benchmark_group("exclusions");
    group.throughput(Throughput::Elements(LINES));
    let is_listed = |line: &Line| addresses.contains(&format!("\"{}\"", line.client));
    let cases: [(_, _, Keeps<'_>); 5] = [
        ("none", Exclusions::default(), &|_| true),
        ("five-addresses", list(addresses), &|line| !is_listed(line)),
        ("regex-of-agents", list(agents), &|line| !line.is_bingbot()),
        ("twenty-mixed", read(lists::mixed()), &|_| true),
        (
            "ten-thousand-addresses",
            read(lists::addresses(10_000)),
            &|_| true,
        ),
    ];
    for (name, exclusions, keeps) in cases {
        bench(
            &mut group,
            name,
            &log,
            &logs,
            &Rule::default(),
            &exclusions,
            keeps,
        );
    }
    group.finish();
}

fn threads(criterion: &mut Criterion) {
    let log = Log::day(LINES);
    let text = log.w3c();
    let (_folder, logs) = scans::file("u_ex.log", &text);
    let mut group = criterion.benchmark_group("threads");
    group.throughput(Throughput::Bytes(text.len() as u64));
    for threads in [1, 2] {
        let (rule, none) = (Rule::default(), Exclusions::default());
        let rows = usize::try_from(SCANNERS).unwrap_or(0);
        group.bench_function(threads.to_string(), |bench| {
            bench.iter(|| scans::run(&logs, &rule, &none, threads, log.lines.len(), rows));
        });
    }
    group.finish();
}

fn push(criterion: &mut Criterion) {
    let text = Log::day(LINES).w3c();
    let mut group = criterion.benchmark_group("push");
    group.throughput(Throughput::Elements(LINES));
    group.bench_function("entries", |bench| {
        bench.iter(|| {
            let mut detector = Detector::new(Rule::default(), Exclusions::default());
            let mut reader = Reader::new(text.as_slice()).expect("bytes in memory");
            while let Some(item) = reader.next_item().expect("bytes in memory") {
                if let Item::Entry(entry) = item {
                    detector.push(&entry, "WEB01");
                }
            }
            let rows = detector.finish().alerts(&Selection::All).len();
            assert_eq!(rows as u64, SCANNERS);
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = scan_windows, exclusions, threads, push
}
criterion_main!(benches);
