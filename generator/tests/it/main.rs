//! The generator from outside: scenarios in, datasets out, both read with other means than those that made them.

mod dataset;
mod folders;
mod recount;
mod refusals;
mod scenarios;
mod support;
