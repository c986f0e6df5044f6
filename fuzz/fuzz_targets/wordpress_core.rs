#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("wordpress-core", "wp-includes/version.php", bytes);
});
