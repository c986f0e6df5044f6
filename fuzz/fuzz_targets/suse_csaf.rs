#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("suse-csaf/csaf/suse-su-2024_0001-1.json", bytes);
});
