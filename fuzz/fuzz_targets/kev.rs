#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("kev/known_exploited_vulnerabilities.json", bytes);
    harness::feeds::compile("kev/known_exploited_vulnerabilities.csv", bytes);
});
