#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("python-egg", "lib/a-1-py3.egg", bytes);
});
