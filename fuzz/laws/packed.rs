//! Packed logs.

use super::bytes::Bytes;
use super::files::scanned_bytes;
use std::io::Write;

/// Output up to which no ratio is judged, and the ratio beyond it (`detector/src/input/packed.rs`).
const UNJUDGED_BYTES: u64 = 64 << 20;
const MAX_RATIO: u64 = 700;

/// Packed bytes are the same log as plain ones, in whichever way they are packed; a packed file that is cut gives no line
/// that the whole one has not; and arbitrary bytes that say they are packed give no more than the limits allow.
pub fn packed(data: &[u8]) {
    let mut choices = Bytes::new(data);
    match choices.byte() % 4 {
        0 => {
            let packed = choices.rest();
            let scanned = scanned_bytes(packed, 1);
            scanned.account();
            let most = UNJUDGED_BYTES.max(MAX_RATIO * packed.len() as u64) + (1 << 20);
            assert!(scanned.totals.counts.bytes <= most, "{:?}", scanned.totals);
        }
        way => {
            let cut = choices.short();
            let log = choices.rest();
            // What is packed already is refused within something packed.
            let magic: [&[u8]; 4] = [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK", b"PAR"];
            if magic.iter().any(|magic| log.starts_with(magic))
                || log.get(1..4) == Some(b"\x2a\x4d\x18")
            {
                return;
            }
            let plain = scanned_bytes(log, 1);
            let packed = pack(log, way);
            let whole = scanned_bytes(&packed, 1);
            whole.account();
            if plain.refused.is_empty() && !log.is_empty() {
                assert_eq!(
                    (&whole.rows, whole.lines, &whole.bad),
                    (&plain.rows, plain.lines, &plain.bad)
                );
                assert_eq!(whole.totals.counts, plain.totals.counts);
            }
            let cut = usize::from(cut) % (packed.len() + 1);
            let part = scanned_bytes(&packed[..cut], 1);
            part.account();
            assert!(part.totals.counts.bytes <= whole.totals.counts.bytes);
        }
    }
}

fn pack(log: &[u8], way: u8) -> Vec<u8> {
    match way {
        1 => {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packer.write_all(log).unwrap();
            packer.finish().unwrap()
        }
        // Two members, as when packed files are joined.
        2 => {
            let (one, two) = log.split_at(log.len() / 2);
            [pack(one, 1), pack(two, 1)].concat()
        }
        _ => zstd::encode_all(log, 1).unwrap(),
    }
}
