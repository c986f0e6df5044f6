#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("metasploit/modules_metadata_base.json", bytes);
});
