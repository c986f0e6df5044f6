#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::reports::ingest_report(bytes);
});
