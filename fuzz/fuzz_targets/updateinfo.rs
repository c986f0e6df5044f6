#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("rocky/9/BaseOS/x86_64/os/repodata/updateinfo.xml", bytes);
});
