#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("almalinux-oval/org.almalinux.alsa-9.xml", bytes);
});
