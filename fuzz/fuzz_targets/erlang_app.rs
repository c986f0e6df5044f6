#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("erlang-app", "lib/a-1/ebin/a.app", bytes);
});
