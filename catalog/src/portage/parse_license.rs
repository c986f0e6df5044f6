//! The file `LICENSE` of an installed package (Package Manager Specification, "Dependency specification format"): names that
//! all hold, `|| ( … )` of which one may be chosen, `flag? ( … )` of which Portage has settled most at build time.
//!
//! What stands under a flag counts as if it were set: to leave it out could hide a licence.

use crate::facts::Facts;
use crate::license;
use crate::registry::Input;
use crate::text::{Problem, read_all};

/// Largest file that is read.
const MAX_FILE: u64 = 64 << 10;
/// Groups in groups.
const MAX_DEPTH: usize = 16;

/// Keeps the licence of the package.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, MAX_FILE)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut words = text.split_ascii_whitespace();
    facts.license = group(&mut words, " AND ", 0).and_then(|text| license::expression(&text));
    Ok(())
}

/// An expression out of the words up to the bracket that closes the group.
fn group<'a>(words: &mut impl Iterator<Item = &'a str>, operator: &str, depth: usize) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut is_choice = false;
    while let Some(word) = words.next() {
        match word {
            ")" => break,
            "||" => is_choice = true,
            "(" if depth == MAX_DEPTH => return None,
            "(" => {
                let operator = if std::mem::take(&mut is_choice) { " OR " } else { " AND " };
                parts.extend(group(words, operator, depth + 1).map(|inner| format!("({inner})")));
            }
            flag if flag.ends_with('?') => {}
            name => parts.push(spdx(name).to_owned()),
        }
    }
    (!parts.is_empty()).then(|| parts.join(operator))
}

/// Names of Gentoo's own that mean something else elsewhere (the texts are in the folder `licenses` of its tree).
fn spdx(name: &str) -> &str {
    match name {
        "BSD" => "BSD-3-Clause",
        "BSD-4" => "BSD-4-Clause",
        "PYTHON" => "Python-2.0",
        "openssl" => "OpenSSL",
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn license(text: &str) -> Option<String> {
        let path = b"var/db/pkg/app-shells/bash-5.1/LICENSE";
        let index = crate::registry::wanted(path).unwrap();
        let input = Input { path, size: text.len() as u64, content: &mut text.as_bytes() };
        crate::registry::read(index, input).license
    }

    #[test]
    fn lists_choices_and_flags_are_read() {
        let cases = [
            ("GPL-3+\n", Some("GPL-3.0-or-later")),
            ("GPL-2 BSD MIT", Some("GPL-2.0-only AND BSD-3-Clause AND MIT")),
            ("|| ( Artistic GPL-1+ )", Some("Artistic-1.0 OR GPL-1.0-or-later")),
            ("|| ( MIT GPL-2 ) ZLIB", Some("(MIT OR GPL-2.0-only) AND Zlib")),
            ("MIT ssl? ( openssl ) !x? ( )", Some("MIT AND OpenSSL")),
            ("public-domain", Some("LicenseRef-public-domain")),
            ("", None),
            ("( ) )", None),
        ];
        for (text, expected) in cases {
            assert_eq!(license(text).as_deref(), expected, "{text}");
        }
        assert_eq!(license(&"( ".repeat(10_000)), None);
    }
}
