#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("ubuntu-cve-tracker/active/CVE-2024-0001", bytes);
});
