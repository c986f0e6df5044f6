#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for path in ["usr/share/php/.registry/a.reg", "php/.registry/.channel.pecl.php.net/a.reg"] {
        catalog::fuzzing::read("pear-registry", path, bytes);
    }
});
