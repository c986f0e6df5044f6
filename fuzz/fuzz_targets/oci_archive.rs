#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::images::open_archive("oci-archive", &harness::images::sealed(bytes));
});
