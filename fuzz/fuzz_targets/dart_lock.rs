#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("dart-lock", "app/pubspec.lock", bytes);
});
