//! Detectors measured side by side: rows first, then time, processor and memory, in turn.
//!
//! A detector is a command that a small TOML describes. It runs as a child, over a dataset whose truth is known; one
//! whose rows are wrong gets no speed. Times of shared machines drift, so all run in turn, and what is compared are
//! ratios within a round: to counting newlines of the same bytes, and to each other.

mod budget;
pub mod cache;
pub mod calibration;
pub mod check;
pub mod child;
pub mod clients;
pub mod compare;
pub mod detector;
pub mod export;
mod group;
pub mod leaderboard;
pub mod machine;
pub mod report;
pub mod rounds;
pub mod statistics;
pub mod story;
mod task;
