#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("alpm-files", "var/lib/pacman/local/bash-5.1-1/files", bytes);
});
