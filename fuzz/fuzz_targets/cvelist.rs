#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("cvelist/main.zip", &harness::feeds::zip_of("CVE-2024-0001.json", bytes));
    harness::feeds::compile("cvelist/daily.zip.zip", &harness::feeds::zip_of("cves.zip", bytes));
});
