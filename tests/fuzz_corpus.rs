//! The corpora of the fuzzers, held against the laws that they look to break. So what a fuzzer once found stays found,
//! on every machine and without a fuzzer.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic is how a law reports"
)]

/// The laws.
#[path = "../fuzz/laws/lib.rs"]
pub mod laws;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Holds each file of a corpus against a law; tells which break it.
fn hold(name: &str, law: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    let broken = files.iter().filter(|file| {
        let bytes = fs::read(file).unwrap();
        catch_unwind(AssertUnwindSafe(|| law(&bytes))).is_err()
    });
    let broken: Vec<_> = broken.map(|file| file.display().to_string()).collect();
    assert!(broken.is_empty(), "{name} is broken by {broken:#?}");
}

macro_rules! corpora {
    ($($law:ident)*) => {$(
        #[test]
        fn $law() {
            hold(stringify!($law), laws::$law);
        }
    )*};
}

corpora!(reader round_trip scenario exclusions kql alerts tables checkpoint packed detect);
