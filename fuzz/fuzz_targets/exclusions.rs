//! Looks for bytes that break the law `exclusions`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scanbench_fuzz::exclusions(data));
