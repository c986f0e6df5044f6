#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read_rpm_log(&harness::logs::sealed(bytes));
});
