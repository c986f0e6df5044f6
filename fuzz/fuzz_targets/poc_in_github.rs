#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("PoC-in-GitHub/2024/CVE-2024-0001.json", bytes);
});
