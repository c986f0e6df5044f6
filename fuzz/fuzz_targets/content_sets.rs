#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("content-sets", "root/buildinfo/content_manifests/a.json", bytes);
});
