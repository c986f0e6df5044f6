#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for path in ["etc/os-release", "etc/alpine-release", "etc/debian_version"] {
        catalog::fuzzing::read("os-release", path, bytes);
    }
});
