#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::storage::read_bolt(bytes);
});
