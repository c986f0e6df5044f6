#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for path in ["x/specifications/a-b-1.0-x86_64-linux.gemspec", "x/specifications/default/a.gemspec"] {
        catalog::fuzzing::read("gem-specification", path, bytes);
    }
});
