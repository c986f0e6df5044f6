#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("rpm-manifest", "var/lib/rpmmanifest/container-manifest-2", bytes);
});
