//! What lading's payloads find above them, as in lading's `payload.rs` (MIT): an error, and two traits.

pub(crate) mod apache_common;
#[allow(dead_code, reason = "other payloads need the rest")]
pub(crate) mod common;

use rand::Rng;
use std::io::Write;

pub(crate) type Error = std::io::Error;

pub(crate) trait Serialize {
    fn to_bytes<W, R>(&self, rng: R, max_bytes: usize, writer: &mut W) -> Result<(), Error>
    where
        R: Rng + Sized,
        W: Write;
}

pub(crate) trait Generator<I> {
    fn generate<R>(&self, rng: &mut R) -> I
    where
        R: Rng + ?Sized;
}
