//! Which words may be the name or the version of a package, whatever ecosystem it is of.
//!
//! Test data and templates lie beside what is installed and look like it (`<%= name %>`, `{{version}}`, `%VSN%`), so a
//! word with a mark that no ecosystem allows stands for no package.

/// Longest name or version, in bytes.
const MAX_WORD: usize = 256;

/// Whether it may be a package's name.
pub(crate) fn is_name(text: &str) -> bool {
    is_plain(text) && text.bytes().any(|byte| byte.is_ascii_alphanumeric())
}

/// Whether it may be a version: one that begins with a letter still holds a digit.
pub(crate) fn is_version(text: &str) -> bool {
    is_plain(text) && text.bytes().any(|byte| byte.is_ascii_digit())
}

fn is_plain(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+~:@/".contains(&byte);
    !text.is_empty() && text.len() <= MAX_WORD && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_blanks_and_long_words_are_neither_names_nor_versions() {
        for word in ["", "<%= name %>", "{{version}}", "%VSN%", "a b", "$Version$", "a\n", &"1".repeat(257)] {
            assert!(!is_name(word) && !is_version(word), "{word}");
        }
        assert!(is_name("data.table") && is_name("github.com/a/b") && !is_name("-"));
        assert!(is_version("v1.2") && is_version("1:2.0~rc1+b") && !is_version("git"));
    }
}
