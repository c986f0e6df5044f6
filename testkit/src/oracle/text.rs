//! Words of a text and how the words of a question find them.

/// The characters that part words, besides blanks.
const SEPARATORS: &str = ",;()[]{}<>\"'|/\\-";

/// The words of a text, in lower case.
pub fn words(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    if is_uuid(&text) {
        return vec![text];
    }
    let parts = text.split(|c: char| c.is_whitespace() || SEPARATORS.contains(c));
    parts.filter(|part| !part.is_empty()).flat_map(part_at_dots).collect()
}

/// Parts a word at each dot that has a number on one of its sides.
fn part_at_dots(word: &str) -> Vec<String> {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = word.split('.');
    let mut last = parts.next().unwrap_or_default();
    let mut words = vec![last.to_owned()];
    for part in parts {
        if is_number(last) || is_number(part) {
            words.push(part.to_owned());
        } else if let Some(word) = words.last_mut() {
            word.push('.');
            word.push_str(part);
        }
        last = part;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a text as a whole is a uuid.
pub(super) fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 4, 4, 4, 12] && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Bare words: one of them, or its parts side by side, begins a word of the value. A star alone is any value.
pub(super) fn bare(asked: &str, value: &str) -> bool {
    if asked.trim() == "*" {
        return true;
    }
    asked.split_whitespace().any(|word| phrase(word.trim_end_matches('*'), value))
}

/// A phrase: its words stand side by side in the value, the last of them possibly cut.
pub(super) fn phrase(asked: &str, value: &str) -> bool {
    let (asked, value) = (words(asked), words(value));
    let Some((last, front)) = asked.split_last() else { return false };
    value
        .windows(asked.len())
        .any(|window| window[..front.len()] == *front && window[front.len()].starts_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_parted_at_punctuation_and_at_dots_beside_numbers() {
        for (text, expected) in [
            ("Ubuntu Linux 22.04", vec!["ubuntu", "linux", "22", "04"]),
            ("team/web-front", vec!["team", "web", "front"]),
            ("web.corp.example", vec!["web.corp.example"]),
            ("102354.vendor.x", vec!["102354", "vendor.x"]),
            ("org.x:lib_a@1.2", vec!["org.x:lib_a@1", "2"]),
            ("a.1", vec!["a", "1"]),
            ("0B1C2D3E-1111-3222-8333-444455556666", vec!["0b1c2d3e-1111-3222-8333-444455556666"]),
            (" ,;- ", vec![]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }
}
