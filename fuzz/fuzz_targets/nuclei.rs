#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("nuclei/cves.json", bytes);
    harness::feeds::compile("nuclei/CVE-2024-0001.yaml", bytes);
});
