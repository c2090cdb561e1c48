//! Looks for bytes that break the law `kql`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scanbench_fuzz::kql(data));
