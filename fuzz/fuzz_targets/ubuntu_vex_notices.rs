#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("ubuntu-vex/USN-7000-1.json", bytes);
});
