#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("bitnami-spdx", "opt/bitnami/a/.spdx-a.spdx", bytes);
});
