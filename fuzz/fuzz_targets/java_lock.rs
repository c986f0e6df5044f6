#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::texts::read_one_of(
        "java-lock",
        &["app/pom.xml", "app/gradle.lockfile", "app/build.sbt.lock"],
        bytes,
    );
});
