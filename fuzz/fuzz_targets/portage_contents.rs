#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    catalog::fuzzing::read("portage-contents", "var/db/pkg/app-shells/bash-5.1_p16-r6/CONTENTS", bytes);
});
