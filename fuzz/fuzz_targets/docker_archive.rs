#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::images::open_archive("docker-archive", &harness::images::sealed(bytes));
});
