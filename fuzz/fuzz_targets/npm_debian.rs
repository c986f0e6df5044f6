#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("npm-debian", "usr/share/nodejs/a/package.json", bytes);
});
