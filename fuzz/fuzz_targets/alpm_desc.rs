#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("alpm-desc", "var/lib/pacman/local/bash-5.1-1/desc", bytes);
});
