//! Licences between documents and reports: a report holds one SPDX expression.
//!
//! What it is not for: knowing which identifiers SPDX lists. A document that says "id" or "expression" is believed, a name is
//! somebody's own word and becomes a `LicenseRef-`.

/// Whether `text` has the form of an expression (SPDX specification 2.3, annex D): words, operators and parentheses in their places.
pub(crate) fn is_expression(text: &str) -> bool {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let mut depth = 0_usize;
    let mut wants_word = true;
    let mut after_with = false;
    for token in spaced.split_ascii_whitespace() {
        match (token, wants_word) {
            ("(", true) if !after_with => depth += 1,
            (")", false) if depth > 0 => depth -= 1,
            ("AND" | "OR" | "WITH", false) => {
                wants_word = true;
                after_with = token == "WITH";
            }
            ("AND" | "OR" | "WITH" | "(" | ")", _) => return false,
            (word, true) if is_word(word) => {
                wants_word = false;
                after_with = false;
            }
            _ => return false,
        }
    }
    depth == 0 && !wants_word && !text.chars().any(char::is_control)
}

/// An identifier, perhaps with `+`, or a reference, perhaps into another document.
fn is_word(word: &str) -> bool {
    let plain = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
    };
    match word.split_once(':') {
        Some((document, reference)) => {
            document.strip_prefix("DocumentRef-").is_some_and(plain)
                && reference.strip_prefix("LicenseRef-").is_some_and(plain)
        }
        None => match word.strip_prefix("LicenseRef-") {
            Some(name) => plain(name),
            None => plain(word.strip_suffix('+').unwrap_or(word)),
        },
    }
}

/// The `LicenseRef-` for somebody's own word; `None` if nothing of the word can stand in one.
pub(crate) fn reference_of(word: &str) -> Option<String> {
    let mut reference = String::new();
    for character in word.trim().chars() {
        if character.is_ascii_alphanumeric() || character == '.' {
            reference.push(character);
        } else if !reference.ends_with('-') && !reference.is_empty() {
            reference.push('-');
        }
    }
    let reference = reference.trim_end_matches('-');
    (!reference.is_empty()).then(|| format!("LicenseRef-{reference}"))
}

/// The expression for what a document gives as one: itself, or a reference if it is none. `None` for the words that mean nothing.
pub(crate) fn of_expression(text: &str) -> Option<String> {
    match text.trim() {
        "" | "NOASSERTION" | "NONE" => None,
        text if is_expression(text) => Some(text.to_owned()),
        text => reference_of(text),
    }
}

/// All of several licences; equal ones once.
pub(crate) fn all_of(expressions: impl IntoIterator<Item = String>) -> Option<String> {
    let mut kept: Vec<String> = Vec::new();
    for expression in expressions {
        if !kept.contains(&expression) && kept.len() < model::report::limits::TAGS {
            kept.push(expression);
        }
    }
    if kept.len() > 1 {
        for expression in kept.iter_mut().filter(|expression| expression.contains(" OR ")) {
            *expression = format!("({expression})");
        }
    }
    (!kept.is_empty()).then(|| kept.join(" AND "))
}

/// The references in an expression, without repetition, in order.
pub(crate) fn references_in(expression: &str) -> Vec<&str> {
    let words = expression.split(|c: char| c.is_ascii_whitespace() || matches!(c, '(' | ')'));
    let mut found: Vec<&str> = Vec::new();
    for word in words.filter(|word| word.starts_with("LicenseRef-")) {
        if !found.contains(&word) {
            found.push(word);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_told_from_words() {
        for good in [
            "MIT",
            "GPL-2.0+",
            "(MIT OR Apache-2.0) AND BSD-3-Clause",
            "GPL-2.0-only WITH Classpath-exception-2.0",
            "LicenseRef-a.b-1",
            "DocumentRef-x:LicenseRef-y",
        ] {
            assert!(is_expression(good), "{good}");
        }
        for bad in [
            "",
            "MIT AND",
            "AND MIT",
            "MIT License",
            "(MIT",
            "MIT)",
            "MIT/X11",
            "LicenseRef-a+",
            "WITH x",
            "a\nb",
        ] {
            assert!(!is_expression(bad), "{bad}");
        }
    }

    #[test]
    fn words_become_references_and_several_licences_one_expression() {
        assert_eq!(
            of_expression("Apache Software License").as_deref(),
            Some("LicenseRef-Apache-Software-License")
        );
        assert_eq!(of_expression("MIT/X11").as_deref(), Some("LicenseRef-MIT-X11"));
        assert_eq!((of_expression("NOASSERTION"), of_expression("???")), (None, None));
        let list = ["MIT", "A OR B", "MIT"].map(str::to_owned);
        assert_eq!(all_of(list).as_deref(), Some("MIT AND (A OR B)"));
        assert_eq!(references_in("(LicenseRef-a OR MIT) AND LicenseRef-a"), ["LicenseRef-a"]);
    }
}
