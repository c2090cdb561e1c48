//! How fast each form of input is read, in lines: they differ in bytes. Unpacking alone stands beside the packed
//! ones, since the decoder is to set the speed.

#![expect(clippy::expect_used, reason = "a panic is how a bench reports")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use log::{Log, SCANNERS};
use scanbench_detector::{Exclusions, Rule};
use std::io::Read;
use std::time::Duration;

#[path = "../../benches/support/forms.rs"]
mod forms;
#[expect(dead_code, reason = "shared with benches that need other logs too")]
#[path = "../../benches/support/log.rs"]
mod log;
#[path = "../../benches/support/scans.rs"]
mod scans;

const LINES: u64 = 80_000;

/// Bytes that come out.
fn drain(mut input: impl Read, block: &mut [u8]) -> usize {
    let mut bytes = 0;
    loop {
        match input.read(block).expect("whole data") {
            0 => return bytes,
            count => bytes += count,
        }
    }
}

fn inputs(criterion: &mut Criterion) {
    let log = Log::day(LINES);
    let text = log.w3c();
    let mut group = criterion.benchmark_group("input");
    group.throughput(Throughput::Elements(LINES));
    let (gzip, zstd) = (forms::gzip(&text), forms::zstd(&text));
    let mut block = vec![0; 256 << 10];
    group.bench_function("gz/unpacking-only", |bench| {
        bench.iter(|| {
            let bytes = drain(flate2::bufread::GzDecoder::new(gzip.as_slice()), &mut block);
            assert_eq!(bytes, text.len());
        });
    });
    group.bench_function("zst/unpacking-only", |bench| {
        bench.iter(|| {
            let decoder = zstd::Decoder::with_buffer(zstd.as_slice()).expect("a decoder");
            assert_eq!(drain(decoder, &mut block), text.len());
        });
    });
    for (name, bytes) in [
        ("plain", text.clone()),
        ("gz", gzip),
        ("zst", zstd),
        ("zip", forms::zip(&text)),
        ("csv", forms::csv(&log)),
        ("ndjson", forms::ndjson(&log)),
        ("parquet", forms::parquet(&log)),
    ] {
        let (_folder, logs) = scans::file("input", &bytes);
        let (rule, none) = (Rule::default(), Exclusions::default());
        let rows = usize::try_from(SCANNERS).unwrap_or(0);
        group.bench_function(name, |bench| {
            bench.iter(|| scans::run(&logs, &rule, &none, 1, log.lines.len(), rows));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = inputs
}
criterion_main!(benches);
