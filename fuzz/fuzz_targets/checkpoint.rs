//! Looks for bytes that break the law `checkpoint`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scanbench_fuzz::checkpoint(data));
