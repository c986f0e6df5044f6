#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("composer-installed", "app/vendor/composer/installed.json", bytes);
});
