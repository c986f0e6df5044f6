#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("wordpress-theme", "wp-content/themes/a/style.css", bytes);
});
