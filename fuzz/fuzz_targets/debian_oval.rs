#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("debian-oval/oval-definitions-bookworm.xml", bytes);
});
