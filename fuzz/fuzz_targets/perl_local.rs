#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("perl-local", "lib/perllocal.pod", bytes);
});
