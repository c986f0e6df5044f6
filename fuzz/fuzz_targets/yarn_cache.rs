#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("yarn-cache", "app/.yarn/cache/a.zip", bytes);
});
