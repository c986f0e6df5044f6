#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::texts::read_one_of(
        "npm-lock",
        &["app/package-lock.json", "app/yarn.lock", "app/pnpm-lock.yaml", "app/bun.lock"],
        bytes,
    );
});
