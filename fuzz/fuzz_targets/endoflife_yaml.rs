#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("endoflife/products.tar", &harness::images::tar_of("products/debian.md", bytes));
});
