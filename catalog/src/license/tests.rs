use proptest::prelude::*;

use super::*;

fn check(cases: &[(&str, Option<&str>)]) {
    for (text, expected) in cases {
        assert_eq!(expression(text).as_deref(), *expected, "{text}");
    }
}

#[test]
fn identifiers_get_their_canonical_case_and_deprecated_ones_their_successor() {
    check(&[
        ("MIT", Some("MIT")),
        ("apache-2.0", Some("Apache-2.0")),
        ("BSD-3-clause", Some("BSD-3-Clause")),
        ("zlib", Some("Zlib")),
        ("GPL-2.0+", Some("GPL-2.0-or-later")),
        ("GPL-2.0", Some("GPL-2.0-only")),
        ("GPL-2.0-or-later", Some("GPL-2.0-or-later")),
        ("GPL-2.0-only+", Some("GPL-2.0-or-later")),
        ("LGPL-3.0", Some("LGPL-3.0-only")),
        ("MPL-1.1+", Some("MPL-1.1+")),
        ("GPL-2.0-with-classpath-exception", Some("GPL-2.0-only WITH Classpath-exception-2.0")),
        ("LicenseRef-Fedora-Public-Domain", Some("LicenseRef-Fedora-Public-Domain")),
        ("licenseref-x_y", Some("LicenseRef-x-y")),
    ]);
}

#[test]
fn the_gnu_licences_are_told_in_all_their_spellings() {
    check(&[
        ("GPLv2+", Some("GPL-2.0-or-later")),
        ("GPL-2", Some("GPL-2.0-only")),
        ("GPL2", Some("GPL-2.0-only")),
        ("GPL v3", Some("GPL-3.0-only")),
        ("GPL+", Some("GPL-1.0-or-later")),
        ("GPL", Some("GPL-1.0-or-later")),
        ("LGPLv2.1+", Some("LGPL-2.1-or-later")),
        ("LGPL-2", Some("LGPL-2.0-only")),
        ("GNU LGPL", Some("LGPL-2.0-or-later")),
        ("AGPLv3", Some("AGPL-3.0-only")),
        ("GFDL-NIV-1.3+", Some("GFDL-1.3-no-invariants-or-later")),
        ("GFDL-1.2", Some("GFDL-1.2-only")),
        ("GPL (>= 2)", Some("GPL-2.0-or-later")),
        ("GNU General Public License v3 or later (GPLv3+)", Some("GPL-3.0-or-later")),
        ("GNU Lesser General Public License, Version 2.1", Some("LGPL-2.1-only")),
        ("GNU Library or Lesser General Public License (LGPL)", Some("LGPL-2.0-or-later")),
        ("GNU General Public License version 2 or any later version", Some("GPL-2.0-or-later")),
        ("The GNU General Public License", Some("GPL-1.0-or-later")),
        ("GPL-4", Some("LicenseRef-GPL-4")),
    ]);
}

#[test]
fn names_in_plain_english_classifiers_and_addresses_are_told() {
    check(&[
        ("MIT License", Some("MIT")),
        ("The MIT License (MIT)", Some("MIT")),
        ("Expat", Some("MIT")),
        ("MIT/X11", Some("MIT")),
        ("Apache License, Version 2.0", Some("Apache-2.0")),
        ("ASL 2.0", Some("Apache-2.0")),
        ("Apache-2", Some("Apache-2.0")),
        ("Apache 2.0", Some("Apache-2.0")),
        ("\"Apache 2.0\"", Some("Apache-2.0")),
        ("BSD 3-Clause License", Some("BSD-3-Clause")),
        ("BSD", Some("LicenseRef-BSD")),
        ("BSD-2", Some("BSD-2-Clause")),
        ("ISC License (ISCL)", Some("ISC")),
        ("Mozilla Public License 2.0 (MPL 2.0)", Some("MPL-2.0")),
        ("Eclipse Public License - v 2.0", Some("EPL-2.0")),
        ("public-domain", Some("LicenseRef-public-domain")),
        ("Public Domain", Some("LicenseRef-public-domain")),
        ("License :: OSI Approved :: MIT License", Some("MIT")),
        ("License :: OSI Approved :: Python Software Foundation License", Some("PSF-2.0")),
        ("License :: OSI Approved", None),
        ("License :: Other/Proprietary License", Some("LicenseRef-Proprietary")),
        ("https://www.apache.org/licenses/LICENSE-2.0.txt", Some("Apache-2.0")),
        ("http://opensource.org/licenses/MIT", Some("MIT")),
        ("https://example.org/my-license", None),
        ("same as Perl", Some("Artistic-1.0-Perl OR GPL-1.0-or-later")),
    ]);
}

#[test]
fn expressions_of_all_ages_are_read() {
    check(&[
        ("GPLv2+ and MIT", Some("GPL-2.0-or-later AND MIT")),
        ("LGPL-2.1+ and GPL-2", Some("LGPL-2.1-or-later AND GPL-2.0-only")),
        ("(MIT OR Apache-2.0)", Some("MIT OR Apache-2.0")),
        ("MIT/Apache-2.0", Some("MIT OR Apache-2.0")),
        ("mit or isc and zlib", Some("MIT OR ISC AND Zlib")),
        ("(mit or isc) and zlib", Some("(MIT OR ISC) AND Zlib")),
        (
            "GPL-2+ or Artistic-2.0, and BSD-3-clause",
            Some("(GPL-2.0-or-later OR Artistic-2.0) AND BSD-3-Clause"),
        ),
        ("GPL+ or Artistic", Some("GPL-1.0-or-later OR Artistic-1.0")),
        ("MIT GPL2+ BSD", Some("MIT AND GPL-2.0-or-later AND LicenseRef-BSD")),
        ("GPLv2, MIT; ISC", Some("GPL-2.0-only AND MIT AND ISC")),
        ("GPL-2.0-only & MIT | ISC", Some("GPL-2.0-only AND MIT OR ISC")),
        ("MIT AND MIT AND (MIT AND ISC)", Some("MIT AND ISC")),
        ("GPL-2+ with Autoconf exception", Some("GPL-2.0-or-later WITH Autoconf-exception-2.0")),
        ("GPL-3+ with GCC exception or MIT", Some("GPL-3.0-or-later WITH GCC-exception-3.1 OR MIT")),
        ("GPLv2+ with exceptions", Some("LicenseRef-GPL-2.0-or-later-with-exceptions")),
        ("apache-2.0 with llvm-exception", Some("Apache-2.0 WITH LLVM-exception")),
        ("LGPLv3+_or_GPLv2+", Some("LGPL-3.0-or-later OR GPL-2.0-or-later")),
        ("GPL-2+ or LGPL-2+", Some("GPL-2.0-or-later OR LGPL-2.0-or-later")),
        ("GPL-2+-or-X11", Some("GPL-2.0-or-later OR X11")),
        ("GPL-3+-WITH-BISON-EXCEPTION", Some("GPL-3.0-or-later WITH Bison-exception-2.2")),
        ("Your choice of MIT or Apache License 2.0", Some("MIT OR Apache-2.0")),
        ("Foo and Bar Baz", Some("LicenseRef-Foo AND LicenseRef-Bar-Baz")),
        ("MIT and", None),
        ("((MIT OR ISC)", None),
        ("Apache License, Version 2.0 and MIT License (MIT)", Some("Apache-2.0 AND MIT")),
        ("GPL v2 or later and MIT", Some("GPL-2.0-or-later AND MIT")),
    ]);
}

#[test]
fn a_reference_as_long_as_may_be_stands_for_itself() {
    // each `+` becomes five letters, so a short name gives a long word
    let result = expression(&format!("wx{} aeiou", "+".repeat(19))).unwrap();
    assert_eq!(result, format!("LicenseRef-wx{}-ae", "-plus".repeat(19)));
    assert_eq!(expression(&result), Some(result.clone()));
    let twice = result.replacen("LicenseRef-", "LicenseRef-.licenseref-", 1);
    assert_eq!(expression(&twice), Some(result));
}

#[test]
fn what_says_nothing_and_what_is_prose_gives_nothing() {
    check(&[
        ("", None),
        ("  ", None),
        ("UNKNOWN", None),
        ("NOASSERTION", None),
        ("None", None),
        ("SEE LICENSE IN LICENSE.md", None),
        ("UNLICENSED", Some("LicenseRef-UNLICENSED")),
        ("Dual License", None),
        ("Permission to use, copy, modify, and distribute this software and its", None),
        ("All contributions towards this project are MIT licensed.", None),
        ("…", None),
    ]);
}

#[test]
fn the_texts_of_notorious_licences_are_told_and_others_are_not() {
    let mit = "Copyright (c) 2020 A\n\nPermission is hereby granted, free of charge, to any person obtaining a copy\n\
               of this software and associated documentation files (the \"Software\"), to deal\nin the Software without \
               restriction, including\n\nThe above copyright notice and this permission notice shall be included in all\n\
               copies or substantial portions of the Software.\n";
    let bsd = "Copyright\nRedistribution and use in source and binary forms, with or without\nmodification\n\
               Redistributions in binary form must reproduce the above copyright\nnotice\n";
    let three = format!("{bsd} may be used to endorse or promote products derived\n");
    check(&[
        (mit, Some("MIT")),
        (bsd, Some("BSD-2-Clause")),
        (&three, Some("BSD-3-Clause")),
        ("MIT License\n\nCopyright (c) me\n\nSome text\n", Some("MIT")),
        ("All rights reserved.\n\nNobody may\n\ndo anything\n", None),
    ]);
    assert_eq!(expression(&"MIT AND ".repeat(100_000)), None);
    assert_eq!(expression(&"(".repeat(1_000)), None);
    assert_eq!(expression(&format!("{}MIT OR ISC{}", "(".repeat(30), ")".repeat(30))), None);
}

#[test]
fn several_fields_are_joined_and_empty_ones_left_out() {
    assert_eq!(any_of(["MIT", "", "Apache-2.0"]).as_deref(), Some("MIT OR Apache-2.0"));
    assert_eq!(all_of(["MIT OR ISC", "GPL-2"]).as_deref(), Some("(MIT OR ISC) AND GPL-2.0-only"));
    assert_eq!(all_of(["UNKNOWN"]), None);
}

/// A reader of its own of the grammar in annex D, which the output must follow.
fn is_valid(text: &str) -> bool {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let is_word =
        |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.+".contains(&byte));
    let (mut depth, mut wants_operand, mut after_id) = (0_i32, true, false);
    let mut words = spaced.split(' ').filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        match word {
            "(" if wants_operand => depth += 1,
            ")" if !wants_operand && depth > 0 => (depth, after_id) = (depth - 1, false),
            "AND" | "OR" if !wants_operand => wants_operand = true,
            "WITH" if after_id => {
                after_id = false;
                if !words.next().is_some_and(&is_word) {
                    return false;
                }
            }
            "AND" | "OR" | "WITH" | "(" | ")" => return false,
            id if wants_operand && is_word(id) => (wants_operand, after_id) = (false, true),
            _ => return false,
        }
    }
    depth == 0 && !wants_operand
}

/// Names, operators and marks in any order, with blanks between them or not.
fn jumbled() -> impl Strategy<Value = String> {
    const PARTS: [&str; 37] = [
        "MIT",
        "mit",
        "GPLv2+",
        "GPL-2",
        "GPL",
        "LGPL-2.1+",
        "BSD",
        "Apache License, Version 2.0",
        "Artistic",
        "CDDL",
        "foo",
        "Foo_bar",
        "LicenseRef-a",
        "LGPLv3+_or_GPLv2+",
        "MIT/ISC",
        "GPL-2.0-with-classpath-exception",
        "wxWindows",
        "MPL-2.0+",
        "a+b",
        "UNKNOWN",
        "é",
        "or later",
        "perl",
        "classpath exception",
        "LLVM-exception",
        "version 2",
        "cddl + gpl",
        "and",
        "or",
        "with",
        "AND",
        "OR",
        "WITH",
        ",",
        "(",
        ")",
        "|",
    ];
    let part = (proptest::sample::select(&PARTS[..]), proptest::bool::weighted(0.8));
    proptest::collection::vec(part, 1..12).prop_map(|parts| {
        parts.into_iter().map(|(part, blank)| format!("{part}{}", if blank { " " } else { "" })).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..Default::default() })]

    #[test]
    fn the_result_is_a_valid_expression_that_stands_for_itself(
        text in jumbled(),
    ) {
        if let Some(result) = expression(&text) {
            prop_assert!(is_valid(&result), "{text:?} became {result:?}");
            prop_assert_eq!(expression(&result), Some(result));
        }
    }

    #[test]
    fn no_text_does_harm(text in "\\PC{0,200}") {
        if let Some(result) = expression(&text) {
            prop_assert!(is_valid(&result), "{text:?} became {result:?}");
            prop_assert_eq!(expression(&result), Some(result));
        }
    }
}
