#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("npm-package", "app/node_modules/a/package.json", bytes);
});
