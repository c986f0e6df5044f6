#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("alpine-secdb/v3.15/main.yaml", bytes);
});
