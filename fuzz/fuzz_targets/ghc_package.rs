#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("ghc-package", "var/lib/ghc/package.conf.d/a.conf", bytes);
});
