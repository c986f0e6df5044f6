#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("nodejs-security-wg/vuln/npm/1.json", bytes);
});
