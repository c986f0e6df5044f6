#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("lua-rockspec", "lib/luarocks/rocks-5.1/a/1.0-1/a-1.0-1.rockspec", bytes);
});
