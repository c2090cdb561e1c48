//! Looks for bytes that break the law `alerts`.

#![no_main]

use scanbench_fuzz as laws;

#[path = "../laws/alerts.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|data: &[u8]| law::alerts(data));
