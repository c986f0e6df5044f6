//! Licences as packages state them, turned into SPDX expressions (SPDX 2.3, annex D).
//!
//! What it is for: one normal form out of identifiers in any case, expressions of any age, the short names of Debian,
//! Fedora and Gentoo, trove classifiers, addresses, names in plain English and whole licence texts. What it is not for:
//! reading licence files, and any judgement about a licence.
//!
//! The decision a reader may doubt: a word that is not known stays as `LicenseRef-` and the word, so that nothing is
//! invented (`BSD` alone does not tell which of them); but a text in which a part cannot be named at all gives nothing,
//! because an expression that leaves a part out would be wrong.

mod full_text;
mod gnu;
mod name;
mod parse;
mod spelling;
mod tree;

use tree::Expression;

/// Longest text that is looked at; what follows cannot change what it says.
const MAX_TEXT: usize = 64 << 10;
/// Longest text that may be an expression or a name; what is longer is a licence's own text.
const MAX_EXPRESSION: usize = 1_024;
/// Longest expression that is given.
const MAX_RESULT: usize = 2_048;

/// The SPDX expression that a licence field stands for.
///
/// Identifiers get their canonical case, deprecated ones their successors, `+` of the GNU licences becomes
/// `-or-later`. `None` if the text is empty, says that nothing is known, points to a file, or cannot be named.
pub(crate) fn expression(text: &str) -> Option<String> {
    print(&read(text)?)
}

/// The expression of several fields that all hold together; fields that tell nothing are left out.
pub(crate) fn all_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<String> {
    print(&Expression::all(texts.into_iter().filter_map(read).collect())?)
}

/// As [`all_of`], but `None` if one of the fields tells nothing.
pub(crate) fn all_known<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let parts: Option<Vec<Expression>> = texts.into_iter().map(read).collect();
    print(&Expression::all(parts?)?)
}

/// The expression of several fields of which the user may choose one; fields that tell nothing are left out.
pub(crate) fn any_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<String> {
    print(&Expression::any(texts.into_iter().filter_map(read).collect())?)
}

fn read(text: &str) -> Option<Expression> {
    let text = text.trim().trim_matches(['"', '\'']).trim();
    let is_prose = text.len() > MAX_EXPRESSION || text.lines().nth(2).is_some();
    if is_prose {
        return full_text::read(&text[..text.floor_char_boundary(MAX_TEXT)]);
    }
    let text = name::without_trove(text)?;
    if name::says_nothing(text) {
        return None;
    }
    name::known(text).or_else(|| parse::read(text))
}

fn print(expression: &Expression) -> Option<String> {
    Some(expression.to_string()).filter(|text| text.len() <= MAX_RESULT)
}

#[cfg(test)]
mod tests;
