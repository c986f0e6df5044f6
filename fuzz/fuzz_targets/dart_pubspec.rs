#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("dart-pubspec", "c/hosted/pub.dev/http-0.13.5/pubspec.yaml", bytes);
});
