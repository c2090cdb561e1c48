//! How fast scenarios become lines: the background alone, a scan alone, the default scenario as a whole, each format, the
//! checksums and the packing of the manifest's files, and the disk. Everything else is thrown away.

#![expect(clippy::expect_used, reason = "a panic is how a bench reports")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use scanbench_generator::{Compression, Format, Keep, Options, Scenario, Summary, generate};
use std::num::NonZeroUsize;
use std::path::Path;

#[path = "support/scenarios.rs"]
mod scenarios;

fn thrown_away(keep: Keep) -> Options<'static> {
    Options {
        keep,
        ..Options::default()
    }
}

fn run(scenario: &Scenario, options: &Options<'_>) -> Summary {
    generate(scenario, Path::new("unused"), options).expect("a scenario that can be made")
}

/// Benches lines a second.
fn lines(
    criterion: &mut Criterion,
    group: &str,
    name: &str,
    scenario: &Scenario,
    options: &Options<'_>,
) {
    let made = run(scenario, options).lines;
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Elements(made));
    group.sample_size(20);
    group.bench_function(name, |bench| {
        bench.iter(|| assert_eq!(run(scenario, options).lines, made));
    });
    group.finish();
}

fn parts(criterion: &mut Criterion) {
    let nothing = thrown_away(Keep::Nothing);
    lines(
        criterion,
        "generate",
        "visitors",
        &scenarios::visitors(),
        &nothing,
    );
    lines(criterion, "generate", "scan", &scenarios::scan(), &nothing);
    let default = scenarios::default();
    lines(criterion, "generate", "default", &default, &nothing);
    let two = Options {
        threads: NonZeroUsize::MIN.saturating_add(1),
        ..nothing
    };
    lines(criterion, "generate", "default-two-threads", &default, &two);
}

fn formats(criterion: &mut Criterion) {
    let scenario = scenarios::visitors();
    for (name, format) in [
        ("w3c", Format::W3c),
        ("csv", Format::Csv),
        ("ndjson", Format::Ndjson),
        #[cfg(feature = "parquet")]
        ("parquet", Format::Parquet),
    ] {
        let options = Options {
            format,
            ..thrown_away(Keep::Nothing)
        };
        lines(criterion, "format", name, &scenario, &options);
    }
}

fn packing(criterion: &mut Criterion) {
    let scenario = scenarios::visitors();
    for (name, compression) in [
        ("checksums", Compression::None),
        ("gz", Compression::Gzip),
        ("zst", Compression::Zstd),
    ] {
        let options = Options {
            compression,
            ..thrown_away(Keep::Checksums)
        };
        lines(criterion, "packing", name, &scenario, &options);
    }
}

fn disk(criterion: &mut Criterion) {
    let scenario = scenarios::visitors();
    let made = run(&scenario, &thrown_away(Keep::Nothing)).lines;
    let mut group = criterion.benchmark_group("disk");
    group.throughput(Throughput::Elements(made));
    group.sample_size(20);
    group.bench_function("files", |bench| {
        bench.iter_batched(
            || tempfile::tempdir().expect("a temporary folder"),
            |folder| {
                let options = Options::default();
                generate(&scenario, &folder.path().join("set"), &options)
                    .expect("room on the disk");
                folder
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, parts, formats, packing, disk);
criterion_main!(benches);
