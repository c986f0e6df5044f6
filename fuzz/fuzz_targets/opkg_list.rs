#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("opkg-list", "usr/lib/opkg/info/busybox.list", bytes);
});
