#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("portage-license", "var/db/pkg/app-shells/bash-5.1/LICENSE", bytes);
});
