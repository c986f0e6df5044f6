#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("debian-security-support/security-support.deb12", bytes);
});
