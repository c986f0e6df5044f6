#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("redhat-csaf/advisories/2024/rhsa-2024_0001.json", bytes);
});
