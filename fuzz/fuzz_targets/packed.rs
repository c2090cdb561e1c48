//! Looks for bytes that break the law `packed`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scanbench_fuzz::packed(data));
