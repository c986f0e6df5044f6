#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("apk-installed", "lib/apk/db/installed", bytes);
});
