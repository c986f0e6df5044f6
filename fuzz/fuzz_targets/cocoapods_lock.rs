#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("cocoapods-lock", "app/Podfile.lock", bytes);
});
