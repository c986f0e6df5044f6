#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("dpkg-diversions", "var/lib/dpkg/diversions", bytes);
});
