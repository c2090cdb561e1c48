//! How near a set is to a real log, what gives its scans away, and a background made from the user's own logs.
//!
//! Nothing here keeps an address, user, path or query: clients and paths are told apart by hashes that are forgotten, and
//! what is written down are counts and quantiles.

pub mod audit;
pub mod compare;
pub mod distance;
pub mod fit;
mod histogram;
mod interval;
pub mod profile;
mod repeats;
mod shape;

/// One program's hash of a client, a path or an agent: the same for the same text in every run.
fn hash(parts: &[&[u8]]) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

/// A field's value as a number; `None` where it is none.
fn number(value: Option<&[u8]>) -> Option<u64> {
    str::from_utf8(value?).ok()?.parse().ok()
}
