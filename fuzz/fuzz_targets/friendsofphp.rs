#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("friendsofphp/vendor/name/CVE-2024-0001.yaml", bytes);
});
