//! Looks for bytes that break the law `alerts`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scanbench_fuzz::alerts(data));
