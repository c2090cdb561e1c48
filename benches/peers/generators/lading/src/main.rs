//! Lines of lading's Apache Common payload: `lading-lines LINES`. The payload makes blocks of so many bytes; 1 MiB, as
//! lading's own largest block. What is behind the last line that was asked for is made and not written.

mod payload;

use payload::apache_common::ApacheCommon;
use payload::Serialize as _;
use rand::rngs::SmallRng;
use rand::{RngCore as _, SeedableRng as _};
use std::io::Write as _;

const BLOCK: usize = 1 << 20;

fn main() {
    let argument = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let Some(mut left) = argument else {
        eprintln!("usage: lading-lines LINES");
        std::process::exit(2);
    };
    let mut seeds = SmallRng::seed_from_u64(1);
    let mut block = Vec::with_capacity(BLOCK);
    let mut out = std::io::stdout().lock();
    while left > 0_usize {
        block.clear();
        let rng = SmallRng::seed_from_u64(seeds.next_u64());
        ApacheCommon::default()
            .to_bytes(rng, BLOCK, &mut block)
            .expect("a vector takes all");
        let mut end = 0;
        for line in block.split_inclusive(|byte| *byte == b'\n').take(left) {
            end += line.len();
            left -= 1;
        }
        out.write_all(&block[..end]).expect("somebody reads");
    }
}
