#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("wordpress-plugin", "wp-content/plugins/a/a.php", bytes);
});
