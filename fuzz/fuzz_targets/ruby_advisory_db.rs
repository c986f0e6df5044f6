#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("ruby-advisory-db/gems/rack/CVE-2024-0001.yml", bytes);
});
