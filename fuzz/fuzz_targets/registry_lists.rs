#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    image::fuzz_registry_lists(bytes);
});
