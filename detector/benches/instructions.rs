//! Instructions of the parts, by callgrind: counts that repeat on machines where time does not. Run by
//! `.ci/bench-instructions`, which holds them against `benches/instructions.txt`; all logs have `LINES` lines.

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

#[path = "../../benches/support/log.rs"]
mod log;
#[expect(
    dead_code,
    reason = "rows are known here, and a second scan would be counted"
)]
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
            regular += u64::from(line.ends.is_some());
            black_box(line.ends);
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

/// The log in a file, and the exclusions that a list makes.
fn scanned(list: &str) -> (tempfile::TempDir, Vec<LogFile>, Exclusions) {
    let (folder, logs) = scans::file("u_ex.log", &Log::day(LINES).w3c());
    let list = Source::new("x.toml", format!("version = 1\n{list}"));
    let exclusions = Exclusions::from_source(&list).expect("a list that can be read");
    (folder, logs, exclusions)
}

const FIVE_ADDRESSES: &str = "[[exclusion]]\nid = \"a\"\nreason = \"x\"\nstage = \"event\"\n\
    match.c-ip = [\"192.0.2.1\", \"192.0.2.2\", \"192.0.2.3\", \"192.0.2.4\", \"192.0.2.5\"]\n";

// The loop over lines, as the detector goes over files: counted in the thread that works, without the reading of bytes
// and the merging of bins.
#[library_benchmark(config = LibraryBenchmarkConfig::default().tool(
    Callgrind::default().entry_point(
        EntryPoint::Custom("scanbench_detector::engine::walk::Walker::walk".to_owned())
    )
))]
#[bench::day(args = (""), setup = scanned)]
#[bench::five_addresses(args = (FIVE_ADDRESSES), setup = scanned)]
fn walk(
    (folder, logs, exclusions): (tempfile::TempDir, Vec<LogFile>, Exclusions),
) -> (tempfile::TempDir, (Detection, Totals)) {
    let number = |number| usize::try_from(number).expect("a number of lines");
    let (lines, rows) = (number(LINES), number(SCANNERS));
    let found = scans::run(&logs, &Rule::default(), &exclusions, 1, lines, rows);
    (folder, found)
}

library_benchmark_group!(name = parts, benchmarks = [blocks, careful, push, walk]);
main!(library_benchmark_groups = parts);
