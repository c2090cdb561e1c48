//! Tables: CSV, JSON and Parquet.

use super::files::scanned_bytes;
use std::io::Write;

/// Whatever a table holds, each of its rows is counted or told as bad; and it is the same on two threads, and packed.
pub fn tables(data: &[u8]) {
    let plain = scanned_bytes(data, 1);
    plain.account();
    assert_eq!(scanned_bytes(data, 2), plain);
    // Parquet is read from its end, so not out of something packed; and what is packed already would be twice.
    let is_text = plain.refused.is_empty() && !data.starts_with(b"PAR") && !data.starts_with(b"PK");
    if is_text
        && !data.starts_with(b"\x1f\x8b")
        && !data.starts_with(b"\x28\xb5\x2f\xfd")
        && !data.is_empty()
    {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(data).unwrap();
        let packed = scanned_bytes(&encoder.finish().unwrap(), 1);
        assert_eq!(
            (&packed.rows, packed.lines, &packed.bad),
            (&plain.rows, plain.lines, &plain.bad)
        );
        assert_eq!(packed.totals.counts, plain.totals.counts);
    }
}
