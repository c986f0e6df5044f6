#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::texts::read_one_of(
        "nuget-lock",
        &["src/packages.lock.json", "src/obj/project.assets.json", "src/packages.config", "src/paket.lock"],
        bytes,
    );
});
