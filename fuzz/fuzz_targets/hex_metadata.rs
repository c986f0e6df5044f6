#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("hex-metadata", "deps/a/hex_metadata.config", bytes);
});
