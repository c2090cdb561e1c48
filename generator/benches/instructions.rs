//! Instructions of making datasets, by callgrind, without the start of the world. They are counted where the work is, on
//! the pool's thread: by default only the thread of the bench is, which waits. Run by `.ci/bench-instructions`, which
//! holds them against `benches/instructions.txt`. Checksums are not among them: valgrind's processor has no instructions
//! for SHA-256, so that they would be all that is seen.

#![expect(clippy::expect_used, reason = "a panic is how a bench reports")]
#![expect(missing_docs, reason = "of modules that macros make")]

use gungraun::{
    Callgrind, EntryPoint, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};
use scanbench_generator::{Format, Keep, Options, Scenario, Summary, generate};
use std::path::Path;

#[path = "support/scenarios.rs"]
mod scenarios;

fn made(scenario: &Scenario, format: Format) -> Summary {
    let options = Options {
        format,
        keep: Keep::Nothing,
        ..Options::default()
    };
    generate(scenario, Path::new("unused"), &options).expect("a scenario that can be made")
}

#[library_benchmark]
#[bench::visitors(setup = scenarios::visitors)]
#[bench::scan(setup = scenarios::scan)]
#[bench::default(setup = scenarios::default)]
fn w3c(scenario: Scenario) -> (Scenario, Summary) {
    let summary = made(&scenario, Format::W3c);
    assert!(summary.lines > 10_000);
    (scenario, summary)
}

#[library_benchmark]
#[bench::visitors(setup = scenarios::visitors)]
fn csv(scenario: Scenario) -> (Scenario, Summary) {
    let summary = made(&scenario, Format::Csv);
    assert!(summary.lines > 10_000);
    (scenario, summary)
}

library_benchmark_group!(name = generator, benchmarks = [w3c, csv]);
main!(
    config = LibraryBenchmarkConfig::default().tool(Callgrind::default().entry_point(
        EntryPoint::Custom("scanbench_generator::run::steps::Run::all*".to_owned())
    )),
    library_benchmark_groups = generator
);
