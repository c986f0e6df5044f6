#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for path in ["lib/python3.11/site-packages/a-1.dist-info/METADATA", "x/a-1.egg-info"] {
        catalog::fuzzing::read("python-metadata", path, bytes);
    }
});
