#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::texts::match_values(bytes);
});
