#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fleet::fuzzing::read_part(bytes);
});
