#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("opkg-status", "usr/lib/opkg/status", bytes);
});
