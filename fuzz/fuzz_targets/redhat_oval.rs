#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("redhat-oval/rhel-8.oval.xml", bytes);
});
