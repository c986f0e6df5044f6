#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("dpkg-list", "var/lib/dpkg/info/libc6:amd64.list", bytes);
});
