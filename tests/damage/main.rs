//! Some two hundred kinds of damage, each through the binary: a located message or a stated limit, the right exit code, and
//! never a panic, a hang, memory without bound, or a byte that acts on the terminal.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod case;
mod files;
mod headers;
mod lines;
mod masses;
mod packed;
mod samples;
mod tables;
mod texts;
