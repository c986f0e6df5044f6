#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("nuget-nuspec", "root/.nuget/packages/a/1.0/a.nuspec", bytes);
});
