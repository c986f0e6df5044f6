#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for path in ["usr/bin/tool", "usr/bin/redis-server", "usr/lib/libcrypto.so.3", "usr/bin/python3.11"] {
        catalog::fuzzing::read("program", path, bytes);
    }
});
