#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("nuget-deps", "app/shop.deps.json", bytes);
});
