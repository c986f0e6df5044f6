#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for path in ["opt/java/release", "usr/local/go/VERSION", "erlang/OTP_VERSION", "usr/lib/dart/version"] {
        catalog::fuzzing::read("version-file", path, bytes);
    }
});
