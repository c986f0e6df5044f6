#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let archive = harness::images::tar_of("release-data/releases/ruby.json", bytes);
    harness::feeds::compile("endoflife/release-data.tar", &archive);
});
