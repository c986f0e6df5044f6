#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    sensor::in_use::fuzz_maps(bytes);
});
