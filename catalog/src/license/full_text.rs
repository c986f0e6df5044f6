//! Whole licence texts that stand in a field where a name should be: the notorious ones, told by a sentence of theirs.

use super::name;
use super::tree::Expression;

/// Text, in which further text decides, and the licence. The first that fits counts; words are in lower case with one
/// blank between them and without other marks.
const SENTENCES: &[(&str, &str, &str)] = &[
    ("gnu affero general public license version 3", "", "AGPL-3.0-only"),
    ("gnu lesser general public license version 3", "", "LGPL-3.0-only"),
    ("gnu lesser general public license version 2 1", "", "LGPL-2.1-only"),
    ("gnu library general public license version 2", "", "LGPL-2.0-only"),
    ("gnu general public license version 3 29 june 2007", "", "GPL-3.0-only"),
    ("gnu general public license version 2 june 1991", "", "GPL-2.0-only"),
    ("apache license version 2 0", "", "Apache-2.0"),
    ("mozilla public license version 2 0", "", "MPL-2.0"),
    ("mozilla public license version 1 1", "", "MPL-1.1"),
    ("eclipse public license v 2 0", "", "EPL-2.0"),
    ("eclipse public license v 1 0", "", "EPL-1.0"),
    ("boost software license version 1 0", "", "BSL-1.0"),
    ("this is free and unencumbered software released into the public domain", "", "Unlicense"),
    ("psf license agreement for python", "", "PSF-2.0"),
    ("do what the fuck you want to public license", "", "WTFPL"),
    (
        "permission is hereby granted free of charge to any person obtaining a copy of this software and associated \
         documentation files the software to deal in the software without restriction",
        "the above copyright notice and this permission notice shall be included in all copies",
        "MIT",
    ),
    (
        "permission is hereby granted free of charge to any person obtaining a copy of this software and associated \
         documentation files the software to deal in the software without restriction",
        "the above copyright notice and this permission notice including the next paragraph shall be included",
        "MIT",
    ),
    (
        "permission to use copy modify and or distribute this software for any purpose with or without fee is hereby granted",
        "provided that the above copyright notice",
        "ISC",
    ),
    (
        "permission to use copy modify and distribute this software for any purpose with or without fee is hereby granted",
        "provided that the above copyright notice",
        "ISC",
    ),
    (
        "redistribution and use in source and binary forms",
        "all advertising materials mentioning",
        "BSD-4-Clause",
    ),
    ("redistribution and use in source and binary forms", "to endorse or promote products", "BSD-3-Clause"),
    (
        "redistribution and use in source and binary forms",
        "redistributions in binary form must reproduce the above copyright notice",
        "BSD-2-Clause",
    ),
    (
        "this software is provided as is without any express or implied warranty",
        "altered source versions must be plainly marked as such",
        "Zlib",
    ),
];

/// The licence whose text it is, or that the first line names.
pub(super) fn read(text: &str) -> Option<Expression> {
    let plain = plain(text);
    let by_sentence = SENTENCES
        .iter()
        .find(|(sentence, further, _)| plain.contains(sentence) && plain.contains(further))
        .map(|(_, _, id)| Expression::One((*id).to_owned()));
    by_sentence.or_else(|| {
        let first = text.lines().map(str::trim).find(|line| !line.is_empty())?;
        name::known(first)
    })
}

/// Words in lower case, one blank between them, nothing else.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !plain.is_empty() {
            plain.push(' ');
        }
        plain.extend(word.chars().map(|c| c.to_ascii_lowercase()));
    }
    plain
}
