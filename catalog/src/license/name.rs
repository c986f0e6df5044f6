//! Names of one licence: identifiers, the GNU family in all its spellings, addresses, plain English.

use std::cmp::Ordering;
use std::sync::LazyLock;

use super::gnu;
use super::spelling::{self, words};
use super::tree::Expression;

/// The identifiers of the SPDX licence list that are not deprecated, sorted without regard to case.
static IDENTIFIERS: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("identifiers.txt").split_ascii_whitespace().collect());
/// The exceptions of the same list.
static EXCEPTIONS: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("exceptions.txt").split_ascii_whitespace().collect());

/// Deprecated identifiers with what they stand for; the GNU licences without `-only` are told by [`gnu::read`].
const DEPRECATED: &[(&str, &str)] = &[
    ("BSD-2-Clause-FreeBSD", "BSD-2-Clause"),
    ("BSD-2-Clause-NetBSD", "BSD-2-Clause"),
    ("bzip2-1.0.5", "bzip2-1.0.6"),
    ("eCos-2.0", "GPL-2.0-or-later WITH eCos-exception-2.0"),
    ("GPL-2.0-with-autoconf-exception", "GPL-2.0-only WITH Autoconf-exception-2.0"),
    ("GPL-2.0-with-bison-exception", "GPL-2.0-only WITH Bison-exception-2.2"),
    ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
    ("GPL-2.0-with-font-exception", "GPL-2.0-only WITH Font-exception-2.0"),
    ("GPL-2.0-with-GCC-exception", "GPL-2.0-only WITH GCC-exception-2.0"),
    ("GPL-3.0-with-autoconf-exception", "GPL-3.0-only WITH Autoconf-exception-3.0"),
    ("GPL-3.0-with-GCC-exception", "GPL-3.0-only WITH GCC-exception-3.1"),
    ("Net-SNMP", "Net-SNMP"),
    ("Nunit", "zlib-acknowledgement"),
    ("StandardML-NJ", "SMLNJ"),
    ("wxWindows", "LGPL-2.0-or-later WITH WxWindows-exception-3.1"),
];

/// What stands before a name that is not of the list.
const REFERENCE: &str = "LicenseRef-";
/// Longest `LicenseRef-` word.
const MAX_WORD: usize = 100;

/// The identifier in its canonical case, if the list has it.
pub(super) fn listed(id: &str) -> Option<&'static str> {
    find(&IDENTIFIERS, id)
}

fn find(list: &[&'static str], word: &str) -> Option<&'static str> {
    list.binary_search_by(|known| without_case(known, word)).ok().map(|at| list[at])
}

fn without_case(one: &str, other: &str) -> Ordering {
    let one = one.bytes().map(|byte| byte.to_ascii_lowercase());
    one.cmp(other.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// The last part of a trove classifier, other texts as they are; `None` if the classifier names no licence.
pub(super) fn without_trove(text: &str) -> Option<&str> {
    if !text.contains("::") {
        return Some(text);
    }
    let last = text.rsplit("::").next().unwrap_or_default().trim();
    let is_group = matches!(last, "OSI Approved" | "License" | "DFSG approved" | "");
    (!is_group).then_some(last)
}

/// Whether a text says that nothing is known, or where to look.
pub(super) fn says_nothing(text: &str) -> bool {
    const EMPTY: [&str; 13] = [
        "",
        "unknown",
        "none",
        "noassertion",
        "n/a",
        "na",
        "null",
        "nil",
        "undefined",
        "-",
        "tbd",
        "todo",
        "license",
    ];
    let lower = text.to_ascii_lowercase();
    let lower = lower.trim_end_matches('.');
    EMPTY.contains(&lower)
        || ["see license", "see licence", "see the license", "see copying", "file license", "file licence"]
            .iter()
            .any(|start| lower.starts_with(start))
}

/// The licence, or the expression, that a name stands for as a whole.
pub(super) fn known(text: &str) -> Option<Expression> {
    let text = text.trim().trim_end_matches('.');
    if text.is_empty() {
        return None;
    }
    if let Some(id) = by_identifier(text) {
        return Some(id);
    }
    if let Some((scheme, address)) = text.split_once("://") {
        let is_address = !scheme.contains(' ') && !address.contains(' ');
        return is_address.then(|| spelling::by_address(address)).flatten().and_then(from_table);
    }
    by_words(text).or_else(|| {
        // `Apache License (ASL) 2.0` is rare; a remark at the end, `MIT License (MIT)`, is not.
        let (name, remark) = text.strip_suffix(')')?.split_once('(')?;
        let has_operator = words(name).iter().any(|word| matches!(word.as_str(), "and" | "or" | "with"));
        if has_operator || name.contains([',', ';', '&', '|', '(']) {
            return None;
        }
        let of = |text: &str| by_identifier(text.trim()).or_else(|| by_words(text));
        of(name).or_else(|| of(remark))
    })
}

/// An identifier of the list, deprecated or not, with `+` or without, or a reference.
fn by_identifier(text: &str) -> Option<Expression> {
    if text.contains(char::is_whitespace) {
        return None;
    }
    if text.get(..REFERENCE.len()).is_some_and(|start| start.eq_ignore_ascii_case(REFERENCE)) {
        return identifier(text).map(Expression::One);
    }
    if let Some(id) = find(&IDENTIFIERS, text) {
        return one(id);
    }
    if let Some((_, successor)) = DEPRECATED.iter().find(|(id, _)| id.eq_ignore_ascii_case(text)) {
        return one(successor);
    }
    let id = find(&IDENTIFIERS, text.strip_suffix('+')?)?;
    let is_settled = id.ends_with("-only") || id.ends_with("-or-later");
    Some(Expression::One(if is_settled { id.replace("-only", "-or-later") } else { format!("{id}+") }))
}

fn by_words(text: &str) -> Option<Expression> {
    let words = words(text);
    if let Some(gnu) = gnu::read(&words) {
        return Some(Expression::One(gnu));
    }
    if let Some(known) = spelling::by_words(&words) {
        return from_table(known);
    }
    let base = later(&words)?;
    let known = spelling::by_words(base)?;
    find(&IDENTIFIERS, known).map(|id| Expression::One(format!("{id}+")))
}

/// The words before `+` or `or later` at the end.
fn later(words: &[String]) -> Option<&[String]> {
    let ends: [&[&str]; 4] = [&["+"], &["or", "later"], &["or", "newer"], &["or", "any", "later"]];
    ends.iter().find_map(|end| {
        let (base, last) = words.split_at_checked(words.len().checked_sub(end.len())?)?;
        (last.iter().map(String::as_str).eq(end.iter().copied()) && !base.is_empty()).then_some(base)
    })
}

fn one(text: &str) -> Option<Expression> {
    Some(Expression::One(text.to_owned()))
}

/// An expression of the tables, which are in canonical form.
fn from_table(text: &str) -> Option<Expression> {
    if text.contains(" OR ") {
        return Expression::any(text.split(" OR ").filter_map(one).collect());
    }
    one(text)
}

/// The exception that words after `with` name; some names mean one or the other by the licence they stand with.
pub(super) fn exception(text: &str, license: &Expression) -> Option<&'static str> {
    if let Some(id) = find(&EXCEPTIONS, text.trim()) {
        return Some(id);
    }
    if text.eq_ignore_ascii_case("Nokia-Qt-exception-1.1") {
        return Some("Qt-LGPL-exception-1.1");
    }
    let is_third = matches!(license, Expression::One(id) if id.starts_with("GPL-3"));
    let words: Vec<String> = words(text).into_iter().filter(|word| !word.starts_with("exception")).collect();
    Some(match words.join(" ").as_str() {
        "classpath" | "classpath 2" => "Classpath-exception-2.0",
        "gcc" | "gcc runtime" | "gcc runtime library" if is_third => "GCC-exception-3.1",
        "gcc" => "GCC-exception-2.0",
        "llvm" => "LLVM-exception",
        "linux syscall note" => "Linux-syscall-note",
        "libtool" => "Libtool-exception",
        "bison" => "Bison-exception-2.2",
        "font" => "Font-exception-2.0",
        "autoconf" if is_third => "Autoconf-exception-3.0",
        "autoconf" => "Autoconf-exception-2.0",
        "swift" | "runtime library" => "Swift-exception",
        "texinfo" => "Texinfo-exception",
        "ocaml linking" | "ocaml lgpl linking" => "OCaml-LGPL-linking-exception",
        "universal foss" => "Universal-FOSS-exception-1.0",
        _ => return None,
    })
}

/// `LicenseRef-` and a word of the letters that SPDX allows; `None` if none of them is left.
pub(super) fn identifier(word: &str) -> Option<String> {
    let mut clean = String::new();
    // the prefix of a reference is not a part of its word, and takes nothing of the room
    for c in without_prefixes(word).chars() {
        match c {
            _ if clean.len() >= MAX_WORD => break,
            c if c.is_ascii_alphanumeric() || c == '.' => clean.push(c),
            '+' if !clean.is_empty() => {
                clean.truncate(clean.trim_end_matches('-').len());
                clean.push_str("-plus");
            }
            _ if clean.ends_with('-') || clean.is_empty() => {}
            _ => clean.push('-'),
        }
    }
    clean.truncate(MAX_WORD);
    let clean = without_prefixes(clean.trim_matches(['-', '.']));
    clean.contains(|c: char| c.is_ascii_alphanumeric()).then(|| format!("{REFERENCE}{clean}"))
}

/// What follows `LicenseRef-`, however often that stands before it.
fn without_prefixes(mut word: &str) -> &str {
    while let Some((prefix, rest)) = word.split_at_checked(REFERENCE.len()) {
        if !prefix.eq_ignore_ascii_case(REFERENCE) {
            break;
        }
        word = rest.trim_start_matches(['-', '.']);
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_name_nothing_that_the_lists_do_not_have() {
        let is_known = |text: &str| {
            text.split(" OR ").all(|part| {
                let (id, exception) = part.split_once(" WITH ").map_or((part, None), |(id, e)| (id, Some(e)));
                let id_is_known =
                    find(&IDENTIFIERS, id) == Some(id) || id == "Net-SNMP" || id.starts_with("LicenseRef-");
                id_is_known && exception.is_none_or(|e| find(&EXCEPTIONS, e) == Some(e))
            })
        };
        for (_, result) in DEPRECATED.iter().chain(spelling::NAMES).chain(spelling::ADDRESSES) {
            assert!(is_known(result), "{result}");
        }
        for list in [&IDENTIFIERS, &EXCEPTIONS] {
            assert!(list.len() > 60);
            assert!(list.is_sorted_by(|a, b| without_case(a, b).is_lt()), "the search needs them in order");
        }
    }
}
