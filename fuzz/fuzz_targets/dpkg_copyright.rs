#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("dpkg-copyright", "usr/share/doc/libc6/copyright", bytes);
});
