#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("nvd/nvdcve-2.0-2024.json", bytes);
});
