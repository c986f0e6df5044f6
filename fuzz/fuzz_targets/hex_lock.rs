#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::texts::read_one_of("hex-lock", &["app/mix.lock", "app/rebar.lock"], bytes);
});
