#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("conda-meta", "opt/conda/conda-meta/a-1-0.json", bytes);
});
