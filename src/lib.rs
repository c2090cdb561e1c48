//! Scores alerts against the truth of a dataset, and reports it: the part of scanbench that sees both the
//! generator and the detector. The command line stands in the binary.

pub mod alerts;
pub mod anonymise;
pub mod bench;
pub mod edges;
pub mod eval;
pub mod realism;
pub mod replay;
pub mod report;
mod runs;
pub mod sweeps;
