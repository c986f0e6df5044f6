#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("rust-lock", "src/Cargo.lock", bytes);
});
