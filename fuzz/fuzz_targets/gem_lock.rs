#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("gem-lock", "app/Gemfile.lock", bytes);
});
