#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::texts::read_one_of(
        "python-lock",
        &[
            "app/requirements.txt",
            "app/Pipfile.lock",
            "app/poetry.lock",
            "app/uv.lock",
            "app/pdm.lock",
            "app/pylock.toml",
        ],
        bytes,
    );
});
