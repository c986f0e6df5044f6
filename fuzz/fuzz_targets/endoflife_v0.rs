#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("endoflife/api-v0.tar", &harness::images::tar_of("api/debian.json", bytes));
});
