#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for path in ["var/lib/dpkg/status", "var/lib/dpkg/status.d/libc6"] {
        catalog::fuzzing::read("dpkg-status", path, bytes);
    }
});
