#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("photon/com.vmware.phsa-photon5.xml", bytes);
});
