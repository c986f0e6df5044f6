#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("suse-csaf/csaf-vex/cve-2024-0001.json", bytes);
});
