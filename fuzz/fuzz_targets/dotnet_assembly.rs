#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("dotnet-assembly", "app/A.dll", bytes);
});
