#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("suse-oval/suse.linux.enterprise.15.xml", bytes);
});
