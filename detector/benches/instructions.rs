//! Instructions of the parts, and of scans as programs have them, by callgrind: counts that repeat on machines where time
//! does not. Run by `.ci/bench-instructions`, which holds them against `benches/instructions.txt`; all logs have `LINES`
//! lines. Scans are counted in the thread of the bench and in the one that works.

#![expect(clippy::expect_used, reason = "a panic is how a bench reports")]
#![expect(missing_docs, reason = "of modules that macros make")]

use gungraun::{
    Callgrind, EntryPoint, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};
use log::{Log, SCANNERS};
use scanbench_detector::{Detection, Detector, Exclusions, LogFile, Rule, Totals};
use scanbench_spec::Source;
use scanbench_w3c::{BlockReader, Item, Reader, Shape};
use std::hint::black_box;

#[path = "../../benches/support/expected.rs"]
mod expected;
#[expect(dead_code, reason = "shared with benches of other forms")]
#[path = "../../benches/support/forms.rs"]
mod forms;
#[path = "../../benches/support/lists.rs"]
mod lists;
#[expect(dead_code, reason = "shared with benches that need other logs too")]
#[path = "../../benches/support/log.rs"]
mod log;
#[path = "../../benches/support/scans.rs"]
mod scans;

const LINES: u64 = 20_000;
/// As the detector asks for it: the client is the 11th of 22 columns.
const SHAPE: Shape = Shape {
    columns: 22,
    wanted: 11,
};

fn day(reader: BlockReader) -> (Vec<u8>, BlockReader) {
    (Log::day(LINES).w3c(), reader)
}

#[library_benchmark]
#[bench::vector(args = (BlockReader::new()), setup = day)]
#[bench::portable(args = (BlockReader::portable()), setup = day)]
fn blocks((text, mut reader): (Vec<u8>, BlockReader)) -> Vec<u8> {
    let (mut start, mut regular) = (0, 0);
    while start < text.len() {
        let block = &text[start..text.len().min(start + (256 << 10))];
        let mut lines = reader.lines(block);
        while let Some(line) = lines.next(SHAPE) {
            regular += u64::from(line.bounds.is_some());
            black_box(line.bounds);
        }
        start += lines.rest();
    }
    assert_eq!(regular, LINES);
    text
}

fn text(is_busy: bool) -> Vec<u8> {
    if is_busy {
        Log::busy(LINES).w3c()
    } else {
        Log::day(LINES).w3c()
    }
}

#[library_benchmark]
#[bench::day(args = (false), setup = text)]
fn careful(text: Vec<u8>) -> Vec<u8> {
    let mut reader = Reader::new(text.as_slice()).expect("bytes in memory");
    let mut entries = 0;
    while let Some(item) = reader.next_item().expect("bytes in memory") {
        entries += u64::from(matches!(item, Item::Entry(_)));
    }
    assert_eq!(entries, LINES);
    text
}

#[library_benchmark]
#[bench::few_ports(args = (false), setup = text)]
#[bench::many_ports(args = (true), setup = text)]
fn push(text: Vec<u8>) -> (Vec<u8>, Detection) {
    let mut detector = Detector::new(Rule::default(), Exclusions::default());
    let mut reader = Reader::new(text.as_slice()).expect("bytes in memory");
    let mut entries = 0;
    while let Some(item) = reader.next_item().expect("bytes in memory") {
        if let Item::Entry(entry) = item {
            detector.push(&entry, "WEB01");
            entries += 1;
        }
    }
    assert_eq!(entries, LINES);
    (text, detector.finish())
}

/// A file, and what must come of it.
struct Case {
    folder: tempfile::TempDir,
    logs: Vec<LogFile>,
    rule: Rule,
    rows: usize,
}

fn windowed(name: &str) -> Case {
    let log = Log::day(LINES);
    let (_, window) = expected::windows()
        .into_iter()
        .find(|(other, _)| *other == name)
        .expect("a window of this name");
    let (folder, logs) = scans::file("u_ex.log", &log.w3c());
    let rows = expected::rows(&log, &window, |_| true);
    assert!(rows > 0, "nothing is to be found");
    let rule = Rule {
        window,
        ..Rule::default()
    };
    Case {
        folder,
        logs,
        rule,
        rows,
    }
}

fn packed(pack: fn(&[u8]) -> Vec<u8>) -> Case {
    let (folder, logs) = scans::file("u_ex.log", &pack(&Log::day(LINES).w3c()));
    Case {
        folder,
        logs,
        rule: Rule::default(),
        rows: usize::try_from(SCANNERS).unwrap_or(0),
    }
}

#[library_benchmark]
#[bench::tumbling(args = ("tumbling"), setup = windowed)]
#[bench::hopping(args = ("hopping"), setup = windowed)]
#[bench::sliding(args = ("sliding"), setup = windowed)]
#[bench::session(args = ("session"), setup = windowed)]
#[bench::gzip(args = (forms::gzip), setup = packed)]
#[bench::zstd(args = (forms::zstd), setup = packed)]
fn scan(case: Case) -> (tempfile::TempDir, Detection) {
    let lines = usize::try_from(LINES).unwrap_or(0);
    let none = Exclusions::default();
    let (detection, _) = scans::run(&case.logs, &case.rule, &none, 1, lines, case.rows);
    (case.folder, detection)
}

/// The log in a file, and the exclusions that a list makes.
fn scanned(list: impl Into<String>) -> (tempfile::TempDir, Vec<LogFile>, Exclusions) {
    let (folder, logs) = scans::file("u_ex.log", &Log::day(LINES).w3c());
    let list = Source::new("x.toml", list);
    let exclusions = Exclusions::from_source(&list).expect("a list that can be read");
    (folder, logs, exclusions)
}

const NONE: &str = "version = 1\n";
const FIVE_ADDRESSES: &str = "version = 1\n[[exclusion]]\nid = \"a\"\nreason = \"x\"\nstage = \"event\"\n\
    match.c-ip = [\"192.0.2.1\", \"192.0.2.2\", \"192.0.2.3\", \"192.0.2.4\", \"192.0.2.5\"]\n";

// The loop over lines, as the detector goes over files: counted in the thread that works, without the reading of bytes
// and the merging of bins.
#[library_benchmark(config = LibraryBenchmarkConfig::default().tool(
    Callgrind::default().entry_point(
        EntryPoint::Custom("scanbench_detector::engine::walk::Walker::walk".to_owned())
    )
))]
#[bench::day(args = (NONE), setup = scanned)]
#[bench::five_addresses(args = (FIVE_ADDRESSES), setup = scanned)]
#[bench::twenty_mixed(args = (lists::mixed()), setup = scanned)]
#[bench::ten_thousand_addresses(args = (lists::addresses(10_000)), setup = scanned)]
fn walk(
    (folder, logs, exclusions): (tempfile::TempDir, Vec<LogFile>, Exclusions),
) -> (tempfile::TempDir, (Detection, Totals)) {
    let number = |number| usize::try_from(number).expect("a number of lines");
    let (lines, rows) = (number(LINES), number(SCANNERS));
    let found = scans::run(&logs, &Rule::default(), &exclusions, 1, lines, rows);
    (folder, found)
}

library_benchmark_group!(name = parts, benchmarks = [blocks, careful, push, walk]);
library_benchmark_group!(
    name = files,
    config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args([
        "toggle-collect=scanbench_detector::engine::work::Worker*::work",
    ])),
    benchmarks = scan
);
main!(library_benchmark_groups = parts, files);
