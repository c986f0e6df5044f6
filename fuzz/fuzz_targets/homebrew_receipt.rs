#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("homebrew-receipt", "l/Cellar/a@3/3.3.1_1/INSTALL_RECEIPT.json", bytes);
});
