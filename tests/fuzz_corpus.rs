//! The corpora of the fuzzers, held against the laws that they look to break. So what a fuzzer once found stays found,
//! on every machine and without a fuzzer. Then the files are changed at random, the same way in each run: a little of
//! what a fuzzer does, for machines that have none. `SCANBENCH_MUTANTS=100000` makes more of them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a panic is how a law reports"
)]

/// The laws.
#[path = "../fuzz/laws/lib.rs"]
pub mod laws;

/// The law of alerts.
#[path = "../fuzz/laws/alerts.rs"]
pub mod law_of_alerts;

use rand::RngExt;
use rand_pcg::Pcg64;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Changed files for each law, where nobody says how many.
const MUTANTS: u64 = 200;

/// The files of a corpus, in the order of their names.
fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(name);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
}

fn holds(law: fn(&[u8]), bytes: &[u8]) -> bool {
    catch_unwind(AssertUnwindSafe(|| law(bytes))).is_ok()
}

/// Holds each file of a corpus against a law, and then changed ones; tells which break it.
fn hold(name: &str, law: fn(&[u8])) {
    let files = corpus(name);
    let broken: Vec<&String> = files
        .iter()
        .filter(|(_, bytes)| !holds(law, bytes))
        .map(|(path, _)| path)
        .collect();
    assert!(broken.is_empty(), "{name} is broken by {broken:#?}");

    let mutants =
        std::env::var("SCANBENCH_MUTANTS").map_or(MUTANTS, |number| number.parse().unwrap());
    for number in 0..mutants {
        let mut random = Pcg64::new(u128::from(number), 1);
        let mut bytes = files[random.random_range(0..files.len())].1.clone();
        for _ in 0..random.random_range(1..5) {
            change(&mut bytes, &files, &mut random);
        }
        if !holds(law, &bytes) {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{number}"));
            fs::write(&path, &bytes).unwrap();
            panic!("{name} is broken by {}", path.display());
        }
    }
}

/// One change: a byte, a stretch that is gone, doubled or taken from another file, or a number at its limit.
fn change(bytes: &mut Vec<u8>, files: &[(String, Vec<u8>)], random: &mut Pcg64) {
    const ENDS: [&str; 12] = [
        "0",
        "-1",
        "65536",
        "4294967296",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "1e308",
        "9999-12-31",
        "\u{202e}",
        "\"",
        "\n",
    ];
    let length = bytes.len();
    let at = random.random_range(0..=length);
    let end = (at + random.random_range(0..40)).min(length);
    match random.random_range(0..6) {
        0 if at < length => bytes[at] = random.random(),
        1 => drop(bytes.drain(at..end)),
        2 => {
            let doubled = bytes[at..end].to_vec();
            bytes.splice(at..at, doubled);
        }
        3 => {
            let other = &files[random.random_range(0..files.len())].1;
            let from = random.random_range(0..=other.len());
            let to = (from + random.random_range(0..80)).min(other.len());
            bytes.splice(at..end, other[from..to].iter().copied());
        }
        4 => {
            // A number as a whole, where one stands there.
            let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit());
            let end = at + digits.count();
            let text = ENDS[random.random_range(0..ENDS.len())];
            bytes.splice(at..end, text.bytes());
        }
        _ => bytes.truncate(length - random.random_range(0..=length.min(20))),
    }
}

macro_rules! corpora {
    ($($law:ident = $path:path,)*) => {$(
        #[test]
        fn $law() {
            hold(stringify!($law), $path);
        }
    )*};
}

corpora! {
    reader = laws::reader,
    round_trip = laws::round_trip,
    scenario = laws::scenario,
    exclusions = laws::exclusions,
    kql = laws::kql,
    alerts = law_of_alerts::alerts,
    tables = laws::tables,
    checkpoint = laws::checkpoint,
    packed = laws::packed,
    detect = laws::detect,
}
