//! Looks for bytes that break the law `scenario`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scanbench_fuzz::scenario(data));
