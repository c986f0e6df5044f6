#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("osv/PyPI/all.zip", &harness::feeds::zip_of("record.json", bytes));
});
