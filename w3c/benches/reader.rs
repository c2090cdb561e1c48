//! How fast text is cut into lines and columns: by the block reader, with the best instructions and with none but
//! those that every processor has, and by the careful reader. `wc -l` by memchr stands beside them.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use scanbench_w3c::{BlockReader, Item, Reader, Shape};
use std::hint::black_box;
use std::time::Duration;

#[expect(dead_code, reason = "shared with benches that need other logs too")]
#[path = "../../benches/support/log.rs"]
mod log;

const LINES: u64 = 80_000;
/// As the detector asks for it: the client is the 11th of 22 columns.
const SHAPE: Shape = Shape {
    columns: 22,
    wanted: 11,
};

/// Lines that are regular, cut in blocks as the detector does.
fn blocks(text: &[u8], reader: &mut BlockReader) -> u64 {
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
    regular
}

fn entries(text: &[u8]) -> u64 {
    let Ok(mut reader) = Reader::new(text) else {
        return 0;
    };
    let mut entries = 0;
    while let Ok(Some(item)) = reader.next_item() {
        entries += u64::from(matches!(item, Item::Entry(_)));
    }
    entries
}

fn reader(criterion: &mut Criterion) {
    let text = log::Log::day(LINES).w3c();
    for (unit, throughput) in [
        ("bytes", Throughput::Bytes(text.len() as u64)),
        ("lines", Throughput::Elements(LINES)),
    ] {
        let mut group = criterion.benchmark_group(format!("reader/{unit}"));
        group.throughput(throughput);
        group.bench_function("newlines-only", |bench| {
            bench.iter(|| memchr::memchr_iter(b'\n', black_box(&text)).count());
        });
        for (name, mut blocks_reader) in [
            ("blocks", BlockReader::new()),
            ("blocks-portable", BlockReader::portable()),
        ] {
            group.bench_function(name, |bench| {
                bench.iter(|| assert_eq!(blocks(&text, &mut blocks_reader), LINES));
            });
        }
        group.bench_function("careful", |bench| {
            bench.iter(|| assert_eq!(entries(&text), LINES));
        });
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = reader
}
criterion_main!(benches);
