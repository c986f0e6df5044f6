#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::texts::compare_versions(version::Scheme::Hackage, bytes);
});
