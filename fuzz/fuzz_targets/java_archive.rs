#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("java-archive", "opt/a-1.0.jar", bytes);
});
