#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("perl-meta", "lib/perl5/.meta/A-1.0/MYMETA.json", bytes);
});
