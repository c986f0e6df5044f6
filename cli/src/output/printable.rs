//! Foreign text made fit for a terminal.
//!
//! Names out of images and feeds may hold control characters, which a terminal would obey: they could repaint
//! what was printed before, or forge lines. JSON output needs none of this, it escapes by its own rules.

use std::borrow::Cow;

/// The text with control characters, line ends among them, written as escapes.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_obeyed(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Whether a terminal or its text layout acts upon the character: control characters, line and paragraph
/// separators, and those that turn the direction of writing (Unicode, "Bidirectional Algorithm").
fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_shown_and_everything_else_stays() {
        assert_eq!(printable("a\x1b[31mb\n\u{9b}2J\x7f"), "a\\u{1b}[31mb\\n\\u{9b}2J\\u{7f}");
        assert_eq!(printable("\u{202e}gpj.exe"), "\\u{202e}gpj.exe");
        assert!(matches!(printable("usr/lib/köln–東京"), Cow::Borrowed(_)));
    }
}
