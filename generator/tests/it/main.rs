//! The generator from outside: scenarios in, datasets out, both read with other means than those that made them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may panic too: that is the report"
)]

mod dataset;
mod figures;
mod files;
mod folders;
mod injection;
mod measured;
mod options;
mod rates;
mod recount;
mod refusals;
mod scenarios;
mod support;
mod words;
