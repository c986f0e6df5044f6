#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::texts::read_one_of("conda-lock", &["app/environment.yml", "app/conda-lock.yml"], bytes);
});
