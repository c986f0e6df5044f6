#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("epss/epss_scores-2026-08-16.csv", bytes);
});
