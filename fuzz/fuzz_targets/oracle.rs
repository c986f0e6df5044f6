#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::feeds::compile("oracle/com.oracle.elsa-all.xml", bytes);
});
