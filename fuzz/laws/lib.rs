//! Laws that must hold for arbitrary bytes. Each takes the bytes and panics where it does not hold.
//!
//! Fuzzers look for bytes that break them (`fuzz/run`), and the root package's `tests/fuzz_corpus.rs`, which has this
//! file as a module, holds the committed corpora against them. What to do first bytes say, where there is a choice; the
//! rest is a file. The law of alerts stands apart in `alerts.rs`, since it needs the root package, which takes long to build.

mod bytes;
mod checkpoint;
mod detect;
mod exclusions;
mod files;
mod findings;
mod kql;
mod packed;
mod reader;
mod round_trip;
mod scenario;
mod tables;

pub use checkpoint::checkpoint;
pub use detect::detect;
pub use exclusions::exclusions;
pub use findings::is_harmless;
pub use kql::kql;
pub use packed::packed;
pub use reader::reader;
pub use round_trip::round_trip;
pub use scenario::scenario;
pub use tables::tables;
