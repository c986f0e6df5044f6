#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("redhat-csaf/vex/2024/cve-2024-0001.json", bytes);
});
