#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("r-description", "usr/lib/R/library/a/DESCRIPTION", bytes);
});
