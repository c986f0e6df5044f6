#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::texts::read_one_of("haskell-lock", &["src/cabal.project.freeze", "src/stack.yaml.lock"], bytes);
});
