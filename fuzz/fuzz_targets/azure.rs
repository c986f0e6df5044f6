#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("azurelinux/azurelinux-3.0-oval.xml", bytes);
});
