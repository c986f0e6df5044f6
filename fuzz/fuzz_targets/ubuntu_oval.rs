#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("ubuntu-oval/com.ubuntu.jammy.cve.oval.xml", bytes);
});
