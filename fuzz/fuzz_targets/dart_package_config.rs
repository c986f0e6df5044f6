#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("dart-package-config", "app/.dart_tool/package_config.json", bytes);
});
