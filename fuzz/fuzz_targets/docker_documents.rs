#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::images::open_docker_documents(bytes);
});
