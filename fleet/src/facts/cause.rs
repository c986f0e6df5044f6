//! Why records changed last: the words of the store's change log under small numbers.

/// The words by their numbers; 0 is what this program does not know. A word that is new in the store is added at the end.
const WORDS: [&str; 5] = ["", "report", "container report", "tag", "deletion of its image"];

/// The number of a word.
pub(crate) fn cause_number(word: &str) -> u8 {
    WORDS.iter().zip(0..).find(|(known, _)| **known == word).map_or(0, |(_, number)| number)
}

/// The word of a number; empty if it is not known.
pub(crate) fn cause_word(number: u8) -> &'static str {
    WORDS.get(usize::from(number)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for word in WORDS {
            assert_eq!(cause_word(cause_number(word)), word);
        }
        assert_eq!((cause_number("a later one"), cause_word(99)), (0, ""));
    }
}
