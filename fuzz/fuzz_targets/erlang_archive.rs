#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("erlang-archive", "plugins/a-1.ez", bytes);
});
