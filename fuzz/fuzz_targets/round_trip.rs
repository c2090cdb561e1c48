//! Looks for bytes that break the law `round_trip`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scanbench_fuzz::round_trip(data));
