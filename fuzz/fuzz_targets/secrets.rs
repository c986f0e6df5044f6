#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for path in
        ["app/a.py", "app/.env", "root/.netrc", "root/.pgpass", "app/.htpasswd", "root/.docker/config.json"]
    {
        catalog::fuzzing::read("secrets", path, bytes);
    }
});
