#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("bitnami-components", "opt/bitnami/.bitnami_components.json", bytes);
});
