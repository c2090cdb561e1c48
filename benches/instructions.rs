//! Instructions of `scanbench detect` as a whole, by callgrind, all threads together. Run by
//! `.ci/bench-instructions`, which holds them against `benches/instructions.txt`. A log without lines stands beside
//! the others, since starting the program costs as much as some thousand lines.

#![expect(clippy::expect_used, reason = "a panic is how a bench reports")]
#![expect(missing_docs, reason = "of modules that macros make")]

use gungraun::prelude::*;
use gungraun::{Sandbox, binary_benchmark, binary_benchmark_group, main};
use std::fs;
use std::io::Write;

#[path = "support/log.rs"]
mod log;

/// Writes the log into the folder that the command runs in.
fn write_plain(lines: u64) {
    fs::write("u_ex.log", log::Log::day(lines).w3c()).expect("room for the log");
    let list = "version = 1\n[[exclusion]]\nid = \"a\"\nreason = \"x\"\nstage = \"event\"\n\
                match.c-ip = [\"203.0.113.1\", \"203.0.113.2\", \"192.0.2.1\", \"192.0.2.2\", \"192.0.2.3\"]\n";
    fs::write("exclusions.toml", list).expect("room for the list");
}

fn write_busy(lines: u64) {
    fs::write("u_ex.log", log::Log::busy(lines).w3c()).expect("room for the log");
}

fn write_gzip(lines: u64) {
    let file = fs::File::create("u_ex.log").expect("room for the log");
    let mut out = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    out.write_all(&log::Log::day(lines).w3c())
        .expect("room for the log");
    out.finish().expect("room for the log");
}

fn detect(arguments: &[&str]) -> gungraun::Command {
    gungraun::Command::new(env!("CARGO_BIN_EXE_scanbench"))
        .args(["detect", "--threads", "1", "u_ex.log"])
        .args(arguments)
        .build()
}

#[binary_benchmark]
#[bench::nothing(args = (0), setup = write_plain)]
#[bench::day(args = (20_000), setup = write_plain)]
#[bench::day_twice_as_long(args = (40_000), setup = write_plain)]
#[bench::many_ports(args = (20_000), setup = write_busy)]
#[bench::gzip(args = (20_000), setup = write_gzip)]
fn scan(_: u64) -> gungraun::Command {
    detect(&[])
}

#[binary_benchmark]
#[bench::day(args = (20_000), setup = write_plain)]
fn portable(_: u64) -> gungraun::Command {
    detect(&["--portable"])
}

#[binary_benchmark]
#[bench::five_addresses(args = (20_000), setup = write_plain)]
fn exclusions(_: u64) -> gungraun::Command {
    detect(&["--exclusions", "exclusions.toml"])
}

binary_benchmark_group!(name = whole, benchmarks = [scan, portable, exclusions]);
main!(
    config = BinaryBenchmarkConfig::default().sandbox(Sandbox::new(true)),
    binary_benchmark_groups = whole
);
