#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("julia-project", "root/.julia/packages/JSON/93Ea8/Project.toml", bytes);
});
